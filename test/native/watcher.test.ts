/** Watchers on real descriptors: what they report and when they stop, and what becomes of process and thread with them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, it } from 'node:test';
import { HANGUP, native, READABLE, WRITABLE } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';
import { run } from '../support/process.js';
import { Descriptors, readSome, turns, writeAll } from './descriptors.js';

const octet = Uint8Array.of(1);
const child = new URL('./watcher-child.js', import.meta.url);

describe('a watcher', () => {
  it('calls again and again until what there is was read', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    const events: number[] = [];
    fds.watcher(near, (event) => events.push(event)).watch(READABLE);
    await turns(20);
    assert.deepEqual(events, [], 'nothing to read');
    writeAll(far, octet);
    await eventually(() => events.length >= 3, 10_000, 'three calls');
    assert.deepEqual(new Set(events), new Set([READABLE]));
    assert.deepEqual(readSome(near), octet);
    events.length = 0;
    await turns(20);
    assert.deepEqual(events, []);
  });

  it('reports what it is asked for', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    writeAll(far, octet);
    const seen = new Set<number>();
    const watcher = fds.watcher(near, (event) => seen.add(event));
    for (const asked of [READABLE, WRITABLE, READABLE | WRITABLE]) {
      seen.clear();
      watcher.watch(asked);
      await turns(5);
      assert.deepEqual([...seen], [asked]);
    }
    watcher.watch(0);
    seen.clear();
    await turns(20);
    assert.equal(seen.size, 0, 'paused');
    watcher.watch(READABLE);
    await turns(5);
    assert.deepEqual([...seen], [READABLE]);
  });

  it('reports room again when the far end has read', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets(4096);
    while (native.write(near, new Uint8Array(512), 0, 512) > 0);
    let calls = 0;
    fds.watcher(near, () => calls++).watch(WRITABLE);
    await turns(20);
    assert.equal(calls, 0);
    while (readSome(far) !== 'EAGAIN');
    await eventually(() => calls > 0, 10_000, 'room');
  });

  it('may be closed within its callback, and the descriptor with it', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    let calls = 0;
    const watcher = fds.watcher(near, () => {
      calls += 1;
      watcher.close();
      watcher.close();
      fds.close(near);
    });
    watcher.watch(READABLE | WRITABLE);
    writeAll(far, octet);
    await eventually(() => calls > 0, 10_000, 'a call');
    await turns(20);
    assert.equal(calls, 1);
    assert.throws(() => {
      watcher.watch(READABLE);
    }, /closed/);
  });

  it('may be closed by the callback of another', async (t) => {
    const fds = new Descriptors(t);
    const pairs = [fds.sockets(), fds.sockets()];
    let calls = 0;
    const watchers = pairs.map(([near]) =>
      fds.watcher(near, () => {
        calls += 1;
        for (const watcher of watchers) watcher.close();
      }),
    );
    for (const watcher of watchers) watcher.watch(WRITABLE);
    await eventually(() => calls > 0, 10_000, 'a call');
    await turns(20);
    assert.equal(calls, 1);
  });

  it('makes way at once for the next on the same descriptor, and bears no other beside it', async (t) => {
    const fds = new Descriptors(t);
    const [near] = fds.sockets();
    const calls: string[] = [];
    const first = fds.watcher(near, () => calls.push('first'));
    first.watch(WRITABLE);
    assert.throws(() => fds.watcher(near, () => undefined), { code: 'EEXIST' });
    first.close();
    fds.watcher(near, () => calls.push('second')).watch(WRITABLE);
    await eventually(() => calls.length > 0, 10_000, 'a call');
    assert.deepEqual(new Set(calls), new Set(['second']));
  });

  it('runs microtasks and ticks of each call before the next', async (t) => {
    const fds = new Descriptors(t);
    const order: string[] = [];
    for (const name of ['a', 'b']) {
      const watcher = fds.watcher(fds.sockets()[0], () => {
        watcher.close();
        order.push(name);
        queueMicrotask(() => order.push('microtask'));
        process.nextTick(() => order.push('tick'));
      });
      watcher.watch(WRITABLE);
    }
    await eventually(() => order.length === 6, 10_000, 'both calls');
    assert.deepEqual(order.join(' ').replace(/[ab] tick microtask/g, 'x'), 'x x');
  });

  it('refuses what can not be watched, and callers that are no watcher', (t) => {
    const fds = new Descriptors(t);
    const watcher = fds.watcher(fds.sockets()[0], () => undefined);
    const watch: unknown = Reflect.get(watcher, 'watch');
    assert.ok(typeof watch === 'function');
    for (const wrong of [{}, [], new Map(), 1]) assert.throws(() => void Reflect.apply(watch, wrong, [1]), TypeError);
    const made: unknown = Reflect.construct(watcher.constructor, []);
    assert.throws(() => void Reflect.apply(watch, made, [1]), /closed/);
  });

  it('does not leak in a thousand rounds', async (t) => {
    const fds = new Descriptors(t);
    const before = readdirSync('/proc/self/fd').length;
    let calls = 0;
    for (let i = 0; i < 1000; i++) {
      const [near, far] = fds.sockets();
      const watcher = fds.watcher(near, () => {
        calls += 1;
        watcher.close();
        fds.close(near);
        fds.close(far);
      });
      watcher.watch(WRITABLE);
      await eventually(() => calls === i + 1 || turns(1).then(() => undefined), 10_000, `call ${i}`);
    }
    assert.equal(readdirSync('/proc/self/fd').length, before);
  });
});

describe('a hang-up', () => {
  const kinds = ['master of a pty', 'slave of a pty', 'socket'] as const;
  for (const kind of kinds) {
    for (const asked of [READABLE, WRITABLE]) {
      it(`is reported: ${kind}, asked for ${asked === READABLE ? 'reading' : 'writing'}`, async (t) => {
        const fds = new Descriptors(t);
        const [near, far] = ends(fds, kind);
        let seen = 0;
        const watcher = fds.watcher(near, (event) => (seen |= event));
        watcher.watch(asked);
        await turns(5);
        assert.equal(seen & HANGUP, 0);
        fds.close(far);
        await eventually(() => (seen & HANGUP) !== 0, 10_000, 'the hang-up');
        watcher.watch(0);
        seen = 0;
        await turns(20);
        assert.equal(seen, 0, 'a paused watcher is silent');
      });
    }
  }

  it('with a failure is reported once, as readable; the read names it', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    const events: number[] = [];
    const watcher = fds.watcher(near, (event) => events.push(event));
    watcher.watch(READABLE);
    writeAll(near, octet);
    fds.close(far); // Unread octets make it a reset.
    await eventually(() => events.length > 0, 10_000, 'the failure');
    await turns(20);
    assert.deepEqual(events, [READABLE | HANGUP]);
    assert.equal(readSome(near), 'ECONNRESET');
    watcher.watch(READABLE);
    await eventually(() => events.length > 1, 10_000, 'the hang-up, after it was asked again');
  });

  function ends(fds: Descriptors, kind: (typeof kinds)[number]): readonly [number, number] {
    if (kind === 'socket') return fds.sockets();
    const { master, slave } = fds.pty();
    return kind === 'master of a pty' ? [master, slave] : [slave, master];
  }
});

describe('a process with watchers', () => {
  const scenarios: readonly [string, { code: number; stdout: string; stderr: RegExp }][] = [
    [
      'throws, and the process survives',
      {
        code: 0,
        stdout: [1, 2, 3].map((i) => `caught mistake ${i}\nmicrotask\n`).join(''),
        stderr: /^$/,
      },
    ],
    [
      'throws, and nobody catches it',
      { code: 1, stdout: 'ready\n', stderr: /Error: a mistake\n\s+at .*watcher-child/ },
    ],
    ['has closed and paused watchers only', { code: 0, stdout: 'ready\n', stderr: /^$/ }],
    ['exits with open watchers', { code: 0, stdout: 'ready\n', stderr: /^$/ }],
    ['exits within a callback', { code: 0, stdout: 'ready\n', stderr: /^$/ }],
    ['drops its watcher', { code: 0, stdout: 'called\n', stderr: /^$/ }],
  ];
  for (const [name, expected] of scenarios) {
    it(name, async () => {
      const { code, stdout, stderr } = await run(process.execPath, ['--expose-gc', fileURLToPath(child), name]);
      assert.deepEqual({ code, stdout }, { code: expected.code, stdout: expected.stdout }, stderr);
      assert.match(stderr, expected.stderr);
    });
  }
});

describe('a worker with watchers', () => {
  for (const name of ['stays idle', 'is called all the time', 'hangs within a callback']) {
    it(`is terminated: ${name}`, async () => {
      for (let round = 0; round < 5; round++) {
        const worker = new Worker(child, { workerData: name });
        try {
          assert.deepEqual(await within(once(worker, 'message'), 20_000, 'the worker to be ready'), ['ready']);
        } finally {
          assert.equal(await within(worker.terminate(), 20_000, 'its end'), 1);
        }
      }
    });
  }

  for (const name of ['has closed and paused watchers only', 'exits with open watchers', 'exits within a callback']) {
    it(`ends by itself: ${name}`, async () => {
      const worker = new Worker(child, { workerData: name });
      assert.deepEqual(await within(once(worker, 'exit'), 20_000, 'its end'), [0]);
    });
  }

  it('fails: throws, and nobody catches it', async () => {
    const worker = new Worker(child, { workerData: 'throws, and nobody catches it' });
    const ended = once(worker, 'exit');
    // Not once(): it would reject on the very event that is expected here.
    const error = await within(new Promise((resolve) => worker.once('error', resolve)), 20_000, 'the error');
    assert.ok(error instanceof Error && error.message === 'a mistake');
    assert.deepEqual(
      await within(
        ended.catch(() => [1]),
        20_000,
        'its end',
      ),
      [1],
    );
  });
});
