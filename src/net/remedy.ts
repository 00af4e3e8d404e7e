/** What a person can do when the kernel refuses an operation. Pure. */
import { assertNever } from '../base/errors.js';
import { familyOf, formatPrefix } from '../base/ip.js';
import type { Operation } from './operation.js';

/** A sentence or two for the operation and the system's code (`EEXIST`); undefined when we know of nothing better. */
export function remedyFor(operation: Operation, code: string | undefined): string | undefined {
  const { kind } = operation;
  switch (code) {
    case 'EPERM':
      return 'linkd needs CAP_NET_ADMIN: run it as root, or give it that capability';
    case 'EACCES':
      if (kind === 'add-address' || kind === 'add-route') return IPV6_REMEDY;
      return FORWARDING_REMEDY;
    case 'EROFS':
      return FORWARDING_REMEDY;
    case 'ENODEV':
      return 'name' in operation ? gone(operation.name) : undefined;
    case 'ENETDOWN':
    case 'ENETUNREACH':
      return 'name' in operation
        ? `Another program set the interface down: see \`ip link show ${operation.name}\``
        : 'Its interface is down, or its gateway out of reach';
    case 'EEXIST':
      return remedyForExisting(operation);
    case 'EINVAL':
      if (kind === 'set-mtu') return 'An MTU is 68 to 65535 octets';
      if (kind === 'add-route' || kind === 'change-route') {
        const source = operation.source === undefined ? '' : ', and a source is an address of this machine';
        return `A network has no bits set behind its prefix length${source}`;
      }
      if (kind === 'add-unreachable') return 'A network has no bits set behind its prefix length';
      return undefined;
    default:
      return undefined;
  }
}

/** For switches below /proc/sys that this process may not write. */
export const FORWARDING_REMEDY =
  'linkd needs CAP_NET_ADMIN and a writable /proc/sys/net (under systemd: ProtectKernelTunables=no); or switch it on yourself, with sysctl';

/** The kernel's refusal of what is IPv6's, where it is switched off. */
const IPV6_REMEDY = 'IPv6 is switched off on the interface: see `sysctl net.ipv6.conf.all.disable_ipv6`';

/** For an interface that is not there. */
export function gone(name: string): string {
  return `The interface was deleted or renamed by another program: see \`ip link show\`; linkd makes ${name} again when it restarts`;
}

/** True when the refusal of a deletion says that it is gone already, which is what was asked for. */
export function isAlreadyGone(operation: Operation, code: string | undefined): boolean {
  switch (operation.kind) {
    case 'delete-route':
    case 'delete-unreachable':
    case 'delete-default':
    case 'move-default': // Its second half is a deletion; the first never gets ESRCH or ENOENT.
      return code === 'ESRCH' || code === 'ENOENT' || (code === 'ENODEV' && operation.kind !== 'move-default');
    case 'delete-address':
      return code === 'EADDRNOTAVAIL' || code === 'ENODEV';
    case 'delete-proxy':
      return code === 'ENOENT' || code === 'ENODEV';
    case 'set-down':
      return code === 'ENODEV';
    case 'set-switch':
      return operation.back && code === 'ENOENT';
    case 'set-mtu':
    case 'set-up':
    case 'add-address':
    case 'add-route':
    case 'change-route':
    case 'add-unreachable':
    case 'add-proxy':
      return false;
    default:
      return assertNever(operation);
  }
}

function remedyForExisting(operation: Operation): string | undefined {
  switch (operation.kind) {
    case 'add-route':
    case 'add-unreachable': {
      const show = `ip ${familyOf(operation.prefix) === 6 ? '-6 ' : ''}route show ${formatPrefix(operation.prefix)}${operation.table === 254 ? '' : ` table ${operation.table}`}`;
      return `Another program has this route: see \`${show}\`; delete it there, or give the network another metric`;
    }
    case 'move-default':
      return 'Another program has a default route with this metric: see `ip route show default`';
    default:
      return 'name' in operation
        ? `Another program changes the same interface: see \`ip address show ${operation.name}\``
        : undefined;
  }
}
