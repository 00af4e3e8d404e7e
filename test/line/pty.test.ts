/** The pty that linkd publishes: opened, hung up, opened again, and taken away. */
import assert from 'node:assert/strict';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Line } from '../../src/line/line.js';
import { PtySource } from '../../src/line/pty.js';
import { native } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import { must } from '../support/process.js';
import {
  assertAborts,
  assertCarries,
  assertLeaksNothing,
  assertRefused,
  endOf,
  everyOctet,
  FakePort,
  MemoryLog,
  openLine,
  owned,
  PATIENCE_MS,
  receive,
  scratch,
  send,
} from './rig.js';

interface Bench {
  readonly link: string;
  readonly source: PtySource;
  readonly log: MemoryLog;
}

function bench(t: TestContext): Bench {
  const link = join(scratch(t), 'com1');
  const log = new MemoryLog();
  return { link, log, source: owned(t, new PtySource({ kind: 'pty', link, speed: 57600 }, log)) };
}

/** A program at the other end: it opens the pty by its link, as soon as that is there. */
class Slave {
  readonly fd: number;
  #open = true;

  private constructor(t: TestContext, fd: number) {
    this.fd = fd;
    t.after(() => {
      this.close();
    });
  }

  static async open(t: TestContext, link: string): Promise<Slave> {
    await eventually(() => existsSync(link), PATIENCE_MS, 'the link is published');
    return new Slave(t, openSync(link, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  }

  close(): void {
    if (this.#open) closeSync(this.fd);
    this.#open = false;
  }
}

async function connect(t: TestContext, { link, source }: Bench): Promise<{ line: Line; slave: Slave }> {
  const [line, slave] = await Promise.all([openLine(t, source), Slave.open(t, link)]);
  return { line, slave };
}

describe('a pty line', () => {
  it('opens when a program opens the published slave, and carries octets both ways', async (t) => {
    const pty = bench(t);
    const { line, slave } = await connect(t, pty);
    assert.equal(line.name, pty.link);
    assert.equal(line.speed, 57600);
    await assertCarries(line.fd, slave.fd);
  });

  it('waits for the program, without spinning', async (t) => {
    const { source } = bench(t);
    const controller = new AbortController();
    const reason = new Error('enough');
    let opened = false;
    const opening = source.open(controller.signal).then(() => (opened = true));
    const before = process.cpuUsage();
    await sleep(1000);
    const { user, system } = process.cpuUsage(before);
    assert.equal(opened, false);
    assert.ok(user + system < 500_000, `${user + system} µs of CPU in a second`);
    controller.abort(reason);
    await assert.rejects(opening, (error) => error === reason);
  });

  it('loses nothing of what the program says first', async (t) => {
    const pty = bench(t);
    const opening = openLine(t, pty.source);
    const slave = await Slave.open(t, pty.link);
    await send(slave.fd, everyOctet);
    assert.deepEqual(await receive((await opening).fd, 256), everyOctet);
  });

  it('ends when the program closes the slave, and waits for the next one', async (t) => {
    const pty = bench(t);
    for (let round = 0; round < 3; round++) {
      const { line, slave } = await connect(t, pty);
      await assertCarries(line.fd, slave.fd);
      slave.close();
      assert.equal(await endOf(line.fd), 'EIO');
      assert.deepEqual(await line.explain({ kind: 'error', code: 'EIO' }), { code: 'line-hangup', detail: pty.link });
      assert.deepEqual(await line.explain({ kind: 'eof' }), { code: 'line-hangup', detail: pty.link });
      await line.close();
      await assertAborts(pty.source, (abort) => {
        setTimeout(abort, 300);
      });
    }
    assert.equal(pty.log.of('info').length, 1);
  });

  it('serves a program that stays through many lines, without what came in between', async (t) => {
    const pty = bench(t);
    const { line, slave } = await connect(t, pty);
    await line.close();
    await send(slave.fd, everyOctet);
    const second = await openLine(t, pty.source);
    await assertCarries(second.fd, slave.fd);
  });

  it('does not show the next program what the last one left', async (t) => {
    const pty = bench(t);
    const first = await connect(t, pty);
    await send(first.slave.fd, everyOctet);
    first.slave.close();
    await first.line.close();
    const second = await connect(t, pty);
    const buffer = new Uint8Array(16);
    assert.equal(native.read(second.line.fd, buffer, 0, 16), -native.EAGAIN);
    await assertCarries(second.line.fd, second.slave.fd);
  });

  it('is raw again after a program that set it otherwise', async (t) => {
    const pty = bench(t);
    const first = await connect(t, pty);
    await must('stty', ['-F', pty.link, 'sane']);
    first.slave.close();
    await first.line.close();
    const second = await connect(t, pty);
    await assertCarries(second.line.fd, second.slave.fd);
  });

  it('takes its link away in the end, and the far end sees a hang-up', async (t) => {
    const pty = bench(t);
    const { line, slave } = await connect(t, pty);
    await line.close();
    await pty.source.dispose();
    await pty.source.dispose();
    assert.throws(() => lstatSync(pty.link), { code: 'ENOENT' });
    assert.match(await endOf(slave.fd), /^(eof|EIO)$/);
  });

  it('publishes its link again when someone removed it', async (t) => {
    const pty = bench(t);
    const first = await connect(t, pty);
    unlinkSync(pty.link);
    await first.line.close();
    const second = await openLine(t, pty.source);
    const slave = await Slave.open(t, pty.link);
    await assertCarries(second.fd, slave.fd);
  });

  it('replaces a link that leads nowhere, as a killed linkd leaves it', async (t) => {
    const pty = bench(t);
    symlinkSync('/dev/pts/999999', pty.link);
    const opening = openLine(t, pty.source);
    await eventually(() => readlinkSync(pty.link) !== '/dev/pts/999999', PATIENCE_MS, 'the link is replaced');
    const slave = await Slave.open(t, pty.link);
    await assertCarries((await opening).fd, slave.fd);
  });

  it("does not replace what isn't its own", async (t) => {
    const file = bench(t);
    writeFileSync(file.link, 'precious');
    await assertRefused(file.source, 'listen-failed', /com1: .*not a symbolic link/);
    const foreign = bench(t);
    const { path } = new FakePort(t);
    symlinkSync(path, foreign.link);
    await assertRefused(foreign.source, 'listen-failed', new RegExp(`com1: it leads to ${path}, which is not linkd's`));
    await foreign.source.dispose();
    assert.equal(readlinkSync(foreign.link), path);
    const nowhere = new PtySource({ kind: 'pty', link: join(file.link, 'below') }, new MemoryLog());
    await assertRefused(owned(t, nowhere), 'listen-failed', /below/);
  });

  it('leaks nothing, opened or aborted', async (t) => {
    const link = join(scratch(t), 'com1');
    await assertLeaksNothing(async () => {
      const pty = { link, log: new MemoryLog(), source: new PtySource({ kind: 'pty', link }, new MemoryLog()) };
      await assert.rejects(pty.source.open(AbortSignal.abort(new Error('early'))), /early/);
      await assertAborts(pty.source, (abort) => {
        abort();
      });
      await assertAborts(pty.source, (abort) => {
        setTimeout(abort, 250);
      });
      const { line, slave } = await connect(t, pty);
      slave.close();
      await Promise.all([line.close(), line.close()]);
      await pty.source.dispose();
    });
    assert.ok(!existsSync(link));
  });
});
