/**
 * The health of the machine itself, asked by the package systeminformation. It runs programs and waits for them, so it is
 * asked in a thread of linkctl's own, for a few seconds at most: a mount whose server is gone would hold it for ever.
 */
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Millis } from '../../base/clock.js';
import { OpError } from '../../base/errors.js';
import { printable } from '../../base/printable.js';

const text = z.string().transform(printable);
const count = z.number().nonnegative();

const machineShape = z.object({
  load: z.object({
    load_1min: count,
    load_5min: count,
    load_15min: count,
    busy_percent: count,
    cores: count,
  }),
  memory: z.object({
    total_bytes: count,
    available_bytes: count,
    swap_total_bytes: count,
    swap_used_bytes: count,
  }),
  disks: z.array(
    z.object({ mount: text, device: text, type: text, size_bytes: count, used_bytes: count, available_bytes: count }),
  ),
  /** Null: the machine has no sensor. */
  temperature: z.object({ main_celsius: z.number().nullable(), max_celsius: z.number().nullable() }),
});

/** What one message of the thread holds. */
const machinePart = machineShape.partial();
export type MachinePart = z.infer<typeof machinePart>;

/** A part that could not be found out in time is null. */
export type Machine = { readonly [Part in keyof MachinePart]-?: Exclude<MachinePart[Part], undefined> | null };

const patienceMs: Millis = 5_000;

/** Throws OpError when the thread fails. `probe` is its program. */
export async function lookAtMachine(
  probe = new URL('./machine-probe.js', import.meta.url),
  timeoutMs = patienceMs,
): Promise<Machine> {
  try {
    const parts = (await messagesOf(new Worker(probe), timeoutMs)).map((message) => machinePart.parse(message));
    const known = parts.reduce<MachinePart>((before, part) => ({ ...before, ...part }), {});
    const { load = null, memory = null, disks = null, temperature = null } = known;
    return { load, memory, disks, temperature };
  } catch (thrown) {
    throw new OpError('look at', 'this machine', thrown);
  }
}

/** All that the thread says until it ends, or until the time is over, which ends it. */
async function messagesOf(worker: Worker, timeoutMs: Millis): Promise<readonly unknown[]> {
  const messages: unknown[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, timeoutMs);
      worker.on('message', (message: unknown) => messages.push(message));
      worker.on('error', reject);
      worker.on('exit', () => {
        resolve();
      });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
  return messages;
}
