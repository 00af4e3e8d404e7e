/** LCP's Configuration Options: RFC 1661 §6 and RFC 1662 §7. What is not listed here is rejected as unknown. */
import { formatHex, getU16, getU32, putU16, putU32, sameBytes } from '../../base/bytes.js';
import { defaultAccm, defaultMru, LcpOption, Protocol, protocolName } from '../numbers.js';
import { flag, Option, raw, u16, u32, type OptionDescriptor } from '../option.js';
import { authenticationOptions } from '../auth/methods.js';
import type { AuthOptions, LcpOptions } from '../options.js';
import type { LqrOptions } from '../lqr/options.js';
import type { RawOption } from '../packet.js';

/** Below this no IPv4 packet is sure to pass. RFC 791 */
const smallestMru = 68;

export interface LcpOptionSet {
  readonly mru: Option<number>;
  readonly accm: Option<number>;
  readonly authentication: Option<Uint8Array>;
  readonly quality: Option<number>;
  readonly magic: Option<number>;
  readonly pfc: Option<true>;
  readonly acfc: Option<true>;
}

/** One set belongs to one session: the options hold what is being negotiated. */
export function lcpOptions(options: LcpOptions, auth: AuthOptions, random: () => number): LcpOptionSet {
  return {
    mru: new Option(mru(options.mru)),
    accm: new Option(accm(options.asyncmap)),
    authentication: new Option(authentication(auth)),
    quality: new Option(quality(options.lqr)),
    magic: new Option(magic(options.magic, random)),
    pfc: new Option(compression(LcpOption.pfc, 'protocol field compression', options.pfc)),
    acfc: new Option(compression(LcpOption.acfc, 'address and control field compression', options.acfc)),
  };
}

/** Maximum-Receive-Unit. RFC 1661 §6.1 */
function mru(wanted: number): OptionDescriptor<number> {
  return {
    type: LcpOption.mru,
    name: 'mru',
    codec: u16,
    format: String,
    wanted: () => (wanted === defaultMru ? undefined : wanted),
    // We need not send the largest packets that the peer takes, so only what is too small for IP is refused.
    judge: (value) => (value >= smallestMru ? { kind: 'ack' } : { kind: 'nak', value: smallestMru }),
    suggestion: () => defaultMru,
    // We can always take 1500 octets, and less than we asked for.
    onNak: (hint, asked) => ({ ask: hint >= smallestMru && hint <= Math.max(wanted, defaultMru) ? hint : asked }),
  };
}

/** Async-Control-Character-Map. RFC 1662 §7.1 */
function accm(wanted: number): OptionDescriptor<number> {
  return {
    type: LcpOption.accm,
    name: 'asyncmap',
    codec: u32,
    format: formatU32,
    wanted: () => (wanted === defaultAccm ? undefined : wanted),
    judge: () => ({ kind: 'ack' }),
    suggestion: () => defaultAccm,
    // The union: what the peer escapes more costs a little, and never harms.
    onNak: (hint, asked) => ({ ask: ((asked ?? wanted) | hint) >>> 0 }),
  };
}

/**
 * Authentication-Protocol: how the other end is to prove who it is. Whoever is asked may propose another way; without any
 * that both like there is none, and then it is for the authentication phase to end the link. RFC 1661 §6.2
 */
function authentication(auth: AuthOptions): OptionDescriptor<Uint8Array> {
  const required = authenticationOptions(auth.require);
  const accepted = authenticationOptions(auth.accept);
  const has = (values: readonly Uint8Array[], one: Uint8Array): boolean =>
    values.some((value) => sameBytes(value, one));
  let untried: readonly Uint8Array[] = [];
  return {
    type: LcpOption.authentication,
    name: 'authentication',
    codec: raw,
    format: (value) => `by ${authenticationName(value)}`,
    wanted: () => {
      untried = required;
      return required[0];
    },
    judge: (value) => {
      const [preferred] = accepted;
      if (has(accepted, value)) return { kind: 'ack' };
      if (preferred === undefined) return { kind: 'reject', failure: 'auth-unsupported' };
      return { kind: 'nak', value: preferred, failure: 'auth-unsupported' };
    },
    suggestion: () => accepted[0],
    // What the peer proposes, if we want that too, else what we want next.
    onNak: (hint, asked) => {
      untried = untried.filter((value) => asked === undefined || !sameBytes(value, asked));
      return { ask: has(untried, hint) ? untried.find((value) => sameBytes(value, hint)) : untried[0] };
    },
  };
}

/** Reporting-Periods that we bear, in hundredths of a second. RFC 1989 §2.5 */
const shortestPeriod = 100;
const usualPeriod = 1000;

/** Quality-Protocol: Link-Quality-Report, and its Reporting-Period. RFC 1661 §6.3, RFC 1989 §2.5 */
function quality(lqr: LqrOptions | undefined): OptionDescriptor<number> {
  const isFair = (period: number): boolean => period === 0 || period >= shortestPeriod;
  return {
    type: LcpOption.quality,
    name: 'quality reports',
    codec: {
      decode: (data) => (data.length === 6 && getU16(data, 0) === Protocol.lqr ? getU32(data, 2) : undefined),
      encode: (period) => {
        const data = new Uint8Array(6);
        putU16(data, 0, Protocol.lqr);
        putU32(data, 2, period);
        return data;
      },
    },
    format: (period) => (period === 0 ? 'as answers' : `every ${period / 100} s`),
    wanted: () => lqr && Math.round(lqr.intervalMs / 10),
    judge: (period) => (isFair(period) ? { kind: 'ack' } : { kind: 'nak', value: shortestPeriod }),
    suggestion: () => usualPeriod,
    onNak: (hint, asked) => ({ ask: asked === undefined || !isFair(hint) ? asked : hint }),
  };
}

/** Magic-Number, and the detection of a looped-back line by it. RFC 1661 §6.4 */
function magic(enabled: boolean, random: () => number): OptionDescriptor<number> {
  return {
    type: LcpOption.magic,
    name: 'magic number',
    codec: u32,
    format: formatU32,
    wanted: () => (enabled ? another(random, 0) : undefined),
    judge: (value, ours) => {
      if (value === 0) return { kind: 'nak', value: another(random, 0) }; // "illegal, and MUST always be Nak'd"
      if (value !== ours) return { kind: 'ack' };
      const why = 'our own magic number comes back to us';
      return { kind: 'nak', value: another(random, value), why, failure: 'loopback' };
    },
    suggestion: () => another(random, 0),
    onNak: (_hint, asked) => ({ ask: asked === undefined ? undefined : another(random, asked) }),
    onReject: (asked) => asked, // "act as if the negotiation had been successful"
    neverReject: true,
  };
}

/** A number that is neither 0 nor `than`. */
function another(random: () => number, than: number): number {
  const value = random() >>> 0;
  return value !== 0 && value !== than ? value : (than ^ 0x55555555) >>> 0 || 1;
}

/** Protocol-Field-Compression and Address-and-Control-Field-Compression. RFC 1661 §6.5, §6.6 */
function compression(type: number, name: string, enabled: boolean): OptionDescriptor<true> {
  return {
    type,
    name,
    codec: flag,
    format: () => '',
    wanted: () => (enabled ? true : undefined),
    judge: () => ({ kind: enabled ? 'ack' : 'reject' }), // boolean options are never Nak'd: §5.3
    suggestion: () => undefined,
    onNak: (_hint, asked) => ({ ask: asked }),
  };
}

export function formatU32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

export function authenticationName(value: Uint8Array): string {
  if (value.length < 2) return 'an unknown protocol';
  const algorithm = value.length === 3 ? chapAlgorithms.get(value[2]!) : undefined;
  return protocolName(getU16(value, 0)) + (algorithm === undefined ? '' : ` with ${algorithm}`);
}

const chapAlgorithms: ReadonlyMap<number, string> = new Map([
  [0x05, 'MD5'],
  [0x80, 'MS-CHAP'],
  [0x81, 'MS-CHAP-V2'],
]);

const otherOptions: ReadonlyMap<number, string> = new Map([
  [9, 'another FCS'],
  [10, 'self-describing padding'],
  [13, 'callback'],
  [15, 'compound frames'],
  [17, 'multilink'],
  [18, 'short multilink headers'],
  [19, 'a multilink endpoint'],
  [23, 'bandwidth allocation'],
  [26, 'prefix elision'],
  [27, 'multilink classes'],
]);

export function describeUnknown({ type, data }: RawOption): string {
  return `the peer asks for ${otherOptions.get(type) ?? `option ${type} <${formatHex(data.subarray(0, 16))}>`}`;
}
