/** How soon a link of 115200 baud is there: from the carrier to IP, and from a cable that is back to the first ping; pppd beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, type Benchmark, type BenchContext, type Result, type Row } from './benchmark.js';
import { CarrierLine } from './carrier-line.js';
import { LinkdLine, pingUntilAnswered } from './paced-line.js';
import { PppdLine } from './pppd-line.js';

const baud = 115_200;
/** As long as a person needs to see that the cable is out. */
const outMs = 2000;
/** linkd's default, and what pppd is given; four of them without an answer, and the peer is dead. */
const echoSeconds = 5;
const pppdPersists = [
  ...['persist', 'maxfail', '0', 'holdoff', '1'],
  ...['lcp-echo-interval', String(echoSeconds), 'lcp-echo-failure', '4'],
];

const setup = [
  'From the carrier: two linkd daemons listen on Unix sockets, and the null modem calls both at the same moment. pppd’s time is from',
  'the first Configure-Request, as the logs say, until both have configured IP: its start, its way to that request, and the second',
  'that it waits for after a connect script, are not counted. Both ends begin at the same moment, as linkd’s do: behind a pppd that',
  'is `silent` and answers first, as it was measured before, it takes some milliseconds more. What each has by default is agreed on.',
  'A pty has no modem lines, so a carrier that is lost and comes back is a connection that ends and is made again. Without',
  `carrier signals the cable swallows all octets until both ends have given the peer up (${4 * echoSeconds} s), and then carries them again.`,
].join(' ');

export const bringUp: Benchmark = {
  name: 'bring-up',
  title: 'Bring-up, and the cable back',
  async run(context): Promise<Result> {
    const [ipcp, up, back] = await withCarrier(context);
    const pppd = await pppdUp(context);
    const silent = await withoutCarrier(context);
    const rows: Row[] = [
      {
        name: 'from carrier to IPCP open at both ends',
        value: ipcp,
        unit: 's',
        target: { bound: 'at most', value: Math.min(0.15, pppd), of: '0.15 s, and less than pppd' },
        peers: [{ name: 'pppd', value: pppd }],
        nextStep:
          'most of it are octets on the wire, of Multilink’s options in the LCP packets above all, and the wakes of threads and processes. Let the packet worker hear of a caller by itself, without a message from the main thread.',
      },
      { name: 'from carrier to addresses and routes at both ends', value: up, unit: 's' },
      {
        name: 'carrier back to the first ping',
        value: back,
        unit: 's',
        target: { bound: 'at most', value: 0.5 },
      },
      silent,
    ];
    return { rows, notes: [setup] };
  },
};

async function withCarrier({ runs, say }: BenchContext): Promise<readonly [ipcp: number, up: number, back: number]> {
  const ipcps: number[] = [];
  const ups: number[] = [];
  const backs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const paced = await CarrierLine.open(baud);
    try {
      const { ipcpMs, upMs } = await paced.bringUp();
      ipcps.push(ipcpMs / 1000);
      ups.push(upMs / 1000);
      await sleep(outMs);
      paced.drop();
      await paced.untilListening();
      await sleep(outMs);
      const { hostA, hostB } = paced.routers.lans;
      const answered = hostA.must('sh', ['-c', pingUntilAnswered(hostB.address ?? '')]);
      const began = performance.now();
      await paced.raise();
      await answered;
      backs.push((performance.now() - began) / 1000);
    } finally {
      await paced.close();
    }
  }
  say(`IPCP ${ipcps.join(', ')} s; up ${ups.join(', ')} s; back ${backs.join(', ')} s`);
  return [median(ipcps), median(ups), median(backs)];
}

async function pppdUp({ runs, say }: BenchContext): Promise<number> {
  const ups: number[] = [];
  for (let run = 0; run < runs; run++) ups.push(await PppdLine.bringUp(baud));
  say(`pppd up ${ups.join(', ')} s`);
  return median(ups);
}

/** Both ends have given each other up by the time that the cable is back. */
async function withoutCarrier({ runs, say }: BenchContext): Promise<Row> {
  const linkd: number[] = [];
  for (let run = 0; run < runs; run++) linkd.push(await backAfterPull(await LinkdLine.open({ baud })));
  say(`cable back: linkd ${linkd.join(', ')} s`);
  const pppd = await backAfterPull(await PppdLine.open({ baud, options: pppdPersists }));
  say(`cable back: pppd ${pppd} s`);
  return {
    name: 'cable back to the first ping, without carrier signals',
    value: median(linkd),
    unit: 's',
    target: { bound: 'at most', value: echoSeconds, of: 'one echo interval' },
    peers: [{ name: 'pppd, persist, holdoff 1', value: pppd }],
  };
}

/** Closes the line. */
async function backAfterPull(paced: LinkdLine | PppdLine): Promise<number> {
  try {
    await sleep(outMs);
    paced.modem.pull();
    await paced.untilDead();
    await sleep(outMs);
    const began = performance.now();
    const answered = paced.untilPinged();
    paced.modem.plug();
    await answered;
    return (performance.now() - began) / 1000;
  } finally {
    await paced.close();
  }
}
