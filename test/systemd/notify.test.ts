/** sd_notify(3) as linkd speaks it: to a real datagram socket, the watchdog's time being virtual. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Notifier } from '../../src/bin/notify.js';
import { native } from '../../src/native/binding.js';
import { TempDir } from '../support/daemon.js';
import { settle, VirtualScheduler } from '../support/virtual-scheduler.js';
import { DatagramSink } from './datagram-sink.js';

const pid = 4711;
/** What systemd hands over with WatchdogSec=30. */
const period = { WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(pid) };

describe('a notifier', () => {
  let dir: TempDir;
  before(async () => {
    dir = await TempDir.create();
  });
  after(() => dir.dispose());

  it('tells systemd of the start, a reload and the end', async (t) => {
    const { notifier, sink } = await start(t, socketIn(dir));
    notifier.ready('2 links, 1 up');
    notifier.reloading();
    notifier.ready('2 links');
    notifier.status('a line\nand  another');
    notifier.stopping();
    const [ready, reloading, ...others] = await sink.received(5);
    assert.deepEqual(ready, ['READY=1', 'STATUS=2 links, 1 up']);
    assert.equal(reloading?.[0], 'RELOADING=1');
    const [, now = ''] = /^MONOTONIC_USEC=(\d+)$/.exec(reloading[1] ?? '') ?? [];
    assert.ok(Number(now) > 0 && BigInt(now) <= process.hrtime.bigint() / 1000n, reloading[1]);
    assert.deepEqual(others, [
      ['READY=1', 'STATUS=2 links'],
      ['STATUS=a line and another'],
      ['STOPPING=1', 'STATUS=ending'],
    ]);
  });

  it('finds an abstract socket', async (t) => {
    const { notifier, sink } = await start(t, `@linkd-test-${process.pid}-${randomBytes(4).toString('hex')}`);
    notifier.ready('up');
    assert.deepEqual(await sink.received(1), [['READY=1', 'STATUS=up']]);
  });

  it('says nothing where nobody listens to it, and keeps no timer', async () => {
    for (const environment of [{}, { NOTIFY_SOCKET: '' }, { NOTIFY_SOCKET: 'vsock:2:1234' }]) {
      const { notifier, scheduler, logged } = make({ ...environment, ...period });
      notifier.ready('up');
      notifier.watchdog(() => Promise.reject(new Error('asked')));
      await scheduler.pass(60_000);
      assert.deepEqual([logged, scheduler.waiting], [[], 0]);
    }
  });

  it('survives a socket that is not there, with a line in the log', () => {
    const { notifier, logged } = make({ NOTIFY_SOCKET: socketIn(dir) });
    notifier.ready('up');
    assert.match(logged.join('\n'), /^systemd could not be told: ENOENT/);
  });

  it('feeds the watchdog three times in its period, the first time at once', async (t) => {
    const { notifier, sink, scheduler } = await start(t, socketIn(dir), period);
    notifier.watchdog(() => Promise.resolve(true));
    await scheduler.pass(0);
    assert.deepEqual(await sink.received(1), [['WATCHDOG=1']]);
    await scheduler.pass(29_999);
    const [first, second, third, ...more] = await sink.received(3);
    assert.deepEqual([first, second, third, more], [['WATCHDOG=1'], ['WATCHDOG=1'], ['WATCHDOG=1'], []]);
    notifier.stopping();
  });

  it('keeps no timer when linkd stops, so that the process can end', async (t) => {
    const { notifier, sink, scheduler } = await start(t, socketIn(dir), period);
    notifier.watchdog(() => Promise.resolve(true));
    await scheduler.pass(0);
    notifier.stopping();
    assert.equal(scheduler.waiting, 0);
    await scheduler.pass(60_000);
    notifier.status('end');
    assert.deepEqual(await sink.received(3), [['WATCHDOG=1'], ['STOPPING=1', 'STATUS=ending'], ['STATUS=end']]);
  });

  const silences: readonly [string, () => Promise<boolean>, RegExp][] = [
    ['says no', () => Promise.resolve(false), /the watchdog was not fed/],
    ['never answers', () => new Promise(() => undefined), /the watchdog was not fed/],
    ['fails', () => Promise.reject(new Error('the worker is gone')), /could not be told: the worker is gone/],
  ];
  for (const [what, alive, expected] of silences) {
    it(`lets the watchdog starve, and says so, when what is asked ${what}`, async (t) => {
      const { notifier, sink, scheduler, logged } = await start(t, socketIn(dir), period);
      notifier.watchdog(alive);
      await scheduler.pass(35_000);
      notifier.status('end');
      assert.deepEqual(await sink.received(1), [['STATUS=end']]);
      assert.match(logged.join('\n'), expected);
      notifier.stopping();
    });
  }

  it('takes no late answer for one to a later look, and goes on when answers come again', async (t) => {
    const { notifier, sink, scheduler } = await start(t, socketIn(dir), period);
    const answers: ((yes: boolean) => void)[] = [];
    notifier.watchdog(() => new Promise((resolve) => answers.push(resolve)));
    await scheduler.pass(10_000);
    answers[0]?.(true);
    await settle();
    notifier.status('late');
    answers[1]?.(true);
    await settle();
    notifier.status('in time');
    assert.deepEqual(await sink.received(3), [['STATUS=late'], ['WATCHDOG=1'], ['STATUS=in time']]);
    notifier.stopping();
  });

  const unwatched: readonly [string, Readonly<Record<string, string>>][] = [
    ['none is kept', {}],
    ['it is kept for another process', { ...period, WATCHDOG_PID: '1' }],
    ['its period is no number', { WATCHDOG_USEC: 'soon' }],
    ['its period is 0', { WATCHDOG_USEC: '0' }],
  ];
  for (const [what, environment] of unwatched) {
    it(`feeds no watchdog when ${what}`, async () => {
      const { notifier, scheduler } = make({ NOTIFY_SOCKET: socketIn(dir), ...environment });
      notifier.watchdog(() => Promise.resolve(true));
      await settle();
      assert.equal(scheduler.waiting, 0);
    });
  }
});

describe('sendDatagram', () => {
  it('refuses what is no path of a socket', () => {
    for (const path of ['', 'a\0b', 'x'.repeat(108)]) {
      assert.throws(() => {
        native.sendDatagram(path, 'text');
      }, RangeError);
    }
  });

  it('names the errno', () => {
    assert.throws(
      () => {
        native.sendDatagram('/nonexistent', 'text');
      },
      { code: 'ENOENT', message: 'ENOENT: No such file or directory, send a datagram' },
    );
  });
});

function socketIn(dir: TempDir): string {
  return dir.file(randomBytes(4).toString('hex'));
}

/** A notifier for a socket that somebody listens on, until the test ends. */
async function start(
  t: TestContext,
  socket: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ReturnType<typeof make> & { sink: DatagramSink }> {
  const sink = await DatagramSink.listen(socket);
  t.after(() => sink.close());
  return { ...make({ NOTIFY_SOCKET: socket, ...environment }), sink };
}

function make(environment: Readonly<Record<string, string>>): {
  notifier: Notifier;
  scheduler: VirtualScheduler;
  logged: string[];
} {
  const logged: string[] = [];
  const write = (_: unknown, message: string): void => void logged.push(message);
  const scheduler = new VirtualScheduler();
  const log = { debug: write, info: write, warn: write, error: write };
  return { notifier: new Notifier({ environment, pid, scheduler, log }), scheduler, logged };
}
