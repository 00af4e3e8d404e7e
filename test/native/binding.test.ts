/** The addon's functions on real descriptors; `mistakes.test.ts` misuses them, `watcher.test.ts` has the watchers, `test/tun` the TUN devices. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { native } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import { must, run } from '../support/process.js';
import { Descriptors, readSome, writeAll } from './descriptors.js';

const everyOctet = Uint8Array.from({ length: 256 }, (_, i) => i);
const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** The flags of an open descriptor, as in <fcntl.h> of x86 and ARM alike. */
const flags = (fd: number): number => {
  const match = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  return Number.parseInt(match?.[1] ?? '', 8);
};
const NONBLOCK = 0o4000;
const CLOEXEC = 0o2000000;

describe('pty', () => {
  it('carries every octet unchanged, both ways', async (t) => {
    const fds = new Descriptors(t);
    const { master, slave } = fds.pty();
    for (const [from, to] of [
      [master, slave],
      [slave, master],
    ] as const) {
      writeAll(from, everyOctet);
      // A pty hands over by a kernel thread.
      const got = await eventually(() => found(readSome(to)), 10_000, 'octets through the pty');
      assert.deepEqual(got, everyOctet);
    }
    assert.equal(readSome(master), 'EAGAIN', 'nothing is echoed');
  });

  it('names the slave', (t) => {
    const fds = new Descriptors(t);
    const { slave, path } = fds.pty();
    assert.equal(readlinkSync(`/proc/self/fd/${slave}`), path);
  });

  it('is made raw again', async (t) => {
    const fds = new Descriptors(t);
    const { slave, path } = fds.pty();
    const settings = (): Promise<string> => must('stty', ['-F', path, '-a']);
    await must('stty', ['-F', path, 'sane']);
    assert.match(await settings(), / icanon/);
    native.makeRaw(slave);
    assert.match(await settings(), / -icanon/);
    assert.match(await settings(), /^-opost/m);
    assert.match(await settings(), / -echo /);
  });

  it('is shut to others while exclusive', async (t) => {
    const fds = new Descriptors(t);
    const { slave, path } = fds.pty();
    // CAP_SYS_ADMIN would open it all the same.
    const open = () => run('setpriv', ['--bounding-set=-sys_admin', 'sh', '-c', `: <> ${path}`]);
    native.setExclusive(slave, true);
    assert.match((await open()).stderr, /busy/);
    native.setExclusive(slave, false);
    assert.deepEqual(await open(), { code: 0, signal: undefined, stdout: '', stderr: '' });
  });
});

describe('openNetlink', () => {
  it('gives a socket that waits for events and never blocks', (t) => {
    const fds = new Descriptors(t);
    const fd = fds.own(native.openNetlink(0, 1 << 6, 1 << 20));
    assert.equal(flags(fd) & (NONBLOCK | CLOEXEC), NONBLOCK | CLOEXEC);
    assert.match(readlinkSync(`/proc/self/fd/${fd}`), /^socket:/);
    const got = readSome(fd);
    // An event of this machine may have come; anything else is a failure.
    assert.ok(got === 'EAGAIN' || typeof got !== 'string', String(got));
  });

  it('names what the kernel refuses', () => {
    // NETLINK 29 is no protocol of any kernel.
    assert.throws(() => native.openNetlink(29, 0, 0), { code: 'EPROTONOSUPPORT' });
  });
});

describe('socketPair', () => {
  it('carries octets both ways and holds no more than was asked', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets(4096);
    writeAll(near, everyOctet);
    assert.deepEqual(readSome(far), everyOctet);
    writeAll(far, everyOctet);
    assert.deepEqual(readSome(near), everyOctet);

    const piece = new Uint8Array(512);
    let held = 0;
    for (let count = 0; count >= 0 && held < 1_000_000; held += Math.max(count, 0)) {
      count = native.write(near, piece, 0, piece.length);
    }
    assert.ok(held >= 512 && held <= 16_384, `holds ${held}`);
    assert.equal(native.write(near, piece, 0, piece.length), -native.EAGAIN);
  });

  it('holds more by default', (t) => {
    const fds = new Descriptors(t);
    const [near] = fds.sockets();
    writeAll(near, new Uint8Array(50_000));
  });
});

describe('descriptors', () => {
  it('are non-blocking and close-on-exec', (t) => {
    const fds = new Descriptors(t);
    const { master, slave } = fds.pty();
    const [near, far] = fds.sockets();
    const copy = fds.own(native.duplicate(near));
    for (const fd of [master, slave, near, far, copy]) {
      assert.equal(flags(fd) & (NONBLOCK | CLOEXEC), NONBLOCK | CLOEXEC, `descriptor ${fd}`);
    }
  });

  it('are duplicated for the same file, which no longer blocks', async (t) => {
    const fds = new Descriptors(t);
    const folder = mkdtempSync(join(tmpdir(), 'linkd-native-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    await must('mkfifo', [join(folder, 'fifo')]);
    const fifo = openSync(join(folder, 'fifo'), 'r+');
    t.after(() => {
      closeSync(fifo);
    });
    assert.equal(flags(fifo) & NONBLOCK, 0);
    const copy = fds.own(native.duplicate(fifo));
    assert.equal(readSome(copy), 'EAGAIN');
    writeAll(copy, octets(1, 2, 3));
    assert.deepEqual(readSome(fifo), octets(1, 2, 3));
  });

  it('do not leak in a thousand rounds', () => {
    const before = openDescriptors();
    for (let i = 0; i < 1000; i++) {
      const { master, slave } = native.openPty();
      const [near, far] = native.socketPair(0);
      const copy = native.duplicate(near);
      for (const fd of [master, slave, near, far, copy]) native.close(fd);
      assert.throws(() => native.openTun('lo'), { code: /^E/ });
    }
    assert.equal(openDescriptors(), before);
  });
});

describe('read and write', () => {
  it('use only the part of the array that was named', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    const whole = octets(0, 1, 2, 3, 4, 5, 6, 7);
    assert.equal(native.write(near, whole.subarray(1), 2, 3), 3);
    const buffer = new Uint8Array(8);
    assert.equal(native.read(far, buffer.subarray(2), 1, 2), 2);
    assert.deepEqual(buffer, octets(0, 0, 0, 3, 4, 0, 0, 0));
    assert.equal(native.read(far, Buffer.from(buffer.buffer), 0, 8), 1, 'a Buffer is a Uint8Array');
    assert.deepEqual(buffer, octets(5, 0, 0, 3, 4, 0, 0, 0));
  });

  it('take nothing from an empty part', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    assert.equal(native.write(near, everyOctet, 256, 0), 0);
    assert.equal(readSome(far), 'EAGAIN');
  });

  it('name the end and the failure', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    const { master, slave } = fds.pty();
    const { master: master2, slave: slave2 } = fds.pty();
    assert.equal(readSome(near), 'EAGAIN');
    fds.close(far);
    assert.deepEqual(readSome(near), octets(), 'end of file');
    assert.equal(native.errnoName(native.write(near, everyOctet, 0, 1)), 'EPIPE');
    assert.equal(readSome(fds.own(openSync('/', 'r'))), 'EISDIR');
    fds.close(slave);
    await eventually(() => readSome(master) === 'EIO', 10_000, 'EIO at the master');
    fds.close(master2);
    assert.deepEqual(readSome(slave2), octets(), 'end of file');
  });
});

describe('readPackets', () => {
  it('puts what each read gives into its own slot', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    writeAll(near, octets(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    const buffer = new Uint8Array(20);
    const lengths = new Int32Array(5).fill(-1);
    assert.equal(native.readPackets(far, native.packetState(far), buffer, 4, Int32Array.of(4, 0, 2, 1), lengths), 3);
    assert.deepEqual(lengths, Int32Array.of(4, 4, 2, -1, -1));
    assert.deepEqual(buffer, octets(5, 6, 7, 8, 0, 0, 0, 0, 9, 10, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4));
  });

  it('stops at a full batch', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    writeAll(near, octets(1, 2, 3));
    const lengths = new Int32Array(2);
    assert.equal(
      native.readPackets(far, native.packetState(far), new Uint8Array(2), 1, Int32Array.of(0, 1), lengths),
      2,
    );
    assert.deepEqual(readSome(far), octets(3));
  });

  it('names a failure at the first read, and gives 0 at the end of file', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    const batch = () =>
      native.readPackets(far, native.packetState(far), new Uint8Array(8), 4, Int32Array.of(0, 1), new Int32Array(2));
    assert.equal(batch(), -native.EAGAIN);
    writeAll(near, octets(1));
    fds.close(near);
    assert.equal(batch(), 1);
    assert.equal(batch(), 0);
  });

  it('loses nothing by a wrong slot', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    writeAll(near, octets(1, 2));
    const batch = (...slots: number[]) =>
      native.readPackets(far, native.packetState(far), new Uint8Array(7), 2, Int32Array.from(slots), lengths);
    const lengths = new Int32Array(2);
    assert.throws(() => batch(0, 3), RangeError, 'the last octet is no whole slot');
    assert.throws(() => batch(0, -1), RangeError);
    assert.throws(() => batch(0, 1, 2), RangeError, 'fewer lengths than slots');
    assert.deepEqual(readSome(far), octets(1, 2));
  });
});

describe('unsentBytes', () => {
  it('counts what a socket holds', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    assert.equal(native.unsentBytes(near), 0);
    writeAll(near, everyOctet);
    assert.ok(native.unsentBytes(near) >= 256);
    assert.deepEqual(readSome(far), everyOctet);
    assert.equal(native.unsentBytes(near), 0);
  });

  it('is 0 where the kernel can not tell', (t) => {
    const fds = new Descriptors(t);
    assert.equal(native.unsentBytes(fds.pty().master), 0);
    assert.equal(native.unsentBytes(fds.own(openSync('/dev/null', 'w'))), 0);
  });
});

describe('limitUnsent', () => {
  it('bounds what a socket takes, and lets it go on when the peer has read', (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    native.limitUnsent(near, 16_384);
    const piece = new Uint8Array(4096);
    let taken = 0;
    let count: number;
    while ((count = native.write(near, piece, 0, piece.length)) > 0) taken += count;
    assert.equal(count, -native.EAGAIN);
    assert.ok(taken >= 8192 && taken <= 65_536, `${taken} octets`);
    assert.ok(native.read(far, new Uint8Array(65_536), 0, 65_536) > 0);
    assert.ok(native.write(near, piece, 0, piece.length) > 0);
  });

  it('is refused by what is no socket', (t) => {
    const fds = new Descriptors(t);
    assert.throws(
      () => {
        native.limitUnsent(fds.own(openSync('/dev/null', 'w')), 1);
      },
      { code: 'ENOTSOCK' },
    );
  });
});

describe('errors', () => {
  it("carry the system's code", () => {
    const unused = native.duplicate(0);
    native.close(unused);
    const refused = { name: 'Error', code: 'EBADF', errno: -9, message: /^EBADF: Bad file descriptor, / };
    assert.throws(() => {
      native.close(unused);
    }, refused);
    assert.throws(() => native.duplicate(unused), refused);
    assert.throws(() => native.createWatcher(unused, () => undefined), refused);
    assert.throws(() => {
      native.makeRaw(unused);
    }, refused);
    assert.equal(readSome(unused), 'EBADF');
  });

  it('have names', () => {
    const names: readonly [number, string][] = [
      [5, 'EIO'],
      [-5, 'EIO'],
      [77, 'EBADFD'],
      [native.EAGAIN, 'EAGAIN'],
      [-54321, 'errno 54321'],
    ];
    for (const [errno, name] of names) assert.equal(native.errnoName(errno), name);
  });
});

function found(result: Uint8Array | string): Uint8Array | undefined {
  return typeof result === 'string' ? undefined : result;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
