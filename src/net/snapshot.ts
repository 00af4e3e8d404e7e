/** The whole of the machine's network at one moment, for the cross-checks: read, nothing is touched. */
import type { Kernel } from './kernel.js';
import type { ObservedInterface, TableRoute } from './observed.js';
import { isForwardingWritable, readSwitch } from './sysctl.js';

export interface SnapshotInterface extends Omit<ObservedInterface, 'routes' | 'peers'> {
  readonly forwarding: boolean;
  /** Whether linkd may switch it. */
  readonly forwardingWritable: boolean;
  /** In force: the stricter one of the interface's and that for all. RFC 3704: 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number;
}

export interface Snapshot {
  readonly interfaces: readonly SnapshotInterface[];
  /** Of all programs, in all tables but the kernel's own. */
  readonly routes: readonly TableRoute[];
  /** What an interface that is yet to be made will have. */
  readonly newInterface: Pick<SnapshotInterface, 'forwarding' | 'forwardingWritable' | 'rpFilter'>;
}

/** Rejects with an OpError. */
export async function takeSnapshot(kernel: Kernel): Promise<Snapshot> {
  const { interfaces } = await kernel.observe([]);
  const routes = await kernel.routes();
  return {
    interfaces: interfaces.map((one) => ({ ...one, ...switchesOf(one.name) })),
    routes,
    newInterface: switchesOf('default'),
  };
}

function switchesOf(name: string): Snapshot['newInterface'] {
  return {
    forwarding: readSwitch(name, 'forwarding') === 1,
    forwardingWritable: isForwardingWritable(name),
    // The kernel takes the larger one, and 2 as the looser: strict stands only where neither says loose.
    rpFilter: Math.max(readSwitch('all', 'rp_filter') ?? 0, readSwitch(name, 'rp_filter') ?? 0),
  };
}
