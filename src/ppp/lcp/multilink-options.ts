/**
 * LCP's options of Multilink, asked for and granted where a link may have several lines, or packets are cut for those between
 * their fragments. RFC 1990 §5.1, RFC 2686 §6
 */
import { encodeEndpoint, formatEndpoint, readEndpoint, type Endpoint } from '../../multilink/endpoint.js';
import type { MultilinkOptions } from '../../multilink/options.js';
import { LcpOption } from '../numbers.js';
import { flag, Option, u16, type Codec, type OptionDescriptor } from '../option.js';

export interface MultilinkOptionSet {
  readonly mrru: Option<number>;
  readonly header: Option<MultilinkHeader>;
  readonly shortSequence: Option<true>;
  readonly endpoint: Option<Endpoint>;
}

/** How the Multilink header is written, and how many classes it may tell apart. RFC 2686 §6.1 */
interface MultilinkHeader {
  readonly shortSequence: boolean;
  readonly classes: number;
}

/** What both ends of a line agreed on, where both speak Multilink. */
export interface AgreedMultilink {
  readonly send: MultilinkDirection;
  readonly receive: MultilinkDirection;
  /** Whose line it is, by the peer's word; undefined where it says nothing. RFC 1990 §5.1.3 */
  readonly endpoint: Endpoint | undefined;
}

/** How packets travel one way. */
export interface MultilinkDirection {
  /** The largest packet that is put together at the far end, in octets. RFC 1990 §5.1.1 */
  readonly mrru: number;
  readonly shortSequence: boolean;
  /** Classes of fragments that may be used, each with numbers of its own: 1 where they are not told apart. RFC 2686 §6.1 */
  readonly classes: number;
}

/** Below this no IPv4 packet is sure to pass. RFC 791 */
const smallestMrru = 68;

/** RFC 2686 §6.1: what one should at least be ready for, with either header. */
const usualClasses = { short: 4, long: 8 };
const headerCodes = { long: 2, short: 6 };

const endpointCodec: Codec<Endpoint> = { decode: readEndpoint, encode: encodeEndpoint };

/** One set belongs to one line: the options hold what is being negotiated. */
export function multilinkOptions(options: MultilinkOptions): MultilinkOptionSet {
  const unit = new Option(mrru(options.mrru));
  // A peer that wants no Multilink is asked for nothing that belongs to it.
  const isAsked = (): boolean => unit.asked !== undefined;
  const header = new Option(multilinkHeader(options, isAsked));
  // RFC 2686 §6.1: never both; where the peer knows of no classes the older option is left.
  const isLeft = (): boolean => isAsked() && header.asked === undefined;
  return {
    mrru: unit,
    header,
    shortSequence: new Option(shortSequence(options.shortSequence, isLeft)),
    endpoint: new Option(endpoint(options.endpoint, isAsked)),
  };
}

/** Undefined while one of the ends has not asked for Multilink, or was refused it. */
export function agreedMultilink(options: MultilinkOptionSet): AgreedMultilink | undefined {
  const { mrru, header, shortSequence, endpoint } = options;
  if (mrru.ours === undefined || mrru.theirs === undefined) return undefined;
  const plain = (short: true | undefined): MultilinkHeader => ({ shortSequence: short === true, classes: 1 });
  return {
    send: { mrru: mrru.theirs, ...(header.theirs ?? plain(shortSequence.theirs)) },
    receive: { mrru: mrru.ours, ...(header.ours ?? plain(shortSequence.ours)) },
    endpoint: endpoint.theirs,
  };
}

/** For people: `{ 'rx-mrru': '1600', … }`. */
export function describeMultilink({ send, receive, endpoint: peer }: AgreedMultilink): Record<string, string> {
  const sequence = ({ shortSequence: short }: MultilinkDirection): string => (short ? '12 bits' : '24 bits');
  return {
    'rx-mrru': String(receive.mrru),
    'tx-mrru': String(send.mrru),
    'rx-sequence': sequence(receive),
    'tx-sequence': sequence(send),
    'rx-classes': String(receive.classes),
    'tx-classes': String(send.classes),
    ...(peer === undefined ? {} : { 'peer-endpoint': formatEndpoint(peer) }),
  };
}

/** Multilink-MRRU: that an end speaks Multilink is said by this option alone. RFC 1990 §5.1.1 */
function mrru(wanted: number): OptionDescriptor<number> {
  return {
    type: LcpOption.mrru,
    name: 'mrru',
    codec: u16,
    format: String,
    wanted: () => wanted,
    judge: (value) => (value >= smallestMrru ? { kind: 'ack' } : { kind: 'nak', value: smallestMrru }),
    suggestion: () => wanted,
    onNak: (hint, asked) => ({ ask: hint >= smallestMrru && hint <= wanted ? hint : asked }),
  };
}

/** Multilink-Header-Format: the classes, and short sequence numbers where `short` says so. RFC 2686 §6.1 */
function multilinkHeader(options: MultilinkOptions, applies: () => boolean): OptionDescriptor<MultilinkHeader> {
  const { shortSequence, classes: enabled } = options;
  const short = shortSequence !== false;
  const ours: MultilinkHeader = { shortSequence: short, classes: short ? usualClasses.short : usualClasses.long };
  return {
    type: LcpOption.multilinkHeader,
    name: 'multilink classes',
    codec: headerCodec,
    format: ({ shortSequence: isShort, classes }) => `${classes} with ${isShort ? 'short' : 'long'} sequence numbers`,
    wanted: () => (enabled ? ours : undefined),
    applies,
    judge: (value) => {
      if (!enabled) return { kind: 'reject' };
      if (value.classes === 0) return { kind: 'nak', value: { ...value, classes: ours.classes } };
      return value.shortSequence && !short
        ? { kind: 'nak', value: { ...value, shortSequence: false } }
        : { kind: 'ack' };
    },
    suggestion: () => (enabled ? ours : undefined),
    onNak: (hint, asked) => {
      const isFine = hint.classes > 0 && hint.classes <= ours.classes && (short || !hint.shortSequence);
      return { ask: enabled && isFine ? hint : asked };
    },
  };
}

const headerCodec: Codec<MultilinkHeader> = {
  decode: (data) => {
    const [code, classes] = data;
    if (data.length !== 2 || classes === undefined) return undefined;
    if (code !== headerCodes.long && code !== headerCodes.short) return undefined;
    return { shortSequence: code === headerCodes.short, classes };
  },
  encode: (value) => Uint8Array.of(value.shortSequence ? headerCodes.short : headerCodes.long, value.classes),
};

/** Short-Sequence-Number-Header-Format. RFC 1990 §5.1.2 */
function shortSequence(enabled: boolean | undefined, applies: () => boolean): OptionDescriptor<true> {
  return {
    type: LcpOption.shortSequence,
    name: 'short sequence numbers',
    codec: flag,
    format: () => '',
    wanted: () => (enabled === true ? true : undefined),
    applies,
    judge: () => ({ kind: enabled === false ? 'reject' : 'ack' }), // boolean options are never Nak'd: RFC 1661 §5.3
    suggestion: () => undefined,
    onNak: (_hint, asked) => ({ ask: asked }),
  };
}

/** Endpoint-Discriminator: it states a fact, and there is nothing to haggle over. RFC 1990 §5.1.3 */
function endpoint(ours: Endpoint | undefined, applies: () => boolean): OptionDescriptor<Endpoint> {
  return {
    type: LcpOption.endpoint,
    name: 'endpoint',
    codec: endpointCodec,
    format: formatEndpoint,
    wanted: () => ours,
    applies,
    judge: () => ({ kind: 'ack' }),
    suggestion: () => undefined,
    onNak: () => ({ ask: undefined }), // a Nak means the same as a Reject
  };
}
