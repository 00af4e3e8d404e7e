/**
 * The kernel's side of network state, over rtnetlink(7) and /proc/sys: reads what there is, and carries out one operation.
 * One request at a time: the netlink package mixes up the answers of two dumps on one socket.
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import {
  createRtNetlink,
  Flags,
  FlagsGet,
  FlagsNew,
  rt,
  type NetlinkMessage,
  type RtNetlinkSocket,
} from './netlink.js';
import { assertNever, codeOf, messageOf, OpError } from '../base/errors.js';
import { formatIp, formatPrefix } from '../base/ip.js';
import type { Logger } from '../base/log.js';
import {
  addressMessage,
  familyOfNumber,
  foreignMessage,
  kindOfRoute,
  proxyHeader,
  proxyMessage,
  routeMessage,
  toAddress,
  toDefault,
  toInterface,
  toProxy,
  toRoute,
  toTableRoute,
  unreachableMessage,
} from './messages.js';
import {
  interfaceNamed,
  type Observed,
  type ObservedInterface,
  type ObservedProxy,
  type TableRoute,
} from './observed.js';
import type { Operation } from './operation.js';
import { isAlreadyGone, remedyFor } from './remedy.js';
import { phraseOf, switchPath } from './switches.js';
import { readSwitch, writeSwitch } from './sysctl.js';

/** The kernel answers within microseconds; this only bounds the wait for a lost answer. */
const REQUEST_TIMEOUT_MS = 5000;

/** A dump that changes underneath us is marked and read again, at most so often. */
const DUMP_ATTEMPTS = 5;

const CREATE = { flags: FlagsNew.CREATE | FlagsNew.EXCL, timeout: REQUEST_TIMEOUT_MS };
const REPLACE = { flags: FlagsNew.REPLACE, timeout: REQUEST_TIMEOUT_MS };
const CHANGE = { timeout: REQUEST_TIMEOUT_MS };

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

  /** By this number the kernel's events tell what was asked for over this socket. */
  get port(): number {
    return this.#socket.socket.address().port;
  }

  /** What there is now, with the switches whose paths are asked for when the interfaces are known. Rejects with an OpError. */
  observe(switches: (interfaces: readonly ObservedInterface[]) => Iterable<string>): Promise<Observed> {
    return this.#read("the state of the system's network", async () => {
      const links = await this.#dump(rt.MessageType.GETLINK, rt.formatLink({}));
      const addresses = await this.#dump(rt.MessageType.GETADDR, rt.formatAddress({}));
      const routes = await this.#dump(rt.MessageType.GETROUTE, rt.formatRoute({}));
      const interfaces = links.map(({ data }) => toInterface(data));
      const names = new Map(interfaces.map(({ index, name }) => [index, name]));
      const ofKind = (kind: ReturnType<typeof kindOfRoute>): Buffer[] =>
        routes.map(({ data }) => data).filter((data) => kindOfRoute(data) === kind);
      const allAddresses = addresses.flatMap(({ data }) => toAddress(data) ?? []);
      const ours = ofKind('ours').map(toRoute);
      const peers = ofKind('peer').map(toRoute);
      const whole = interfaces.map((one) => ({
        ...one,
        addresses: allAddresses.filter(({ index }) => index === one.index),
        routes: ours.filter(({ index }) => index === one.index),
        peers: peers.filter(({ index }) => index === one.index).map(({ prefix }) => prefix.address),
      }));
      return {
        interfaces: whole,
        defaults: ofKind('default').map((data) => toDefault(data, names)),
        unreachable: ofKind('unreachable').map(toRoute),
        proxies: await this.#proxies(),
        switches: readSwitches(switches(whole)),
      };
    });
  }

  /** The entries for neighbour requests alone: of these the kernel tells no events. Rejects with an OpError. */
  observeProxies(): Promise<ObservedProxy[]> {
    return this.#read('the neighbour proxies', () => this.#proxies());
  }

  /** The routes of all programs in all tables, the kernel's own (`local`) aside. Rejects with an OpError. */
  routes(): Promise<TableRoute[]> {
    return this.#read('the routing tables', async () => {
      const links = await this.#dump(rt.MessageType.GETLINK, rt.formatLink({}));
      const names = new Map(links.map(({ data }) => toInterface(data)).map(({ index, name }) => [index, name]));
      const routes = await this.#dump(rt.MessageType.GETROUTE, rt.formatRoute({}));
      const local: number = rt.RoutingTableClass.LOCAL;
      return routes
        .filter(({ data }) => familyOfNumber(data[0]) !== undefined)
        .map(({ data }) => toTableRoute(data, names))
        .filter(({ table }) => table !== local);
    });
  }

  /** Carries out one operation. What is to be deleted may be gone already. Rejects with an OpError. */
  async apply(operation: Operation, observed: Observed): Promise<void> {
    try {
      await this.#request(operation, observed);
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

  async #read<T>(subject: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw new OpError('read', subject, refusalOf(error));
    }
  }

  async #proxies(): Promise<ObservedProxy[]> {
    const messages = await this.#dump(rt.MessageType.GETNEIGH, proxyHeader());
    return messages.flatMap(({ data }) => toProxy(data) ?? []);
  }

  async #dump(type: rt.MessageType, header: Buffer): Promise<NetlinkMessage[]> {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const options = { flags: FlagsGet.DUMP, timeout: REQUEST_TIMEOUT_MS };
      const [messages] = await this.#socket.socket.request(type, header, options);
      if (!messages.some(({ flags }) => (flags & Flags.DUMP_INTR) !== 0)) return messages;
    }
    throw new Error('it keeps changing while it is read');
  }

  async #request(operation: Operation, observed: Observed): Promise<unknown> {
    const { NEWROUTE, DELROUTE, NEWNEIGH, DELNEIGH } = rt.MessageType;
    const { socket } = this.#socket;
    switch (operation.kind) {
      case 'set-mtu':
        return this.#socket.setLink({ index: indexOf(operation, observed) }, { mtu: operation.mtu }, CHANGE);
      case 'set-up':
      case 'set-down': {
        const flags = operation.kind === 'set-up' ? { up: true as const } : {};
        return this.#socket.setLink({ index: indexOf(operation, observed), change: { up: true }, flags }, {}, CHANGE);
      }
      case 'add-address':
        return this.#socket.newAddress(...addressMessage(operation, indexOf(operation, observed)), CREATE);
      case 'delete-address':
        return this.#socket.delAddress(...addressMessage(operation, indexOf(operation, observed)), CHANGE);
      case 'add-route':
        return socket.request(NEWROUTE, routeMessage(operation, indexOf(operation, observed)), CREATE);
      case 'change-route':
        return socket.request(NEWROUTE, routeMessage(operation, indexOf(operation, observed)), REPLACE);
      case 'delete-route':
        return socket.request(DELROUTE, routeMessage(operation, indexOf(operation, observed)), CHANGE);
      case 'add-unreachable':
        return socket.request(NEWROUTE, unreachableMessage(operation), CREATE);
      case 'delete-unreachable':
        return socket.request(DELROUTE, unreachableMessage(operation), CHANGE);
      case 'add-proxy':
        return socket.request(NEWNEIGH, proxyMessage(operation, indexOf(operation, observed)), CREATE);
      case 'delete-proxy':
        return socket.request(DELNEIGH, proxyMessage(operation, indexOf(operation, observed)), CHANGE);
      case 'set-switch':
        writeSwitch(switchPath(operation), operation.value);
        return;
      case 'move-default':
        await socket.request(NEWROUTE, foreignMessage(operation.route, operation.metric), CREATE);
        return socket.request(DELROUTE, foreignMessage(operation.route, operation.route.metric), CHANGE);
      case 'delete-default':
        return socket.request(DELROUTE, foreignMessage(operation.route, operation.route.metric), CHANGE);
      default:
        return assertNever(operation);
    }
  }
}

function readSwitches(paths: Iterable<string>): Map<string, number> {
  const values = new Map<string, number>();
  for (const path of paths) {
    const value = readSwitch(path);
    if (value !== undefined) values.set(path, value);
  }
  return values;
}

/** An interface that was deleted since it was observed. */
function indexOf({ name }: { readonly name: string }, observed: Observed): number {
  const index = interfaceNamed(observed, name)?.index;
  if (index === undefined) throw Object.assign(new Error('no such device (ENODEV)'), { code: 'ENODEV' });
  return index;
}

/** What was tried, on what: for the error's text. */
function phrase(operation: Operation): [op: string, subject: string] {
  const { kind } = operation;
  switch (kind) {
    case 'set-mtu':
      return ['set the MTU', `${operation.mtu} on ${operation.name}`];
    case 'set-up':
      return ['set up', `the interface ${operation.name}`];
    case 'set-down':
      return ['set down', `the interface ${operation.name}`];
    case 'add-address':
      return ['add the address', `${formatIp(operation.local)} on ${operation.name}`];
    case 'delete-address':
      return ['delete the address', `${formatIp(operation.local)} on ${operation.name}`];
    case 'add-route':
      return ['add the route', `${formatPrefix(operation.prefix)} on ${operation.name}`];
    case 'change-route':
      return ['change the route', `${formatPrefix(operation.prefix)} on ${operation.name}`];
    case 'delete-route':
      return ['delete the route', `${formatPrefix(operation.prefix)} on ${operation.name}`];
    case 'add-unreachable':
      return ['add the route', `unreachable ${formatPrefix(operation.prefix)}`];
    case 'delete-unreachable':
      return ['delete the route', `unreachable ${formatPrefix(operation.prefix)}`];
    case 'add-proxy':
      return ['answer neighbour requests for', `${formatIp(operation.address)} on ${operation.name}`];
    case 'delete-proxy':
      return ['end the answers to neighbour requests for', `${formatIp(operation.address)} on ${operation.name}`];
    case 'set-switch':
      return phraseOf(operation, operation.value);
    case 'move-default':
      return ['move the route', `${operation.route.text} to metric ${operation.metric}`];
    case 'delete-default':
      return ['delete the route', `${operation.route.text} metric ${operation.route.metric}`];
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
