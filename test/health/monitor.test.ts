/** The monitor with a virtual clock, against hosts that the test takes away and brings back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getU32 } from '../../src/base/bytes.js';
import type { Ip4 } from '../../src/base/ip.js';
import { HealthMonitor } from '../../src/health/monitor.js';
import { EchoProber } from '../../src/health/prober.js';
import type { TrackOptions } from '../../src/health/options.js';
import { seededRandom } from '../support/random.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';
import { replyTo } from './responder.js';
import { hostA, hostB, ip, trackOptions } from './rounds.js';

const rttMs = 80;
const local = ip('10.9.0.2');

/** A link with hosts behind it. */
class World {
  readonly scheduler = new VirtualScheduler();
  readonly alive = new Set<Ip4>([hostA, hostB]);
  readonly asked: Ip4[] = [];
  readonly told: string[] = [];
  readonly monitor: HealthMonitor;
  onChange: () => void = () => undefined;

  constructor(options: Partial<TrackOptions> = {}) {
    const prober = new EchoProber((packet) => {
      const host = getU32(packet, 16);
      this.asked.push(host);
      if (!this.alive.has(host)) return;
      this.scheduler.after(rttMs, () => {
        prober.receive(replyTo(packet));
      });
    }, seededRandom(1));
    this.monitor = new HealthMonitor(
      { ...trackOptions, ...options },
      {
        scheduler: this.scheduler,
        prober,
        onChange: (state, reason) => {
          this.told.push(`${state}: ${reason}`);
          this.onChange();
        },
      },
    );
  }
}

describe('the monitor', () => {
  it('tells of failure and recovery, once each, and shows the hosts', async () => {
    const world = new World();
    world.monitor.start(local);
    await world.scheduler.pass(60_000);
    assert.deepEqual([world.told, world.monitor.status.state], [[], 'healthy']);
    world.alive.clear();
    await world.scheduler.pass(60_000);
    assert.deepEqual(world.told, ['failed: no answer from 10.2.0.5, 3 times in a row']);
    const { state, lastChange, hosts } = world.monitor.status;
    assert.equal(state, 'failed');
    assert.equal(lastChange?.reason, 'no answer from 10.2.0.5, 3 times in a row');
    assert.deepEqual(hosts, [{ host: hostA, rttMs, answeredAgoMs: hosts[0]?.answeredAgoMs }]);
    assert.ok((hosts[0]?.answeredAgoMs ?? 0) > 50_000);
    world.alive.add(hostA);
    await world.scheduler.pass(60_000);
    assert.deepEqual(world.told.slice(1), ['healthy: 10.2.0.5 answers']);
    world.monitor.stop();
  });

  it('asks every host in every round', async () => {
    const world = new World({ hosts: [hostA, hostB] });
    world.monitor.start(local);
    await world.scheduler.pass(2 * trackOptions.intervalMs);
    world.monitor.stop();
    assert.deepEqual(world.asked, [hostA, hostB, hostA, hostB, hostA, hostB]);
  });

  it('neither asks nor judges while the link is down, and leaves no timer', async () => {
    const world = new World();
    world.monitor.start(local);
    world.monitor.start(local); // nothing more
    await world.scheduler.pass(25_000);
    world.monitor.stop();
    world.monitor.stop();
    const asked = world.asked.length;
    world.alive.clear();
    await world.scheduler.pass(600_000);
    assert.deepEqual([asked, world.asked.length, world.told, world.scheduler.waiting], [3, 3, [], 0]);
  });

  it('may be stopped, and started anew, by what it tells', async () => {
    const world = new World({ action: { kind: 'restart' } });
    world.alive.clear();
    world.onChange = () => {
      world.monitor.stop();
      world.scheduler.after(3000, () => {
        world.monitor.start(local);
      });
    };
    world.monitor.start(local);
    await world.scheduler.pass(3_600_000);
    assert.ok(world.told.length >= 5 && world.told.length <= 9, `${world.told.length} restarts in an hour`);
    world.onChange = () => undefined;
    world.alive.add(hostA);
    await world.scheduler.pass(3_600_000);
    assert.match(world.told.at(-1) ?? '', /^healthy/);
    world.monitor.stop();
    await world.scheduler.pass(rttMs); // an answer that is under way
    assert.equal(world.scheduler.waiting, 0);
  });

  it('may be stopped and started within what it tells', async () => {
    const world = new World({ action: { kind: 'restart' } });
    world.alive.clear();
    world.onChange = () => {
      world.monitor.stop();
      world.monitor.start(local);
    };
    world.monitor.start(local);
    await world.scheduler.pass(60_000);
    assert.equal(world.scheduler.waiting, 1);
    assert.equal(world.monitor.status.state, 'unknown');
    world.monitor.stop();
    assert.equal(world.scheduler.waiting, 0);
  });
});
