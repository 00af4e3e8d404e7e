/**
 * A kernel that lacks a switch below /proc/sys/net/ipv6/conf, for programs in a lab's namespaces: an older one than this
 * machine's. It is the same kernel; only the switch's file is not to be found.
 */
import { mkdir } from 'node:fs/promises';
import type { TempDir } from './daemon.js';

/**
 * `ip netns exec` gives every program mounts of its own. In these, directories with links to the real switches take the place
 * of the real ones: for the interfaces named (which need not be there yet), and for `all` and `default`.
 */
const script = `
  real=$1/real conf=/proc/sys/net/ipv6/conf hidden=$2 names=$3
  shift 3
  mount --bind $conf $real
  mount -t tmpfs hidden $conf
  for name in all default $names; do
    mkdir $conf/$name
    for switch in $(ls $real/all); do
      test $switch = $hidden || ln -s $real/$name/$switch $conf/$name/$switch
    done
  done
  exec "$@"
`;

/** A command for `Namespace.run` and `spawn` that takes a program and its arguments, and runs them without the switch. */
export async function hidingSwitch(dir: TempDir, name: string, interfaces: readonly string[]): Promise<string[]> {
  await mkdir(dir.file('real'), { recursive: true });
  return ['sh', '-ec', script, 'sh', dir.path, name, interfaces.join(' ')];
}
