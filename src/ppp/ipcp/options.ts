/** IPCP's Configuration Options. RFC 1332 §3. What is not listed here is rejected as unknown. */
import { formatHex } from '../../base/bytes.js';
import { formatIp4, type Ip4 } from '../../base/ip.js';
import { IpcpOption } from '../numbers.js';
import { Option, u32, type OptionDescriptor } from '../option.js';
import type { IpcpOptions } from '../options.js';
import type { RawOption } from '../packet.js';

export interface IpcpOptionSet {
  readonly ipAddress: Option<Ip4>;
}

/** One set belongs to one session: the options hold what is being negotiated. */
export function ipcpOptions(options: IpcpOptions): IpcpOptionSet {
  return { ipAddress: new Option(ipAddress(options)) };
}

/**
 * IP-Address. Both addresses are known by config: we ask for ours and take no other, the peer may claim its own and no
 * other. A peer that doesn't negotiate addresses at all is fine. RFC 1332 §3.3
 */
function ipAddress({ local, remote }: IpcpOptions): OptionDescriptor<Ip4> {
  return {
    type: IpcpOption.ipAddress,
    name: 'address',
    codec: u32,
    format: formatIp4,
    wanted: () => local,
    judge: (value) => {
      if (value === remote) return { kind: 'ack' };
      const claim = value === 0 ? 'asks us for its address' : `claims ${formatIp4(value)}`;
      return { kind: 'nak', value: remote, why: `the peer ${claim}, the config says remote: ${formatIp4(remote)}` };
    },
    suggestion: () => remote,
    onNak: (hint) => ({
      ask: local,
      why: `the peer wants us to be ${formatIp4(hint)}, the config says local: ${formatIp4(local)}`,
    }),
    prompt: true,
    neverReject: true,
    neverDrop: true,
  };
}

const otherOptions: ReadonlyMap<number, string> = new Map([
  [1, 'the deprecated IP-Addresses'],
  [2, 'header compression'],
  [4, 'a mobile address'],
  [129, 'a DNS server'],
  [130, 'a NetBIOS name server'],
  [131, 'a second DNS server'],
  [132, 'a second NetBIOS name server'],
]);

export function describeUnknown({ type, data }: RawOption): string {
  return `the peer asks for ${otherOptions.get(type) ?? `option ${type} <${formatHex(data.subarray(0, 16))}>`}`;
}
