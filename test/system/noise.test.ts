/**
 * Noise for real: TCP transfers and pings from LAN to LAN over two null modems at once that change bits and lose octets, with
 * compressed headers, Deflate and Multilink. (`two-routers.ts` has the picture.)
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import type { Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import { TwoRouters } from '../support/two-routers.js';

const speeds = [460_800, 230_400] as const;
/** Small packets: of those of 1500 octets, bit errors of 1e-4 leave three in ten. */
const more = ['lcp: {mru: 256}', 'multilink: {mrru: 256}', 'compression: [deflate]'];
/**
 * What FCS-16 lets through (one damaged frame in 65,536, of some thousands) may reach a host, with what was compressed by it
 * until the next reset. Without it none.
 */
const mostCorrupt = 5;

describe('LAN to LAN over two noisy lines', () => {
  let routers: TwoRouters;
  let modems: readonly NullModem[];
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    const port = (side: 'a' | 'b', line: number): string => routers.dir.file(`tty${side}${line}`);
    modems = speeds.map((baud, i) => {
      const [endA, endB] = [port('a', i), port('b', i)];
      return new NullModem({ a: { kind: 'pty', link: endA }, b: { kind: 'pty', link: endB }, baud, seed: i + 1 });
    });
    routers.atEnd(() => {
      for (const modem of modems) modem.close();
    });
    const lines = (side: 'a' | 'b'): string =>
      `[${speeds.map((speed, i) => `{serial: ${port(side, i)}, speed: ${speed}, flow: none}`).join(', ')}]`;
    a = await routers.startA(lines('a'), more);
    b = await routers.startB(lines('b'), more);
    for (const end of [a, b]) {
      await end.until(
        'branch',
        'has both lines',
        ({ state, lines: all }) => state === 'up' && all.every((line) => line.state === 'joined'),
      );
    }
  });
  after(() => routers.close());

  // The share of octets with a changed bit is eight times that of bits; a lost octet costs its frame.
  for (const [bitErrors, octets] of [
    [1e-5, 100_000],
    [1e-4, 5000],
  ] as const) {
    it(`bit errors of ${bitErrors}: transfers end whole, nothing corrupt arrives`, { timeout: 120_000 }, async () => {
      const { hostA, hostB } = routers.lans;
      const [before, corrupt] = [await errorsOf(b), await corruptAt(hostA, hostB)];
      for (const modem of modems) modem.disturb({ damage: 8 * bitErrors, loss: bitErrors });
      // What pings carry is compressed, what transfers carry can't be.
      const pings = hostA.run('ping', ['-n', '-q', '-i', '0.05', '-c', '200', '-s', '200', '-W', '2', '10.2.0.2']);
      const transfers = await Promise.all([
        routers.lab.tcpTransfer(hostA, hostB, octets),
        routers.lab.tcpTransfer(hostB, hostA, octets),
      ]);
      const { stdout } = await pings;
      for (const modem of modems) modem.disturb({ damage: 0, loss: 0 });

      assert.deepEqual(
        transfers.map(({ intact }) => intact),
        [true, true],
      );
      const [, received = '0'] = /200 packets transmitted, (\d+) received/.exec(stdout) ?? [];
      assert.ok(Number(received) > 40, stdout);
      assert.ok(
        (await corruptAt(hostA, hostB)) - corrupt <= mostCorrupt,
        'packets with a wrong checksum reached a host',
      );
      // It was the noise that this went through, and it was mended.
      const errors = await errorsOf(b);
      for (const name of ['fcs', 'decompress', 'fragments-lost']) {
        assert.ok((errors[name] ?? 0) > (before[name] ?? 0), `${name}: ${JSON.stringify(errors)}`);
      }
      for (const end of [a, b]) assert.equal((await end.link('branch')).restarts, 0);
      assert.equal((await routers.lab.ping(hostA, hostB, { timeoutMs: 5000 })).received, 3);
    });
  }
});

async function errorsOf(daemon: Daemon): Promise<Readonly<Record<string, number>>> {
  return (await daemon.link('branch')).errors;
}

/** Packets that the kernels of these hosts have refused because of their checksums. */
async function corruptAt(...hosts: readonly Namespace[]): Promise<number> {
  const counts = hosts.map(async (host) => {
    const printed = await host.must('cat', ['/proc/net/snmp']);
    const rows = printed.split('\n').map((row) => row.split(' '));
    const names = rows.filter((_, i) => i % 2 === 0).flat();
    const values = rows.filter((_, i) => i % 2 === 1).flat();
    return names.reduce((sum, name, i) => sum + (name === 'InCsumErrors' ? Number(values[i]) : 0), 0);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
