/** What procfs tells of terminals, and of those who hold them. */

export interface Flock {
  readonly pid: number;
  /** The number of the file system, as stat(2) has it, and of the file in it. */
  readonly device: number;
  readonly inode: number;
}

/** The locks of flock(2) in /proc/locks: `2: FLOCK  ADVISORY  WRITE 812 00:05:93 0 EOF`. */
export function flocksIn(text: string | undefined): readonly Flock[] {
  const lines = [...(text ?? '').matchAll(/^\d+: FLOCK +\S+ +\S+ +(-?\d+) +([0-9a-f]+):([0-9a-f]+):(\d+) /gm)];
  return lines
    .map(([, pid, major = '', minor = '', inode]) => ({
      pid: Number(pid),
      device: numberOf(Number.parseInt(major, 16), Number.parseInt(minor, 16)),
      inode: Number(inode),
    }))
    .filter(({ pid }) => pid > 0); // a process that can't be seen from here has the number 0 or -1
}

/** The number of a process's controlling terminal in /proc/PID/stat, as stat(2) has it; undefined where it has none. */
export function terminalOf(text: string | undefined): number | undefined {
  // The second field, the name in brackets, may hold anything: the last bracket ends it. `tty_nr` is the seventh.
  const [, , , , number] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const device = Number(number);
  return number === undefined || !Number.isInteger(device) || device <= 0 ? undefined : device;
}

/** Whether a device with that number is a terminal, by /proc/tty/drivers: `serial /dev/ttyS 4 64-95 serial`. */
export function isTerminalNumber(device: number, drivers: string): boolean {
  const wanted = { major: (device >>> 8) & 0xfff, minor: (device & 0xff) + (device >>> 20) * 0x100 };
  return [...drivers.matchAll(/ (\d+) +(\d+)(?:-(\d+))? \S+ *$/gm)].some(
    ([, major, first, last = first]) =>
      Number(major) === wanted.major && Number(first) <= wanted.minor && wanted.minor <= Number(last),
  );
}

/** Linux's makedev: twelve bits of the major number stand above eight of the minor, and the rest of the minor above these. */
function numberOf(major: number, minor: number): number {
  return (minor & 0xff) + major * 0x100 + (minor >>> 8) * 0x100000;
}
