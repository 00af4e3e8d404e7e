/** Where the packet workers of both ends spend their time while a transfer runs, by V8's own profiler. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TempDir } from '../support/daemon.js';
import { Tunnel, type TunnelLine } from './tunnel.js';

/** Octets of TCP payload in a packet of 1500, with time stamps. */
const payload = 1448;
const intervalUs = 500;

const profile = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string() }) })),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** Calls into the kernel, by the function that makes them; everything else is told by its room. */
const calls: Readonly<Record<string, string>> = {
  'readBatch tun/linux.js': 'packets from the TUN (read, cut)',
  'writeBatch tun/linux.js': 'packets to the TUN (join, write, TCP’s receiving)',
  'read line/fd-stream.js': 'octets from the line (read)',
  'write line/fd-stream.js': 'octets to the line (write)',
  'unsent line/fd-stream.js': 'what the line still holds (ioctl)',
  'watchWritable line/fd-stream.js': 'waiting for room (epoll)',
};
const idle: readonly string[] = ['(idle)', '(root)'];

/** Microseconds by place. */
type Spent = ReadonlyMap<string, number>;

export const Profiled = {
  /** A table of microseconds per full packet, of a transfer of its own over such a line. */
  async table(line: TunnelLine, seconds: number): Promise<string> {
    const dir = await TempDir.create();
    try {
      const tunnel = await Tunnel.open(line, (side) => [
        'sh',
        '-c',
        `exec "$0" --cpu-prof --cpu-prof-interval ${intervalUs} --cpu-prof-dir='${dir.file(side)}' "$@"`,
      ]);
      let rate: number;
      try {
        rate = await tunnel.tcp(seconds);
      } finally {
        await tunnel.close();
      }
      // iperf3 leaves its first second out of the rate.
      const packets = (rate * 1e6 * (seconds + 1)) / 8 / payload;
      const [sender, receiver] = [await spentBy(dir.file('a')), await spentBy(dir.file('b'))];
      return tableOf(line, rate, packets, sender, receiver);
    } finally {
      await dir.dispose();
    }
  },
};

/** Of the packet worker, whose profile is the one in which packets were read. */
async function spentBy(folder: string): Promise<Spent> {
  for (const name of await readdir(folder)) {
    const { nodes, samples, timeDeltas } = profile.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
    const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)] as const));
    if (![...places.values()].includes(calls['readBatch tun/linux.js'])) continue;
    const spent = new Map<string, number>();
    samples.forEach((id, i) => {
      const place = places.get(id);
      if (place !== undefined) spent.set(place, (spent.get(place) ?? 0) + (timeDeltas[i] ?? 0));
    });
    return spent;
  }
  throw new Error(`no profile of a packet worker in ${folder}`);
}

/** Undefined: nothing is done. */
function placeOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string | undefined {
  if (idle.includes(functionName)) return undefined;
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url.startsWith('wasm:')) return 'the framing kernel';
  const [, room = '', file = ''] = /\/dist\/src\/([^/]+)\/(.+)$/.exec(url) ?? [];
  const call = calls[`${functionName.replace(/^.*[ .]/, '')} ${room}/${file}`];
  return call ?? (room === '' ? 'Node and V8' : `\`${room}\``);
}

function tableOf(line: TunnelLine, rate: number, packets: number, sender: Spent, receiver: Spent): string {
  const places = [...new Set([...sender.keys(), ...receiver.keys()])];
  const both = (place: string): number => (sender.get(place) ?? 0) + (receiver.get(place) ?? 0);
  const cell = (us: number): string => (us / packets).toFixed(2);
  const total = (spent: Spent): number => [...spent.values()].reduce((sum, us) => sum + us, 0);
  const rows = places
    .toSorted((a, b) => both(b) - both(a))
    .map((place) => `| ${place} | ${cell(sender.get(place) ?? 0)} | ${cell(receiver.get(place) ?? 0)} |`);
  return [
    `Where the time goes, over ${line === 'unix' ? 'a Unix socket' : 'a pty'} at ${rate.toFixed(0)} Mbit/s with the profiler on:`,
    'microseconds of each packet worker per packet of 1500 octets. Time in which the thread waits for a core counts as well.',
    '',
    '| where | sending end | receiving end |',
    '|---|---|---|',
    ...rows,
    `| all | ${cell(total(sender))} | ${cell(total(receiver))} |`,
  ].join('\n');
}
