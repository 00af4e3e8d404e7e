/** The kernel's switches below /proc/sys/net, by their paths there, in the network namespace of this process. */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { codeOf } from '../base/errors.js';

const ROOT = '/proc/sys/net';

/** `ipv4/conf/lan0/forwarding`, with `all` or `default` for an interface as well; undefined when there is no such. */
export function readSwitch(path: string): number | undefined {
  try {
    return Number(readFileSync(`${ROOT}/${path}`, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Throws the system's error. */
export function writeSwitch(path: string, value: number): void {
  // Never made: procfs has the file or there is no such interface.
  writeFileSync(`${ROOT}/${path}`, String(value), { flag: 'r+' });
}

/** Whether this process may switch it; false as well when there is no such interface. */
export function isSwitchWritable(path: string): boolean {
  try {
    accessSync(`${ROOT}/${path}`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
