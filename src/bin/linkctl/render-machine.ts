/** The machine's own health as a block. */
import { formatBytes, formatCount } from './format.js';
import type { Machine } from './machine.js';
import type { Pair, Screen } from './render-link.js';
import { renderPairs } from './table.js';

type Known<Part extends keyof Machine> = NonNullable<Machine[Part]>;

/** From here on it is worth a look. */
const fullPercent = 90;

const unknown = 'could not be found out in time';

/** The whole text, with its final line end. */
export function renderMachine({ load, memory, disks, temperature }: Machine, screen: Screen): string {
  const { paint, width } = screen;
  const pairs: Pair[] = [
    ['load', load === null ? paint.warn(unknown) : formatLoad(load, screen)],
    ['memory', memory === null ? paint.warn(unknown) : formatMemory(memory, screen)],
    ...(disks?.map((disk): Pair => ['disk', formatDisk(disk, screen)]) ?? [['disk', paint.warn(unknown)] as const]),
    ['temperature', temperature === null ? paint.warn(unknown) : formatTemperature(temperature)],
  ];
  return `${paint.strong('this machine')}\n${renderPairs(pairs, width)}\n`;
}

function formatLoad(load: Known<'load'>, { paint }: Screen): string {
  const averages = [load.load_1min, load.load_5min, load.load_15min].map((value) => value.toFixed(2)).join(', ');
  const text = `${averages} (1, 5, 15 minutes) on ${formatCount(load.cores, 'core')}, now ${load.busy_percent}% busy`;
  return load.load_5min > load.cores ? paint.warn(text) : text;
}

function formatMemory(memory: Known<'memory'>, { paint }: Screen): string {
  const used = memory.total_bytes - memory.available_bytes;
  const swap =
    memory.swap_total_bytes === 0
      ? 'no swap'
      : `swap ${formatBytes(memory.swap_used_bytes)} of ${formatBytes(memory.swap_total_bytes)}`;
  const text = `${formatShare(used, memory.available_bytes)}, ${swap}`;
  return percentOf(used, memory.available_bytes) >= fullPercent ? paint.warn(text) : text;
}

function formatDisk(disk: Known<'disks'>[number], { paint }: Screen): string {
  const text = `${disk.mount} ${formatShare(disk.used_bytes, disk.available_bytes)}, ${disk.type} on ${disk.device}`;
  return percentOf(disk.used_bytes, disk.available_bytes) >= fullPercent ? paint.warn(text) : text;
}

function formatTemperature({ main_celsius: main, max_celsius: max }: Known<'temperature'>): string {
  if (main === null) return 'there is no sensor';
  return max === null || max === main ? `${main} C` : `${main} C, ${max} C at the hottest place`;
}

/** What is reserved for root counts as neither. */
function formatShare(used: number, available: number): string {
  return `${formatBytes(used)} of ${formatBytes(used + available)} used (${percentOf(used, available)}%)`;
}

function percentOf(used: number, available: number): number {
  return used + available === 0 ? 0 : Math.round((100 * used) / (used + available));
}
