/** Telnet's codec and options, and the client of RFC 2217, as pure machines: properties, tables, and every octet that can come. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes, parseHex } from '../../src/base/bytes.js';
import { ComPort, type PortSettings } from '../../src/line/telnet/com-port.js';
import { TelnetDecoder, type TelnetEvent } from '../../src/line/telnet/decoder.js';
import { escapeData, optionCommand, subnegotiation, type Verb } from '../../src/line/telnet/encoder.js';
import { Option } from '../../src/line/telnet/numbers.js';
import { TelnetOptions, type OptionState } from '../../src/line/telnet/options.js';
import { Telnet } from '../../src/line/telnet/telnet.js';

const verbs: readonly Verb[] = ['will', 'wont', 'do', 'dont'];

/** What may stand in a telnet stream; IAC often. */
const octets = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((octet) => (octet % 4 === 0 ? 0xff : octet)));
const element = fc.oneof(
  octets.map((data) => ({ data, wire: escaped(data), events: [] as TelnetEvent[] })),
  fc.tuple(fc.constantFrom(...verbs), fc.nat(255)).map(([verb, option]) => ({
    ...{ data: new Uint8Array(0), wire: optionCommand(verb, option) },
    events: [{ type: 'option', verb, option } satisfies TelnetEvent],
  })),
  fc.tuple(fc.nat(255), octets).map(([option, content]) => ({
    ...{ data: new Uint8Array(0), wire: subnegotiation(option, content) },
    events: [{ type: 'subnegotiation', option, content } satisfies TelnetEvent],
  })),
);

describe('the telnet codec', () => {
  it('gives back data and commands, whatever the octets and the pieces', () => {
    const anything = fc.array(element, { maxLength: 12 });
    fc.assert(
      fc.property(anything, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (elements, pieces) => {
        const decoded = decode(concatBytes(elements.map(({ wire }) => wire)), pieces);
        assert.deepEqual(decoded.data, concatBytes(elements.map(({ data }) => data)));
        assert.deepEqual(
          decoded.events,
          elements.flatMap(({ events }) => events),
        );
        assert.equal(decoded.between, true);
        assert.equal(decoded.malformed, 0);
      }),
    );
  });

  it('doubles IAC and nothing else', () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    assert.deepEqual(escaped(every), Uint8Array.of(...every, 0xff));
  });

  const strange: readonly (readonly [string, string, string, number])[] = [
    ['commands without an option are passed over', '01 ff f1 02 ff f9 03', '01 02 03', 0],
    ['a subnegotiation that another command breaks off is dropped', 'ff fa 2c 65 ff fb 00 41', '41', 1],
    ['a subnegotiation without end waits', 'ff fa 2c 65 41', '', 0],
    ['an endless subnegotiation is dropped', `ff fa 2c ${'41 '.repeat(1000)} ff f0 42`, '42', 1],
  ];
  for (const [what, wire, data, malformed] of strange) {
    it(what, () => {
      const decoded = decode(parseHex(wire), [3]);
      assert.deepEqual(decoded.data, parseHex(data));
      assert.equal(decoded.malformed, malformed);
    });
  }
});

describe('telnet options (RFC 1143 §7)', () => {
  const steps: readonly (readonly [OptionState, Verb, OptionState, Verb | undefined])[] = [
    ['off', 'do', 'on', 'will'],
    ['off', 'dont', 'off', undefined],
    ['asked', 'do', 'on', undefined],
    ['asked', 'dont', 'off', undefined],
    ['on', 'do', 'on', undefined],
    ['on', 'dont', 'off', 'wont'],
    ['off', 'will', 'on', 'do'],
    ['off', 'wont', 'off', undefined],
    ['asked', 'will', 'on', undefined],
    ['asked', 'wont', 'off', undefined],
    ['on', 'will', 'on', undefined],
    ['on', 'wont', 'off', 'dont'],
  ];
  for (const [from, verb, to, answer] of steps) {
    it(`${from}, ${verb}: ${to}, ${answer ?? 'silence'}`, () => {
      const side = verb.startsWith('w') ? 'them' : 'us';
      const options = new TelnetOptions([0], from);
      assert.equal(options.receive(verb, 0), answer);
      assert.equal(options.state(side, 0), to);
      assert.equal(options.state(side === 'us' ? 'them' : 'us', 0), from);
    });
  }

  it('refuses what it does not know, and is silent when that is taken back', () => {
    const options = new TelnetOptions([0], 'on');
    assert.deepEqual(
      verbs.map((verb) => options.receive(verb, 24)),
      ['dont', undefined, 'wont', undefined],
    );
  });

  it('settles between two ends, whatever each asks', () => {
    const asked = fc.subarray([0, 3, 44]);
    fc.assert(
      fc.property(asked, asked, asked, asked, (usA, themA, usB, themB) => {
        const [a, b] = [new TelnetOptions([0, 3, 44], 'off'), new TelnetOptions([0, 3], 'off')];
        const ask = (end: TelnetOptions, us: number[], them: number[]): [Verb, number][] => [
          ...us.map((option): [Verb, number] => [end.ask('us', option), option]),
          ...them.map((option): [Verb, number] => [end.ask('them', option), option]),
        ];
        let [toB, toA] = [
          ask(a, usA, themA),
          ask(
            b,
            usB.filter((o) => o !== 44),
            themB.filter((o) => o !== 44),
          ),
        ];
        for (let round = 0; toA.length + toB.length > 0; round++) {
          assert.ok(round < 4, 'they go on and on');
          const answer = (end: TelnetOptions, said: readonly [Verb, number][]): [Verb, number][] =>
            said.flatMap(([verb, option]) => {
              const reply = end.receive(verb, option);
              return reply === undefined ? [] : [[reply, option] satisfies [Verb, number]];
            });
          [toA, toB] = [answer(b, toB), answer(a, toA)];
        }
        for (const option of [0, 3, 44]) {
          assert.equal(a.state('us', option), b.state('them', option));
          assert.equal(a.state('them', option), b.state('us', option));
          assert.notEqual(a.state('us', option), 'asked');
        }
      }),
    );
  });
});

const settings: PortSettings = { speed: 115_200, flow: 'rtscts', tellCarrier: true };

describe('the client of RFC 2217', () => {
  it('asks for the port as the RFC writes it', () => {
    assert.deepEqual(said(settings), ['010001c200', '0208', '0301', '0401', '0503', '0c03', '0b88', '0508', '00']);
    const others = said({ speed: 300, flow: 'xonxoff', tellCarrier: false });
    assert.deepEqual(others, ['010000012c', '0208', '0301', '0401', '0502', '0c03', '0b00', '0508', '050b', '00']);
    assert.equal(said({ ...settings, flow: 'none' })[4], '0501');
  });

  const essentials = ['speed 115200', '8 data bits', 'no parity', '1 stop bit', 'flow control rtscts'];

  it('waits for what the line can not do without, in any order', () => {
    const port = asking();
    assert.deepEqual(port.unanswered, essentials);
    hear(port, '69 03', '68 01', '67 01', '66 08');
    assert.deepEqual(port.unanswered, ['speed 115200']);
    hear(port, '65 00 01 c2 00');
    assert.deepEqual(port.unanswered, []);
    assert.equal(port.refusal, undefined);
  });

  it('takes a speed that is rounded a little', () => {
    const port = asking();
    hear(port, '65 00 01 c9 00');
    assert.deepEqual(port.unanswered, essentials.slice(1));
  });

  it('takes an answer about DTR for none about flow control', () => {
    const port = asking();
    hear(port, '69 08', '69 0b', '69 05');
    assert.ok(port.unanswered.includes('flow control rtscts'));
    assert.equal(port.refusal, undefined);
  });

  const refused: readonly (readonly [string, string, string, number])[] = [
    ['another speed', '65 00 00 25 80', 'speed 115200', 9600],
    ['7 data bits', '66 07', '8 data bits', 7],
    ['even parity', '67 03', 'no parity', 3],
    ['2 stop bits', '68 02', '1 stop bit', 2],
    ['no flow control', '69 01', 'flow control rtscts', 1],
  ];
  for (const [what, answer, name, got] of refused) {
    it(`asks again when the server says ${what}, and then takes it for a refusal`, () => {
      const port = asking();
      hear(port, answer);
      assert.equal(port.refusal, undefined);
      assert.notEqual(port.poll(), undefined);
      hear(port, answer);
      assert.deepEqual(port.refusal, { name, got });
    });
  }

  it('hears that the port takes no data, and that it does again', () => {
    const port = new ComPort();
    const states = ['6c', '6c', '6d'].map((content) => {
      hear(port, content);
      return port.suspended;
    });
    assert.deepEqual(states, [true, true, false]);
  });

  const carriers: readonly (readonly [string, boolean | undefined, readonly string[], boolean])[] = [
    ['seen before, gone', true, ['6b 00'], true],
    ['never there', undefined, ['6b 00', '6b 30'], false],
    ['never there, and the first report calls all a change', undefined, ['6b 0f'], false],
    ['came and went', undefined, ['6b 88', '6b 08'], true],
    ['stays while another line changes', undefined, ['6b 80', '6b 91'], false],
    ['went while nobody listened', false, ['6b 08'], true],
  ];
  for (const [what, before, reports, lost] of carriers) {
    it(`a carrier: ${what}: ${lost ? 'lost' : 'not lost'}`, () => {
      const port = new ComPort(before);
      hear(port, ...reports);
      assert.equal(port.carrierLost, lost);
    });
  }

  it('says who it is when asked, and hears who the server is', () => {
    const port = new ComPort();
    hear(port, '64');
    assert.deepEqual(port.poll(), Uint8Array.of(0, ...Buffer.from('linkd')));
    hear(port, '64 78 79');
    assert.equal(port.signature, 'xy');
  });

  it('knows no commands but those of a server', () => {
    for (const content of ['', '01', '65 00', '66', '6b', '7f 01', 'ff', '05 08']) {
      assert.equal(new ComPort().receive(parseHex(content)), false, content);
    }
  });
});

describe('the telnet end of a serial port', () => {
  const negotiated = 'ff fd 2c ff fb 00 ff fd 00 ff fb 03 ff fd 03';
  const answered = ['65 00 01 c2 00', '66 08', '67 01', '68 01', '69 03'].map((content) => `ff fa 2c ${content} ff f0`);

  it('offers the options first, and the port when the server lets it', () => {
    const telnet = Telnet.begin(settings);
    assert.equal(drain(telnet), 'fffb2c' + 'fffb00fffd00' + 'fffb03fffd03');
    feed(telnet, 'ff fd 2c');
    assert.match(drain(telnet), /^fffa2c010001c200fff0fffa2c0208fff0/);
    assert.deepEqual(telnet.progress.kind, 'waiting');
    feed(telnet, 'ff fd 2c');
    assert.equal(drain(telnet), '', 'only once');
  });

  it('is ready when all is answered, between two commands', () => {
    const telnet = Telnet.begin(settings);
    feed(telnet, negotiated, ...answered);
    assert.deepEqual(telnet.progress, { kind: 'ready' });
    feed(telnet, 'ff');
    assert.equal(telnet.progress.kind, 'waiting');
    assert.deepEqual(feed(telnet, 'ff'), Uint8Array.of(0xff));
    assert.deepEqual(telnet.progress, { kind: 'ready' });
  });

  it('takes a server that offers COM-PORT-OPTION itself', () => {
    const telnet = Telnet.begin(settings);
    feed(telnet, 'ff fe 2c ff fb 2c ff fb 00 ff fd 00', ...answered);
    assert.deepEqual(telnet.progress, { kind: 'ready' });
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['ff fe 2c', /RFC 2217/],
    ['ff fd 2c ff fe 00', /BINARY/],
    ['ff fd 2c ff fc 00', /BINARY/],
    [`${negotiated} ff fa 2c 65 00 00 25 80 ff f0 ff fa 2c 65 00 00 25 80 ff f0`, /^speed 115200: it sets 9600$/],
  ];
  for (const [said, what] of refusals) {
    it(`names what is refused: ${what}`, () => {
      const telnet = Telnet.begin(settings);
      feed(telnet, said);
      const { progress } = telnet;
      assert.ok(progress.kind === 'refused');
      assert.match(progress.what, what);
    });
  }

  it('bears whatever comes, in any pieces, and says only so much', () => {
    const hostile = fc.oneof(
      octets,
      element.map(({ wire }) => wire),
      octets.map((content) => subnegotiation(Option.comPort, content)),
      fc.constantFrom(...answered, negotiated).map(parseHex),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 40 }), fc.boolean(), (parts, begins) => {
        const telnet = begins ? Telnet.begin(settings) : Telnet.goOn({ watchCarrier: true, carrier: undefined });
        for (const part of parts) {
          const kept = telnet.decode(part.slice(), part.length);
          assert.ok(kept <= part.length);
          assert.notEqual(telnet.progress, undefined);
        }
        assert.ok(drain(telnet).length < 2 * 140 * 20);
      }),
    );
  });
});

function escaped(data: Uint8Array): Uint8Array {
  const into = new Uint8Array(2 * data.length);
  return into.subarray(0, escapeData(data, 0, data.length, into, 0));
}

interface Decoded {
  readonly data: Uint8Array;
  readonly events: readonly TelnetEvent[];
  readonly between: boolean;
  readonly malformed: number;
}

/** Decodes in pieces of these lengths, over and over. */
function decode(wire: Uint8Array, pieces: readonly number[]): Decoded {
  const events: TelnetEvent[] = [];
  const decoder = new TelnetDecoder((event) => events.push(event));
  const data: Uint8Array[] = [];
  for (let at = 0, i = 0; at < wire.length; i++) {
    const piece = wire.slice(at, at + (pieces[i % pieces.length] ?? 1));
    at += piece.length;
    data.push(piece.slice(0, decoder.decode(piece, piece.length)));
  }
  return { data: concatBytes(data), events, between: decoder.between, malformed: decoder.malformed };
}

/** A port that has asked, and has nothing more to say. */
function asking(): ComPort {
  const port = new ComPort();
  port.setUp(settings);
  while (port.poll() !== undefined);
  return port;
}

function said(wanted: PortSettings): readonly string[] {
  const port = new ComPort();
  port.setUp(wanted);
  const all: string[] = [];
  for (let content = port.poll(); content !== undefined; content = port.poll()) all.push(hex(content));
  return all;
}

function hear(port: ComPort, ...contents: readonly string[]): void {
  for (const content of contents) assert.equal(port.receive(parseHex(content)), true, content);
}

/** Gives the data. */
function feed(telnet: Telnet, ...parts: readonly string[]): Uint8Array {
  const wire = parseHex(parts.join(' '));
  return wire.subarray(0, telnet.decode(wire, wire.length));
}

function drain(telnet: Telnet): string {
  const all: string[] = [];
  for (let command = telnet.poll(); command !== undefined; command = telnet.poll()) all.push(hex(command));
  return all.join('');
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
