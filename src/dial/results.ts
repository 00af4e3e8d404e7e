/** What a modem says to a command: its result codes, in words (ATV1) and in numbers (ATV0). */
import type { CauseCode } from '../base/cause.js';

export type Result =
  | { readonly kind: 'ok' }
  | { readonly kind: 'ring' }
  | { readonly kind: 'connect'; readonly speed: number | undefined; readonly protocol: string }
  /** The command was none, or came to nothing. */
  | { readonly kind: 'error'; readonly text: string }
  /** The call came to nothing. */
  | { readonly kind: 'failed'; readonly code: CallFailure; readonly text: string }
  /** Said ahead of CONNECT by modems that tell more (ATW1). */
  | { readonly kind: 'carrier'; readonly speed: number }
  | { readonly kind: 'compression'; readonly on: boolean };

/** Why a call came to nothing; the same number, or the next, may be dialed again. */
export type CallFailure = Extract<
  CauseCode,
  'number-busy' | 'call-unanswered' | 'call-no-carrier' | 'no-dialtone' | 'call-delayed' | 'call-blacklisted'
>;

const failures: readonly (readonly [RegExp, CallFailure])[] = [
  [/^BUSY\b/, 'number-busy'],
  [/^NO ?ANSWER\b/, 'call-unanswered'],
  [/^(?:NO ?CARRIER|VOICE)\b/, 'call-no-carrier'],
  [/^NO ?DIAL ?TONE\b/, 'no-dialtone'],
  [/^DELAYED\b/, 'call-delayed'],
  [/^BLACK ?LISTED\b/, 'call-blacklisted'],
];

/** The Hayes numbers, and those above 8 as Rockwell's modems have them. */
const numbers: ReadonlyMap<number, string> = new Map([
  [0, 'OK'],
  [1, 'CONNECT'],
  [2, 'RING'],
  [3, 'NO CARRIER'],
  [4, 'ERROR'],
  [5, 'CONNECT 1200'],
  [6, 'NO DIALTONE'],
  [7, 'BUSY'],
  [8, 'NO ANSWER'],
  [10, 'CONNECT 2400'],
  [24, 'DELAYED'],
  [32, 'BLACKLISTED'],
]);

/** What a whole line means; undefined: nothing that ends a command. Never throws. */
export function readResult(line: string): Result | undefined {
  const text = line.trim().toUpperCase();
  if (/^\d{1,2}$/.test(text)) return readNumber(Number(text));
  if (text === 'OK') return { kind: 'ok' };
  if (/^R?RING(?:ING)?\b/.test(text)) return { kind: 'ring' };
  if (/^(?:ERROR|\+CM[ES] ERROR|COMMAND NOT SUPPORT)/.test(text)) return { kind: 'error', text: line.trim() };
  const failure = failures.find(([pattern]) => pattern.test(text));
  if (failure !== undefined) return { kind: 'failed', code: failure[1], text };
  const [, carrier] = /^CARRIER:? (\d{2,10})\b/.exec(text) ?? [];
  if (carrier !== undefined) return { kind: 'carrier', speed: Number(carrier) };
  const [, compression] = /^COMPRESSION: *(.*)$/.exec(text) ?? [];
  if (compression !== undefined) return { kind: 'compression', on: !compression.startsWith('NONE') };
  return readConnect(text);
}

/** Whether the protocol behind a CONNECT compresses: the line then takes more octets than its rate says. */
export function compresses(protocol: string): boolean {
  return /V\.?42 ?BIS|V\.?44|MNP ?-?5|\bCOMP|CLASS ?5/i.test(protocol);
}

function readNumber(number: number): Result {
  // What the many other numbers mean depends on the modem; all of them tell of a connection at some speed.
  return readResult(numbers.get(number) ?? 'CONNECT') ?? { kind: 'ok' };
}

function readConnect(text: string): Result | undefined {
  const [found, speed, protocol = ''] = /^CONNECT(?:[ :]+(\d{2,10}))?(?![A-Z\d])[ /]*(.*)$/.exec(text) ?? [];
  if (found === undefined) return undefined;
  return { kind: 'connect', speed: speed === undefined ? undefined : Number(speed), protocol };
}
