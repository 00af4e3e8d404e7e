/** Raw octets against the control server: whatever a client sends and at whatever pace, linkd goes on. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { errorBody } from '../../src/control/protocol.js';
import { http, sendRaw, serve, waitUntil } from './rig.js';

/** The status and the error of a raw answer. */
function readError(answer: string): { status: number; code: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), code: errorBody.parse(JSON.parse(body)).error.code };
}

describe('a hostile client', () => {
  const garbage: readonly (readonly [name: string, octets: string, status: number, code: string])[] = [
    ['no HTTP at all', 'hello linkd\r\n\r\n', 400, 'bad-request'],
    ['an unknown method', 'BREW /v1/status HTTP/1.1\r\n\r\n', 400, 'bad-request'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'bad-request'],
    ['PPP', '~\xff\x7d\x23\xc0\x21\x7d\x21\x7d\x20', 400, 'bad-request'],
    ['a bad version', 'GET /v1/status HTTP/9.9\r\n\r\n', 400, 'bad-request'],
    ['a NUL in the headers', 'GET /v1/status HTTP/1.1\r\nx: \0\r\n\r\n', 400, 'bad-request'],
    [
      'two lengths (smuggling)',
      'POST /v1/links/branch/up HTTP/1.1\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'bad-request',
    ],
    [
      'a bad chunk',
      'POST /v1/links/branch/up HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      400,
      'bad-request',
    ],
    ['huge headers', `GET /v1/status HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['a huge target', `GET /${'y'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, 'headers-too-large'],
    [
      'a body without end',
      `POST /v1/links/branch/up HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n400\r\n${'z'.repeat(1024)}\r\n`.concat(
        `400\r\n${'z'.repeat(1024)}\r\n`.repeat(8),
      ),
      413,
      'body-too-large',
    ],
  ];
  for (const [name, octets, status, code] of garbage) {
    it(`sends ${name}: ${status}`, async (t) => {
      const { path, steering } = await serve(t);
      assert.deepEqual(readError(await sendRaw(path, Buffer.from(octets, 'latin1'))), { status, code });
      assert.deepEqual(steering.commands, []);
      assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
    });
  }

  it('sends any octets: a closed connection or a 4xx, and linkd goes on', async (t) => {
    const { path, steering, errors } = await serve(t);
    const start = fc.constantFrom('', 'GET ', 'GET /v1/', 'POST /v1/links/branch/', 'GET /v1/status HTTP/1.1\r\n');
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 200 }), async (beginning, octets) => {
        const answer = await sendRaw(path, Buffer.concat([Buffer.from(beginning), octets]), true);
        assert.match(answer, /^(HTTP\/1\.1 [24]\d\d |$)/);
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(steering.commands, []);
    assert.deepEqual(errors, []);
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
  });

  it('cuts a request off anywhere: nothing is done by half a command', async (t) => {
    const { path, steering, errors } = await serve(t);
    const whole = 'POST /v1/links/branch/down HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}';
    for (let length = 0; length < whole.length; length++) await sendRaw(path, whole.slice(0, length), true);
    assert.deepEqual(steering.commands, []);
    assert.deepEqual(errors, []);
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
  });

  it('sends its headers a little at a time, for ever: 408', async (t) => {
    const { path } = await serve(t, { limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const socket = open(t, path);
    const received = text(socket);
    const drip = setInterval(() => socket.write('x'), 20);
    t.after(() => {
      clearInterval(drip);
    });
    socket.write('GET /v1/status HTTP/1.1\r\nx-slow: ');
    await waitUntil('the server has enough', () => socket.destroyed || socket.readableEnded);
    assert.deepEqual(readError(received()), { status: 408, code: 'request-timeout' });
  });

  it('announces a body that never comes: 408', async (t) => {
    const { path, steering } = await serve(t, { limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const answer = await sendRaw(path, 'POST /v1/links/branch/up HTTP/1.1\r\ncontent-length: 5\r\n\r\n{');
    assert.deepEqual(readError(answer), { status: 408, code: 'request-timeout' });
    assert.deepEqual(steering.commands, []);
  });

  it('connects and says nothing: the connection is closed', async (t) => {
    const { path } = await serve(t, { limits: { idleTimeoutMs: 100 } });
    assert.equal(await sendRaw(path, ''), '');
  });

  it('asks without ever reading the answers: the connection is closed', async (t) => {
    const { path, errors } = await serve(t, { limits: { idleTimeoutMs: 200 } });
    const socket = open(t, path);
    socket.pause();
    const requests = 'GET /v1/status HTTP/1.1\r\n\r\n'.repeat(100);
    // Writing into a closed connection is what tells a client that doesn't read.
    await waitUntil('the server has enough', () => {
      socket.write(requests);
      return socket.destroyed;
    });
    assert.deepEqual(errors, []);
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
  });

  it('opens a thousand connections: linkd keeps few of them, and serves when they are gone', async (t) => {
    const { path } = await serve(t, { limits: { maxConnections: 50, idleTimeoutMs: 60_000 } });
    const sockets = Array.from({ length: 1000 }, () => open(t, path));
    const isOpen = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded;
    await waitUntil('all but the first are closed again', () => sockets.filter(isOpen).length <= 50);
    assert.ok(sockets.some(isOpen));
    for (const socket of sockets) socket.destroy();
    await waitUntil('linkd answers again', async () => {
      try {
        return (await http(path, 'GET', '/v1/status')).status === 200;
      } catch {
        return false;
      }
    });
  });

  it('answers to pipelined requests come in order', async (t) => {
    const { path } = await serve(t);
    const requests = ['branch', 'nosuch', 'depot'].map((name) => `GET /v1/links/${name} HTTP/1.1\r\n\r\n`).join('');
    const received = await sendRaw(path, `${requests}GET /v1/status HTTP/1.1\r\nconnection: close\r\n\r\n`);
    assert.deepEqual(
      [...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ['200', '404', '200', '200'],
    );
  });
});

function open(t: TestContext, path: string): Socket {
  const socket = connect(path);
  socket.on('error', () => undefined);
  socket.resume();
  t.after(() => socket.destroy());
  return socket;
}

function text(socket: Socket): () => string {
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  return () => received;
}
