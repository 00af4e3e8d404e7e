/** Classes of fragments (RFC 2686 §4): each is put together by itself, whatever happens to the others. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHex } from '../../src/base/bytes.js';
import { ClassReassembler } from '../../src/multilink/class-reassembler.js';
import { Fragmenter } from '../../src/multilink/fragmenter.js';
import { seededRandom } from '../support/random.js';
import { type Carried, type Whole, cut, deliver, drain, waitOut } from './bundle.js';

const waitMs = 500;
const loads = [0, 1].map((id) => ({ id, bytesPerSecond: 11_520, mtu: 1500, backlog: 0 }));

function makeReassembler(classes: number, shortSequence = true, members: readonly number[] = [0, 1]): ClassReassembler {
  const reassembler = new ClassReassembler({ mrru: 1500, shortSequence, classes, waitMs });
  for (const member of members) reassembler.join(member);
  return reassembler;
}

/** What was sent in a class, and its fragments, on each line in their order. */
interface Traffic {
  readonly sent: readonly string[];
  readonly lines: Carried[][];
}

function trafficOf(its: number, packets: number, shortSequence: boolean, random: () => number): Traffic {
  const fragmenter = new Fragmenter({ shortSequence, class: its, pfc: true, minFragment: 16, maxFragmentMs: 20 });
  const lines: Carried[][] = [[], []];
  const sent = Array.from({ length: packets }, (_, number) => {
    const packet = Uint8Array.from({ length: 1 + (random() % 900) }, () => random());
    for (const carried of cut(fragmenter, 0x21, packet, loads, number)) lines[carried.member]?.push(carried);
    return formatHex(packet);
  });
  return { sent, lines };
}

/** One fragment after the other, by chance of any class and line, but never more than a few of a line ahead of the other. */
function* mix(traffic: readonly Traffic[], random: () => number): Generator<readonly [its: number, Carried]> {
  for (;;) {
    const left = traffic.flatMap(({ lines }, its) => {
      const longest = Math.max(...lines.map(({ length }) => length));
      return lines.flatMap((line) => (line.length > 0 && line.length >= longest - 20 ? [{ its, line }] : []));
    });
    const one = left[random() % Math.max(1, left.length)];
    const carried = one?.line.shift();
    if (one === undefined || carried === undefined) return;
    yield [one.its, carried];
  }
}

const anyTraffic = fc.record({
  seed: fc.integer(),
  classes: fc.integer({ min: 2, max: 4 }),
  packets: fc.integer({ min: 1, max: 20 }),
  shortSequence: fc.boolean(),
  percentLost: fc.integer({ min: 0, max: 40 }),
});

describe('fragments of several classes', () => {
  it('give of each class the packets that arrived whole, in their order, however they are mixed, lost and doubled', () => {
    fc.assert(
      fc.property(anyTraffic, ({ seed, classes, packets, shortSequence, percentLost }) => {
        const random = seededRandom(seed);
        const traffic = Array.from({ length: classes }, (_, its) => trafficOf(its, packets, shortSequence, random));
        const reassembler = makeReassembler(classes, shortSequence);
        const broken = traffic.map(() => new Set<number>());
        const whole: Whole[] = [];
        for (const [its, carried] of mix(traffic, random)) {
          const dice = random() % 100;
          if (dice < percentLost) broken[its]?.add(carried.packet);
          else whole.push(...deliver(reassembler, carried, 0));
          if (dice > 90) whole.push(...deliver(reassembler, carried, 0));
        }
        whole.push(...waitOut(reassembler).packets);
        for (const [its, { sent }] of traffic.entries()) {
          const arrived = whole.filter((packet) => packet.class === its);
          assert.deepEqual(
            arrived.map(({ packet }) => formatHex(packet)),
            sent.filter((_, number) => broken[its]?.has(number) !== true),
          );
          if (broken[its]?.size === 0) assert.ok(arrived.every(({ afterLoss }) => !afterLoss));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of one line wait for nothing of another class', () => {
    const reassembler = makeReassembler(2, true, [0]);
    const line = loads.slice(0, 1);
    const options = { shortSequence: true, pfc: true, minFragment: 16 };
    const long = cut(new Fragmenter({ ...options, maxFragmentMs: 20 }), 0x21, new Uint8Array(600).fill(7), line);
    const small = cut(new Fragmenter({ ...options, class: 1, maxFragmentMs: Infinity }), 0x21, Uint8Array.of(9), line);
    assert.ok(long.length > 2 && small.length === 1);
    const order = [...long.slice(0, 1), ...small, ...long.slice(1)];
    const lengths = order.map((carried) => deliver(reassembler, carried, 0).map(({ packet }) => packet.length));
    assert.deepEqual(lengths, [[], [1], ...long.slice(2).map(() => []), [600]]);
  });

  it('that were not agreed on are thrown away, and the bits are not looked at where there is but one', () => {
    const three = { member: 0, frame: Uint8Array.of(0xf0, 0, 0x21, 1) };
    const two = makeReassembler(2);
    assert.deepEqual(deliver(two, three, 0), []);
    assert.equal(two.counters.discarded, 1);
    const one = makeReassembler(1);
    assert.deepEqual(
      deliver(one, three, 0).map(({ class: its, packet }) => [its, ...packet]),
      [[0, 1]],
    );
  });

  it('are heard on lines that joined before and after the first of them', () => {
    const reassembler = makeReassembler(2, true, [0]);
    const fragments = [0, 1, 2].map((number) => Uint8Array.of(0xd0, number, 0x21, number));
    const texts = fragments.map((frame, number) => {
      if (number === 1) reassembler.join(1);
      if (number === 2) {
        reassembler.leave(0);
        drain(reassembler);
      }
      return deliver(reassembler, { member: number === 0 ? 0 : 1, frame }, 0).map(({ packet }) => packet[0]);
    });
    assert.deepEqual(texts, [[0], [1], [2]]);
    assert.throws(() => {
      reassembler.join(1);
    }, /is a member already/);
    assert.throws(() => {
      reassembler.leave(0);
    }, /is no member/);
  });

  it('may be any garbage: nothing throws or stalls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        (frames, classes) => {
          const reassembler = makeReassembler(classes, classes <= 4);
          for (const [i, frame] of frames.entries()) deliver(reassembler, { member: i % 2, frame }, i);
          waitOut(reassembler);
          assert.equal(reassembler.nextTimeout(), undefined);
        },
      ),
    );
  });
});
