/** How quick a full line stays: pings while bulk TCP fills it, by one flow or sixteen; pppd beside it. */
import { median, quantile, type Benchmark, type BenchContext, type Peer, type Result, type Row } from './benchmark.js';
import { goodput, LinkdLine, type Arrivals, type PacedLine } from './paced-line.js';
import { PppdLine } from './pppd-line.js';

/** One kind of line, for linkd and for pppd. */
interface Line {
  readonly name: string;
  readonly baud: number;
  readonly linkd: readonly string[];
  readonly pppd: readonly string[];
  /** Full frames that a ping may wait for beyond its round trip on the idle line. */
  readonly frames: number;
  readonly frameOctets: number;
  readonly pingEveryMs: number;
  readonly pings: number;
}

const fast: Line = {
  name: '115200 baud',
  baud: 115_200,
  linkd: ['compression: off'],
  pppd: ['noccp'],
  frames: 2,
  frameOctets: 1500,
  pingEveryMs: 300,
  pings: 50,
};
const slow: Line = {
  name: '9600 baud, MRU 296',
  baud: 9600,
  linkd: ['compression: off', 'lcp: {mru: 296}'],
  pppd: ['noccp', 'mtu', '296', 'mru', '296'],
  frames: 3,
  frameOctets: 304,
  pingEveryMs: 1000,
  pings: 20,
};

const idlePings = 10;
const queues = ['pfifo_fast', 'fq_codel'] as const;
/** Until TCP has filled the line. */
const settleSeconds = 6;
/** Sixteen flows need time until each has found its window, and then to be compared: one run of them has to do. */
const manyFlows = 16;
const manySettleSeconds = 20;
const manySeconds = 150;

const setup = [
  'Pings of 56 octets from LAN host to LAN host, beside TCP connections the same way that send random octets, over the line of',
  '“A full line”. linkd has no compression where nothing else is said, and Multilink by itself, since a full frame takes longer than',
  '50 ms on these lines; its value is the 95th percentile of all runs together. pppd runs in two guests of user-mode Linux',
  '(Debian’s, on Linux 6.1), its pings and TCP from guest to guest, with smaller buffers between guest and line (4.6 KB, the least of a',
  'socket) than a serial port has; `fq_codel` is the kernel’s on ppp0. The target is the round trip of the idle line and the time of so',
  'many full frames. pppd runs once, linkd as often as asked for, the sixteen flows once. No modem lines and no UART take part: what a UART holds (16 octets) comes on top of all figures.',
].join(' ');

export const latency: Benchmark = {
  name: 'latency',
  title: 'Pings on a full line',
  async run(context): Promise<Result> {
    const rows = [
      await oneFlow(fast, queues, context),
      await oneFlow(slow, ['pfifo_fast'], context),
      ...(await otherwise(context)),
      ...(await manyTogether(context)),
    ];
    return { rows, notes: [setup] };
  },
};

interface Pings {
  /** The median, in ms. */
  readonly idle: number;
  readonly p95: number;
}

async function oneFlow(line: Line, kernels: readonly (typeof queues)[number][], context: BenchContext): Promise<Row> {
  const { baud, linkd, pppd } = line;
  const ours = await pings(await LinkdLine.open({ baud, more: linkd }), line, context.runs);
  const peers: Peer[] = [];
  for (const queue of kernels) {
    const theirs = await pings(await PppdLine.open({ baud, options: pppd, queue }), line, 1);
    peers.push({ name: `pppd, ${queue}`, value: theirs.p95 });
  }
  context.say(`${line.name}: linkd ${ours.p95} ms, ${peers.map(({ name, value }) => `${name} ${value}`).join(', ')}`);
  return row(`one TCP flow, ${line.name}, p95`, line, ours, peers);
}

/** Beside those: without Multilink, and with all that linkd does by default, where Deflate has packets keep their order. RFC 2686 */
const others: readonly (readonly [name: string, line: Line])[] = [
  ['115200 baud, Multilink off', { ...fast, linkd: ['compression: off', 'multilink: off'] }],
  ['115200 baud, Deflate', { ...fast, linkd: [] }],
  ['9600 baud, MRU 1500, Multilink off', { ...slow, linkd: ['compression: off', 'multilink: off'] }],
  ['9600 baud, MRU 1500', { ...slow, linkd: ['compression: off'] }],
  ['9600 baud, MRU 1500, Deflate', { ...slow, linkd: [] }],
];

async function otherwise({ say }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, line] of others) {
    const ours = await pings(await LinkdLine.open({ baud: line.baud, more: line.linkd }), line, 1);
    say(`${name}: ${ours.p95} ms`);
    rows.push({ name: `one TCP flow, ${name}, p95`, value: ours.p95, unit: 'ms' });
  }
  return rows;
}

async function manyTogether({ say }: BenchContext): Promise<Row[]> {
  const paced = await LinkdLine.open({ baud: fast.baud, more: fast.linkd });
  try {
    const idle = median(await paced.ping(idlePings, fast.pingEveryMs));
    const count = Math.floor(((manySeconds - 2 * settleSeconds) * 1000) / fast.pingEveryMs);
    const { arrivals, seen } = await paced.bulk(
      { flows: manyFlows, seconds: manySeconds, content: 'noise', settleSeconds },
      () => paced.ping(count, fast.pingEveryMs),
    );
    const ours = { idle, p95: quantile(seen, 0.95) };
    const apart = spread(arrivals);
    say(`sixteen TCP flows: ${ours.p95} ms; their rates are within ${apart.toFixed(1)} %`);
    return [
      row('beside sixteen TCP flows, 115200 baud, p95', fast, ours, []),
      {
        name: 'how far apart the rates of the sixteen are',
        value: apart,
        unit: '%',
        target: { bound: 'at most', value: 10 },
      },
    ];
  } finally {
    await paced.close();
  }
}

/** Between the fastest and the slowest, in percent of the mean. */
function spread(arrivals: Arrivals): number {
  const rates = arrivals.map((flow) => goodput(flow, manySettleSeconds));
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  return (100 * (Math.max(...rates) - Math.min(...rates))) / mean;
}

/** Closes the line. */
async function pings(paced: PacedLine, { pings: count, pingEveryMs }: Line, runs: number): Promise<Pings> {
  try {
    const idle = median(await paced.ping(idlePings, pingEveryMs));
    const busy: number[] = [];
    const seconds = (count * pingEveryMs) / 1000 + settleSeconds + 2;
    for (let run = 0; run < runs; run++) {
      const { seen } = await paced.bulk({ flows: 1, seconds, content: 'noise', settleSeconds }, () =>
        paced.ping(count, pingEveryMs),
      );
      busy.push(...seen);
    }
    return { idle, p95: quantile(busy, 0.95) };
  } finally {
    await paced.close();
  }
}

function row(name: string, { frames, frameOctets, baud }: Line, { idle, p95 }: Pings, peers: readonly Peer[]): Row {
  const value = Math.round(idle + (frames * frameOctets * 10_000) / baud);
  const of = `${Math.round(idle)} ms idle + ${frames} full frames`;
  return { name, value: p95, unit: 'ms', target: { bound: 'at most', value, of }, peers };
}
