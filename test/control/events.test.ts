/** The event stream, with readers that are quick, slow, or gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request, type IncomingMessage } from 'node:http';
import { cause } from '../../src/base/cause.js';
import { ControlClient } from '../../src/control/client.js';
import { errorBody, streamLine, type StreamLine } from '../../src/control/protocol.js';
import type { LinkEvent } from '../../src/link/types.js';
import { http, sendRaw, serve, waitUntil } from './rig.js';

describe('the event stream', () => {
  it('begins with a line that says so, then tells every event', async (t) => {
    const { path, steering, server } = await serve(t);
    const lines = collect(new ControlClient(path).events());
    await waitUntil('the stream is there', () => lines.got.length === 1);
    steering.enter('branch', 'closing', cause('peer-dead', '3 echoes'));
    steering.emit(logEvent('depot', 'looking for the device'));
    await waitUntil('both events came', () => lines.got.length === 3);
    await server.close();
    await lines.ended;
    assert.deepEqual(
      lines.got.map((line) => line.type),
      ['begin', 'state', 'log'],
    );
    const [, state, log] = lines.got;
    assert.ok(state?.type === 'state' && log?.type === 'log');
    assert.deepEqual(
      [state.link, state.state, state.cause?.code, state.cause?.detail],
      ['branch', 'closing', 'peer-dead', '3 echoes'],
    );
    assert.deepEqual([log.link, log.message, log.cause], ['depot', 'looking for the device', null]);
  });

  it('tells of one link only when asked so', async (t) => {
    const { path, steering } = await serve(t);
    const lines = collect(new ControlClient(path).events('depot'));
    await waitUntil('the stream is there', () => lines.got.length === 1);
    steering.enter('branch', 'closing');
    steering.enter('depot', 'opening');
    await waitUntil('the event came', () => lines.got.length === 2);
    assert.ok(lines.got[1]?.type === 'state' && lines.got[1].link === 'depot');
  });

  it('outlives the idle time-out', async (t) => {
    const { path, steering } = await serve(t, { limits: { idleTimeoutMs: 100 } });
    const lines = collect(new ControlClient(path).events());
    await waitUntil('the stream is there', () => lines.got.length === 1);
    // A connection that was idle from the same moment on tells when the time-out is over.
    await sendRaw(path, '');
    steering.enter('branch', 'closing');
    await waitUntil('the event came', () => lines.got.length === 2);
  });

  it('stops listening when its client goes', async (t) => {
    const { path, steering } = await serve(t);
    const stream = new ControlClient(path).events();
    await stream.next();
    assert.equal(steering.listeners, 1);
    await stream.return();
    await waitUntil('nobody listens', () => steering.listeners === 0);
  });

  it('ends a reader that is too slow with an overflow line, and serves the others on', async (t) => {
    const { path, steering } = await serve(t, { limits: { maxStreamBytes: 20_000 } });
    const slow = await openWithoutReading(t, path);
    const fast = collect(new ControlClient(path).events());
    await waitUntil('both listen', () => steering.listeners === 2 && fast.got.length === 1);
    let sent = 0;
    while (steering.listeners === 2 && sent < 100_000) {
      for (let burst = 0; burst < 10; burst++) steering.emit(logEvent('branch', `event ${sent++} ${'x'.repeat(500)}`));
      const soFar = sent;
      await waitUntil('the fast reader has them', () => fast.got.length === soFar + 1);
    }
    assert.equal(steering.listeners, 1, 'the slow reader was never dropped');
    const lines = (await readAll(slow)).trimEnd().split('\n').map(parseLine);
    assert.equal(lines.at(-1)?.type, 'overflow');
    const kept = lines.slice(1, -1);
    assert.ok(kept.length > sent - 11 && kept.length < sent);
    for (const [i, line] of kept.entries()) assert.ok(line.type === 'log' && line.message.startsWith(`event ${i} `));
    steering.emit(logEvent('branch', 'still here'));
    await waitUntil('the fast reader has that too', () => fast.got.length === sent + 2);
  });

  it('cuts a slow reader off that does not even fetch the rest', async (t) => {
    const { path, steering } = await serve(t, { limits: { maxConnections: 1, maxStreamBytes: 2_000, farewellMs: 50 } });
    const slow = await openWithoutReading(t, path);
    for (let sent = 0; steering.listeners === 1 && sent < 100_000; sent++) {
      steering.emit(logEvent('branch', `event ${sent} ${'x'.repeat(500)}`));
      await new Promise(setImmediate);
    }
    await waitUntil('its connection made room for another', () => answers(path));
    const text = await readAll(slow);
    assert.ok(text.includes('event 0 ') && !text.includes('"overflow"'));
  });

  it('keeps room for commands: only so many streams at a time', async (t) => {
    const { path } = await serve(t, { limits: { maxStreams: 2 } });
    const client = new ControlClient(path);
    const streams = [client.events(), client.events()];
    for (const stream of streams) await stream.next();
    const { status, text } = await http(path, 'GET', '/v1/events');
    assert.equal(status, 503);
    assert.equal(errorBody.parse(JSON.parse(text)).error.code, 'too-many-streams');
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
    await streams[0]?.return();
    await waitUntil('there is room again', async () => {
      const stream = client.events();
      try {
        return (await stream.next()).done === false;
      } catch {
        return false;
      } finally {
        await stream.return();
      }
    });
  });
});

function logEvent(link: string, message: string): LinkEvent {
  return { time: new Date(), link, type: 'log', level: 'info', message, state: 'up', cause: undefined };
}

async function answers(path: string): Promise<boolean> {
  try {
    return (await http(path, 'GET', '/v1/status')).status === 200;
  } catch {
    return false;
  }
}

function parseLine(line: string): StreamLine {
  return streamLine.parse(JSON.parse(line));
}

/** Reads a stream in the background; the test looks at what came. */
function collect(stream: AsyncIterable<{ body: StreamLine }>): { got: StreamLine[]; ended: Promise<void> } {
  const got: StreamLine[] = [];
  const read = async (): Promise<void> => {
    try {
      for await (const { body } of stream) got.push(body);
    } catch {
      // The server ends before its streams where a test ends early.
    }
  };
  return { got, ended: read() };
}

/** A client that asked for events and reads nothing but the head of the answer. */
function openWithoutReading(t: { after(action: () => void): void }, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: path, path: '/v1/events', agent: false });
    t.after(() => outgoing.destroy());
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.on('error', () => undefined);
      incoming.socket.pause();
      resolve(incoming);
    });
    outgoing.end();
  });
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  let text = '';
  incoming.setEncoding('utf8');
  incoming.socket.resume();
  try {
    for await (const chunk of incoming) text += String(chunk);
  } catch {
    // Cut off: what came before counts.
  }
  return text;
}
