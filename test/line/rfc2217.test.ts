/** A serial port behind a terminal server: set up, refused, suspended, hung up. The real ser2net is in test/system. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { CauseCode } from '../../src/base/cause.js';
import type { Line, LineSource, StreamEnd } from '../../src/line/line.js';
import type { Rfc2217Options } from '../../src/line/options.js';
import { Rfc2217Source } from '../../src/line/rfc2217.js';
import { createLineSource } from '../../src/line/source.js';
import { streamOf } from '../../src/line/telnet-stream.js';
import { eventually, within } from '../support/eventually.js';
import {
  assertAborts,
  assertLeaksNothing,
  assertRefused,
  everyOctet,
  MemoryLog,
  openLine,
  owned,
  PATIENCE_MS,
} from './rig.js';
import { freePort } from './peer.js';
import { TerminalServer, type Manner } from './terminal-server.js';

const setUpMs = 300;
const carrier = { on: 0x88, off: 0x08 };

function optionsFor(port: number, more: Partial<Rfc2217Options> = {}): Rfc2217Options {
  return { kind: 'rfc2217', host: '127.0.0.1', port, speed: 57_600, flow: 'none', carrier: 'auto', ...more };
}

async function serve(
  t: TestContext,
  manner: Manner,
  more?: Partial<Rfc2217Options>,
): Promise<{ readonly server: TerminalServer; readonly source: Rfc2217Source }> {
  const server = await TerminalServer.open(t, manner);
  const source = owned(t, new Rfc2217Source(optionsFor(server.port, more), new MemoryLog(), { setUpMs: PATIENCE_MS }));
  return { server, source };
}

describe('a serial port behind a terminal server', () => {
  it('is set up, carries every octet both ways, and is hung up', async (t) => {
    const { server, source } = await serve(t, {});
    const { line, reader } = await carry(t, source);
    assert.equal(line.name, `127.0.0.1:${server.port}`);
    assert.equal(line.speed, 57_600);
    assert.deepEqual(server.commands, [
      '010000e100',
      '0208',
      '0301',
      '0401',
      '0501',
      '0c03',
      '0b88',
      '0508',
      '050b',
      '00',
    ]);
    assert.equal(reader.stream.write(everyOctet, 0, 256), 256);
    assert.deepEqual(await server.received(256), everyOctet);
    server.send(everyOctet);
    assert.deepEqual(await reader.received(256), everyOctet);
    reader.stream.stop();
    await line.close();
    assert.equal(server.commands.at(-1), '0509');
  });

  it('carries much at once, and tells what is not sent yet', async (t) => {
    const { server, source } = await serve(t, {});
    const { reader } = await carry(t, source);
    const much = new Uint8Array(3_000_000).fill(0xff);
    server.socket.removeAllListeners('data').pause();
    let taken = 0;
    await eventually(
      () => {
        const count = reader.stream.write(much, taken, much.length - taken);
        taken += count;
        return count === 0;
      },
      PATIENCE_MS,
      'the socket is full',
    );
    assert.ok(taken > 0 && reader.stream.unsent() > 0);
    let arrived = 0;
    server.socket.on('data', (octets: Buffer) => (arrived += octets.length)).resume();
    reader.stream.watchWritable(true);
    await eventually(() => reader.rooms > 0, PATIENCE_MS, 'there is room again');
    reader.stream.watchWritable(false);
    await eventually(() => arrived === 2 * taken, PATIENCE_MS, 'every octet, doubled');
  });

  it('answers what it is asked while it carries', async (t) => {
    const { server, source } = await serve(t, {});
    await carry(t, source);
    server.say(100);
    await server.heard(`00${Buffer.from('linkd').toString('hex')}`);
  });

  it('sends nothing while the server has suspended it, and goes on when it is resumed', async (t) => {
    const { server, source } = await serve(t, {});
    const { reader } = await carry(t, source);
    server.say(108);
    await eventually(() => reader.stream.write(everyOctet, 0, 1) === 0, PATIENCE_MS, 'it is suspended');
    const before = server.data.length;
    reader.stream.watchWritable(true);
    // What comes the other way is carried all the same.
    server.send(everyOctet);
    assert.deepEqual(await reader.received(256), everyOctet);
    assert.equal(reader.rooms, 0);
    assert.equal(reader.stream.write(everyOctet, 0, 256), 0);
    server.say(109);
    await eventually(() => reader.rooms > 0, PATIENCE_MS, 'there is room again');
    reader.stream.watchWritable(false);
    assert.equal(reader.stream.write(everyOctet, 0, 256), 256);
    assert.deepEqual((await server.received(before + 256)).subarray(before), everyOctet);
  });

  it('ends when the carrier is lost, after what came before', async (t) => {
    const { server, source } = await serve(t, {});
    const { line, reader } = await carry(t, source);
    server.say(107, carrier.on);
    server.send(everyOctet);
    server.say(107, carrier.off);
    const end = await reader.ended();
    assert.deepEqual(await reader.received(256), everyOctet);
    assert.deepEqual(await line.explain(end), { code: 'carrier-lost', detail: line.name });
    assert.equal(reader.ends.length, 1);
  });

  it('does not look at the carrier when told so', async (t) => {
    const { server, source } = await serve(t, {}, { carrier: 'ignore' });
    const { reader } = await carry(t, source);
    assert.ok(server.commands.includes('0b00'));
    server.say(107, carrier.on);
    server.say(107, carrier.off);
    server.send(everyOctet);
    assert.deepEqual(await reader.received(256), everyOctet);
    assert.deepEqual(reader.ends, []);
  });

  it('waits for the carrier where it is required', async (t) => {
    const { server, source } = await serve(t, {}, { carrier: 'require' });
    let isOpen = false;
    const opening = carry(t, source).then((carried) => {
      isOpen = true;
      return carried;
    });
    await server.heard('050b');
    server.say(107, 0);
    server.send(everyOctet);
    assert.equal(isOpen, false);
    server.say(107, carrier.on);
    const { reader } = await opening;
    server.say(107, carrier.off);
    assert.equal((await reader.ended()).kind, 'carrier-lost');
  });

  it('tells the end of the connection', async (t) => {
    const { server, source } = await serve(t, {});
    const { line, reader } = await carry(t, source);
    server.socket.end();
    assert.deepEqual(await line.explain(await reader.ended()), { code: 'line-closed', detail: line.name });
  });

  it('goes on in another process, set up as it is', async (t) => {
    const { server, source } = await serve(t, {});
    const first = await source.open(new AbortController().signal);
    const heard = server.commands.length;
    const handed = await source.handOver(first);
    const next = createLineSource(optionsFor(server.port), { log: new MemoryLog(), handed });
    const { reader } = await carry(t, owned(t, next));
    server.send(everyOctet);
    assert.deepEqual(await reader.received(256), everyOctet);
    assert.equal(server.commands.length, heard);
    server.say(107, carrier.off);
    assert.equal((await reader.ended()).kind, 'carrier-lost');
  });

  it('is aborted at any moment, and leaks nothing', async (t) => {
    const { source } = await serve(t, { silent: true });
    await assertLeaksNothing(async () => {
      await assertAborts(source, (abort) => {
        abort();
      });
      await assertAborts(source, (abort) => setTimeout(abort, 50));
    });
  });
});

describe('a terminal server that does not do as it is told', () => {
  const nothing = (): undefined => undefined;
  const cases: readonly (readonly [string, Manner, CauseCode, RegExp, Partial<Rfc2217Options>?])[] = [
    ['knows no RFC 2217', { refuses: [44] }, 'terminal-server-refused', /: RFC 2217/],
    ['refuses 8-bit octets', { refuses: [0] }, 'terminal-server-refused', /BINARY/],
    ['is silent', { silent: true }, 'terminal-server-silent', /no answer to RFC 2217.*BINARY/],
    ['closes', { farewell: '' }, 'line-closed', /^127\.0\.0\.1:\d+$/],
    [
      'closes with words',
      { farewell: 'Port already\r\n\u0007in use\r\n' },
      'line-closed',
      /: Port already \\x07in use$/,
    ],
    [
      'sets another speed',
      { answers: new Map([[1, () => Uint8Array.of(0, 0, 37, 128)]]) },
      'terminal-server-refused',
      /: speed 57600: it sets 9600$/,
    ],
    [
      'has no flow control',
      { answers: new Map([[5, () => Uint8Array.of(1)]]) },
      'terminal-server-refused',
      /: flow control rtscts: it sets 1$/,
      { flow: 'rtscts' },
    ],
    [
      'does not answer to some',
      {
        answers: new Map([
          [1, nothing],
          [4, nothing],
        ]),
      },
      'terminal-server-silent',
      /: no answer to speed 57600, 1 stop bit$/,
    ],
    [
      'does not tell of the carrier that is required',
      { answers: new Map([[11, () => Uint8Array.of(0)]]) },
      'terminal-server-refused',
      /carrier: require/,
      { carrier: 'require' },
    ],
  ];
  for (const [what, manner, code, detail, more] of cases) {
    it(what, async (t) => {
      const server = await TerminalServer.open(t, manner);
      const source = new Rfc2217Source(optionsFor(server.port, more), new MemoryLog(), { setUpMs });
      await assertLeaksNothing(() => assertRefused(source, code, detail));
    });
  }

  it('does not answer to what the line can do without', async (t) => {
    const { source } = await serve(t, { answers: new Map([11, 12].map((command) => [command, nothing])) });
    await openLine(t, source);
  });

  it('is not there', async (t) => {
    const source = owned(t, new Rfc2217Source(optionsFor(await freePort()), new MemoryLog()));
    await assertRefused(source, 'connection-refused', /ECONNREFUSED/);
  });
});

class Reader {
  readonly stream;
  readonly ends: StreamEnd[] = [];
  rooms = 0;
  #data: number[] = [];

  constructor(line: Line) {
    this.stream = streamOf(line);
    const buffer = new Uint8Array(65_536);
    this.stream.start({
      readable: () => {
        const length = this.stream.read(buffer);
        this.#data.push(...buffer.subarray(0, length));
      },
      writable: () => {
        this.rooms++;
      },
      ended: (end) => {
        this.ends.push(end);
      },
    });
  }

  async received(count: number): Promise<Uint8Array> {
    await eventually(() => this.#data.length >= count, PATIENCE_MS, `${count} octets`);
    return Uint8Array.from(this.#data.splice(0, count));
  }

  async ended(): Promise<StreamEnd> {
    return eventually(() => this.ends[0], PATIENCE_MS, 'the end');
  }
}

/** Opens the line and reads it as the packet worker does, until the test ends. */
async function carry(t: TestContext, source: LineSource): Promise<{ readonly line: Line; readonly reader: Reader }> {
  const line = await within(source.open(new AbortController().signal), PATIENCE_MS, 'the line opens');
  const reader = new Reader(line);
  t.after(async () => {
    reader.stream.stop();
    await line.close();
  });
  return { line, reader };
}
