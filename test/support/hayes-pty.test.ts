/** Two modems on ptys, an exchange between them: the real chat dials, data flows both ways, and every way to hang up. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { native } from '../../src/native/binding.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { eventually, within } from './eventually.js';
import { Exchange, type ExchangeOptions } from './hayes-exchange.js';
import { ModemPort, type ModemPortOptions } from './hayes-pty.js';

const PATIENCE_MS = 20_000;
const quick: ExchangeOptions = { ringMs: 200, trainingMs: 100 };

interface Stage {
  readonly exchange: Exchange;
  readonly a: ModemPort;
  readonly b: ModemPort;
}

/** Modems 100 and 200 on ptys of their own; S0 of the second is 1. */
function stage(t: TestContext, options: ExchangeOptions = quick, port: ModemPortOptions = {}): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'linkd-hayes-'));
  const exchange = new Exchange(systemScheduler, options);
  const made = (name: string): ModemPort => new ModemPort(join(folder, name), exchange, { digitMs: 5, ...port });
  const [a, b] = [made('a'), made('b')];
  exchange.subscribe('100', a.modem);
  exchange.subscribe('200', b.modem);
  t.after(() => {
    a.close();
    b.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { exchange, a, b };
}

/** A program that has a port open, reads all of it and writes at once. */
class Program {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(65_536);
  said = '';
  ended: string | undefined;

  constructor(t: TestContext, path: string) {
    const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    this.#fd = fd;
    let open = true;
    this.close = () => {
      if (open) closeSync(fd);
      open = false;
    };
    t.after(this.close);
  }

  readonly close: () => void;

  write(text: string): void {
    const octets = Buffer.from(text, 'latin1');
    assert.equal(native.write(this.#fd, octets, 0, octets.length), octets.length);
  }

  async reads(what: RegExp): Promise<void> {
    await eventually(
      () => {
        this.read();
        return what.test(this.said);
      },
      PATIENCE_MS,
      `${what} is read`,
    );
  }

  read(): void {
    const count = native.read(this.#fd, this.#buffer, 0, this.#buffer.length);
    if (count > 0) this.said += Buffer.from(this.#buffer.subarray(0, count)).toString('latin1');
    else if (count !== -native.EAGAIN) this.ended = count === 0 ? 'eof' : native.errnoName(count);
  }
}

async function connected(t: TestContext, { a, b }: Stage): Promise<[Program, Program]> {
  const caller = new Program(t, a.path);
  const called = new Program(t, b.path);
  called.write('ATE0S0=1\r');
  await called.reads(/OK/);
  caller.write('ATE0DT200\r');
  await caller.reads(/CONNECT \d+\r\n$/);
  await called.reads(/CONNECT \d+\r\n$/);
  caller.said = called.said = '';
  return [caller, called];
}

describe('a modem on a pty', () => {
  it('is dialed by the real chat, and answers', async (t) => {
    const { a, b } = stage(t);
    const called = new Program(t, b.path);
    called.write('ATE0S0=1\r');
    await called.reads(/OK/);
    const script = [
      'ABORT',
      'BUSY',
      'ABORT',
      'NO CARRIER',
      '',
      'ATZ',
      'OK',
      'ATDT200',
      'CONNECT',
      '\\c',
      'ogin:',
      'ppp',
    ];
    const port = openSync(a.path, constants.O_RDWR | constants.O_NOCTTY);
    const chat = spawn('/usr/sbin/chat', ['-S', '-t', '20', ...script], { stdio: [port, port, 'inherit'] });
    const end = new Promise<number | null>((resolve) => chat.once('close', resolve));
    t.after(() => {
      if (chat.exitCode === null) chat.kill('SIGKILL');
      closeSync(port);
    });
    await called.reads(/CONNECT/);
    called.write('login:');
    await called.reads(/ppp\r$/);
    assert.equal(await within(end, PATIENCE_MS, 'the end of chat'), 0);
    assert.ok(a.modem.online && b.modem.online);
  });

  it('carries every octet both ways, as much as there is', async (t) => {
    const made = stage(t);
    const [caller, called] = await connected(t, made);
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
    let sent = '';
    for (let i = 0; i < 100; i++) {
      caller.write(all);
      sent += all;
      if (i % 8 === 0) await called.reads(new RegExp(`^[^]{${sent.length}}$`));
    }
    called.write(all);
    await called.reads(new RegExp(`^[^]{${sent.length}}$`));
    await caller.reads(/\xff$/);
    assert.equal(called.said, sent);
    assert.equal(caller.said, all);
  });

  it('hangs up when its port is closed', async (t) => {
    const made = stage(t);
    const [caller, called] = await connected(t, made);
    caller.close();
    await called.reads(/NO CARRIER/);
    assert.ok(made.a.modem.idle && made.b.modem.idle);
    const again = new Program(t, made.a.path);
    again.write('AT\r');
    await again.reads(/OK/);
  });

  it('tells the loss of the carrier, or hangs its terminal up as well', async (t) => {
    const told = stage(t);
    const [caller] = await connected(t, told);
    told.exchange.drop();
    await caller.reads(/NO CARRIER/);
    assert.equal(caller.ended, undefined);

    const hung = stage(t, quick, { hangUp: true });
    const programs = await connected(t, hung);
    hung.exchange.drop();
    for (const program of programs) {
      await eventually(
        () => {
          program.read();
          return program.ended !== undefined;
        },
        PATIENCE_MS,
        'the hang-up of the terminal',
      );
      program.close();
    }
    const again = await eventually(() => new Program(t, hung.a.path), PATIENCE_MS, 'the port is back');
    again.write('AT\r');
    await again.reads(/OK/);
  });

  it('holds back who sends more than the line carries', async (t) => {
    const made = stage(t, { ...quick, rate: 9600, paced: true });
    const [caller, called] = await connected(t, made);
    caller.write('x'.repeat(1900));
    await called.reads(/x{500}/);
    assert.ok(called.said.length < 1900);
    await called.reads(/^x{1900}$/);
  });

  it('serves a descriptor as well, which cannot be hung up', async (t) => {
    const [ours, theirs] = native.socketPair(4096);
    t.after(() => {
      native.close(theirs);
    });
    const exchange = new Exchange(systemScheduler, quick);
    assert.throws(() => new ModemPort({ kind: 'fd', fd: ours }, exchange, { hangUp: true }), /only a pty/);
    const port = new ModemPort({ kind: 'fd', fd: ours }, exchange);
    t.after(() => {
      port.close();
    });
    assert.throws(() => port.path, /no path/);
    native.write(theirs, Buffer.from('ATE0I0\r'), 0, 7);
    let said = '';
    const buffer = new Uint8Array(64);
    await eventually(
      () => {
        const count = native.read(theirs, buffer, 0, buffer.length);
        if (count > 0) said += Buffer.from(buffer.subarray(0, count)).toString('latin1');
        return said.includes('336\r\n\r\nOK\r\n');
      },
      PATIENCE_MS,
      'its answer',
    );
  });
});
