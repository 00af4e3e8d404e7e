/** Serial ports are ptys here, as for many a user; what a pty lacks (modem lines) is added to a real port by a small shim. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  constants,
  openSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Cause } from '../../src/base/cause.js';
import type { Line } from '../../src/line/line.js';
import type { SerialOptions } from '../../src/line/options.js';
import { openSerialPort } from '../../src/line/serial-port.js';
import { SerialSource } from '../../src/line/serial.js';
import { native } from '../../src/native/binding.js';
import { createLineSource } from '../../src/line/source.js';
import { eventually, within } from '../support/eventually.js';
import { Child, must } from '../support/process.js';
import {
  assertAborts,
  assertCarries,
  assertLeaksNothing,
  assertRefused,
  endOf,
  FakePort,
  MemoryLog,
  openLine,
  PATIENCE_MS,
  scratch,
  send,
} from './rig.js';

function options(device: string, more: Partial<SerialOptions> = {}): SerialOptions {
  return { kind: 'serial', device, speed: 115200, flow: 'none', carrier: 'auto', ...more };
}

interface Bench {
  readonly port: FakePort;
  readonly lockDir: string;
  readonly log: MemoryLog;
  readonly source: (more?: Partial<SerialOptions>) => SerialSource;
}

function bench(t: TestContext): Bench {
  const port = new FakePort(t);
  const lockDir = scratch(t);
  const log = new MemoryLog();
  return { port, lockDir, log, source: (more) => new SerialSource(options(port.path, more), log, lockDir) };
}

/** What `stty` says of a terminal: its settings and its speed. */
async function stty(path: string, ...args: string[]): Promise<string> {
  return must('stty', ['-F', path, ...args]);
}

describe('a serial line', () => {
  for (const flow of ['none', 'rtscts', 'xonxoff'] as const) {
    it(`carries octets both ways, with flow control ${flow}`, async (t) => {
      const { port, source } = bench(t);
      const line = await openLine(t, source({ flow }));
      assert.equal(line.name, port.path);
      assert.equal(line.speed, 115200);
      if (flow !== 'xonxoff') await assertCarries(line.fd, port.master);
      const settings = await stty(port.path, '-a');
      assert.match(settings, flow === 'rtscts' ? / crtscts/ : / -crtscts/);
      assert.match(settings, flow === 'xonxoff' ? / ixon ixoff/ : / -ixon -ixoff/);
    });
  }

  it('is raw, whatever the terminal was before', async (t) => {
    const { port, source } = bench(t);
    await stty(port.path, 'sane');
    const line = await openLine(t, source());
    await assertCarries(line.fd, port.master);
    const settings = await stty(port.path, '-a');
    for (const off of ['icanon', 'echo', 'isig', 'opost', 'icrnl', 'istrip', 'parenb', 'iexten']) {
      assert.match(settings, new RegExp(`-${off}\\b`), off);
    }
    assert.match(settings, / cs8 hupcl .* cread clocal/);
  });

  for (const speed of [300, 115_200, 4_000_000, 12_345, 74_880, 250_000]) {
    it(`runs at ${speed} baud`, async (t) => {
      const { port, source } = bench(t);
      const line = await openLine(t, source({ speed }));
      assert.equal(line.speed, speed);
      await line.close();
      const opened = await openSerialPort(port.path, speed, 'none');
      t.after(() => opened.close());
      assert.equal(await opened.speed(), speed);
    });
  }

  it("names a speed that the driver can't make", async (t) => {
    const { port, lockDir, log } = bench(t);
    const made = { speed: 9600 };
    const source = new SerialSource(options(port.path), log, lockDir, {
      openPort: async (...args) => ({
        ...(await openSerialPort(...args)),
        speed: () => Promise.resolve(made.speed),
      }),
    });
    await assertRefused(source, 'device-failed', /at 115200 baud: the driver makes it 9600 baud/);
    assert.deepEqual(readdirSync(lockDir), []);
    made.speed = 114_943;
    await openLine(t, source);
  });

  it('names what keeps it from opening', async (t) => {
    const folder = scratch(t);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const dangling = join(folder, 'dangling');
    symlinkSync(join(folder, 'none'), dangling);
    const refusal = (device: string, ...expected: [Parameters<typeof assertRefused>[1], RegExp]): Promise<void> =>
      assertRefused(createLineSource(options(device), { log: new MemoryLog(), lockDir: folder }), ...expected);
    await refusal(join(folder, 'none'), 'device-missing', /none/);
    await refusal(dangling, 'device-missing', /dangling/);
    await refusal(join(file, 'below'), 'device-missing', /below/);
    await refusal(file, 'device-failed', /not a character device/);
    await refusal('/dev/null', 'device-failed', /\/dev\/null: .*ioctl/);
    assert.deepEqual(readdirSync(folder).sort(), ['dangling', 'file']);
  });

  it('names a device that we may not use', async (t) => {
    const { port, lockDir, source } = bench(t);
    chmodSync(lockDir, 0o777);
    chmodSync(port.path, 0o600);
    await asNobody(async () => {
      await assertRefused(source(), 'device-denied', /pts/);
    });
    assert.deepEqual(readdirSync(lockDir), []);
  });

  it('finds its device anew by its link at each opening', async (t) => {
    const folder = scratch(t);
    const ports = [new FakePort(t), new FakePort(t)];
    const byId = join(folder, 'usb-FTDI_1234-if00-port0');
    const source = new SerialSource(options(byId), new MemoryLog(), folder);
    await assertRefused(source, 'device-missing', /usb-FTDI/);
    for (const port of ports) {
      symlinkSync(port.path, byId);
      const line = await openLine(t, source);
      assert.equal(line.name, byId);
      await assertCarries(line.fd, port.master);
      await line.close();
      rmSync(byId);
    }
  });

  it('says that the device was unplugged when its node is gone', async (t) => {
    const { port, source } = bench(t);
    const line = await openLine(t, source());
    port.unplug();
    const code = await endOf(line.fd);
    const end = code === 'eof' ? ({ kind: 'eof' } as const) : ({ kind: 'error', code } as const);
    assertCause(await line.explain(end), 'device-unplugged', port.path);
  });

  it('says that the device was unplugged when its name leads elsewhere', async (t) => {
    const folder = scratch(t);
    const [first, second] = [new FakePort(t), new FakePort(t)];
    const byId = join(folder, 'by-id');
    symlinkSync(first.path, byId);
    const line = await openLine(t, new SerialSource(options(byId), new MemoryLog(), folder));
    symlinkSync(second.path, `${byId}.new`);
    renameSync(`${byId}.new`, byId);
    assertCause(await line.explain({ kind: 'error', code: 'EIO' }), 'device-unplugged', first.path);
  });

  it('says that it was hung up when the device is still there', async (t) => {
    const { port, source } = bench(t);
    const line = await openLine(t, source());
    assertCause(await line.explain({ kind: 'eof' }), 'line-hangup', port.path);
    assertCause(await line.explain({ kind: 'error', code: 'EIO' }), 'line-hangup', 'EIO');
  });

  it('closes twice, and after an unplug', async (t) => {
    const { port, lockDir, source } = bench(t);
    const line = await openLine(t, source());
    port.unplug();
    await Promise.all([line.close(), line.close()]);
    await line.close();
    assert.deepEqual(readdirSync(lockDir), []);
  });

  it('closes in bounded time although the far end takes nothing', async (t) => {
    const { port, source } = bench(t);
    const line = await openLine(t, source({ flow: 'xonxoff' }));
    // The far end stops us by an XOFF, and what we write stays.
    await send(port.master, Uint8Array.of(0x13));
    const octets = new Uint8Array(4096);
    await eventually(() => native.write(line.fd, octets, 0, 4096) === -native.EAGAIN, PATIENCE_MS, 'no room is left');
    await within(line.close(), PATIENCE_MS, 'the line closes');
    assert.ok(existsSync(port.path));
  });
});

describe('a serial port in use', () => {
  it('has a lock file as long as the line is open', async (t) => {
    const { port, lockDir, source } = bench(t);
    const name = `LCK..${port.path.slice('/dev/pts/'.length)}`;
    const line = await openLine(t, source());
    assert.deepEqual(readdirSync(lockDir), [name]);
    assert.equal(readFileSync(join(lockDir, name), 'utf8'), `${String(process.pid).padStart(10)}\n`);
    await line.close();
    assert.deepEqual(readdirSync(lockDir), []);
  });

  it('is refused by the lock file of a live program, which is named', async (t) => {
    const { port, lockDir, source } = bench(t);
    const holder = new Child('sleep', ['600']);
    t.after(() => holder.stop('SIGKILL'));
    const path = join(lockDir, `LCK..${port.path.slice('/dev/pts/'.length)}`);
    writeFileSync(path, `${String(holder.pid).padStart(10)}\n`);
    await assertRefused(source(), 'device-busy', new RegExp(`${port.path}: ${holder.pid} sleep`));
    await holder.stop('SIGKILL');
    const line = await openLine(t, source());
    await assertCarries(line.fd, port.master);
  });

  it('is refused to a second link of ours, and the first keeps its lock', async (t) => {
    const { lockDir, source } = bench(t);
    await openLine(t, source());
    await assertRefused(source(), 'device-busy', new RegExp(`: ${process.pid} `));
    assert.equal(readdirSync(lockDir).length, 1);
  });

  it('is refused by flock where lock files are not shared', async (t) => {
    const { port, source } = bench(t);
    const line = await openLine(t, source());
    const elsewhere = scratch(t);
    const other = new SerialSource(options(port.path), new MemoryLog(), elsewhere);
    await assertRefused(other, 'device-busy', /pts/);
    assert.deepEqual(readdirSync(elsewhere), []);
    await line.close();
    await openLine(t, other);
  });

  it('cannot be opened by programs that know no locks', async (t) => {
    const { port, source } = bench(t);
    chmodSync(port.path, 0o666);
    const line = await openLine(t, source());
    await asNobody(() => {
      assert.throws(() => openSync(port.path, constants.O_RDWR | constants.O_NOCTTY), { code: 'EBUSY' });
    });
    await line.close();
    await asNobody(() => {
      closeSync(openSync(port.path, constants.O_RDWR | constants.O_NOCTTY));
    });
  });

  it('that is a pty stays within reach of a linkd without rights, which may be killed', async (t) => {
    const { port, lockDir, source } = bench(t);
    chmodSync(port.path, 0o666);
    chmodSync(lockDir, 0o777);
    await asNobody(async () => {
      await openLine(t, source());
      closeSync(openSync(port.path, constants.O_RDWR | constants.O_NOCTTY));
    });
  });

  it('is usable without a lock folder, which is said once', async (t) => {
    const port = new FakePort(t);
    const log = new MemoryLog();
    const source = new SerialSource(options(port.path), log, join(scratch(t), 'none'));
    for (let i = 0; i < 3; i++) {
      const line = await openLine(t, source);
      await assertCarries(line.fd, port.master);
      await line.close();
    }
    assert.equal(log.of('warn').length, 1);
    assert.match(log.of('warn')[0]?.message ?? '', /no lock file/);
  });
});

describe('the carrier', () => {
  /** A source whose port is a pty with a carrier that the test switches; `undefined`: it can't be read. */
  function withCarrier(
    t: TestContext,
    carrier: SerialOptions['carrier'],
  ): {
    source: SerialSource;
    log: MemoryLog;
    port: FakePort;
    lockDir: string;
    set: (state: boolean | undefined) => void;
    looks: () => number;
  } {
    const { port, lockDir, log } = bench(t);
    let state: boolean | undefined = false;
    let looks = 0;
    const source = new SerialSource(options(port.path, { carrier }), log, lockDir, {
      openPort: async (...args) => ({
        ...(await openSerialPort(...args)),
        carrier: () => {
          looks++;
          return state === undefined ? Promise.reject(new Error('cannot get')) : Promise.resolve(state);
        },
      }),
    });
    const set = (next: boolean | undefined): void => {
      state = next;
    };
    return { source, log, port, lockDir, set, looks: () => looks };
  }

  /** Lets the poll look at least twice more. */
  async function looked(looks: () => number): Promise<void> {
    const before = looks();
    await eventually(() => looks() >= before + 2, PATIENCE_MS, 'two looks at the carrier');
  }

  for (const mode of ['auto', 'require'] as const) {
    it(`${mode}: ends the line when it was there and goes`, async (t) => {
      const { source, port, set, looks } = withCarrier(t, mode);
      set(true);
      const line = await openLine(t, source);
      await looked(looks);
      set(false);
      assertCause(await within(line.ended, PATIENCE_MS, 'the end'), 'carrier-lost', port.path);
    });
  }

  it('auto: a line without one opens and stays', async (t) => {
    const { source, set, looks } = withCarrier(t, 'auto');
    const line = await openLine(t, source);
    await looked(looks);
    assert.equal(await hasEnded(line), false);
    set(true);
    await looked(looks);
    assert.equal(await hasEnded(line), false);
    set(false);
    assert.equal((await within(line.ended, PATIENCE_MS, 'the end')).code, 'carrier-lost');
  });

  it('require: the opening waits for it', async (t) => {
    const { source, set, looks } = withCarrier(t, 'require');
    let opened = false;
    const opening = openLine(t, source).then(() => (opened = true));
    await looked(looks);
    assert.equal(opened, false);
    set(true);
    await opening;
  });

  it('require: an abort ends the waiting and gives everything back', async (t) => {
    const { source, port, lockDir, set, looks } = withCarrier(t, 'require');
    await assertLeaksNothing(async () => {
      await assertAborts(source, (abort) => {
        void looked(looks).then(abort);
      });
      assert.deepEqual(readdirSync(lockDir), []);
    });
    set(true);
    await assertCarries((await openLine(t, source)).fd, port.master);
  });

  it('ignore: nobody looks at it', async (t) => {
    const { source, looks } = withCarrier(t, 'ignore');
    const line = await openLine(t, source);
    await line.close();
    assert.equal(looks(), 0);
  });

  it('is given up when it cannot be read any more, which is not its loss', async (t) => {
    const { source, log, set, looks } = withCarrier(t, 'auto');
    set(true);
    const line = await openLine(t, source);
    await looked(looks);
    set(undefined);
    await eventually(() => log.of('debug').length > 0, PATIENCE_MS, 'the failure is logged');
    assert.equal(await hasEnded(line), false);
  });

  it('is not looked for on a port without modem lines', async (t) => {
    const { source, log } = bench(t);
    const line = await openLine(t, source());
    await eventually(() => log.of('debug').length > 0, PATIENCE_MS, 'the lack of modem lines is logged');
    assert.equal(await hasEnded(line), false);
    await line.close();
    assert.equal(log.entries.filter(({ message }) => message.includes('modem lines')).length, 1);
  });

  it('cannot be required of a port without modem lines', async (t) => {
    const { lockDir, source } = bench(t);
    await assertRefused(source({ carrier: 'require' }), 'device-failed', /no modem lines/);
    assert.deepEqual(readdirSync(lockDir), []);
  });
});

describe('opening a serial port', () => {
  it('is aborted at any moment with nothing left behind', async (t) => {
    const { port, lockDir, source } = bench(t);
    const serial = source();
    await assert.rejects(serial.open(AbortSignal.abort(new Error('early'))), /early/);
    await assertLeaksNothing(() =>
      assertAborts(serial, (abort) => {
        abort();
      }),
    );
    assert.deepEqual(readdirSync(lockDir), []);
    await assertCarries((await openLine(t, serial)).fd, port.master);
  });

  it('leaks nothing, whether it succeeds or fails', async (t) => {
    const { port, lockDir, source } = bench(t);
    await assertLeaksNothing(async () => {
      const line = await source().open(new AbortController().signal);
      await assertRefused(
        new SerialSource(options(port.path), new MemoryLog(), join(lockDir, 'none')),
        'device-busy',
        /pts/,
      );
      await line.close();
      await assertRefused(source({ device: '/dev/null' }), 'device-failed', /null/);
    });
    assert.deepEqual(readdirSync(lockDir), []);
  });
});

function assertCause(actual: Cause, code: Cause['code'], detail: string): void {
  assert.equal(actual.code, code);
  assert.ok(actual.detail?.includes(detail), actual.detail);
}

async function hasEnded(line: Line): Promise<boolean> {
  return Promise.race([line.ended.then(() => true), Promise.resolve(false)]);
}

/** Does it without the rights of root. */
async function asNobody(action: () => void | Promise<void>): Promise<void> {
  assert.equal(process.geteuid?.(), 0, 'this test needs root');
  process.seteuid?.(65534);
  try {
    await action();
  } finally {
    process.seteuid?.(0);
  }
}
