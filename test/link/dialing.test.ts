/** One link and its `when` in virtual time: what wakes it, what hangs it up, what it says of that, and what overrides it all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import type { LinkConfig } from '../../src/config/types.js';
import type { WhenOptions } from '../../src/schedule/options.js';
import { LinkRig, testConfig } from '../support/link-rig.js';
import { always } from '../support/when.js';

const minute = 60_000;
const hour = 60 * minute;
const ping = 'ping 10.1.0.5 → 10.2.0.9';

function rigOf(when: Partial<WhenOptions>, change: Partial<LinkConfig> = {}): LinkRig {
  return new LinkRig({ ...testConfig, when: { ...always, ...when }, ...change });
}

/** The worker says how long nothing went by. */
function quiet(rig: LinkRig, quietMs: number): void {
  const { counters } = rig.link.status();
  rig.hear({ type: 'statistics', at: rig.scheduler.now(), counters, session: undefined, quietMs });
}

async function up(rig: LinkRig): Promise<void> {
  await rig.scheduler.pass(2);
  assert.equal(rig.link.state, 'negotiating');
  rig.networkUp();
  await rig.scheduler.pass(2);
  assert.equal(rig.link.state, 'up');
}

function lastCause(rig: LinkRig): string | undefined {
  return rig.link.status().lastCause?.cause.code;
}

function messages(rig: LinkRig): string[] {
  return rig.events.filter(({ type }) => type === 'log').map(({ message }) => message);
}

describe('a link that is called', () => {
  it('hangs an idle caller up, and waits for the next', async () => {
    const rig = rigOf({ idleMs: 10_000 }, { line: { kind: 'tcp-listen', host: '0.0.0.0', port: 7000 } });
    rig.link.begin();
    for (let i = 0; i < 2; i++) {
      await up(rig);
      const come = rig.holdOpen();
      await rig.scheduler.pass(10_100);
      assert.deepEqual([rig.link.state, lastCause(rig)], ['opening', undefined]);
      come();
    }
    assert.equal(rig.link.status().restarts, 0);
  });
});

describe('a link on demand', () => {
  it('sleeps with addresses and routes, and no line', async () => {
    const rig = rigOf({ demand: true });
    rig.link.begin();
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, rig.installed, rig.openTuns], ['dormant', true, 1]);
    assert.equal(rig.acts.includes('open'), false);
    assert.equal(rig.link.status().dialing?.waitsFor, 'traffic');
  });

  it('dials for a packet, and says which', async () => {
    const rig = rigOf({ demand: true });
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.hear({ type: 'wanted', packet: ping });
    await up(rig);
    assert.equal(rig.link.status().dialing?.becauseOf?.packet, ping);
    assert.ok(messages(rig).includes(`dials because of ${ping}`));
  });

  it('hangs up when it is idle, sleeps, and dials again', async () => {
    const rig = rigOf({ demand: true, idleMs: 10_000 });
    rig.link.begin();
    await rig.scheduler.pass(1);
    for (let i = 0; i < 3; i++) {
      rig.hear({ type: 'wanted', packet: ping });
      await up(rig);
      await rig.scheduler.pass(9000);
      quiet(rig, 1000);
      await rig.scheduler.pass(8900);
      assert.equal(rig.link.state, 'up');
      await rig.scheduler.pass(200);
      assert.deepEqual([rig.link.state, lastCause(rig), rig.installed], ['dormant', 'idle', true]);
    }
    assert.equal(rig.link.status().restarts, 0);
    assert.equal(rig.link.status().dialing?.callsLastHour, 3);
  });

  it('keeps its routes while it is hung up, so that packets that come then wait', async () => {
    const rig = rigOf({ demand: true, idleMs: 10_000 });
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.hear({ type: 'wanted', packet: ping });
    await up(rig);
    rig.acts.length = 0;
    await rig.scheduler.pass(10_100);
    assert.equal(rig.link.state, 'dormant');
    assert.equal(rig.acts.includes('uninstall'), false);
  });

  it('tries again while a packet waits, and sleeps when it waits no longer', async () => {
    const rig = rigOf({ demand: true });
    rig.behaviour.open = 'device-denied';
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.hear({ type: 'wanted', packet: ping });
    await rig.scheduler.pass(5100);
    assert.equal(rig.acts.filter((act) => act === 'open').length, 2);
    assert.deepEqual([rig.link.state, rig.installed], ['waiting', true]);
    rig.hear({ type: 'wanted', packet: undefined });
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, rig.acts.filter((act) => act === 'open').length], ['dormant', 2]);
  });

  it('sleeps after a line that ended while nobody needed it', async () => {
    const rig = rigOf({ demand: true });
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.hear({ type: 'wanted', packet: ping });
    await up(rig);
    rig.hear({ type: 'finished', cause: cause('peer-terminated') });
    await rig.scheduler.pass(minute);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'peer-terminated']);
  });

  it('gives up after so many attempts, until the next packet', async () => {
    const rig = rigOf({ demand: true }, { restart: { ...testConfig.restart, maxAttempts: 2 } });
    rig.behaviour.open = 'device-denied';
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.hear({ type: 'wanted', packet: ping });
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'device-denied']);
    rig.hear({ type: 'wanted', packet: ping });
    await rig.scheduler.pass(1);
    assert.equal(rig.acts.filter((act) => act === 'open').length, 3);
  });

  it('goes down by command and takes everything back, asleep or waiting', async () => {
    for (const open of ['at-once', 'device-denied'] as const) {
      const rig = rigOf({ demand: true });
      rig.behaviour.open = open;
      rig.link.begin();
      await rig.scheduler.pass(1);
      if (open !== 'at-once') rig.hear({ type: 'wanted', packet: ping });
      await rig.scheduler.pass(100);
      rig.link.command('down');
      await rig.scheduler.pass(100);
      assert.deepEqual([rig.link.state, rig.installed], ['down', false]);
      rig.hear({ type: 'wanted', packet: ping });
      await rig.scheduler.pass(hour);
      assert.equal(rig.link.state, 'down');
    }
  });

  it('makes its interface anew when somebody deletes it', async () => {
    const rig = rigOf({ demand: true });
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.acts.length = 0;
    rig.hear({ type: 'tun-gone' });
    await rig.scheduler.pass(10);
    assert.deepEqual([rig.link.state, rig.openTuns, rig.installed], ['dormant', 1, true]);
    assert.ok(rig.acts.includes('remove') && rig.acts.includes('add') && rig.acts.includes('watch'));
  });

  it('tries again to make ready what could not be', async () => {
    const rig = rigOf({ demand: true });
    rig.behaviour.install = 'fail';
    rig.link.begin();
    await rig.scheduler.pass(100);
    assert.equal(rig.installed, false);
    rig.behaviour.install = 'at-once';
    await rig.scheduler.pass(minute);
    assert.deepEqual([rig.link.state, rig.installed], ['dormant', true]);
  });

  it('leaves nothing behind when it ends', async () => {
    const rig = rigOf({ demand: true, idleMs: 10_000, hours: [{ days: [1], from: 0, to: 60 }] });
    rig.link.begin();
    await rig.scheduler.pass(1);
    await rig.link.shutdown();
    assert.deepEqual([rig.openTuns, rig.installed, rig.scheduler.waiting], [0, false, 0]);
  });
});

describe('hours', () => {
  /** A window of an hour that opens in an hour. */
  function soon(rig: LinkRig): WhenOptions['hours'] {
    const date = new Date(rig.scheduler.date().getTime() + hour);
    const from = date.getHours() * 60 + date.getMinutes();
    return [{ days: [0, 1, 2, 3, 4, 5, 6], from, to: (from + 60) % 1440 }];
  }
  const hours = soon(new LinkRig());

  it('are waited for, and end the connection', async () => {
    const rig = rigOf({ hours });
    rig.link.begin();
    await rig.scheduler.pass(1);
    const { dialing, nextAttempt } = rig.link.status();
    assert.deepEqual([rig.link.state, lastCause(rig), dialing?.waitsFor], ['dormant', 'outside-hours', 'hours']);
    assert.deepEqual([rig.installed, nextAttempt !== undefined], [false, true]);
    await rig.scheduler.pass(hour);
    await up(rig);
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'outside-hours']);
  });

  it('are overridden by command, for one connection', async () => {
    const rig = rigOf({ hours });
    rig.link.begin();
    await rig.scheduler.pass(1);
    rig.link.command('up');
    await up(rig);
    assert.ok(messages(rig).some((text) => text.startsWith('dialed by command, though it is not the time for it')));
    assert.equal(rig.link.status().dialing?.overridden, true);
    await rig.scheduler.pass(30 * minute);
    assert.equal(rig.link.state, 'up');
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(minute);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'outside-hours']);
  });

  it('let an idle link sleep until they come anew', async () => {
    const rig = rigOf({ hours, idleMs: 10_000 });
    rig.link.begin();
    await rig.scheduler.pass(hour);
    await up(rig);
    await rig.scheduler.pass(50 * minute);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'idle']);
    await rig.scheduler.pass(24 * hour);
    assert.ok(rig.acts.filter((act) => act === 'open').length >= 2);
  });

  it('abort what is being opened as they end', async () => {
    const rig = rigOf({ hours });
    rig.behaviour.open = 'never';
    rig.link.begin();
    await rig.scheduler.pass(hour + minute);
    assert.equal(rig.link.state, 'opening');
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'outside-hours']);
  });
});

describe('limits', () => {
  it('end the longest connection; without demand it is dialed again', async () => {
    const rig = rigOf({ longestMs: minute });
    rig.link.begin();
    await up(rig);
    await rig.scheduler.pass(minute);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['negotiating', undefined]);
    assert.ok(rig.sessionEnds.includes('longest-reached'));
  });

  it('hold for the calls of an hour, also for those of an earlier process', async () => {
    const rig = rigOf({ callsPerHour: 2, longestMs: minute });
    const begin = new Date(rig.scheduler.date().getTime() - 30 * minute);
    const past = { id: 1, link: 'branch', begin, end: begin, rxBytes: 0, txBytes: 0, seconds: 0 };
    const later = new LinkRig({ ...testConfig, when: { ...always, callsPerHour: 2, longestMs: minute } }, undefined, [
      { ...past, cause: 'idle', detail: undefined },
    ]);
    for (const [each, calls] of [
      [rig, 2],
      [later, 1],
    ] as const) {
      each.link.begin();
      for (let i = 0; i < calls; i++) {
        await up(each);
        await each.scheduler.pass(minute);
      }
      const { dialing, lastCause: why } = each.link.status();
      assert.deepEqual([each.link.state, why?.cause.code, dialing?.waitsFor], ['dormant', 'calls-used-up', 'calls']);
      assert.match(why?.cause.detail ?? '', /^2 an hour, until \d{4}-\d\d-\d\d \d\d:\d\d$/);
      const opened = each.acts.filter((act) => act === 'open').length;
      await each.scheduler.pass(hour);
      assert.ok(each.acts.filter((act) => act === 'open').length > opened);
    }
  });

  it('hold for the minutes of a day', async () => {
    const rig = rigOf({ minutesPerDay: 30 });
    rig.link.begin();
    await up(rig);
    await rig.scheduler.pass(30 * minute);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'minutes-used-up']);
    await rig.scheduler.pass(24 * hour);
    assert.ok(rig.acts.filter((act) => act === 'open').length >= 2);
  });
});

describe('in the place of another link', () => {
  const backup = { whileDown: { link: 'fast', forMs: 10_000 } };

  it('it dials when that is down for long enough, and gives way when it is up again', async () => {
    const rig = rigOf(backup);
    rig.well.add('fast');
    rig.link.begin();
    await rig.scheduler.pass(hour);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'not-needed']);
    rig.well.delete('fast');
    rig.link.otherChanged('fast');
    await rig.scheduler.pass(9000);
    assert.equal(rig.link.state, 'dormant');
    await rig.scheduler.pass(1100);
    await up(rig);
    rig.well.add('fast');
    rig.link.otherChanged('fast');
    await rig.scheduler.pass(9000);
    assert.equal(rig.link.state, 'up');
    await rig.scheduler.pass(1100);
    assert.deepEqual([rig.link.state, lastCause(rig)], ['dormant', 'not-needed']);
  });

  it('it does not mind others', async () => {
    const rig = rigOf(backup);
    rig.well.add('fast');
    rig.link.begin();
    await rig.scheduler.pass(minute);
    rig.well.delete('fast');
    rig.link.otherChanged('slow');
    await rig.scheduler.pass(minute);
    assert.equal(rig.link.state, 'dormant');
  });
});

describe('a reload', () => {
  it('that ends the demand wakes the link', async () => {
    const rig = rigOf({ demand: true });
    rig.link.begin();
    await rig.scheduler.pass(1);
    await rig.link.reconfigure({ ...testConfig, when: undefined });
    await up(rig);
    assert.equal(rig.link.status().dialing, undefined);
  });
});
