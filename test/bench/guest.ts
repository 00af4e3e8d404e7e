/** linkd beside the kernel's own PPP, driven by pppd, in one virtual machine with one CPU: the same line, the same transfer. */
import { join } from 'node:path';
import { TempDir } from '../support/daemon.js';
import { root } from '../support/root.js';
import { compile } from './compile.js';
import { median, type Benchmark, type Result } from './benchmark.js';
import { runInGuest } from './qemu.js';

const seconds = 6;
/** Boot, two daemons on an emulated processor, and each run. */
const startMs = 180_000;
const bin = join(import.meta.dirname, '../../src/bin');

const setup = [
  'QEMU without KVM emulates one CPU; Debian’s kernel and pppd, `socat` between two ptys for either pair, headers compressed by',
  'Van Jacobson’s way and packets not at all, `iperf3` in the guest. Each instruction costs about nine times what it does outside.',
  'The loop in C (test/bench/c/tun-copy.c) carries packets between a TUN device and the pty as they are, without PPP: no frames, no',
  'FCS, no queue. It is what the kernel’s calls leave to a program in user space that takes packets one by one; the kernel’s own PPP',
  'makes none of them.',
].join(' ');

export const guest: Benchmark = {
  name: 'guest',
  title: 'In a virtual machine, beside pppd and the kernel’s PPP',
  async run({ runs, say }): Promise<Result> {
    const dir = await TempDir.create();
    try {
      const output = await runInGuest({
        script: join(root, 'test/bench/guest.sh'),
        parameters: {
          node: process.execPath,
          linkd: join(bin, 'linkd.js'),
          copy: await compile('tun-copy', dir.path),
          runs: String(runs),
          seconds: String(seconds),
        },
        timeoutMs: startMs + runs * 6 * seconds * 1000,
      });
      return resultOf(output, runs, say);
    } finally {
      await dir.dispose();
    }
  },
};

function resultOf(output: string, runs: number, say: (text: string) => void): Result {
  const rates = (of: string): readonly number[] =>
    Array.from(output.matchAll(new RegExp(`^bench: ${of} ([\\d.]+)`, 'gm')), ([, rate]) => Number(rate));
  const [linkd, pppd, copy] = [rates('linkd'), rates('pppd'), rates('copy')];
  if ([linkd, pppd, copy].some(({ length }) => length !== runs))
    throw new Error(`not ${runs} runs in the guest:\n${output}`);
  say(`linkd ${linkd.join(', ')} Mbit/s; pppd ${pppd.join(', ')} Mbit/s; loop in C ${copy.join(', ')} Mbit/s`);
  return {
    rows: [
      {
        name: 'TCP through socat between two ptys, one CPU',
        value: median(linkd),
        unit: 'Mbit/s',
        target: { bound: 'at least', value: median(pppd), of: '1.0 × kernel pppd' },
        peers: [
          { name: 'kernel pppd', value: median(pppd) },
          { name: 'loop in C between TUN and pty, no PPP', value: median(copy) },
        ],
        nextStep:
          'less of JavaScript and of Node for each packet, down to what the loop in C leaves. More isn’t to be had in user space: reading and writing TUN and pty, `socat` and TCP take most of the processor, and a target in reach needs the kernel’s PPP or another processor.',
      },
    ],
    notes: [setup],
  };
}
