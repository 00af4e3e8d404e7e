/** The null modem for real: over socket pairs and ptys. What it does to octets is tested with `wire.ts`. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { native } from '../../src/native/binding.js';
import { eventually } from './eventually.js';
import { NullModem, type NullModemOptions } from './null-modem.js';
import { Child } from './process.js';

const WAIT_MS = 30_000;

let folder: string;
/** What a test opened, given back in reverse. */
let cleanups: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'null-modem-'));
  cleanups = [];
});

afterEach(() => {
  for (const cleanup of cleanups.reverse()) cleanup();
  rmSync(folder, { recursive: true, force: true });
});

describe('null modem', () => {
  for (const kind of ['socket', 'pty'] as const) {
    it(`carries every octet both ways at once, ${kind} to ${kind}`, async () => {
      const { modem, a, b } = connect(kind);
      const [there, back] = [randomBytes(100_000), randomBytes(80_000)];
      const received = await Promise.all([transfer(a, b, there), transfer(b, a, back)]);
      assert.deepEqual(received, [there, back]);
      const { aToB, bToA } = modem.counters();
      assert.deepEqual([aToB.delivered, bToA.delivered], [there.length, back.length]);
    });

    it(`keeps to the rate of the line, ${kind} to ${kind}`, async () => {
      const { a, b } = connect(kind, { baud: 115_200 });
      const data = randomBytes(6000);
      const started = performance.now();
      assert.deepEqual(await transfer(a, b, data), data);
      const seconds = (performance.now() - started) / 1000;
      // At 11520 octets a second, and a little of what a late timer makes up for. How much longer is the machine's matter.
      assert.ok(seconds > 0.9 * ((data.length - 576) / 11_520), `${data.length} octets in ${seconds} s`);
    });
  }

  it('does not read ahead: a sender over small sockets feels the line', async () => {
    const { modem, a } = connect('socket', { baud: 9600 });
    let accepted = 0;
    await eventually(
      () => {
        const taken = native.write(a, new Uint8Array(1024), 0, 1024);
        if (taken > 0) accepted += taken;
        return taken === -native.EAGAIN;
      },
      WAIT_MS,
      'the sender is held up',
    );
    const { taken } = modem.counters().aToB;
    assert.ok(taken < accepted, `${taken} of ${accepted} octets were read at once`);
  });

  it('swallows what is sent while the cable is pulled', async () => {
    const { modem, a, b } = connect('pty');
    modem.pull();
    send(a, Buffer.from('nobody hears this'));
    await eventually(() => modem.counters().aToB.swallowed === 17, WAIT_MS, '17 octets are swallowed');
    modem.plug();
    assert.equal((await transfer(a, b, Buffer.from('this'))).toString(), 'this');
  });

  it('drops what is sent to a port that nobody has open', async () => {
    const { modem, a, b } = connect('pty');
    native.close(b);
    forget(b);
    send(a, Buffer.from('too early'));
    await eventually(() => modem.counters().aToB.unheard === 9, WAIT_MS, '9 octets are dropped');
    const again = openTerminal(join(folder, 'b'));
    assert.equal((await transfer(a, again, Buffer.from('now'))).toString(), 'now');
  });

  it('hangs up who holds a port that is taken away, and brings it back under its name', async () => {
    const { modem, a, b } = connect('pty');
    modem.hangUp('b');
    assert.ok(!existsSync(join(folder, 'b')));
    const readHeld = (): number => native.read(b, new Uint8Array(16), 0, 16);
    await eventually(() => readHeld() === 0 || native.errnoName(readHeld()) === 'EIO', WAIT_MS, 'the hang-up');
    modem.replug('b');
    const again = openTerminal(join(folder, 'b'));
    assert.equal((await transfer(a, again, Buffer.from('back'))).toString(), 'back');
  });

  it('records what it delivered, and nothing that it damaged on the way differs', async () => {
    const { modem, a, b } = connect('socket', { record: join(folder, 'tape'), seed: 3 });
    modem.disturb({ damage: 0.05 });
    const received = await transfer(a, b, randomBytes(5000));
    modem.close();
    assert.deepEqual(readFileSync(join(folder, 'tape.a2b')), received);
    assert.equal(readFileSync(join(folder, 'tape.b2a')).length, 0);
  });

  it('is a program too', async () => {
    const [linkA, linkB] = [join(folder, 'a'), join(folder, 'b')];
    const program = new Child(process.execPath, [
      join(import.meta.dirname, 'null-modem.js'),
      ...['--a', linkA, '--b', linkB, '--baud', '115200'],
    ]);
    try {
      await program.printed(/^ready$/m, WAIT_MS);
      const [a, b] = [openTerminal(linkA), openTerminal(linkB)];
      assert.equal((await transfer(a, b, Buffer.from('hello'))).toString(), 'hello');
      program.write('pull\n');
      await program.printed(/^pulled$/m, WAIT_MS);
      program.write('counters\n');
      await program.printed(/"aToB":\{"taken":5,"delivered":5/, WAIT_MS);
      program.write('nonsense\nquit\n');
      await program.printed(/^unknown: nonsense$/m, WAIT_MS);
      assert.equal((await program.exited(WAIT_MS)).code, 0);
      assert.ok(!existsSync(linkA) && !existsSync(linkB));
    } finally {
      await program.stop();
    }
  });
});

/** A modem between two ends that the test holds. */
function connect(
  kind: 'socket' | 'pty',
  options: Omit<NullModemOptions, 'a' | 'b'> = {},
): { modem: NullModem; a: number; b: number } {
  if (kind === 'pty') {
    const [linkA, linkB] = [join(folder, 'a'), join(folder, 'b')];
    const modem = new NullModem({ ...options, a: { kind: 'pty', link: linkA }, b: { kind: 'pty', link: linkB } });
    cleanups.push(() => {
      modem.close();
    });
    return { modem, a: openTerminal(linkA), b: openTerminal(linkB) };
  }
  const [ourA, itsA] = native.socketPair(4096);
  const [ourB, itsB] = native.socketPair(4096);
  const modem = new NullModem({ ...options, a: { kind: 'fd', fd: itsA }, b: { kind: 'fd', fd: itsB } });
  cleanups.push(() => {
    modem.close();
  });
  return { modem, a: nonBlocking(ourA), b: nonBlocking(ourB) };
}

const closers = new Map<number, () => void>();

function openTerminal(path: string): number {
  return held(openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
}

function nonBlocking(fd: number): number {
  const ours = native.duplicate(fd);
  native.close(fd);
  return held(ours);
}

function held(fd: number): number {
  closers.set(fd, () => {
    native.close(fd);
  });
  cleanups.push(() => {
    closers.get(fd)?.();
    closers.delete(fd);
  });
  return fd;
}

/** The test closed it by itself. */
function forget(fd: number): void {
  closers.delete(fd);
}

/** Sends what the port takes at once, which must be all. */
function send(fd: number, data: Uint8Array): void {
  assert.equal(native.write(fd, data, 0, data.length), data.length);
}

/** Sends all of it and gives as many octets as came out at the other end. */
async function transfer(from: number, to: number, data: Uint8Array): Promise<Buffer> {
  const received = Buffer.alloc(data.length);
  let sent = 0;
  let arrived = 0;
  await eventually(
    () => {
      for (let moved = true; moved;) {
        const written = sent < data.length ? native.write(from, data, sent, data.length - sent) : 0;
        if (written > 0) sent += written;
        const read = arrived < data.length ? native.read(to, received, arrived, data.length - arrived) : 0;
        if (read > 0) arrived += read;
        moved = written > 0 || read > 0;
      }
      return arrived === data.length;
    },
    WAIT_MS,
    `${data.length} octets at the other end`,
  );
  return received;
}
