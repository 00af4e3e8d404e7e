/** TCP and Unix sockets share their code, so they share their tests: both ends of both, on loopback and in a folder. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CauseCode } from '../../src/base/cause.js';
import type { LineSource, StreamEnd } from '../../src/line/line.js';
import type { LineOptions } from '../../src/line/options.js';
import { ConnectingSource } from '../../src/line/socket-client.js';
import { explainSocketEnd, formatHostPort } from '../../src/line/socket-line.js';
import { createLineSource } from '../../src/line/source.js';
import { eventually } from '../support/eventually.js';
import { Child, must } from '../support/process.js';
import { assertTalks, freePort, Listener, Peer, type Address } from './peer.js';
import {
  assertAborts,
  assertCarries,
  assertLeaksNothing,
  assertRefused,
  endOf,
  everyOctet,
  MemoryLog,
  openLine,
  owned,
  PATIENCE_MS,
  receive,
  scratch,
} from './rig.js';

/** A place to listen at, and the options of the two ends that meet there. */
interface Place {
  readonly address: Address;
  readonly name: string;
  readonly client: LineOptions;
  readonly listener: LineOptions;
}

async function tcpPlace(): Promise<Place> {
  const address = { host: '127.0.0.1', port: await freePort() };
  return {
    address,
    name: `127.0.0.1:${address.port}`,
    client: { kind: 'tcp', speed: 9600, ...address },
    listener: { kind: 'tcp-listen', speed: 9600, ...address },
  };
}

function unixPlace(t: TestContext): Promise<Place> {
  const address = { path: join(scratch(t), 'socket') };
  return Promise.resolve({
    address,
    name: address.path,
    client: { kind: 'unix', speed: 9600, ...address },
    listener: { kind: 'unix-listen', speed: 9600, ...address },
  });
}

function sourceOf(t: TestContext, options: LineOptions, log = new MemoryLog()): LineSource {
  return owned(t, createLineSource(options, { log }));
}

const families: readonly (readonly [string, (t: TestContext) => Promise<Place>])[] = [
  ['TCP', tcpPlace],
  ['Unix', unixPlace],
];
for (const [family, newPlace] of families) {
  describe(`a ${family} client`, () => {
    it('carries octets both ways, and has the address for a name', async (t) => {
      const place = await newPlace(t);
      const listener = await Listener.open(t, place.address);
      const line = await openLine(t, sourceOf(t, place.client));
      assert.equal(line.name, place.name);
      assert.equal(line.speed, 9600);
      await assertTalks(line, await listener.caller());
    });

    it('loses nothing of what the far end says first', async (t) => {
      const place = await newPlace(t);
      const listener = await Listener.open(t, place.address, (caller) => caller.write(everyOctet));
      const line = await openLine(t, sourceOf(t, place.client));
      assert.deepEqual(await receive(line.fd, 256), everyOctet);
      await assertTalks(line, await listener.caller());
    });

    it('is refused where nobody listens', async (t) => {
      const place = await newPlace(t);
      await assertRefused(sourceOf(t, place.client), 'connection-refused', /: (ECONNREFUSED|ENOENT)$/);
    });

    it('sees the far end close the connection', async (t) => {
      const place = await newPlace(t);
      await Listener.open(t, place.address, (caller) => caller.end());
      const line = await openLine(t, sourceOf(t, place.client));
      assert.equal(await endOf(line.fd), 'eof');
      assert.deepEqual(await line.explain({ kind: 'eof' }), { code: 'line-closed', detail: place.name });
    });

    it('hangs up when it is closed', async (t) => {
      const place = await newPlace(t);
      const listener = await Listener.open(t, place.address);
      const line = await openLine(t, sourceOf(t, place.client));
      const caller = await listener.caller();
      await Promise.all([line.close(), line.close()]);
      await caller.gone();
    });

    it('is aborted at any moment, and leaks nothing', async (t) => {
      const place = await newPlace(t);
      const listener = await Listener.open(t, place.address, (caller) => caller.destroy());
      const source = sourceOf(t, place.client);
      await assert.rejects(source.open(AbortSignal.abort(new Error('early'))), /early/);
      await assertLeaksNothing(async () => {
        await assertAborts(source, (abort) => {
          abort();
        });
        const line = await openLine(t, source);
        await line.close();
      });
      listener.close();
      await assertLeaksNothing(() => assertRefused(source, 'connection-refused', /./));
    });
  });

  describe(`a ${family} listener`, () => {
    it('waits for a caller and carries octets both ways', async (t) => {
      const place = await newPlace(t);
      const [line, caller] = await Promise.all([openLine(t, sourceOf(t, place.listener)), Peer.call(t, place.address)]);
      const { localPort } = caller.socket;
      assert.equal(line.name, localPort === undefined ? place.name : `127.0.0.1:${localPort}`);
      assert.equal(line.speed, 9600);
      await assertTalks(line, caller);
    });

    it('loses nothing of what a caller says first', async (t) => {
      const place = await newPlace(t);
      const source = sourceOf(t, place.listener);
      await startListening(source);
      const caller = await Peer.call(t, place.address);
      caller.socket.write(everyOctet);
      await sleep(100);
      const line = await openLine(t, source);
      assert.deepEqual(await receive(line.fd, 256), everyOctet);
      await assertTalks(line, caller);
    });

    it('serves one caller, holds the next until the line is closed, and of many the newest', async (t) => {
      const place = await newPlace(t);
      const log = new MemoryLog();
      const source = sourceOf(t, place.listener, log);
      const [line, first] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
      const second = await Peer.call(t, place.address);
      const third = await Peer.call(t, place.address);
      await second.gone();
      assert.equal(log.of('info').length, 1);
      await assertTalks(line, first);
      assert.equal(third.over, false);
      await line.close();
      await first.gone();
      await assertTalks(await openLine(t, source), third);
    });

    it('sees the end of a caller that hung up while it was held', async (t) => {
      const place = await newPlace(t);
      const source = sourceOf(t, place.listener);
      await startListening(source);
      const early = await Peer.call(t, place.address);
      early.socket.destroy();
      await early.gone();
      const line = await openLine(t, source);
      assert.equal(await endOf(line.fd), 'eof');
      await line.close();
      const [next, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
      await assertTalks(next, caller);
    });

    it('cannot listen where another does, and can when that one is gone', async (t) => {
      const place = await newPlace(t);
      const listener = await Listener.open(t, place.address);
      const source = sourceOf(t, place.listener);
      await assertRefused(source, 'listen-failed', /EADDRINUSE/);
      listener.close();
      const [line, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
      await assertTalks(line, caller);
    });

    it('listens no more when it is disposed of; an open line goes on', async (t) => {
      const place = await newPlace(t);
      const source = sourceOf(t, place.listener);
      const [line, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
      const held = await Peer.call(t, place.address);
      await source.dispose();
      await source.dispose();
      await held.gone();
      await assertTalks(line, caller);
      await assertRefused(sourceOf(t, place.client), 'connection-refused', /: (ECONNREFUSED|ENOENT)$/);
    });

    it('is aborted at any moment, and leaks nothing', async (t) => {
      const place = await newPlace(t);
      await assertLeaksNothing(async () => {
        const source = sourceOf(t, place.listener);
        await assert.rejects(source.open(AbortSignal.abort(new Error('early'))), /early/);
        await assertAborts(source, (abort) => {
          abort();
        });
        await assertAborts(source, (abort) => {
          setTimeout(abort, 20);
        });
        const [line, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
        const held = await Peer.call(t, place.address);
        await line.close();
        await source.dispose();
        await Promise.all([caller.gone(), held.gone()]);
      });
    });

    it('meets the client', async (t) => {
      const place = await newPlace(t);
      const listener = sourceOf(t, place.listener);
      await startListening(listener);
      const [called, calling] = await Promise.all([openLine(t, listener), openLine(t, sourceOf(t, place.client))]);
      await assertCarries(called.fd, calling.fd);
    });
  });
}

describe('a TCP line', () => {
  it('is reset when the far end resets it', async (t) => {
    const place = await tcpPlace();
    const listener = await Listener.open(t, place.address);
    const line = await openLine(t, sourceOf(t, place.client));
    (await listener.caller()).socket.resetAndDestroy();
    const code = await endOf(line.fd);
    assert.equal(code, 'ECONNRESET');
    const reason = { code: 'connection-reset', detail: `${place.name}: ECONNRESET` };
    assert.deepEqual(await line.explain({ kind: 'error', code }), reason);
  });

  it('sends at once and notices a dead machine: TCP_NODELAY and keepalive at both ends', async (t) => {
    const place = await tcpPlace();
    const listener = sourceOf(t, place.listener);
    await startListening(listener);
    await Promise.all([openLine(t, listener), openLine(t, sourceOf(t, place.client))]);
    const port = place.name.replace('127.0.0.1:', '');
    for (const end of ['sport', 'dport']) {
      const shown = await must('ss', ['-Htno', 'state', 'established', `${end} = :${port}`]);
      assert.match(shown, /timer:\(keepalive,(2\d|30)/, shown);
    }
  });

  describe('to a listener that never answers', () => {
    /** A listener whose queue is full: the kernel lets further callers try and try. */
    async function deafPlace(t: TestContext): Promise<{ host: string; port: number }> {
      const script = `
        const server = require('net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
          console.log('port ' + server.address().port);
          process.kill(process.pid, 'SIGSTOP');
        });`;
      const child = new Child(process.execPath, ['-e', script]);
      t.after(() => child.stop('SIGKILL'));
      const port = Number((await child.printed(/port (\d+)/, PATIENCE_MS))[1]);
      await sleep(100);
      for (let i = 0; i < 4; i++) {
        const filler = connect({ host: '127.0.0.1', port }).on('error', () => undefined);
        t.after(() => filler.destroy());
      }
      await sleep(100);
      return { host: '127.0.0.1', port };
    }

    it('is given up after a while', async (t) => {
      const address = await deafPlace(t);
      const source = new ConnectingSource(address, 'the deaf', undefined, { timeoutMs: 500 });
      await assertLeaksNothing(() => assertRefused(source, 'connection-timeout', /^the deaf: ETIMEDOUT$/));
    });

    it('is aborted while it waits', async (t) => {
      const source = sourceOf(t, { kind: 'tcp', ...(await deafPlace(t)) });
      await assertLeaksNothing(() =>
        assertAborts(source, (abort) => {
          setTimeout(abort, 50);
        }),
      );
    });
  });

  it('names a port that is not ours to listen at', async (t) => {
    // An address of documentation (RFC 5737): no machine has it.
    const source = sourceOf(t, { kind: 'tcp-listen', host: '192.0.2.1', port: 7000 });
    await assertRefused(source, 'listen-failed', /^192\.0\.2\.1:7000: EADDRNOTAVAIL$/);
  });
});

describe('a Unix socket', () => {
  it('whose file was left by a killed listener is refused to the client and replaced by the listener', async (t) => {
    const place = await unixPlace(t);
    const script = `require('net').createServer().listen(${JSON.stringify(place.name)}, () => console.log('there'))`;
    const child = new Child(process.execPath, ['-e', script]);
    t.after(() => child.stop('SIGKILL'));
    await child.printed(/there/, PATIENCE_MS);
    await child.stop('SIGKILL');
    assert.ok(existsSync(place.name));
    await assertRefused(sourceOf(t, place.client), 'connection-refused', /ECONNREFUSED/);
    const source = sourceOf(t, place.listener);
    await startListening(source);
    const [line, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
    await assertTalks(line, caller);
  });

  it('whose file is deleted is made anew while it waits', async (t) => {
    const place = await unixPlace(t);
    const log = new MemoryLog();
    const source = sourceOf(t, place.listener, log);
    await startListening(source);
    const opening = openLine(t, source);
    await sleep(100); // it has looked for its file once
    rmSync(place.name);
    await eventually(() => existsSync(place.name), PATIENCE_MS, 'the socket is there again');
    const [line, caller] = await Promise.all([opening, Peer.call(t, place.address)]);
    await assertTalks(line, caller);
    assert.equal(log.of('warn').length, 1);
  });

  it('whose file is deleted while a line is open is made anew for the next; the caller that is held is served', async (t) => {
    const place = await unixPlace(t);
    const source = sourceOf(t, place.listener);
    const [line] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
    const replaced = await Peer.call(t, place.address);
    const held = await Peer.call(t, place.address);
    await replaced.gone();
    rmSync(place.name);
    await line.close();
    const second = await openLine(t, source);
    await assertTalks(second, held);
    await second.close();
    const [third, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
    await assertTalks(third, caller);
  });

  it("whose file gives way to another's leaves that alone, and listens when it is gone", async (t) => {
    const place = await unixPlace(t);
    const source = sourceOf(t, place.listener);
    await startListening(source);
    rmSync(place.name);
    const other = await Listener.open(t, place.address);
    await assertRefused(source, 'listen-failed', /EADDRINUSE/);
    await Peer.call(t, place.address);
    await other.caller();
    other.close();
    const [line, caller] = await Promise.all([openLine(t, source), Peer.call(t, place.address)]);
    await assertTalks(line, caller);
  });

  it('whose folder is deleted while it waits fails', async (t) => {
    const place = await unixPlace(t);
    const source = sourceOf(t, place.listener);
    await startListening(source);
    rmSync(dirname(place.name), { recursive: true });
    await assertRefused(source, 'listen-failed', /ENOENT|EACCES/);
  });

  it('does not replace a file of another kind', async (t) => {
    const place = await unixPlace(t);
    writeFileSync(place.name, 'precious');
    await assertRefused(sourceOf(t, place.listener), 'listen-failed', /EADDRINUSE/);
    assert.equal(readFileSync(place.name, 'utf8'), 'precious');
    const below = join(place.name, 'below');
    await assertRefused(sourceOf(t, { kind: 'unix', path: below }), 'connection-failed', /ENOTDIR/);
    await assertRefused(sourceOf(t, { kind: 'unix-listen', path: below }), 'listen-failed', /ENOTDIR|EACCES/);
    const nowhere = join(scratch(t), 'none', 'socket');
    await assertRefused(sourceOf(t, { kind: 'unix-listen', path: nowhere }), 'listen-failed', /ENOENT|EACCES/);
  });
});

describe('explainSocketEnd', () => {
  const ends: readonly (readonly [StreamEnd, CauseCode, string])[] = [
    [{ kind: 'eof' }, 'line-closed', 'x'],
    [{ kind: 'error', code: 'ECONNRESET' }, 'connection-reset', 'x: ECONNRESET'],
    [{ kind: 'error', code: 'EPIPE' }, 'connection-reset', 'x: EPIPE'],
    [{ kind: 'error', code: 'ETIMEDOUT' }, 'connection-timeout', 'x: ETIMEDOUT'],
    [{ kind: 'error', code: 'EHOSTUNREACH' }, 'connection-reset', 'x: EHOSTUNREACH'],
  ];
  for (const [end, code, detail] of ends) {
    it(`${end.kind === 'error' ? end.code : end.kind} is ${code}`, () => {
      assert.deepEqual(explainSocketEnd(end, 'x'), { code, detail });
    });
  }
});

describe('formatHostPort', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['10.1.2.3', '10.1.2.3:7000'],
    ['::1', '[::1]:7000'],
    ['::ffff:10.1.2.3', '10.1.2.3:7000'],
    ['::ffff:1:2', '[::ffff:1:2]:7000'],
    ['router.example', 'router.example:7000'],
  ];
  for (const [host, text] of cases) {
    it(`${host} gives ${text}`, () => {
      assert.equal(formatHostPort(host, 7000), text);
    });
  }
});

/** From here on callers are taken in, though no line is open. */
async function startListening(source: LineSource): Promise<void> {
  await assertAborts(source, (abort) => {
    setTimeout(abort, 100);
  });
}
