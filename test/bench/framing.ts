/** Framing alone: how fast packets become octets of a line and back, beside three ways to write it in C. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KernelCodec } from '../../src/framing/kernel-codec.js';
import { KernelMemory } from '../../src/framing/kernel-memory.js';
import { plainCodec } from '../../src/framing/plain-codec.js';
import { loadKernel } from '../../src/native/kernel.js';
import {
  type Benchmark,
  type BenchContext,
  median,
  type Peer,
  type Result,
  type Row,
  type Target,
} from './benchmark.js';
import { compile } from './compile.js';
import { type Content, type Framer, OwnFramer, packetOctets, PeerFramer } from './framer.js';

const lwip = "C as lwIP's pppos has it";
const table = 'C, RFC 1662’s table';
const sse = 'C, SSE by hand';
const plain = 'linkd without WebAssembly';

interface Load extends Content {
  readonly name: string;
  target(of: (peer: string) => number): Target;
}

const loads: readonly Load[] = [
  {
    name: 'random octets, ACCM 0',
    accm: 0,
    target: (of) => ({
      bound: 'at least',
      value: Math.max(10 * of(lwip), 5 * of(table), of(sse)),
      of: `the most of 10 × ${lwip}, 5 × ${table} and 1 × ${sse}`,
    }),
  },
  { name: 'random octets, ACCM ffffffff', accm: 0xffffffff, target: dense },
  { name: 'all 7e, ACCM 0', accm: 0, octet: 0x7e, target: dense },
];

function dense(of: (peer: string) => number): Target {
  return { bound: 'at least', value: 1.7 * of(table), of: `1.7 × ${table}` };
}

const directions = ['encode', 'decode'] as const;
/** Measurements of everyone, in turn, for each run; short ones, so that few of them are disturbed. */
const turnsPerRun = 15;
const turnNanoseconds = 2_000_000;

export const framing: Benchmark = {
  name: 'framing',
  title: 'Framing',
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), 'linkd-bench-framing-'));
    const framers: Framer[] = [];
    try {
      const optimised = ['-O3', '-march=native'];
      framers.push(
        new OwnFramer('linkd', new KernelCodec(new KernelMemory(loadKernel(), 4 * 2 ** 20))),
        new PeerFramer(lwip, await compile('framing-lwip', folder)),
        new PeerFramer(table, await compile('framing-table', folder)),
        new PeerFramer(sse, await compile('framing-sse', folder, optimised)),
        new OwnFramer(plain, plainCodec),
      );
      const rows: Row[] = [];
      for (const load of loads) rows.push(...(await measure(load, framers, context)));
      return { rows, notes } satisfies Result;
    } finally {
      await Promise.all(framers.map((framer) => framer.stop()));
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(load: Load, framers: readonly Framer[], { runs, say }: BenchContext): Promise<Row[]> {
  say(load.name);
  const filled = new Set<string>();
  for (const framer of framers) filled.add(await framer.fill(load));
  if (filled.size !== 1) throw new Error(`the framers do not agree on the frames: ${[...filled].join(', ')}`);
  const rows: Row[] = [];
  for (const direction of directions) {
    const rates = await take(framers, direction, runs * turnsPerRun);
    const of = (name: string): number => rates.get(name) ?? Number.NaN;
    const peers: Peer[] = framers.slice(1).map(({ name }) => ({ name, value: of(name) }));
    rows.push({
      name: `${direction}, ${load.name}`,
      value: of('linkd'),
      unit: 'MB/s',
      target: load.target(of),
      peers,
    });
  }
  return rows;
}

/** Everyone's median rate in MB/s of packets. */
async function take(
  framers: readonly Framer[],
  direction: (typeof directions)[number],
  turns: number,
): Promise<Map<string, number>> {
  const frames = new Map<Framer, number>();
  for (const framer of framers) {
    // The first measurement is of code that is not optimised yet, or not in the caches.
    const trial = 2048;
    await framer[direction](trial);
    const nanoseconds = (await framer[direction](trial)) / trial;
    frames.set(framer, Math.max(256, Math.round(turnNanoseconds / nanoseconds)));
  }
  const rates = new Map<Framer, number[]>(framers.map((framer) => [framer, []]));
  for (let turn = 0; turn < turns; turn++) {
    for (const framer of framers) {
      const count = frames.get(framer) ?? 1;
      rates.get(framer)?.push((count * packetOctets * 1000) / (await framer[direction](count)));
    }
  }
  return new Map(framers.map((framer) => [framer.name, median(rates.get(framer) ?? [])]));
}

const notes = [
  `MB of packets a second, on one core: 256 different packets of ${packetOctets} octets, framed one by one, and taken off a line ` +
    'that comes in pieces of 64 KiB. Everyone’s frames are compared before anything is measured. Everyone is measured in turn, ' +
    'for 2 ms at a time, so that whatever else the machine does hits all alike.',
  `The peers in C are in test/bench/c: octet by octet through a state machine (${lwip}), octet by octet with RFC 1662’s table for ` +
    'the FCS and one for escapes, both with `-O2`; sixteen octets at a time with `pshufb`, and eight at a time for the FCS, with ' +
    '`-O3 -march=native`.',
  'linkd’s figures are those of its encoder and decoder as a line uses them, calls from JavaScript and counters included. The ' +
    'FCS costs least: since x^16 = x^12 + x^5 + 1 by its polynomial, and so for every power of two of it, words of 32 bits may be ' +
    'XORed to the words 4, 11 and 16 behind them until 64 octets are left, and only the last 16 go through tables ' +
    '(`src/framing/kernel/fcs.ts`). What is left to pay for is mispredicted branches where octets need an escape, and, where ' +
    'every octet does, the tables that tell eight octets where to go.',
];
