/** What a process costs, as the kernel counts it: nothing of what it talks to. proc(5) */
import { readdirSync, readFileSync } from 'node:fs';

const nanosPerMs = 1e6;

/** Processor time of all its threads until now, in ms. Exact, where /proc/PID/stat counts what a clock tick happened to hit. */
export function cpuMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanos = tasks.map((task) => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] ?? 0));
  return nanos.reduce((sum, one) => sum + one, 0) / nanosPerMs;
}

/** Its resident memory, shared pages included, in MB of 1,000,000 octets. */
export function residentMb(pid: number): number {
  const [, kib = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return (Number(kib) * 1024) / 1e6;
}

/** A thread may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
