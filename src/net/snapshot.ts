/** The whole of the machine's network at one moment, for the cross-checks: read, nothing is touched. */
import type { Kernel } from './kernel.js';
import type { ObservedInterface, TableRoute } from './observed.js';
import { isSwitchWritable, readSwitch } from './sysctl.js';

export interface SnapshotInterface extends Omit<ObservedInterface, 'routes' | 'peers'> {
  readonly forwarding: boolean;
  /** Whether linkd may switch it. */
  readonly forwardingWritable: boolean;
  /** The same of IPv6. */
  readonly forwarding6: boolean;
  readonly forwarding6Writable: boolean;
  /** In force: the stricter one of the interface's and that for all. RFC 3704: 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number;
}

export interface Snapshot {
  readonly interfaces: readonly SnapshotInterface[];
  /** Of all programs, in all tables but the kernel's own. */
  readonly routes: readonly TableRoute[];
  /** What an interface that is yet to be made will have. */
  readonly newInterface: Omit<SnapshotInterface, keyof ObservedInterface>;
}

/** Rejects with an OpError. */
export async function takeSnapshot(kernel: Kernel): Promise<Snapshot> {
  const { interfaces } = await kernel.observe(() => []);
  const routes = await kernel.routes();
  return {
    interfaces: interfaces.map((one) => ({ ...one, ...switchesOf(one.name) })),
    routes,
    newInterface: switchesOf('default'),
  };
}

function switchesOf(name: string): Snapshot['newInterface'] {
  return {
    forwarding: readSwitch(`ipv4/conf/${name}/forwarding`) === 1,
    forwardingWritable: isSwitchWritable(`ipv4/conf/${name}/forwarding`),
    forwarding6: readSwitch('ipv6/conf/all/forwarding') === 1 || readSwitch(`ipv6/conf/${name}/force_forwarding`) === 1,
    forwarding6Writable: isSwitchWritable(`ipv6/conf/${name}/force_forwarding`),
    // The kernel takes the larger one, and 2 as the looser: strict stands only where neither says loose.
    rpFilter: Math.max(readSwitch('ipv4/conf/all/rp_filter') ?? 0, readSwitch(`ipv4/conf/${name}/rp_filter`) ?? 0),
  };
}
