/** IPCP's Configuration Options. RFC 1332 §3 and §4, RFC 1877 §1. What is not listed here is rejected as unknown. */
import { formatHex, getU16, putU16 } from '../../base/bytes.js';
import { formatIp4, type Ip4 } from '../../base/ip.js';
import type { VjOptions } from '../../compress/method.js';
import { IpcpOption, Protocol } from '../numbers.js';
import { Option, u32, type Codec, type OptionDescriptor } from '../option.js';
import type { IpcpOptions } from '../options.js';
import type { RawOption } from '../packet.js';
import { noAddress, type AddressPolicy } from './addresses.js';

export interface IpcpOptionSet {
  readonly compression: Option<Compression>;
  readonly ipAddress: Option<Ip4>;
  readonly primaryDns: Option<Ip4>;
  readonly primaryWins: Option<Ip4>;
  readonly secondaryDns: Option<Ip4>;
  readonly secondaryWins: Option<Ip4>;
}

/** One set belongs to one session: the options hold what is being negotiated. */
export function ipcpOptions(options: IpcpOptions, addresses: AddressPolicy): IpcpOptionSet {
  const server = (type: number, name: string, ask: boolean, offer: Ip4 | undefined): Option<Ip4> =>
    new Option(nameServer(type, name, ask, offer));
  const { dns, wins } = options;
  return {
    compression: new Option(compression(options.vj)),
    ipAddress: new Option(ipAddress(addresses)),
    primaryDns: server(IpcpOption.primaryDns, 'DNS server', dns.ask, dns.offer[0]),
    primaryWins: server(IpcpOption.primaryWins, 'NetBIOS name server', wins.ask, wins.offer[0]),
    secondaryDns: server(IpcpOption.secondaryDns, 'second DNS server', dns.ask, dns.offer[1]),
    secondaryWins: server(IpcpOption.secondaryWins, 'second NetBIOS name server', wins.ask, wins.offer[1]),
  };
}

/**
 * IP-Address. Each end asks for its own; one that doesn't know it asks for 0.0.0.0 and is told by a Nak. A peer that doesn't
 * negotiate addresses at all has the one of the config. RFC 1332 §3.3
 */
function ipAddress(addresses: AddressPolicy): OptionDescriptor<Ip4> {
  /** What the peer claimed last, and what we ask for. */
  let claimed = noAddress;
  let own = noAddress;
  const suggestion = (): Ip4 | undefined => (addresses.remote === noAddress ? undefined : addresses.remote);
  return {
    type: IpcpOption.ipAddress,
    name: 'address',
    codec: u32,
    format: formatIp4,
    wanted: () => {
      claimed = noAddress;
      own = addresses.local;
      return own;
    },
    judge: (value) => {
      const why = addresses.againstRemote(value, own);
      if (why === undefined) {
        claimed = value;
        return { kind: 'ack' };
      }
      const remote = suggestion();
      // RFC 1332 §3.3: without an address for the peer there is nothing to put into a Nak.
      return remote === undefined ? { kind: 'reject', why } : { kind: 'nak', value: remote, why };
    },
    suggestion,
    onNak: (hint) => {
      const why = addresses.againstLocal(hint, claimed);
      if (why !== undefined) return { ask: own, why };
      own = hint;
      return { ask: own, why: `the peer wants us to be ${formatIp4(hint)}` };
    },
    prompt: true,
    neverReject: true,
    neverDrop: true,
  };
}

/** What an end receives: a compression protocol with its own data. RFC 1332 §4 */
export interface Compression {
  readonly protocol: number;
  readonly data: Uint8Array;
}

const compressionCodec: Codec<Compression> = {
  decode: (data) => (data.length < 2 ? undefined : { protocol: getU16(data, 0), data: data.slice(2) }),
  encode: ({ protocol, data }) => {
    const octets = new Uint8Array(2 + data.length);
    putU16(octets, 0, protocol);
    octets.set(data, 2);
    return octets;
  },
};

/**
 * IP-Compression-Protocol, of which we speak Van Jacobson's: who asks for it can take compressed headers, in so many slots.
 * RFC 1332 §4
 */
function compression(vj: VjOptions | undefined): OptionDescriptor<Compression> {
  const own = vj && vjCompression(vj);
  return {
    type: IpcpOption.compression,
    name: 'header compression',
    codec: compressionCodec,
    format: formatCompression,
    wanted: () => own,
    judge: (value) => {
      if (own === undefined) return { kind: 'reject' };
      return vjOptions(value) === undefined ? { kind: 'nak', value: own } : { kind: 'ack' };
    },
    suggestion: () => own,
    onNak: (hint, asked) => {
      const wish = vjOptions(hint);
      const ours = asked && vjOptions(asked);
      if (wish === undefined || ours === undefined) return { ask: undefined };
      const slots = Math.min(wish.slots, ours.slots);
      return { ask: vjCompression({ slots, slotCompression: wish.slotCompression && ours.slotCompression }) };
    },
  };
}

/** Max-Slot-Id is one less than the number of slots. RFC 1332 §4.1 */
function vjCompression({ slots, slotCompression }: VjOptions): Compression {
  return { protocol: Protocol.vjCompressed, data: Uint8Array.of(slots - 1, slotCompression ? 1 : 0) };
}

/** Undefined where it's another protocol, or of another length. */
export function vjOptions({ protocol, data }: Compression): VjOptions | undefined {
  if (protocol !== Protocol.vjCompressed || data.length !== 2) return undefined;
  return { slots: data[0]! + 1, slotCompression: data[1] !== 0 };
}

function formatCompression(value: Compression): string {
  const vj = vjOptions(value);
  if (vj === undefined) return `by protocol 0x${value.protocol.toString(16).padStart(4, '0')}`;
  return `of ${vj.slots} slots${vj.slotCompression ? '' : ', their numbers always sent'}`;
}

/** Who asks for 0.0.0.0 is told by a Nak; without anything to tell, the option is rejected. RFC 1877 §1 */
function nameServer(type: number, name: string, ask: boolean, offer: Ip4 | undefined): OptionDescriptor<Ip4> {
  return {
    type,
    name,
    codec: u32,
    format: formatIp4,
    wanted: () => (ask ? noAddress : undefined),
    judge: (value) => {
      if (offer === undefined) return { kind: 'reject' };
      return value === offer ? { kind: 'ack' } : { kind: 'nak', value: offer };
    },
    suggestion: () => offer,
    onNak: (hint, asked) => ({ ask: asked === undefined ? undefined : hint }),
  };
}

const otherOptions: ReadonlyMap<number, string> = new Map([
  [1, 'the deprecated IP-Addresses'],
  [4, 'a mobile address'],
]);

export function describeUnknown({ type, data }: RawOption): string {
  return `the peer asks for ${otherOptions.get(type) ?? `option ${type} <${formatHex(data.subarray(0, 16))}>`}`;
}
