/** FdStream over real ptys and sockets: octets both ways through narrow buffers, and every way in which a line ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, it, type TestContext } from 'node:test';
import { FdStream } from '../../src/line/fd-stream.js';
import type { StreamEnd } from '../../src/line/line.js';
import type { StreamHandlers } from '../../src/line/stream.js';
import { Descriptors, turns, writeAll } from '../native/descriptors.js';
import { eventually, within } from '../support/eventually.js';

const kinds = ['pty master', 'pty slave', 'socket'] as const;
type Kind = (typeof kinds)[number];

/** What the near end says when the far end has been closed. */
const hangUp: Readonly<Record<Kind, StreamEnd>> = {
  'pty master': { kind: 'error', code: 'EIO' },
  'pty slave': { kind: 'eof' },
  socket: { kind: 'eof' },
};

describe('FdStream', () => {
  for (const kind of kinds) {
    it(`carries octets both ways at once through narrow buffers: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const ends = open(fds, kind, 4096).map((fd) => new Exchange(t, fd, 200_000));
      const [near, far] = ends;
      assert.ok(near !== undefined && far !== undefined);
      near.begin(1);
      far.begin(2);
      await eventually(() => near.done && far.done, 60_000, 'all octets');
      assert.deepEqual(near.received, pattern(2, 200_000));
      assert.deepEqual(far.received, pattern(1, 200_000));
      assert.ok(near.partialWrites > 0 && near.wakeUps > 0, 'the buffers were narrow');
      const calls = near.calls;
      await turns(50);
      assert.equal(near.calls, calls, 'an idle stream is silent');
      assert.deepEqual(near.ends, []);
    });

    it(`ends once when the far end hangs up: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const seen = new Recorder(t, near);
      await turns(10);
      assert.equal(seen.calls, 0);
      fds.close(far);
      await seen.ended();
      assert.deepEqual(seen.ends, [hangUp[kind]]);
      await assertSilent(seen);
    });

    it(`ends once, in the midst of writing, when the far end hangs up: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const seen = new Recorder(t, near);
      while (seen.stream.write(new Uint8Array(4096), 0, 4096) > 0);
      seen.stream.watchWritable(true);
      await turns(10);
      fds.close(far);
      await seen.ended();
      assert.equal(seen.ends.length, 1);
      await assertSilent(seen);
    });

    it(`ends although nobody reads: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const seen = new Recorder(t, near, 0);
      fds.close(far);
      await seen.ended();
      assert.deepEqual(seen.ends, [{ kind: 'eof' }]);
      await assertSilent(seen);
    });

    it(`is silent once stopped, and may be started again: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const first = new Recorder(t, near);
      first.stream.stop();
      writeAll(far, pattern(4, 10));
      await assertSilent(first);
      assert.equal(first.stream.read(new Uint8Array(10)), 0);
      assert.equal(first.stream.write(new Uint8Array(10), 0, 10), 0);
      const second = new Recorder(t, near);
      await eventually(() => second.received().length === 10, 10_000, 'the octets');
      fds.close(far);
      await second.ended();
      assert.deepEqual([first.calls, first.ends], [0, []]);
    });
  }

  // The slave of a pty is cut off at once: the kernel drops what it has not read.
  for (const kind of ['pty master', 'socket'] as const) {
    it(`reads what came before the hang-up: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const seen = new Recorder(t, near, 7);
      writeAll(far, pattern(3, 1000));
      fds.close(far);
      await seen.ended();
      assert.deepEqual(seen.received(), pattern(3, 1000));
      assert.deepEqual(seen.ends, [hangUp[kind]]);
      await assertSilent(seen);
    });
  }

  // The master of a pty takes octets although nobody has the slave open.
  for (const kind of ['pty slave', 'socket'] as const) {
    it(`ends by a write: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const seen = new Recorder(t, near);
      fds.close(far);
      assert.equal(seen.stream.write(new Uint8Array(10), 0, 10), 0);
      assert.deepEqual(seen.ends, [], 'not from within the call');
      assert.equal(seen.stream.write(new Uint8Array(10), 0, 10), 0);
      assert.equal(seen.stream.read(new Uint8Array(10)), 0);
      await seen.ended();
      assert.deepEqual(seen.ends, [{ kind: 'error', code: kind === 'socket' ? 'EPIPE' : 'EIO' }]);
      await assertSilent(seen);
    });
  }

  it('names a reset', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = open(fds, 'socket');
    const seen = new Recorder(t, near, 3);
    writeAll(far, pattern(5, 10));
    writeAll(near, pattern(6, 10));
    fds.close(far); // Its unread octets make it a reset.
    await seen.ended();
    assert.deepEqual(seen.ends, [{ kind: 'error', code: 'ECONNRESET' }]);
    await assertSilent(seen);
  });

  it('does not call a stream that was stopped just before its end was told', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = open(fds, 'socket');
    const seen = new Recorder(t, near);
    fds.close(far);
    assert.equal(seen.stream.read(new Uint8Array(10)), 0);
    seen.stream.stop();
    await assertSilent(seen);
    assert.deepEqual(seen.ends, []);
  });

  it('may be stopped within a handler', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = open(fds, 'socket');
    const calls: string[] = [];
    const stream = new FdStream(near);
    stream.start({
      readable: () => {
        calls.push('readable');
        stream.stop();
        fds.close(near);
      },
      writable: () => calls.push('writable'),
      ended: () => calls.push('ended'),
    });
    stream.watchWritable(true);
    writeAll(far, pattern(1, 1));
    await eventually(() => calls.includes('readable'), 10_000, 'a call');
    const before = calls.length;
    await turns(20);
    assert.equal(calls.length, before);
    assert.equal(calls.at(-1), 'readable');
  });

  it('is not started twice, and does nothing before it is started', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = open(fds, 'socket');
    writeAll(far, pattern(1, 10));
    const stream = new FdStream(near);
    assert.deepEqual(
      [stream.read(new Uint8Array(5)), stream.write(new Uint8Array(5), 0, 5), stream.unsent()],
      [0, 0, 0],
    );
    const handlers: StreamHandlers = { readable: () => undefined, writable: () => undefined, ended: () => undefined };
    stream.start(handlers);
    t.after(() => {
      stream.stop();
    });
    assert.throws(() => {
      stream.start(handlers);
    }, /started already/);
    assert.equal(stream.read(new Uint8Array(5)), 5);
  });

  it('tells what is unsent', (t) => {
    const fds = new Descriptors(t);
    const [near] = open(fds, 'socket');
    const seen = new Recorder(t, near);
    assert.equal(seen.stream.unsent(), 0);
    assert.equal(seen.stream.write(new Uint8Array(100), 0, 100), 100);
    assert.equal(seen.stream.write(new Uint8Array(100), 100, 0), 0);
    assert.ok(seen.stream.unsent() >= 100);
  });

  for (const kind of ['pty master', 'socket'] as const) {
    it(`sees the end of a program: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const program = spawn('sh', ['-c', 'printf hello'], { stdio: [far, far, 'inherit'] });
      const exit = once(program, 'exit');
      const seen = new Recorder(t, near);
      fds.close(far);
      await seen.ended();
      assert.equal(Buffer.from(seen.received()).toString(), 'hello');
      assert.deepEqual(seen.ends, [hangUp[kind]]);
      assert.deepEqual(await within(exit, 10_000, 'the exit of sh'), [0, null]);
    });
  }
});

describe('FdStream in a worker', () => {
  for (const kind of kinds) {
    it(`carries octets both ways and tells the end: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind, 4096);
      const worker = echo(t, near);
      const exchange = new Exchange(t, far, 100_000);
      exchange.begin(9);
      await eventually(() => exchange.done, 60_000, 'the echo');
      assert.deepEqual(exchange.received, pattern(9, 100_000));
      exchange.stream.stop();
      const said = nextMessage(worker);
      fds.close(far);
      assert.deepEqual(await said, { ended: hangUp[kind] });
      const calls = [await ask(worker), await ask(worker), await ask(worker)];
      assert.deepEqual(calls, [calls[0], calls[0], calls[0]], 'nothing is called after the end');
    });

    it(`lets go when told to, and when it is terminated: ${kind}`, async (t) => {
      const fds = new Descriptors(t);
      const [near, far] = open(fds, kind);
      const stopped = echo(t, near);
      const exit = once(stopped, 'exit');
      await ask(stopped);
      stopped.postMessage('stop');
      assert.deepEqual(await within(exit, 20_000, 'the end of a worker without a stream'), [0]);
      const terminated = echo(t, near);
      await ask(terminated);
      await within(terminated.terminate(), 20_000, 'its end');
      const seen = new Recorder(t, near);
      writeAll(far, pattern(7, 100));
      await eventually(() => seen.received().length === 100, 10_000, 'octets for this thread');
    });
  }
});

/** Keeps all that a stream calls and gives. It reads `most` octets at a time; 0: it doesn't read. */
class Recorder {
  readonly stream: FdStream;
  readonly ends: StreamEnd[] = [];
  calls = 0;
  readonly #octets: number[] = [];

  constructor(test: TestContext, fd: number, most = 4096) {
    const buffer = new Uint8Array(most);
    this.stream = new FdStream(fd);
    this.stream.start({
      readable: () => {
        this.calls += 1;
        if (most > 0) this.#octets.push(...buffer.subarray(0, this.stream.read(buffer)));
      },
      writable: () => {
        this.calls += 1;
      },
      ended: (end) => this.ends.push(end),
    });
    test.after(() => {
      this.stream.stop();
    });
  }

  received(): Uint8Array {
    return Uint8Array.from(this.#octets);
  }

  async ended(): Promise<void> {
    await eventually(() => this.ends.length > 0, 10_000, 'the end');
  }
}

/** One end of a conversation: sends a pattern while it receives as many octets, some at a time. */
class Exchange {
  readonly stream: FdStream;
  readonly received: Uint8Array;
  readonly ends: StreamEnd[] = [];
  calls = 0;
  partialWrites = 0;
  wakeUps = 0;
  #got = 0;
  #sent = 0;
  #outgoing: Uint8Array = new Uint8Array(0);

  constructor(test: TestContext, fd: number, length: number) {
    this.received = new Uint8Array(length);
    this.stream = new FdStream(fd);
    test.after(() => {
      this.stream.stop();
    });
  }

  get done(): boolean {
    return this.#got === this.received.length && this.#sent === this.#outgoing.length;
  }

  begin(seed: number): void {
    this.#outgoing = pattern(seed, this.received.length);
    const buffer = new Uint8Array(700);
    this.stream.start({
      readable: () => {
        this.calls += 1;
        const count = this.stream.read(buffer);
        this.received.set(buffer.subarray(0, count), this.#got);
        this.#got += count;
      },
      writable: () => {
        this.calls += 1;
        this.wakeUps += 1;
        this.#send();
      },
      ended: (end) => this.ends.push(end),
    });
    this.#send();
  }

  #send(): void {
    for (;;) {
      const length = Math.min(5000, this.#outgoing.length - this.#sent);
      const count = this.stream.write(this.#outgoing, this.#sent, length);
      this.#sent += count;
      if (count > 0 && count < length) this.partialWrites += 1;
      if (count === 0) break;
    }
    this.stream.watchWritable(this.#sent < this.#outgoing.length);
  }
}

/** The near and the far end. */
function open(fds: Descriptors, kind: Kind, bufferBytes = 0): readonly [number, number] {
  if (kind === 'socket') return fds.sockets(bufferBytes);
  const { master, slave } = fds.pty();
  return kind === 'pty master' ? [master, slave] : [slave, master];
}

/** Octets in a row that does not repeat soon. */
function pattern(seed: number, length: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (state * 75 + 74) % 65_537) & 0xff);
}

async function assertSilent(seen: Recorder): Promise<void> {
  const { calls } = seen;
  const ends = seen.ends.length;
  await turns(100);
  assert.deepEqual([seen.calls, seen.ends.length], [calls, ends], 'nothing is called after the end');
}

function echo(test: TestContext, fd: number): Worker {
  const worker = new Worker(new URL('./fd-stream-echo.js', import.meta.url), { workerData: fd });
  test.after(() => worker.terminate());
  return worker;
}

/** Any message makes the echo say how often its stream has called it. */
async function ask(worker: Worker): Promise<unknown> {
  const answer = nextMessage(worker);
  worker.postMessage('calls');
  return await answer;
}

async function nextMessage(worker: Worker): Promise<unknown> {
  const message: unknown[] = await within(once(worker, 'message'), 20_000, 'a message of the worker');
  return message[0];
}
