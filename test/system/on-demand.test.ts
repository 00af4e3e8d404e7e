/**
 * Links that are not always up, with real daemons: the first ping wakes the line and is answered, silence hangs it up, limits
 * hold; and a spare line takes the place of another.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import { TwoRouters } from '../support/two-routers.js';

const quick = 'restart: {quick: 50ms, quick-max: 100ms}';

describe('a link that is not always up', { timeout: 240_000 }, () => {
  let routers: TwoRouters;

  beforeEach(async () => {
    routers = await TwoRouters.create();
  });
  afterEach(() => routers.close());

  /** How many of so many pings from LAN to LAN are answered. */
  async function pings(count: number): Promise<number> {
    const { hostA, hostB } = routers.lans;
    return (await routers.lab.ping(hostA, hostB, { count, timeoutMs: 10_000 })).received;
  }

  function asleep(daemon: Daemon, waitsFor: string, link = 'branch') {
    return daemon.until(link, `sleeps and waits for ${waitsFor}`, ({ state, dialing }) => {
      return state === 'dormant' && dialing?.waits_for === waitsFor;
    });
  }

  it('on demand: the first ping is answered, silence hangs up, and the calls of an hour are limited', async () => {
    const path = routers.dir.file('line');
    await routers.startB(`{unix-listen: ${path}}`, [quick]);
    const a = await routers.startA(`{unix: ${path}}`, ['when: {demand: on, idle: 3s, calls-per-hour: 2}', quick]);
    for (const calls of [1, 2]) {
      await asleep(a, 'traffic');
      assert.equal(await pings(1), 1, `the first ping of call ${calls}`);
      const link = await a.untilUp('branch');
      assert.match(link.dialing?.because_of ?? '', /^ping 10\.1\.0\.2 → 10\.2\.0\.2$/);
      assert.equal(link.dialing?.calls_last_hour, calls);
      assert.equal((await a.untilCause('branch', calls === 1 ? 'idle' : 'calls-used-up')).state === 'up', false);
    }
    const { last_cause: why, restarts } = await asleep(a, 'calls');
    assert.match(why?.detail ?? '', /^2 an hour, until /);
    assert.equal(restarts, 0);
    assert.equal(await pings(1), 0);
    const { stdout } = await a.ctl('status', 'branch');
    assert.match(stdout, /dormant/);
    assert.match(stdout, /waits for the end of an hour with too many calls; last because of ping/);

    // By command, whatever the limits.
    await a.ctl('up', 'branch');
    await a.untilUp('branch');
    assert.match((await a.ctl('log', 'branch')).stdout, /dialed by command, though/);
    assert.equal(await pings(2), 2);
    await asleep(a, 'calls');
    await a.ctl('down', 'branch');
    await a.until('branch', 'is down', ({ state }) => state === 'down');
    assert.equal(await pings(1), 0);
  });

  it('while another is down: it takes over, and gives way again', async () => {
    const config = (side: 'a' | 'b'): string => {
      const [own, peer, network] = side === 'a' ? ['1', '2', '10.2.0.0/16'] : ['2', '1', '10.1.0.0/16'];
      const link = (name: string, number: number, more: readonly string[]): string[] => [
        `  ${name}:`,
        `    line: {${side === 'a' ? 'unix' : 'unix-listen'}: ${routers.dir.file(name)}}`,
        `    local: 10.0.${number}.${own}`,
        `    remote: 10.0.${number}.${peer}`,
        `    networks: [{network: ${network}, metric: ${10 * number}}]`,
        '    unreachable: off',
        `    ${quick}`,
        ...more,
      ];
      const spare = side === 'a' ? ['    when: {while-down: {link: fast, for: 500ms}}'] : [];
      return ['links:', ...link('fast', 1, []), ...link('spare', 2, spare), ''].join('\n');
    };
    const b = await routers.start('b', config('b'));
    const a = await routers.start('a', config('a'));
    await a.untilUp('fast');
    await asleep(a, 'other-link', 'spare');
    assert.equal(await pings(1), 1);

    await b.ctl('down', 'fast');
    await a.untilUp('spare');
    await b.untilUp('spare');
    assert.equal(await pings(1), 1);

    await b.ctl('up', 'fast');
    await a.untilUp('fast');
    const { last_cause: why } = await asleep(a, 'other-link', 'spare');
    assert.deepEqual([why?.code, why?.detail], ['not-needed', 'fast']);
    assert.equal(await pings(1), 1);
  });
});
