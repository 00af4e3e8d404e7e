/** linkd beside the kernel's own PPP, driven by pppd, in one virtual machine with one CPU: the same line, the same transfer. */
import { join } from 'node:path';
import { root } from '../support/root.js';
import { median, type Benchmark, type Result } from './benchmark.js';
import { runInGuest } from './qemu.js';

const seconds = 6;
/** Boot, two daemons on an emulated processor, and each run. */
const startMs = 180_000;
const bin = join(import.meta.dirname, '../../src/bin');

const setup = [
  'QEMU without KVM emulates one CPU; Debian’s kernel and pppd, `socat` between two ptys for either pair, headers compressed by',
  'Van Jacobson’s way and packets not at all, `iperf3` in the guest. Each instruction costs about nine times what it does outside.',
].join(' ');

export const guest: Benchmark = {
  name: 'guest',
  title: 'In a virtual machine, beside pppd and the kernel’s PPP',
  async run({ runs, say }): Promise<Result> {
    const output = await runInGuest({
      script: join(root, 'test/bench/guest.sh'),
      parameters: {
        node: process.execPath,
        linkd: join(bin, 'linkd.js'),
        runs: String(runs),
        seconds: String(seconds),
      },
      timeoutMs: startMs + runs * 4 * seconds * 1000,
    });
    const rates = (of: string): readonly number[] =>
      Array.from(output.matchAll(new RegExp(`^bench: ${of} ([\\d.]+)`, 'gm')), ([, rate]) => Number(rate));
    const [linkd, pppd] = [rates('linkd'), rates('pppd')];
    if (linkd.length !== runs || pppd.length !== runs) throw new Error(`not ${runs} runs in the guest:\n${output}`);
    say(`linkd ${linkd.join(', ')} Mbit/s; pppd ${pppd.join(', ')} Mbit/s`);
    return {
      rows: [
        {
          name: 'TCP through socat between two ptys, one CPU',
          value: median(linkd),
          unit: 'Mbit/s',
          target: { bound: 'at least', value: median(pppd), of: '1.0 × kernel pppd' },
          peers: [{ name: 'kernel pppd', value: median(pppd) }],
          nextStep:
            'less work at each wake. On one CPU a wake brings a few KiB; the loop of Node, the session’s timers and the calls into the kernel cost as much as its packets.',
        },
      ],
      notes: [setup],
    };
  },
};
