/** What linkd costs: idle, with one full line, and with many in one daemon. */
import { median, type Benchmark, type Result, type Row, type Target } from './benchmark.js';
import { lineOctets, ManyLines, type Cost } from './many-lines.js';

const idleSeconds = 20;
const fullSeconds = 10;
/** The status is up to a second old at each end of the measurement. */
const nearlyItsRate = 0.9 * lineOctets;

const atMost = (value: number): { readonly target: Target } => ({ target: { bound: 'at most', value } });
const counts = [1, 16, 64, 256] as const;

const setup = [
  'One linkd with so many links over Unix sockets that are told to be lines of 115200 baud, to a second linkd; UDP fills all of them',
  'from the first to the second, which is not counted, nor is the sender. Processor time is that of all threads (`schedstat`), memory',
  `is \`VmRSS\`, pages shared with other processes included; the median of the runs. Idle is measured over ${idleSeconds} seconds, a while after the start,`,
  `full lines over ${fullSeconds}.`,
].join(' ');

export const cost: Benchmark = {
  name: 'cost',
  title: 'Cost',
  async run({ runs, say }): Promise<Result> {
    const rows: Row[] = [];
    const perLine: number[] = [];
    for (const count of counts) {
      say(`cost: ${count} lines`);
      const lines = await ManyLines.open(count);
      try {
        if (count === 1) rows.push(...idleRows(await lines.measure(idleSeconds, false)));
        const costs: Cost[] = [];
        for (let run = 0; run < runs; run++) costs.push(await lines.measure(fullSeconds, true));
        const percent = median(costs.map((one) => one.percent));
        rows.push(...fullRows(count, percent, costs));
        perLine.push(percent / count);
      } finally {
        await lines.close();
      }
    }
    const dearest = Math.max(...perLine);
    const growth = (perLine.at(-1) ?? Number.NaN) / (perLine[1] ?? Number.NaN);
    rows.push({
      name: 'a line of 256 against a line of 16, processor',
      value: growth,
      unit: '×',
      target: { bound: 'at most', value: 1.2, of: 'linear growth' },
    });
    return { rows, notes: [setup, `The dearest line took ${dearest.toFixed(2)} % of a core.`] };
  },
};

function idleRows({ percent, residentMb }: Cost): Row[] {
  return [
    {
      name: 'idle, one link, memory',
      value: residentMb,
      unit: 'MB',
      ...atMost(70),
      nextStep:
        'Most of it is Node’s own. What is left to look at is what packages load: pino, netlink’s tables of all attributes, ipaddr.js in both threads.',
    },
    { name: 'idle, one link, processor', value: percent, unit: '% of a core', ...atMost(0.2) },
  ];
}

function fullRows(count: (typeof counts)[number], percent: number, costs: readonly Cost[]): Row[] {
  const what = count === 1 ? 'one full line' : `${count} full lines`;
  const limits = { 1: atMost(1), 16: {}, 64: atMost(100), 256: {} } as const;
  const slowest = median(costs.map((one) => one.slowest));
  return [
    { name: `${what}, processor`, value: percent, unit: '% of a core', ...limits[count] },
    {
      name: `${what}, memory`,
      value: median(costs.map((one) => one.residentMb)),
      unit: 'MB',
      ...(count === 64 && atMost(200)),
    },
    {
      name: `${what}, the slowest`,
      value: slowest,
      unit: 'octets/s',
      target: { bound: 'at least', value: nearlyItsRate, of: `0.9 × ${lineOctets}` },
    },
  ];
}
