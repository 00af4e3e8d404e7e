/** The source of dialed lines on real descriptors: what it hands on, gives back, tells, and how it ends what was begun. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { encodeText } from '../../src/base/text.js';
import { DialedLineSource, type DialParts } from '../../src/dial/dialed-line.js';
import { DescriptorLine } from '../../src/line/descriptor-line.js';
import { LineError, type Line, type LineSource } from '../../src/line/line.js';
import { ReplayStream } from '../../src/line/replay-stream.js';
import { createLineSource } from '../../src/line/source.js';
import { streamOf } from '../../src/line/telnet-stream.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { native } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';
import { Exchange } from '../support/hayes-exchange.js';
import { ModemPort } from '../support/hayes-pty.js';
import { MemoryLog, PATIENCE_MS, scratch, send } from '../line/rig.js';
import { dialOptions } from './rig.js';

const lcp = Uint8Array.of(0x7e, 0xff, 0x7d, 0x23, 0xc0, 0x21, 0x7d, 0x21);

/** One end of a socket pair as the line; the test has the other end. */
class Bench implements LineSource {
  far = -1;
  opened = 0;
  closed = 0;
  readonly told: string[] = [];

  constructor(t: TestContext) {
    t.after(() => {
      if (this.far >= 0) native.close(this.far);
    });
  }

  open(): Promise<Line> {
    const [near, far] = native.socketPair(0);
    if (this.far >= 0) native.close(this.far);
    this.far = far;
    this.opened++;
    const release = (): void => {
      this.closed++;
      native.close(near);
    };
    const explain = () => cause('line-closed', 'bench');
    return Promise.resolve(new DescriptorLine({ fd: near, name: 'bench', speed: 115200, explain, release }));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  handable(line: Line | undefined): number | undefined {
    return line?.fd;
  }

  handOver(line: Line | undefined): ReturnType<LineSource['handOver']> {
    assert.ok(line instanceof DescriptorLine, 'it gets its own line');
    return Promise.resolve({ kind: 'socket', fd: line.fd, name: line.name });
  }

  parts(more: Partial<DialParts> = {}): DialParts {
    return {
      scheduler: systemScheduler,
      tell: (level, message) => {
        this.told.push(`${level}: ${message}`);
      },
      readSecret: () => Promise.reject(new Error('no such file')),
      ...more,
    };
  }
}

async function refusal(source: LineSource): Promise<string> {
  try {
    await within(source.open(new AbortController().signal), PATIENCE_MS, 'the refusal');
  } catch (error) {
    assert.ok(error instanceof LineError, String(error));
    return `${error.reason.code}: ${error.reason.detail ?? ''}`;
  }
  throw new Error('it opened');
}

describe('a source of dialed lines', () => {
  it('gives a line that begins with what came behind the conversation', async (t) => {
    const bench = new Bench(t);
    const source = new DialedLineSource(bench, dialOptions('modem: windows-server'), bench.parts());
    const opening = source.open(new AbortController().signal);
    await eventually(() => bench.far >= 0, PATIENCE_MS, 'the line is open');
    assert.equal(source.activity, 'waiting for CLIENT');
    await send(bench.far, Buffer.concat([Buffer.from('CLIENT'), lcp]));
    const line = await within(opening, PATIENCE_MS, 'the call');
    assert.deepEqual(Buffer.from(line.initial ?? []), Buffer.from(lcp));
    assert.equal(source.handable(line), line.fd);
    assert.deepEqual(await source.handOver(line), { kind: 'socket', fd: line.fd, name: 'bench' });

    const stream = streamOf(line);
    assert.ok(stream instanceof ReplayStream);
    const seen: number[] = [];
    stream.start({
      readable: () => {
        const buffer = new Uint8Array(5);
        seen.push(...buffer.subarray(0, stream.read(buffer)));
        if (seen.length < lcp.length) seen.push(...buffer.subarray(0, stream.read(buffer)));
      },
      writable: () => undefined,
      ended: () => undefined,
    });
    await eventually(() => seen.length >= lcp.length, PATIENCE_MS, 'what came first');
    await send(bench.far, encodeText('more'));
    await eventually(() => seen.length >= lcp.length + 4, PATIENCE_MS, 'what came then');
    stream.stop();
    assert.deepEqual(seen, [...lcp, ...encodeText('more')]);
    await line.close();
    await line.close();
    assert.equal(bench.closed, 1);
  });

  it('says nothing on a line that an earlier process dialed, the first time', async (t) => {
    const bench = new Bench(t);
    const source = new DialedLineSource(bench, dialOptions('number: 200'), bench.parts({ connected: true }));
    const line = await within(source.open(new AbortController().signal), PATIENCE_MS, 'the line');
    assert.equal(native.read(bench.far, new Uint8Array(16), 0, 16), -native.EAGAIN);
    assert.deepEqual([line.speed, line.initial], [115200, undefined]);
    const ended = line.explain({ kind: 'eof' });
    assert.equal((await ended).code, 'line-closed');
    await line.close();
    assert.deepEqual(bench.told, []);
  });

  it('opens nothing without its secrets, and without its script', async (t) => {
    const bench = new Bench(t);
    const folder = scratch(t);
    const script = join(folder, 'script');
    const open = (...lines: string[]): Promise<string> =>
      refusal(new DialedLineSource(bench, dialOptions(...lines), bench.parts()));
    assert.equal(await open('login: {user: ann, secret: {file: /x}}'), 'secrets-failed: no such file');
    assert.match(await open(`chat: {file: ${script}}`), /^chat-failed: .*script: .*ENOENT/);
    writeFileSync(script, "ogin: ann\nword: 'never closed\n");
    assert.match(await open(`chat: {file: ${script}}`), /^chat-failed: .*script:2:7: the quote '/);
    assert.equal(bench.opened, 0);
  });

  it('runs a script from a file, and what that takes from another', async (t) => {
    const bench = new Bench(t);
    const folder = mkdtempSync(join(tmpdir(), 'linkd-dial-'));
    t.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    writeFileSync(join(folder, 'script'), `ogin: ann\nword: @${folder}/password\n'>' ppp\n`);
    writeFileSync(join(folder, 'password'), 'hunter2\n');
    const options = dialOptions(`chat: {file: ${folder}/script}`);
    const source = new DialedLineSource(bench, options, bench.parts());
    const opening = source.open(new AbortController().signal);
    await eventually(() => bench.far >= 0, PATIENCE_MS, 'the line is open');
    await send(bench.far, encodeText('login: '));
    await heard(bench.far, 'ann\r');
    await send(bench.far, encodeText('Password: '));
    await heard(bench.far, 'hunter2\r');
    await send(bench.far, encodeText('hunter2?\r\n> '));
    await (await within(opening, PATIENCE_MS, 'the script')).close();
    assert.ok(!bench.told.join().includes('hunter2'), bench.told.join('\n'));
  });

  it('tells a conversation that failed once for each cause, and gives the line back', async (t) => {
    const bench = new Bench(t);
    const source = new DialedLineSource(bench, dialOptions('chat: "TIMEOUT 1 ogin: ann"'), bench.parts());
    for (let attempt = 0; attempt < 2; attempt++)
      assert.match(await refusal(source), /^chat-failed: \(ogin:\) didn't come in time/);
    assert.equal(bench.told.filter((line) => line.startsWith('warn: the conversation was: ')).length, 1);
    assert.deepEqual([bench.opened, bench.closed, source.activity], [2, 2, undefined]);
  });

  it('ends with the cause of a line that ends', async (t) => {
    const bench = new Bench(t);
    const source = new DialedLineSource(bench, dialOptions('login: {user: ann}'), bench.parts());
    const opening = refusal(source);
    await eventually(() => bench.far >= 0, PATIENCE_MS, 'the line is open');
    native.close(bench.far);
    bench.far = -1;
    assert.equal(await opening, 'line-closed: bench');
    assert.equal(bench.closed, 1);
  });
});

describe('a call that is no longer wanted', () => {
  it('is given up while it rings, and the port is free at once', async (t) => {
    const exchange = new Exchange(systemScheduler, { ringMs: 50 });
    const folder = scratch(t);
    const port = new ModemPort(join(folder, 'modem'), exchange, { digitMs: 1 });
    const other = new ModemPort(join(folder, 'other'), exchange);
    t.after(() => {
      port.close();
      other.close();
    });
    exchange.subscribe('200', other.modem);
    const serial = { kind: 'serial', device: port.path, speed: 115200, flow: 'none', carrier: 'auto' } as const;
    const told: string[] = [];
    const source = new DialedLineSource(
      createLineSource(serial, { log: new MemoryLog(), lockDir: folder }),
      dialOptions('number: 200'),
      {
        scheduler: systemScheduler,
        tell: (_, message) => {
          told.push(message);
        },
        readSecret: () => Promise.reject(new Error('none')),
      },
    );
    t.after(() => source.dispose());
    const wanted = new AbortController();
    const opening = source.open(wanted.signal);
    await eventually(() => exchange.calls === 1, PATIENCE_MS, 'it rings');
    assert.equal(source.activity, 'dialing 200');
    const reason = new Error('enough');
    wanted.abort(reason);
    await assert.rejects(within(opening, PATIENCE_MS, 'the end'), (error) => error === reason);
    assert.equal(exchange.calls, 0);
    assert.ok(told.includes('hanging up'), told.join('\n'));
    const again = new AbortController();
    const second = source.open(again.signal);
    await eventually(() => exchange.calls === 1, PATIENCE_MS, 'it rings again');
    again.abort(reason);
    await assert.rejects(within(second, PATIENCE_MS, 'the end'), (error) => error === reason);
  });
});

async function heard(fd: number, text: string): Promise<void> {
  let got = '';
  const buffer = new Uint8Array(64);
  await eventually(
    () => {
      const count = native.read(fd, buffer, 0, buffer.length);
      if (count > 0) got += Buffer.from(buffer.subarray(0, count)).toString('latin1');
      return got === text;
    },
    PATIENCE_MS,
    JSON.stringify(text),
  );
}
