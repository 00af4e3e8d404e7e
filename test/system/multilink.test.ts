/**
 * LAN to LAN over two paced null modems at once, by two real linkds:
 *
 *                              ═══ 460800 baud ═══
 *     hostA ── routerA (linkd)                     routerB (linkd) ── hostB
 *                              ═══ 230400 baud ═══
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import { NullModem } from '../support/null-modem.js';
import { TwoRouters } from '../support/two-routers.js';

const speeds = [460_800, 230_400] as const;
const more = ['lcp: {echo: {interval: 500ms, failures: 3}}', 'restart: {quick: 100ms, quick-max: 500ms, slow: 500ms}'];

function port({ dir }: TwoRouters, side: 'a' | 'b', line: number): string {
  return dir.file(`tty${side}${line}`);
}

function lines(routers: TwoRouters, side: 'a' | 'b'): string {
  return `[${speeds.map((speed, i) => `{serial: ${port(routers, side, i)}, speed: ${speed}, flow: none}`).join(', ')}]`;
}

describe('LAN to LAN over two lines', () => {
  let routers: TwoRouters;
  let modems: readonly NullModem[];
  let a: Daemon;
  let b: Daemon;

  const joined = (daemon: Daemon, count: number): Promise<unknown> =>
    daemon.until(
      'branch',
      `has ${count} lines`,
      (link) => link.state === 'up' && link.lines.filter(({ state }) => state === 'joined').length === count,
      60_000,
    );

  before(async () => {
    routers = await TwoRouters.create();
    modems = speeds.map((baud, i) => {
      const [endA, endB] = [port(routers, 'a', i), port(routers, 'b', i)];
      return new NullModem({ a: { kind: 'pty', link: endA }, b: { kind: 'pty', link: endB }, baud });
    });
    routers.atEnd(() => {
      for (const modem of modems) modem.close();
    });
    a = await routers.startA(lines(routers, 'a'), more);
    b = await routers.startB(lines(routers, 'b'), more);
    await Promise.all([joined(a, 2), joined(b, 2)]);
  });

  after(() => routers.close());

  it('carries traffic over both', async () => {
    const before = modems.map((modem) => modem.counters());
    await routers.carryTraffic(100_000);
    modems.forEach((modem, i) => {
      const { aToB, bToA } = modem.counters();
      assert.ok(aToB.delivered - (before[i]?.aToB.delivered ?? 0) > 20_000, `line ${i} from a to b`);
      assert.ok(bToA.delivered - (before[i]?.bToA.delivered ?? 0) > 20_000, `line ${i} from b to a`);
    });
  });

  it('loses one cable under a transfer, which ends whole, and takes it back; the link stays', async () => {
    const { hostA, hostB } = routers.lans;
    const transfer = routers.lab.tcpTransfer(hostA, hostB, 300_000);
    modems[1]?.pull();
    await Promise.all([joined(a, 1), joined(b, 1)]);
    const { bytes, intact } = await transfer;
    assert.deepEqual([bytes, intact], [300_000, true]);
    modems[1]?.plug();
    await Promise.all([joined(a, 2), joined(b, 2)]);
    await routers.carryTraffic(50_000);
    for (const daemon of [a, b]) {
      const { restarts, state } = await daemon.link('branch');
      assert.deepEqual([restarts, state], [0, 'up']);
    }
    assert.match(a.log, /line 2 \(.*ttya1\) left: .*; the link goes on over 1 line/);
    assert.match(a.log, /line 2 \(.*ttya1\) joined/);
  });

  it('keeps both lines over a hand-over', async () => {
    const { code, stderr } = await a.ctl('restart-daemon');
    assert.equal(code, 0, stderr);
    await Promise.all([joined(a, 2), joined(b, 2)]);
    await routers.carryTraffic(20_000);
  });
});
