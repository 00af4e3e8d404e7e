/** The kernel's switches below /proc/sys/net/ipv4/conf, in the network namespace of this process. */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { codeOf } from '../base/errors.js';

type Switch = 'forwarding' | 'rp_filter';

/** The value for an interface, for `all` or for `default`; undefined when there is no such interface. */
export function readSwitch(name: string, key: Switch): number | undefined {
  try {
    return Number(readFileSync(pathOf(name, key), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Throws the system's error. */
export function writeForwarding(name: string, on: boolean): void {
  // Never made: procfs has the file or there is no such interface.
  writeFileSync(pathOf(name, 'forwarding'), on ? '1' : '0', { flag: 'r+' });
}

/** Whether this process may switch it; false as well when there is no such interface. */
export function isForwardingWritable(name: string): boolean {
  try {
    accessSync(pathOf(name, 'forwarding'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function pathOf(name: string, key: Switch): string {
  return `/proc/sys/net/ipv4/conf/${name}/${key}`;
}
