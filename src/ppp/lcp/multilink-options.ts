/** LCP's options of Multilink, asked for and granted where a link may have several lines. RFC 1990 §5.1 */
import { encodeEndpoint, formatEndpoint, readEndpoint, type Endpoint } from '../../multilink/endpoint.js';
import type { MultilinkOptions } from '../../multilink/options.js';
import { LcpOption } from '../numbers.js';
import { flag, Option, u16, type Codec, type OptionDescriptor } from '../option.js';

export interface MultilinkOptionSet {
  readonly mrru: Option<number>;
  readonly shortSequence: Option<true>;
  readonly endpoint: Option<Endpoint>;
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
}

/** Below this no IPv4 packet is sure to pass. RFC 791 */
const smallestMrru = 68;

const endpointCodec: Codec<Endpoint> = { decode: readEndpoint, encode: encodeEndpoint };

/** One set belongs to one line: the options hold what is being negotiated. */
export function multilinkOptions(options: MultilinkOptions): MultilinkOptionSet {
  return {
    mrru: new Option(mrru(options.mrru)),
    shortSequence: new Option(shortSequence(options.shortSequence)),
    endpoint: new Option(endpoint(options.endpoint)),
  };
}

/** Undefined while one of the ends has not asked for Multilink, or was refused it. */
export function agreedMultilink({ mrru, shortSequence, endpoint }: MultilinkOptionSet): AgreedMultilink | undefined {
  if (mrru.ours === undefined || mrru.theirs === undefined) return undefined;
  return {
    send: { mrru: mrru.theirs, shortSequence: shortSequence.theirs === true },
    receive: { mrru: mrru.ours, shortSequence: shortSequence.ours === true },
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

/** Short-Sequence-Number-Header-Format. RFC 1990 §5.1.2 */
function shortSequence(enabled: boolean): OptionDescriptor<true> {
  return {
    type: LcpOption.shortSequence,
    name: 'short sequence numbers',
    codec: flag,
    format: () => '',
    wanted: () => (enabled ? true : undefined),
    judge: () => ({ kind: enabled ? 'ack' : 'reject' }), // boolean options are never Nak'd: RFC 1661 §5.3
    suggestion: () => undefined,
    onNak: (_hint, asked) => ({ ask: asked }),
  };
}

/** Endpoint-Discriminator: it states a fact, and there is nothing to haggle over. RFC 1990 §5.1.3 */
function endpoint(ours: Endpoint | undefined): OptionDescriptor<Endpoint> {
  return {
    type: LcpOption.endpoint,
    name: 'endpoint',
    codec: endpointCodec,
    format: formatEndpoint,
    wanted: () => ours,
    judge: () => ({ kind: 'ack' }),
    suggestion: () => undefined,
    onNak: () => ({ ask: undefined }), // a Nak means the same as a Reject
  };
}
