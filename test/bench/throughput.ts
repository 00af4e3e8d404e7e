/** How much two linkd daemons carry from TUN to TUN on this machine, which is also what sends and receives it. */
import { median, quantile, type Benchmark, type BenchContext, type Result, type Row } from './benchmark.js';
import { compile } from './compile.js';
import { Profiled } from './profile.js';
import { must } from '../support/process.js';
import { TempDir } from '../support/daemon.js';
import { Tunnel } from './tunnel.js';

const tcpSeconds = 4;
const packetSeconds = 2;
const copySeconds = 2;
/** Packets a second that are tried: beyond what can be carried, the sender takes time from linkd. */
const offers = [160_000, 220_000, 300_000];
const leastTcp = 1200;
const leastPackets = 150_000;
/** Of what a copy loop in C moves over the same pty. */
const leastShare = 450 / 800;

const setup = [
  'Two daemons, each in a network namespace of its own, and `iperf3` or a sender of small packets in the same namespaces: all of them',
  'share the two cores. Headers are compressed by Van Jacobson’s way, packets not at all. The copy loop writes to the master of a pty in one',
  'process and reads from the slave in another, up to 64 KiB at a time.',
].join(' ');

export const throughput: Benchmark = {
  name: 'throughput',
  title: 'Throughput, TUN to TUN',
  async run(context): Promise<Result> {
    const unix = await overUnix(context);
    const pty = await overPty(context);
    context.say('profile: one more transfer over the Unix socket, and one over the pty');
    const profiles = [await Profiled.table('unix', tcpSeconds), await Profiled.table('pty', tcpSeconds)];
    return { rows: [...unix, ...pty], notes: [setup, ...profiles] };
  },
};

async function overUnix({ runs, say }: BenchContext): Promise<Row[]> {
  const tunnel = await Tunnel.open('unix');
  try {
    const rates: number[] = [];
    const packets: number[] = [];
    for (let run = 0; run < runs; run++) {
      rates.push(await tunnel.tcp(tcpSeconds));
      const arrived: number[] = [];
      for (const offered of offers) arrived.push(await tunnel.packets(offered, packetSeconds));
      packets.push(quantile(arrived, 1));
      say(
        `Unix socket: ${rates.at(-1)?.toFixed(0)} Mbit/s; ${arrived.map((one) => one.toFixed(0)).join(', ')} packets/s`,
      );
    }
    return [
      {
        name: 'TCP over a Unix socket',
        value: Math.round(median(rates)),
        unit: 'Mbit/s',
        target: { bound: 'at least', value: leastTcp },
        nextStep: 'frame a batch of packets in one call of the kernel.',
      },
      {
        name: 'packets of 64 octets over a Unix socket',
        value: Math.round(median(packets)),
        unit: 'packets/s',
        target: { bound: 'at least', value: leastPackets },
        nextStep: 'frame a batch of packets in one call of the kernel.',
      },
    ];
  } finally {
    await tunnel.close();
  }
}

async function overPty({ runs, say }: BenchContext): Promise<Row[]> {
  const dir = await TempDir.create();
  const tunnel = await Tunnel.open('pty');
  try {
    const copy = await compile('pty-copy', dir.path);
    const rates: number[] = [];
    const copied: number[] = [];
    for (let run = 0; run < runs; run++) {
      rates.push(await tunnel.tcp(tcpSeconds));
      copied.push(Number(await must(copy, [String(copySeconds)])));
      say(`one pty: ${rates.at(-1)?.toFixed(0)} Mbit/s; the copy loop ${copied.at(-1)?.toFixed(0)} Mbit/s`);
    }
    const [value, loop] = [Math.round(median(rates)), Math.round(median(copied))];
    const peers = [{ name: 'copy loop in C', value: loop }];
    return [
      {
        name: 'TCP over one pty, master to slave',
        value,
        unit: 'Mbit/s',
        target: { bound: 'at least', value: Math.round(leastShare * loop), of: '450/800 × copy loop in C' },
        peers,
        nextStep:
          'see below where the time goes: most of it is in the kernel’s terminal layer, which is called for 4 KiB at a time.',
      },
      { name: 'its share of the copy loop', value: Math.round((100 * value) / loop), unit: '%' },
    ];
  } finally {
    await tunnel.close();
    await dir.dispose();
  }
}
