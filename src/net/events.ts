/** rtnetlink's events, as far as they tell that something of the system's network changed. */
import { getU16, getU32 as hostU32, parseAttributes, rt } from './netlink.js';
import { prefixOf, type IpPrefix } from '../base/ip.js';
import { familyOfNumber, toIp } from './messages.js';

export type NetEvent = {
  /** Whose request it was: the port of the socket, 0 for the kernel itself. */
  readonly port: number;
} & (
  | {
      readonly kind: 'route';
      readonly gone: boolean;
      readonly protocol: number;
      readonly prefix: IpPrefix;
    }
  | { readonly kind: 'address' }
  | { readonly kind: 'link'; readonly index: number; readonly name: string | undefined }
  | { readonly kind: 'switch'; readonly index: number }
);

/** struct nlmsghdr */
const HEADER = { length: 0, type: 4, port: 12, size: 16 } as const;
const RTMSG = { dstLength: 1, protocol: 5, size: 12 } as const;
const RTA_DST = 1;
const IFINFO = { index: 4, size: 16 } as const;
const IFLA_NAME = 3;
/** struct netconfmsg, padded, and its attributes. */
const NETCONF = { size: 4, index: 1 } as const;

/** The events of one datagram, IPv4's and IPv6's only. What is no whole message is left out; it never throws. */
export function decodeEvents(datagram: Uint8Array): NetEvent[] {
  const events: NetEvent[] = [];
  let rest = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  while (rest.length >= HEADER.size) {
    const length = hostU32(rest.subarray(HEADER.length, 4));
    if (length < HEADER.size || length > rest.length) break;
    const event = decodeEvent(rest.subarray(0, length));
    if (event !== undefined) events.push(event);
    rest = rest.subarray((length + 3) & ~3);
  }
  return events;
}

function decodeEvent(message: Buffer): NetEvent | undefined {
  const type = rt.MessageType[getU16(message.subarray(HEADER.type, HEADER.type + 2))];
  const port = hostU32(message.subarray(HEADER.port, HEADER.size));
  const body = message.subarray(HEADER.size);
  const family = familyOfNumber(body[0]);
  switch (type) {
    case 'NEWROUTE':
    case 'DELROUTE': {
      if (family === undefined || body.length < RTMSG.size) return undefined;
      const destination = attributesOf(body.subarray(RTMSG.size)).get(RTA_DST);
      const prefix = prefixOf(toIp(family, destination), body[RTMSG.dstLength] ?? 0);
      return {
        kind: 'route',
        port,
        gone: type === 'DELROUTE',
        protocol: body[RTMSG.protocol] ?? 0,
        prefix,
      };
    }
    case 'NEWADDR':
    case 'DELADDR':
      return family === undefined ? undefined : { kind: 'address', port };
    case 'NEWLINK':
    case 'DELLINK': {
      if (body.length < IFINFO.size) return undefined;
      const name = attributesOf(body.subarray(IFINFO.size)).get(IFLA_NAME)?.toString('utf8').replace(/\0.*$/s, '');
      return { kind: 'link', port, index: hostU32(body.subarray(IFINFO.index, IFINFO.index + 4)), name };
    }
    case 'NEWNETCONF': {
      // Whichever switch it was: IPv6's newer ones come without a word of which.
      if (family === undefined || body.length < NETCONF.size) return undefined;
      const index = attributesOf(body.subarray(NETCONF.size)).get(NETCONF.index);
      if (index?.length !== 4) return undefined;
      return { kind: 'switch', port, index: hostU32(index) };
    }
    default:
      return undefined;
  }
}

/** Up to the first that is not whole. */
function attributesOf(octets: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  try {
    parseAttributes(octets, ({ type, data }) => attributes.set(type, data));
  } catch {
    return attributes;
  }
  return attributes;
}
