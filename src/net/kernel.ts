/**
 * The kernel's side of network state, over rtnetlink(7): reads what an interface has, and carries out one operation.
 * One request at a time: the netlink package mixes up the answers of two dumps on one socket.
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import {
  AttrStream,
  createRtNetlink,
  Flags,
  FlagsGet,
  FlagsNew,
  rt,
  type NetlinkMessage,
  type RtNetlinkSocket,
} from 'netlink';
import { getU32, putU32 } from '../base/bytes.js';
import { assertNever, codeOf, messageOf, OpError } from '../base/errors.js';
import { formatIp4, formatPrefix, type Ip4 } from '../base/ip.js';
import type { Logger } from '../base/log.js';
import type { ObservedAddress, ObservedInterface, ObservedRoute } from './observed.js';
import { ROUTE_PROTOCOL, type Operation } from './plan.js';
import { isAlreadyGone, remedyFor } from './remedy.js';

/** The kernel answers within microseconds; this only bounds the wait for a lost answer. */
const REQUEST_TIMEOUT_MS = 5000;

/** A dump that changes underneath us is marked and read again, at most so often. */
const DUMP_ATTEMPTS = 5;

const AF_INET = 2;
const CREATE = { flags: FlagsNew.CREATE | FlagsNew.EXCL, timeout: REQUEST_TIMEOUT_MS };
const CHANGE = { timeout: REQUEST_TIMEOUT_MS };

/** struct rtmsg: where the route protocol stands. */
const RTM_PROTOCOL_AT = 5;

export class Kernel {
  readonly #socket: RtNetlinkSocket;

  /** Opens the socket, in the network namespace of this process. Throws an OpError when the system refuses it. */
  constructor(log: Logger) {
    try {
      this.#socket = createRtNetlink();
    } catch (error) {
      throw new OpError('open', 'a netlink socket', error);
    }
    // Without a listener the package ends the process. A request that gets no answer for it times out.
    this.#socket.socket.on('error', (error) => {
      log.warn({ error: messageOf(error) }, 'the netlink socket reported an error');
    });
  }

  /** What the interface has now; undefined when there is no such interface. Throws an OpError on anything else. */
  async observe(name: string): Promise<ObservedInterface | undefined> {
    try {
      const [link] = await this.#socket.getLink({}, { ifname: name }, CHANGE);
      const index = link?.data.index;
      if (link === undefined || index === undefined) return undefined;
      return {
        index,
        mtu: link.attrs.mtu ?? 0,
        up: link.data.flags?.up === true,
        addresses: await this.#addresses(index),
        routes: await this.#routes(index),
      };
    } catch (error) {
      const cause = refusalOf(error);
      if (codeOf(cause) === 'ENODEV') return undefined;
      throw new OpError('read the state of', `the interface ${name}`, cause);
    }
  }

  /** Carries out one operation on the interface of that index. What is to be deleted may be gone already. */
  async apply(operation: Operation, index: number): Promise<void> {
    try {
      await this.#request(operation, index);
    } catch (error) {
      const cause = refusalOf(error);
      const code = codeOf(cause);
      if (isAlreadyGone(operation, code)) return;
      throw new OpError(...phrase(operation), cause, remedyFor(operation, code));
    }
  }

  close(): void {
    this.#socket.socket.close();
  }

  async #addresses(index: number): Promise<ObservedAddress[]> {
    const messages = await this.#dump(rt.MessageType.GETADDR, rt.formatAddress({ family: AF_INET }));
    return messages
      .map(({ data }) => rt.parseAddressMessage(data))
      .filter(({ data }) => data.family === AF_INET && data.index === index)
      .map(({ data, attrs }) => ({
        local: toIp4(attrs.local ?? attrs.address),
        peer: toIp4(attrs.address),
        prefixLength: data.prefixlen ?? 0,
      }));
  }

  /** The table of a border router is large: what isn't ours is passed over before it is parsed. */
  async #routes(index: number): Promise<ObservedRoute[]> {
    const messages = await this.#dump(rt.MessageType.GETROUTE, rt.formatRoute({ family: AF_INET }));
    return messages
      .filter(({ data }) => data[RTM_PROTOCOL_AT] === ROUTE_PROTOCOL)
      .map(({ data }) => rt.parseRouteMessage(data))
      .filter(({ attrs }) => attrs.table === rt.RoutingTableClass.MAIN && attrs.oif === index)
      .map(({ data, attrs }) => ({
        prefix: { address: toIp4(attrs.dst), length: data.dstLen ?? 0 },
        metric: attrs.priority ?? 0,
      }));
  }

  async #dump(type: rt.MessageType, header: Buffer): Promise<NetlinkMessage[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const options = { flags: FlagsGet.DUMP, timeout: REQUEST_TIMEOUT_MS };
      const [messages] = await this.#socket.socket.request(type, header, options);
      if (!messages.some(({ flags }) => (flags & Flags.DUMP_INTR) !== 0)) return messages;
    }
    throw new Error('it keeps changing while it is read');
  }

  async #request(operation: Operation, index: number): Promise<unknown> {
    switch (operation.kind) {
      case 'set-mtu':
        return this.#socket.setLink({ index }, { mtu: operation.mtu }, CHANGE);
      case 'set-up':
        return this.#socket.setLink({ index, change: { up: true }, flags: { up: true } }, {}, CHANGE);
      case 'set-down':
        return this.#socket.setLink({ index, change: { up: true }, flags: {} }, {}, CHANGE);
      case 'add-address':
        return this.#socket.newAddress(...addressMessage(operation, index), CREATE);
      case 'delete-address':
        return this.#socket.delAddress(...addressMessage(operation, index), CHANGE);
      case 'add-route':
        return this.#socket.request(rt.MessageType.NEWROUTE, routeMessage(operation, index), CREATE);
      case 'delete-route':
        return this.#socket.request(rt.MessageType.DELROUTE, routeMessage(operation, index), CHANGE);
      default:
        return assertNever(operation);
    }
  }
}

type AddressOperation = Extract<Operation, { kind: 'add-address' | 'delete-address' }>;
type RouteOperation = Extract<Operation, { kind: 'add-route' | 'delete-route' }>;

function addressMessage({ local, remote }: AddressOperation, index: number): [rt.Address, rt.AddressAttrs] {
  return [
    { family: AF_INET, prefixlen: 32, index },
    { local: fromIp4(local), address: fromIp4(remote) },
  ];
}

/** Protocol by octet, since the package's enum does not have our number. */
function routeMessage({ prefix, metric }: RouteOperation, index: number): Uint8Array[] {
  const header = rt.formatRoute({
    family: AF_INET,
    dstLen: prefix.length,
    table: rt.RoutingTableClass.MAIN,
    scope: rt.RouteScope.LINK,
    type: rt.RouteType.UNICAST,
  });
  header[RTM_PROTOCOL_AT] = ROUTE_PROTOCOL;
  const message = new AttrStream();
  message.emit(header);
  message.emit(rt.formatRouteAttrs({ dst: fromIp4(prefix.address), oif: index, priority: metric }));
  return message.bufs;
}

function fromIp4(address: Ip4): Buffer {
  const octets = Buffer.alloc(4);
  putU32(octets, 0, address);
  return octets;
}

/** The kernel leaves an address of 0.0.0.0 out. */
function toIp4(octets: Buffer | undefined): Ip4 {
  return octets?.length === 4 ? getU32(octets, 0) : 0;
}

/** What was tried, on what: for the error's text. */
function phrase(operation: Operation): [op: string, subject: string] {
  const { kind, name } = operation;
  switch (kind) {
    case 'set-mtu':
      return ['set the MTU', `${operation.mtu} on ${name}`];
    case 'set-up':
      return ['set up', `the interface ${name}`];
    case 'set-down':
      return ['set down', `the interface ${name}`];
    case 'add-address':
      return ['add the address', `${formatIp4(operation.local)} on ${name}`];
    case 'delete-address':
      return ['delete the address', `${formatIp4(operation.local)} on ${name}`];
    case 'add-route':
      return ['add the route', `${formatPrefix(operation.prefix)} on ${name}`];
    case 'delete-route':
      return ['delete the route', `${formatPrefix(operation.prefix)} on ${name}`];
    default:
      return assertNever(kind);
  }
}

/** The package tells the kernel's answer only as `Request rejected: EEXIST`: made into an error with a code. */
function refusalOf(error: unknown): unknown {
  const code = /^Request rejected: (E\w+)$/.exec(messageOf(error))?.[1];
  if (code === undefined) return error;
  const errno = Object.entries(constants.errno).find(([name]) => name === code)?.[1];
  const meaning = errno === undefined ? undefined : getSystemErrorMap().get(-errno)?.[1];
  return Object.assign(new Error(meaning === undefined ? code : `${meaning} (${code})`, { cause: error }), { code });
}
