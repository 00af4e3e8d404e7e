/** The log on an output that stalls, fails or dies: nothing blocks, nothing throws, and what was lost is told. */
import assert from 'node:assert/strict';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, afterEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { LogStream } from '../../src/bin/log-stream.js';
import { streamLogger } from '../../src/bin/logger.js';
import { TempDir } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { must, run } from '../support/process.js';

const logger = pathToFileURL(join(import.meta.dirname, '../../src/bin/logger.js')).href;

/** All that waits in the pipe. */
function readAll(fd: number): string {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65_536);
  try {
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) chunks.push(Buffer.from(chunk.subarray(0, n)));
  } catch (error) {
    assert.match(String(error), /EAGAIN/);
  }
  return Buffer.concat(chunks).toString();
}

describe('LogStream', () => {
  let dir: TempDir;
  let fifo: string;
  let reader: number;
  let writer: number;
  let told: number[];
  let stream: LogStream;
  before(async () => {
    dir = await TempDir.create();
    fifo = dir.file('fifo');
    await must('mkfifo', [fifo]);
  });
  beforeEach(() => {
    reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    told = [];
    stream = new LogStream(writer, (dropped) => {
      told.push(dropped);
      stream.write(`lost ${dropped}\n`);
    });
  });
  afterEach(() => {
    closeSync(reader);
    closeSync(writer);
  });
  after(() => dir.dispose());

  it('writes a line before the call returns', () => {
    stream.write('one\n');
    assert.equal(readAll(reader), 'one\n');
  });

  it('keeps what a stalled reader leaves, up to a bound, and tells what was dropped when it reads again', async () => {
    const sent = 3000;
    for (let i = 0; i < sent; i += 1) stream.write(`${i} ${'x'.repeat(1000)}\n`);
    const { dropped } = stream;
    assert.ok(dropped > 1000 && dropped < 2500, `${dropped} were dropped`);
    let text = '';
    await eventually(() => (text += readAll(reader)).includes('lost'), 20_000, 'the report');
    assert.deepEqual(told, [dropped]);
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.pop(), `lost ${dropped}`);
    assert.deepEqual(
      lines.map((line) => Number.parseInt(line, 10)),
      Array.from({ length: sent - dropped }, (_, i) => i),
    );
  });

  it('gives up a flush at its time', () => {
    for (let i = 0; i < 200; i += 1) stream.write(`${'x'.repeat(1000)}\n`);
    const start = performance.now();
    stream.flush(50);
    const took = performance.now() - start;
    assert.ok(took >= 50 && took < 5000, `${took} ms`);
  });

  it('outlives a dead reader, and goes on with a new one on a line of its own', () => {
    // Longer than PIPE_BUF: the pipe takes a part of the last one.
    for (let i = 0; i < 20; i += 1) stream.write(`${i} ${'x'.repeat(10_000)}\n`);
    closeSync(reader);
    stream.flush(0);
    const { dropped } = stream;
    assert.ok(dropped > 0 && dropped < 20, `${dropped} were dropped`);
    stream.write('nobody hears\n');
    assert.equal(stream.dropped, dropped + 1);
    reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const old = readAll(reader);
    stream.write('back\n');
    const lines = (old + readAll(reader)).trimEnd().split('\n');
    assert.deepEqual(lines.slice(-2), ['back', `lost ${dropped + 1}`]);
    assert.match(lines.at(-3) ?? '', /^\d+ x+$/);
    assert.equal(stream.dropped, 0);
  });
});

for (const logFormat of ['json', 'pretty'] as const) {
  describe(`the logger, ${logFormat}`, () => {
    it('does not throw on a full disk, and counts every line', async () => {
      const full = openSync('/dev/full', 'w');
      try {
        const out = new LogStream(full, () => assert.fail('nothing flows'));
        const log = await streamLogger({ logLevel: 'debug', logFormat }, out);
        for (let i = 0; i < 10; i += 1) log.error({ err: new Error('x') }, 'line');
        assert.equal(out.dropped, 10);
      } finally {
        closeSync(full);
      }
    });

    it('does not throw for a value that can not be logged', async () => {
      const out = new LogStream(-1, () => assert.fail('nothing flows'));
      const log = await streamLogger({ logLevel: 'debug', logFormat }, out);
      const hostile = {
        get trap(): string {
          throw new Error('trap');
        },
      };
      log.error(hostile, 'line');
      assert.equal(out.dropped, 1);
    });

    it('has printed every line when the process exits', async () => {
      const script = `import { createLogger } from ${JSON.stringify(logger)};
        const log = await createLogger({ logLevel: 'info', logFormat: '${logFormat}' });
        for (let i = 0; i < 500; i += 1) log.info({ i }, 'said ' + 'x'.repeat(1000));
        process.exit(0);`;
      const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.match(/said/g)?.length, 500);
    });
  });
}
