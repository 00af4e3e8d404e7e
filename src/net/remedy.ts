/** What a person can do when the kernel refuses an operation. Pure. */
import { assertNever } from '../base/errors.js';
import { formatPrefix } from '../base/ip.js';
import type { Operation } from './plan.js';

/** A sentence or two for the operation and the system's code (`EEXIST`); undefined when we know of nothing better. */
export function remedyFor(operation: Operation, code: string | undefined): string | undefined {
  const { kind, name } = operation;
  switch (code) {
    case 'EPERM':
      return 'linkd needs CAP_NET_ADMIN: run it as root, or give it that capability';
    case 'ENODEV':
      return gone(name);
    case 'ENETDOWN':
    case 'ENETUNREACH':
      return `Another program set the interface down: see \`ip link show ${name}\``;
    case 'EEXIST':
      if (kind === 'add-route') {
        const show = `ip route show ${formatPrefix(operation.prefix)}`;
        return `Another program has this route: see \`${show}\`; delete it there, or give the network another metric`;
      }
      return `Another program changes the same interface: see \`ip address show ${name}\``;
    case 'EINVAL':
      if (kind === 'set-mtu') return 'An MTU is 68 to 65535 octets';
      if (kind === 'add-route') return 'A network has no bits set behind its prefix length';
      return undefined;
    default:
      return undefined;
  }
}

/** For an interface that is not there. */
export function gone(name: string): string {
  return `The interface was deleted or renamed by another program: see \`ip link show\`; linkd makes ${name} again when it restarts`;
}

/** True when the refusal of a deletion says that it is gone already, which is what was asked for. */
export function isAlreadyGone(operation: Operation, code: string | undefined): boolean {
  switch (operation.kind) {
    case 'delete-route':
      return code === 'ESRCH' || code === 'ENOENT' || code === 'ENODEV';
    case 'delete-address':
      return code === 'EADDRNOTAVAIL' || code === 'ENODEV';
    case 'set-down':
      return code === 'ENODEV';
    case 'set-mtu':
    case 'set-up':
    case 'add-address':
    case 'add-route':
      return false;
    default:
      return assertNever(operation);
  }
}
