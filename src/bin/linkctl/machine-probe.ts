/** The thread of `machine.ts`: finds out each part of the machine's health and tells it as soon as it is known. */
import { loadavg } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { cpuTemperature, currentLoad, fsSize, mem } from 'systeminformation';
import type { MachinePart } from './machine.js';

function tell(part: MachinePart): void {
  parentPort?.postMessage(part);
}

async function probeLoad(): Promise<void> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const { currentLoad: busy, cpus } = await currentLoad();
  const averages = { load_1min: one, load_5min: five, load_15min: fifteen };
  tell({ load: { ...averages, busy_percent: Math.round(busy), cores: cpus.length } });
}

async function probeMemory(): Promise<void> {
  const { total, available, swaptotal, swapused } = await mem();
  tell({
    memory: {
      total_bytes: total,
      available_bytes: available,
      swap_total_bytes: swaptotal,
      swap_used_bytes: swapused,
    },
  });
}

async function probeDisks(): Promise<void> {
  const disks = await fsSize();
  tell({
    disks: disks.map(({ mount, fs, type, size, used, available }) => ({
      mount,
      device: fs,
      type,
      size_bytes: size,
      used_bytes: used,
      available_bytes: available,
    })),
  });
}

async function probeTemperature(): Promise<void> {
  const { main, max } = await cpuTemperature();
  tell({ temperature: { main_celsius: main, max_celsius: max } });
}

await Promise.all([probeMemory(), probeTemperature(), probeLoad(), probeDisks()]);
