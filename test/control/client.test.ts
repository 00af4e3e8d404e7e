/** The client against the real server, and against everything else that may answer on its socket. */
import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { OpError } from '../../src/base/errors.js';
import { ControlClient, ForeignAnswerError, RefusedError, UnreachableError } from '../../src/control/client.js';
import { upLink } from '../support/fake-steering.js';
import { leaveStaleSocket, serve, temporaryDirectory } from './rig.js';

describe('the control client', () => {
  it('speaks with the server', async (t) => {
    const { path, steering } = await serve(t);
    const client = new ControlClient(path);
    assert.deepEqual(
      (await client.status()).body.links.map((link) => link.name),
      ['branch', 'depot', 'spare'],
    );
    assert.equal((await client.link('depot')).body.link.state, 'waiting');
    assert.equal((await client.command('depot', 'up')).body.link.state, 'opening');
    assert.deepEqual(steering.commands, ['up depot']);
    assert.equal((await client.log('depot')).body.events.length, 1);
  });

  it('finds links whatever their names', async (t) => {
    const names = ['a b', 'ü', '%41', 'x/up', '..', '?link=y', '漢'];
    const { path } = await serve(t, { links: names.map((name) => upLink({ name })) });
    const client = new ControlClient(path);
    for (const name of names) {
      assert.equal((await client.link(name)).body.link.name, name);
      const stream = client.events(name);
      assert.equal((await stream.next()).done, false);
      await stream.return();
    }
  });

  it('gives the JSON as it came', async (t) => {
    const { path } = await serve(t);
    const { body, json } = await new ControlClient(path).link('branch');
    assert.deepEqual(JSON.parse(json), body);
  });

  it('makes every text fit for a terminal', async (t) => {
    const evil = '\x1b[2J\x9b\u202e';
    const link = upLink({
      interface: evil,
      counters: { ...upLink().counters, errors: { [evil]: 1 } },
      session: {
        phase: 'network',
        localAddress: evil,
        remoteAddress: evil,
        dns: [evil],
        localIp6: evil,
        remoteIp6: evil,
        mtu: 1,
        options: { [evil]: evil },
        echoRttMs: 1,
        peerIdentification: evil,
        peerName: evil,
      },
    });
    const { path } = await serve(t, { links: [link] });
    const { body, json } = await new ControlClient(path).link('branch');
    const written = String.raw`\x1b[2J\x9b\u202e`;
    assert.equal(body.link.interface, written);
    assert.deepEqual(body.link.errors, { [written]: 1 });
    assert.deepEqual(body.link.session?.options, { [written]: written });
    assert.doesNotMatch(json, /\p{Cc}|\u202e/u);
  });

  it('says what linkd refuses, and why', async (t) => {
    const { path } = await serve(t);
    const client = new ControlClient(path);
    for (const attempt of [
      () => client.link('brnch'),
      () => client.command('brnch', 'up'),
      () => client.events('brnch').next(),
    ]) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof RefusedError);
        assert.deepEqual(
          [error.status, error.code, error.remedy],
          [404, 'unknown-link', 'The links are: branch, depot, spare.'],
        );
        return true;
      });
    }
  });
});

describe('a control socket without linkd', () => {
  it('is not there: start linkd, or --control', async (t) => {
    const path = join(await temporaryDirectory(t), 'control.sock');
    await rejectsUnreachable(
      path,
      'ENOENT',
      /there is no such socket\. linkd does not run.*systemctl start linkd.*--control/,
    );
  });

  it('is stale: the same', async (t) => {
    const path = join(await temporaryDirectory(t), 'control.sock');
    leaveStaleSocket(path);
    await rejectsUnreachable(path, 'ECONNREFUSED', /nobody listens there\. linkd does not run/);
  });

  it('may not be opened: join its group', async (t) => {
    const { path } = await serve(t);
    await chmod(path, 0);
    await asAnyUser(() => rejectsUnreachable(path, 'EACCES', /permission denied\. .*join its group, or use sudo/));
  });

  it('ends in the middle of an answer', async (t) => {
    const { path } = await foreign(t, (socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"version'),
    );
    await rejectsUnreachable(path, 'ECONNRESET', /the connection was cut/);
  });

  it('ends before an answer', async (t) => {
    const { path } = await foreign(t, (socket) => socket.end());
    await rejectsUnreachable(path, 'ECONNRESET', /the connection was cut/);
  });

  for (const [name, answer] of [
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['a web page', response('<html>welcome</html>')],
    ['a web page for an error', response('<html>not found</html>', '404 Not Found')],
    ['other JSON', response('{"links":[]}')],
    ['another version', response('{"version":2,"time":"2026-01-10T12:00:00.000Z","links":[]}')],
    ['an error of another shape', response('{"error":"nope"}', '500 Internal Server Error')],
    ['nothing', response('')],
    ['null', response('null')],
    ['a redirect', response('', '302 Found')],
  ] as const) {
    it(`answers ${name}: not linkd's`, async (t) => {
      const { path } = await foreign(t, (socket) => socket.end(answer));
      await assert.rejects(new ControlClient(path).status(), (error) => {
        assert.ok(error instanceof ForeignAnswerError, String(error));
        assert.match(error.message, /Another program listens there/);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return true;
      });
    });
  }

  it("answers without end: not linkd's", async (t) => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const { path } = await foreign(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
    await assert.rejects(new ControlClient(path).status(), /without end/);
    await assert.rejects(new ControlClient(path).events().next(), /without end/);
  });

  it('answers anything: an OpError, never a crash', async (t) => {
    let answer = Buffer.alloc(0);
    const { path } = await foreign(t, (socket) => socket.end(answer));
    const start = fc.constantFrom('', 'HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n{"version":1,"time":');
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 100 }), async (beginning, octets) => {
        answer = Buffer.concat([Buffer.from(beginning), octets]);
        await assert.rejects(new ControlClient(path).status(), OpError);
        await assert.rejects(async () => {
          for await (const line of new ControlClient(path).events()) assert.fail(line.json);
          // A stream that ends with nothing in it is over, which is no error.
          throw new OpError('read', 'the stream', 'it ended');
        }, OpError);
      }),
      { numRuns: 200 },
    );
  });
});

function response(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Root may open everything: where the test runs as root, it tries as nobody. */
async function asAnyUser(action: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) {
    await action();
    return;
  }
  const nobody = 65_534;
  process.seteuid?.(nobody);
  try {
    await action();
  } finally {
    process.seteuid?.(0);
  }
}

async function rejectsUnreachable(path: string, code: string, says: RegExp): Promise<void> {
  const client = new ControlClient(path);
  for (const attempt of [() => client.status(), () => client.command('branch', 'up')]) {
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof UnreachableError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    });
  }
}

/** A program that is not linkd, listening where linkd would. */
async function foreign(t: TestContext, answer: (socket: Socket) => void): Promise<{ path: string }> {
  const path = join(await temporaryDirectory(t), 'control.sock');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { path };
}
