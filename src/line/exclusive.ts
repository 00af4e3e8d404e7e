/** TIOCEXCL: while it is set on a terminal, the kernel lets nobody else open it. */
import { readFile } from 'node:fs/promises';
import { native } from '../native/binding.js';

/** Major numbers of pty slaves: UNIX98_PTY_SLAVE_MAJOR and the seven behind it. */
const PTY_MAJORS = { first: 136, last: 143 };
/** Bit number of the right that the flag does not stop. */
const CAP_SYS_ADMIN = 21n;

/**
 * Claims a terminal with that device number. A pty that plays the serial port is left alone unless we may pass the flag by:
 * it lives on in the program at its other end, so after a crash of ours the flag would lock us out for good.
 */
export async function claim(fd: number, device: number): Promise<void> {
  if (!isPty(device) || (await hasRight(CAP_SYS_ADMIN))) native.setExclusive(fd, true);
}

export function unclaim(fd: number): void {
  native.setExclusive(fd, false);
}

function isPty(device: number): boolean {
  // Linux's makedev: twelve bits of the major number stand above eight of the minor.
  const major = (device >>> 8) & 0xfff;
  return major >= PTY_MAJORS.first && major <= PTY_MAJORS.last;
}

async function hasRight(right: bigint): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> right) & 1n) === 1n;
}
