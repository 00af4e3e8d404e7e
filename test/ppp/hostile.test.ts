/** Garbage and malice at any moment: never an exception, never unbounded, and a sane peer is still met afterwards. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cause } from '../../src/base/cause.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import { buildPacket, parsePacket } from '../../src/ppp/packet.js';
import { cleanLine, LossyLine, type Frame } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, SessionStation, sessionOptions, Wire } from '../support/session-pair.js';

const octet = fc.integer({ min: 0, max: 255 });
const octets = fc.uint8Array({ maxLength: 64 });
const knownProtocol = fc.constantFrom<number>(Protocol.lcp, Protocol.lcp, Protocol.ipcp, Protocol.ip, Protocol.lqr);
const anyProtocol = fc.oneof(knownProtocol, fc.integer({ min: 0, max: 0xffff }));

/** Option lists, mostly well-formed, of types that somebody knows. */
const optionList = fc
  .array(fc.tuple(fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 13, 17, 129), fc.uint8Array({ maxLength: 8 })), { maxLength: 6 })
  .map((list) => Uint8Array.from(list.flatMap(([type, data]) => [type, data.length + 2, ...data])));

/** Packets with a right header: any code up to the unknown ones, any content. */
const packet = fc
  .record({ code: fc.integer({ min: 0, max: 16 }), id: octet, data: fc.oneof(octets, optionList) })
  .map((fields) => buildPacket(fields));

/** A packet of which some octets are wrong, or the end is missing. */
const mutated = fc
  .tuple(packet, fc.array(fc.tuple(fc.nat(), octet), { maxLength: 4 }), fc.nat(80))
  .map(([bytes, changes, cut]) => {
    const copy = bytes.slice(0, Math.max(0, bytes.length - (cut > 40 ? cut - 40 : 0)));
    for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
    return copy;
  });

type Input =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** A right answer to what the session sent last, to get it into all of its states. */
  | { readonly kind: 'answer'; readonly code: number }
  /** A request that it can take, to the same end. */
  | { readonly kind: 'request'; readonly id: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'close' };

const frame = fc.record({ protocol: anyProtocol, packet: fc.oneof(octets, packet, mutated) });

const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 8, arbitrary: frame.map((made): Input => ({ kind: 'frame', frame: made })) },
  { weight: 4, arbitrary: fc.constantFrom(2, 2, 2, 3, 4, 6).map((code): Input => ({ kind: 'answer', code })) },
  { weight: 4, arbitrary: octet.map((id): Input => ({ kind: 'request', id })) },
  { weight: 2, arbitrary: fc.constantFrom(1, 500, 3000, 10_000, 7_200_000).map((ms): Input => ({ kind: 'pass', ms })) },
  { weight: 1, arbitrary: fc.constant<Input>({ kind: 'close' }) },
);

const lcp: fc.Arbitrary<Partial<LcpOptions>> = fc.record({
  mru: fc.constantFrom(128, 1500, 4000),
  magic: fc.boolean(),
  pfc: fc.boolean(),
  passive: fc.boolean(),
  silent: fc.boolean(),
  maxFailure: fc.integer({ min: 1, max: 5 }),
  lqr: fc.constantFrom(undefined, { intervalMs: 10_000, maxLoss: 1, keep: 1, of: 60 }),
});

/** Feeds a session, and sees to it that no input makes it send much. */
class Victim {
  readonly station: SessionStation;
  now = 0;
  #last: Frame | undefined;

  constructor(options: Partial<LcpOptions>, seed: number) {
    this.station = new SessionStation(sessionOptions(options), seed);
    this.station.start(0);
    this.#look();
  }

  feed(fed: Input): void {
    switch (fed.kind) {
      case 'frame':
        this.station.receive(fed.frame, this.now);
        break;
      case 'answer':
        this.#answer(fed.code);
        break;
      case 'request':
        this.#receive(Protocol.lcp, Code.configureRequest, fed.id, new Uint8Array(0));
        if (fed.id % 2 === 0) {
          this.#receive(Protocol.ipcp, Code.configureRequest, fed.id, Uint8Array.of(3, 6, 10, 0, 0, 2));
        }
        break;
      case 'pass':
        this.now += fed.ms;
        this.station.timeout(this.now);
        break;
      case 'close':
        this.station.close(this.now, cause('requested'));
        break;
    }
    this.#look();
  }

  #answer(code: number): void {
    const sent = this.#last === undefined ? undefined : parsePacket(this.#last.packet);
    if (sent === undefined || this.#last === undefined) return;
    this.#receive(this.#last.protocol, code, sent.id, sent.data);
  }

  #receive(protocol: number, code: number, id: number, data: Uint8Array): void {
    this.station.receive({ protocol, packet: buildPacket({ code, id, data }) }, this.now);
  }

  #look(): void {
    const sent = this.station.take();
    assert(sent.length <= 6, `${sent.length} packets at one input`);
    for (const { packet: bytes } of sent) assert(bytes.length <= 4000, 'no packet is beyond what a peer takes');
    this.#last = sent.find(({ packet: bytes }) => bytes[0] === Code.configureRequest) ?? this.#last;
    const { options, peerIdentification } = this.station.session.describe();
    assert(Object.keys(options).length <= 12 && (peerIdentification ?? '').length <= 130);
    assert(Object.keys(this.station.session.counters).length <= 8);
  }
}

/** Lets a sane peer call on the line that the session is on; it redials as long as linkd's would. */
function meetSanePeer(victim: Victim): void {
  for (let attempt = 1; attempt <= 3 && !victim.station.isUp && victim.station.finished === undefined; attempt++) {
    const peer = new SessionStation(mirrored(), 1000 + attempt);
    const wire = new Wire(new LossyLine(cleanLine, seededRandom(attempt)), victim.station, peer);
    wire.now = victim.now;
    peer.start(victim.now);
    wire.run(victim.now + 90_000, () => victim.station.finished !== undefined || (victim.station.isUp && peer.isUp));
    victim.now = wire.now;
  }
}

describe('a session under attack', () => {
  it('never throws, whatever comes and whenever, and ends with a cause or comes up with a sane peer', () => {
    const ends = new Set<string>();
    fc.assert(
      fc.property(lcp, fc.array(input, { maxLength: 60 }), fc.nat(), (options, inputs, seed) => {
        const victim = new Victim(options, seed);
        for (const fed of inputs) victim.feed(fed);
        meetSanePeer(victim);
        const { finished, isUp } = victim.station;
        assert(isUp !== (finished !== undefined), 'up, or over with a cause');
        ends.add(finished?.code ?? 'up');
      }),
      { numRuns: 600 },
    );
    assert(ends.has('up') && ends.has('requested'), [...ends].join(' '));
  });

  it('is not moved by octets that are no packets, nor by replies that nobody asked for', () => {
    const noise = fc.oneof(
      octets.filter((bytes) => parsePacket(bytes) === undefined),
      fc
        .record({ code: fc.constantFrom(2, 3, 4), id: fc.integer({ min: 100, max: 200 }), data: octets })
        .map((fields) => buildPacket(fields)),
      fc
        .record({ code: fc.integer({ min: 14, max: 255 }), id: octet, data: octets })
        .map((fields) => buildPacket(fields)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(anyProtocol, noise), { maxLength: 100 }), fc.nat(), (frames, seed) => {
        const a = new SessionStation(sessionOptions(), seed);
        const b = new SessionStation(mirrored(), seed + 1);
        const wire = new Wire(new LossyLine(cleanLine, seededRandom(seed)), a, b);
        wire.start();
        for (const [protocol, bytes] of frames) {
          wire.inject(a, { protocol, packet: bytes });
          wire.run(wire.now + 1);
        }
        wire.run(wire.now + 1000);
        assert.deepEqual([a.ups, a.downs, b.ups, b.downs], [1, 0, 1, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nothing of a flood', () => {
    const victim = new Victim({}, 1);
    const random = seededRandom(9);
    const codes = [
      Code.configureRequest,
      Code.configureAck,
      Code.echoRequest,
      Code.identification,
      Code.timeRemaining,
      99,
    ];
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 200_000; round++) {
      if (round === 100_000) meetSanePeer(victim);
      const data = Uint8Array.of(5, 6, random(), random(), random(), random());
      const bytes = buildPacket({ code: codes[round % codes.length]!, id: random() & 0xff, data });
      const protocol = round % 7 === 0 ? random() & 0xffff : Protocol.lcp;
      victim.feed({ kind: 'frame', frame: { protocol, packet: bytes } });
      victim.station.outputs.length = 0; // what it gave out is the test's, not the session's
    }
    assert.equal(victim.station.finished, undefined);
    assert(process.memoryUsage().heapUsed - before < 64 << 20);
  });
});
