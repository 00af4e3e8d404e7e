/**
 * What octets mean that came at one speed. At the wrong speed text and frames turn into octets that are neither: so what
 * is understood tells the speed as well.
 */
import { concatBytes, getU16, sameBytes } from '../base/bytes.js';
import { printable } from '../base/printable.js';
import { decodeText } from '../base/text.js';
import { toOctets } from '../chat/script.js';
import { findPpp } from '../dial/ppp-sign.js';
import { plainText, readPrompt } from '../dial/prompts.js';
import { readResult } from '../dial/results.js';
import { FrameDecoder } from '../framing/decoder.js';
import { Code, defaultMru, LcpOption, Protocol } from '../ppp/numbers.js';
import { parseOptions, parsePacket } from '../ppp/packet.js';
import type { Parity, PppWishes, Screen } from './finding.js';

export type Meaning =
  | { readonly kind: 'silence' | 'modem' | 'windows' | 'echo' | 'noise' }
  | { readonly kind: 'ppp'; readonly clean: boolean; readonly wishes: PppWishes | undefined }
  | ({ readonly kind: 'login' | 'console' | 'text' } & Screen);

/** So many of a hundred octets have to be text's, for it to be text. */
const textPercent = 90;
/** Characters that a text without any line end needs. */
const leastCharacters = 4;
const mostLines = 5;
const longestLine = 200;

/** Judges all that was heard at a speed by all that was sent at it, piece by piece. Never throws. */
export function judge(heard: Uint8Array, sent: readonly Uint8Array[]): Meaning {
  if (heard.length === 0) return { kind: 'silence' };
  const ppp = findFrames(heard, sent);
  if (ppp !== undefined) return ppp;
  const answer = withoutEcho(heard, sent);
  if (answer.every((octet) => isLineEnd(octet & 0x7f))) return { kind: answer === heard ? 'noise' : 'echo' };
  const reading = readText(answer);
  if (isModem(reading.text)) return { kind: 'modem' };
  if (reading.text.includes('CLIENT')) return { kind: 'windows' };
  if (findPpp(answer).kind === 'found') return { kind: 'ppp', clean: false, wishes: undefined };
  return looksLikeText(reading.text) ? judgeText(reading) : { kind: 'noise' };
}

/** Good frames that aren't our own come back. */
function findFrames(heard: Uint8Array, sent: readonly Uint8Array[]): Extract<Meaning, { kind: 'ppp' }> | undefined {
  const ours = framesOf(concatBytes(sent));
  const theirs = framesOf(heard).filter(({ packet }) => !ours.some((own) => sameBytes(own.packet, packet)));
  if (theirs.length === 0) return undefined;
  const wishes = theirs.filter(({ protocol }) => protocol === Protocol.lcp).map(({ packet }) => readWishes(packet));
  return { kind: 'ppp', clean: true, wishes: wishes.find((found) => found !== undefined) };
}

interface Frame {
  readonly protocol: number;
  readonly packet: Uint8Array;
}

/** Longer than any frame before negotiation. RFC 1661 §6.1 */
const longestFrame = 2048;

function framesOf(octets: Uint8Array): readonly Frame[] {
  const decoder = new FrameDecoder({ maxFrame: longestFrame });
  const frames: Frame[] = [];
  decoder.push(octets, 0, octets.length);
  // Text and noise seldom hold a frame by chance: its FCS is right, and its protocol odd.
  while (decoder.next()) {
    const { protocol } = decoder;
    if ((protocol & 1) === 1) frames.push({ protocol, packet: decoder.buffer.slice(decoder.start, decoder.end) });
  }
  return frames;
}

/** Of a Configure-Request; undefined for other packets. */
function readWishes(bytes: Uint8Array): PppWishes | undefined {
  const packet = parsePacket(bytes);
  const options = packet?.code === Code.configureRequest ? parseOptions(packet.data) : undefined;
  if (options === undefined) return undefined;
  const dataOf = (wanted: number): Uint8Array | undefined => options.find(({ type }) => type === wanted)?.data;
  const mru = dataOf(LcpOption.mru);
  const authentication = dataOf(LcpOption.authentication);
  return {
    mru: mru?.length === 2 ? getU16(mru, 0) : defaultMru,
    authentication: authentication === undefined ? undefined : nameOf(authentication),
  };
}

/** RFC 1334 §2.1, RFC 1994 §3, RFC 2433 §3, RFC 2759 §3, RFC 3748 */
function nameOf(authentication: Uint8Array): string {
  const protocol = authentication.length < 2 ? 0 : getU16(authentication, 0);
  switch (protocol) {
    case Protocol.pap:
      return 'PAP';
    case Protocol.eap:
      return 'EAP';
    case Protocol.chap:
      return chapNames.get(authentication[2] ?? 0) ?? 'CHAP';
    default:
      return `protocol 0x${protocol.toString(16).padStart(4, '0')}`;
  }
}

const chapNames: ReadonlyMap<number, string> = new Map([
  [5, 'CHAP-MD5'],
  [0x80, 'MS-CHAP'],
  [0x81, 'MS-CHAPv2'],
]);

/** What was heard, less what came back of what was sent, whatever line end or parity it came back with. */
function withoutEcho(heard: Uint8Array, sent: readonly Uint8Array[]): Uint8Array {
  let rest = heard;
  let at = 0;
  for (const piece of sent) {
    const body = piece.at(-1) === 0x0d ? piece.subarray(0, -1) : piece;
    const found = body.length === 0 ? -1 : findPiece(rest, body, at);
    if (found < 0) continue;
    rest = concatBytes([rest.subarray(0, found), rest.subarray(found + body.length)]);
    at = found;
  }
  return rest;
}

function findPiece(octets: Uint8Array, piece: Uint8Array, from: number): number {
  for (let at = from; at + piece.length <= octets.length; at++) {
    if (piece.every((octet, i) => ((octets[at + i] ?? 0) & 0x7f) === (octet & 0x7f))) return at;
  }
  return -1;
}

export interface Reading {
  readonly text: string;
  readonly parity: Parity;
}

/** Octets as text, without the parity that they may have come with. */
export function readText(octets: Uint8Array): Reading {
  if (isUtf8(octets)) return { text: decodeText(octets), parity: 'none' };
  const parity = parityOf(octets);
  if (parity !== 'none') return { text: toOctets(octets.map((octet) => octet & 0x7f)), parity };
  const characters = Array.from(octets, (octet) => String.fromCharCode(octet < 0x80 ? octet : notText));
  return { text: characters.join(''), parity };
}

/** The character that stands for octets that are none. */
const notText = 0xfffd;

function parityOf(octets: Uint8Array): Parity {
  if (octets.every((octet) => octet < 0x80)) return 'none';
  if (octets.every((octet) => octet >= 0x80)) return 'mark';
  if (octets.every((octet) => ones(octet) % 2 === 0)) return 'even';
  return octets.every((octet) => ones(octet) % 2 === 1) ? 'odd' : 'none';
}

function ones(octet: number): number {
  let count = 0;
  for (let rest = octet; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/** A line that is the result of a command, or tells of a call. Numbers are no sign: a console may say them too. */
function isModem(text: string): boolean {
  return linesOf(text).some((line) => {
    const word = line.trim();
    if (!/^(?:OK|ERROR|RING|NO CARRIER|NO DIAL ?TONE|BUSY|NO ANSWER|CONNECT(?: .*)?)$/.test(word)) return false;
    return readResult(word) !== undefined;
  });
}

/** The whole lines: the last one counts only with its end. */
function linesOf(text: string): readonly string[] {
  return text.split(/[\r\n]+/).slice(0, -1);
}

function looksLikeText(text: string): boolean {
  const characters = Array.from(text);
  const good = characters.filter((character) => isOfText(character)).length;
  if (good * 100 < characters.length * textPercent) return false;
  const shown = characters.filter((character) => character > ' ' && isOfText(character)).length;
  return shown >= leastCharacters || (shown > 0 && /[\r\n]/.test(text));
}

/** What terminals are sent: ASCII, and beyond it what was UTF-8. */
function isOfText(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return '\r\n\t\b\f\u0007\u001b'.includes(character);
  return code < 0x7f || (code >= 0xa0 && code !== notText);
}

function isLineEnd(code: number): boolean {
  return code === 0x0d || code === 0x0a;
}

function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

function judgeText({ text, parity }: Reading): Meaning {
  const lines = plainText(text).split('\n');
  const screen = lines
    .filter((line) => line.trim() !== '')
    .slice(-mostLines)
    .map((line) => printable(line.trimEnd().slice(0, longestLine)));
  switch (readPrompt(lines.at(-1) ?? '')) {
    case 'user':
    case 'password':
      return { kind: 'login', parity, screen };
    case 'command':
      return { kind: 'console', parity, screen };
    case undefined:
      return { kind: 'text', parity, screen };
  }
}
