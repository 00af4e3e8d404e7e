/** One change to the kernel's state: what the plans are made of, `kernel.ts` carries out, and a person can read. Pure. */
import { assertNever } from '../base/errors.js';
import { formatIp, formatPrefix, hostPrefix, type Ip, type IpPrefix } from '../base/ip.js';
import type { ForeignDefault } from './observed.js';
import { switchName, type Switch } from './switches.js';
import { MAIN_TABLE } from './wanted.js';

/** A route or a neighbour proxy carries the number of the program that made it, 0..255. */
type Protocol = number;

/**
 * linkd's own: marks its routes and neighbour proxies in the kernel (`ip route show table all proto 108`). Free in
 * iproute2's list; `ip` shows a name for it when /etc/iproute2/rt_protos.d/linkd.conf has the line `108 linkd`.
 */
export const ROUTE_PROTOCOL: Protocol = 108;

/** Of our unreachable routes: behind whatever else leads to the network, and one before the worst there is. */
export const UNREACHABLE_METRIC = 4294967294;

export type Operation =
  | { readonly kind: 'set-mtu'; readonly name: string; readonly mtu: number }
  | { readonly kind: 'set-up' | 'set-down'; readonly name: string }
  | {
      readonly kind: 'add-address' | 'delete-address';
      readonly name: string;
      readonly local: Ip;
      /** Of the same family. */
      readonly remote: Ip;
    }
  | {
      readonly kind: 'add-route' | 'change-route' | 'delete-route';
      readonly name: string;
      readonly prefix: IpPrefix;
      readonly metric: number;
      readonly table: number;
      readonly source: Ip | undefined;
    }
  | { readonly kind: 'add-unreachable' | 'delete-unreachable'; readonly prefix: IpPrefix; readonly table: number }
  | { readonly kind: 'add-proxy' | 'delete-proxy'; readonly name: string; readonly address: Ip }
  /** `back`: to what it was before linkd. */
  | ({ readonly kind: 'set-switch'; readonly value: number; readonly back: boolean } & Switch)
  /** Made again with another metric, and then deleted with its own: traffic never is without it. */
  | { readonly kind: 'move-default'; readonly route: ForeignDefault; readonly metric: number }
  | { readonly kind: 'delete-default'; readonly route: ForeignDefault };

/** The same change as a command for a person: `ip route add 10.2.0.0/16 dev branch proto 108 metric 50`. */
export function describe(operation: Operation): string {
  const { kind } = operation;
  switch (kind) {
    case 'set-mtu':
      return `ip link set dev ${operation.name} mtu ${operation.mtu}`;
    case 'set-up':
      return `ip link set dev ${operation.name} up`;
    case 'set-down':
      return `ip link set dev ${operation.name} down`;
    case 'add-address':
    case 'delete-address': {
      const { name, local, remote } = operation;
      return `${ipFor(local)} address ${verbOf(kind)} ${formatIp(local)} peer ${formatPrefix(hostPrefix(remote))} dev ${name}${kind === 'add-address' && typeof local === 'string' ? ' nodad' : ''}`;
    }
    case 'add-route':
    case 'change-route':
    case 'delete-route': {
      const { name, prefix, metric, table, source } = operation;
      const src = source === undefined ? '' : ` src ${formatIp(source)}`;
      return `${ipFor(prefix.address)} route ${verbOf(kind)} ${formatPrefix(prefix)} dev ${name} proto ${ROUTE_PROTOCOL}${src}${metricText(metric)}${tableText(table)}`;
    }
    case 'add-unreachable':
    case 'delete-unreachable': {
      const { prefix, table } = operation;
      return `${ipFor(prefix.address)} route ${verbOf(kind)} unreachable ${formatPrefix(prefix)} proto ${ROUTE_PROTOCOL}${metricText(UNREACHABLE_METRIC)}${tableText(table)}`;
    }
    case 'add-proxy': {
      const { name, address } = operation;
      return `${ipFor(address)} neighbour add proxy ${formatIp(address)} dev ${name} protocol ${ROUTE_PROTOCOL}`;
    }
    case 'delete-proxy': {
      const { name, address } = operation;
      return `${ipFor(address)} neighbour del proxy ${formatIp(address)} dev ${name}`;
    }
    case 'set-switch':
      return `sysctl -w ${switchName(operation)}=${operation.value}`;
    case 'move-default': {
      const { route, metric } = operation;
      const ip = ipOf(route);
      return `${ip} route add ${route.text}${metricText(metric)} && ${ip} route del ${route.text} metric ${route.metric}`;
    }
    case 'delete-default':
      return `${ipOf(operation.route)} route del ${operation.route.text} metric ${operation.route.metric}`;
    default:
      return assertNever(kind);
  }
}

/** On what, in a word or two: what another program changes again and again is counted by this. */
export function subjectOf(operation: Operation): string {
  switch (operation.kind) {
    case 'add-unreachable':
    case 'delete-unreachable':
      return 'the unreachable routes';
    case 'move-default':
    case 'delete-default':
      return 'the default route';
    default:
      return operation.name;
  }
}

function ipFor(address: Ip): string {
  return typeof address === 'number' ? 'ip' : 'ip -6';
}

function ipOf({ family }: ForeignDefault): string {
  return family === 4 ? 'ip' : 'ip -6';
}

function verbOf(kind: Operation['kind']): 'add' | 'change' | 'del' {
  if (kind.startsWith('add')) return 'add';
  return kind.startsWith('change') ? 'change' : 'del';
}

function metricText(metric: number): string {
  return metric === 0 ? '' : ` metric ${metric}`;
}

function tableText(table: number): string {
  return table === MAIN_TABLE ? '' : ` table ${table}`;
}
