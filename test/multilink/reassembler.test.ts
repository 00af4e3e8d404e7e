/**
 * How a bundle is put together again: in order whatever the interleaving, by the loss rule of RFC 1990 §4.1, within bounds
 * of time and room, and whatever garbage comes.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, formatHex, parseHex } from '../../src/base/bytes.js';
import { Fragmenter, type MemberLoad } from '../../src/multilink/fragmenter.js';
import { Reassembler, type ReassemblerCounters } from '../../src/multilink/reassembler.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { seededRandom } from '../support/random.js';
import { type Carried, type Whole, cut, deliver, drain, fragment, frameOf, waitOut } from './bundle.js';

const waitMs = 500;

function makeReassembler(members: readonly number[], shortSequence = false): Reassembler {
  const reassembler = new Reassembler({ mrru: 1500, shortSequence, waitMs });
  for (const member of members) reassembler.join(member);
  return reassembler;
}

/** What the text of the packets is, `!` before one that follows a loss. */
function textOf(packets: readonly Whole[]): string {
  return packets.map(({ packet, afterLoss }) => (afterLoss ? '!' : '') + String.fromCharCode(...packet)).join(' ');
}

/** The counters that are not 0, without those of what is in order. */
function errorsOf(counters: Readonly<ReassemblerCounters>): Record<string, number> {
  const inOrder = ['packets', 'fragments'];
  const errors = Object.entries(counters).filter(([name, count]) => !inOrder.includes(name) && count !== 0);
  return Object.fromEntries(errors);
}

/** Compares without printing what a person can't read: where the first difference is. */
function assertPackets(whole: readonly Whole[], expected: readonly Uint8Array[]): void {
  const wrong = whole.findIndex(({ packet }, i) => formatHex(packet) !== formatHex(expected[i] ?? new Uint8Array(0)));
  assert.equal(wrong, -1, `packet ${wrong} of ${whole.length} is not number ${wrong} of ${expected.length}`);
  assert.equal(whole.length, expected.length);
}

type Step = readonly [member: number, sequence: number, bits: 'B' | 'E' | 'BE' | '', text: string, whole: string];

describe('fragments (RFC 1990 §4.1)', () => {
  const cases: readonly { name: string; steps: readonly Step[]; errors?: Record<string, number> }[] = [
    {
      name: 'are put together in their order, from any member',
      steps: [
        [1, 0, 'B', 'he', ''],
        [2, 2, 'E', 'o', ''],
        [1, 1, '', 'll', 'hello'],
        [2, 3, 'BE', 'world', 'world'],
      ],
    },
    {
      name: 'wait for a packet before theirs, and follow it at once',
      steps: [
        [2, 1, 'BE', 'two', ''],
        [2, 2, 'BE', 'three', ''],
        [1, 0, 'BE', 'one', 'one two three'],
      ],
    },
    {
      name: 'are lost when every member has gone past them',
      steps: [
        [1, 0, 'B', 'a', ''],
        [2, 2, 'E', 'c', ''],
        [1, 3, 'B', 'd', ''], // M is 2 now: number 1 will not come
        [2, 4, 'E', 'e', '!de'],
      ],
      errors: { lost: 1, discarded: 2 },
    },
    {
      name: 'are not lost while a member may still bring them',
      steps: [
        [1, 0, 'B', 'a', ''],
        [1, 3, 'BE', 'd', ''],
        [1, 4, 'BE', 'e', ''],
        [2, 1, '', 'b', ''],
        [2, 2, 'E', 'c', 'abc d e'],
      ],
    },
    {
      name: 'without their end are given up when M is past it; the packet that begins there is kept',
      steps: [
        [1, 0, 'B', 'a', ''],
        [2, 1, '', 'b', ''],
        [1, 3, 'B', 'd', ''], // the end was number 2
        [2, 4, '', 'e', ''],
        [1, 5, 'E', 'f', '!def'],
      ],
      errors: { lost: 1, discarded: 2 },
    },
    {
      name: 'without their end and nothing missing: the peer has made a mistake',
      steps: [
        [1, 0, 'B', 'a', ''],
        [2, 1, 'BE', 'b', '!b'],
      ],
      errors: { discarded: 1 },
    },
    {
      name: 'without their beginning go',
      steps: [
        [1, 1, '', 'b', ''],
        [2, 2, 'E', 'c', ''],
        [1, 3, 'BE', 'd', '!d'],
      ],
      errors: { lost: 1, discarded: 2 },
    },
    {
      name: 'that complete a packet before M are passed on',
      steps: [
        [1, 1, 'BE', 'b', ''],
        [1, 2, 'BE', 'c', ''],
        [2, 3, 'BE', 'd', '!b c d'],
      ],
      errors: { lost: 1 },
    },
    {
      name: 'that come twice count once',
      steps: [
        [1, 0, 'B', 'a', ''],
        [1, 0, 'B', 'x', ''],
        [2, 1, 'E', 'b', 'ab'],
        [2, 1, 'E', 'y', ''],
        [1, 0, 'B', 'z', ''],
        [1, 2, 'BE', 'c', 'c'],
      ],
      errors: { duplicate: 1, late: 2 },
    },
    {
      name: 'that are null tell that nothing is missing, and are no packet',
      steps: [
        [1, 0, 'B', 'a', ''],
        [1, 2, 'BE', 'c', ''],
        [2, 3, 'BE', '', '!c'],
      ],
      errors: { lost: 1, discarded: 1 },
    },
  ];
  for (const { name, steps, errors = {} } of cases) {
    it(name, () => {
      const reassembler = makeReassembler([1, 2]);
      for (const [member, sequence, bits, text, whole] of steps) {
        const sent = fragment(member, sequence, bits, text);
        const frame = text === '' ? sent.frame.subarray(0, 4) : sent.frame;
        assert.equal(textOf(deliver(reassembler, { member, frame }, 0)), whole, `after number ${sequence}`);
      }
      assert.deepEqual(errorsOf(reassembler.counters), errors);
    });
  }

  it('carry a Protocol field of one octet or two', () => {
    const reassembler = makeReassembler([1]);
    const protocolOf = (hex: string): number[] =>
      deliver(reassembler, { member: 1, frame: parseHex(hex) }, 0).map(({ protocol }) => protocol);
    assert.deepEqual(protocolOf('c0 000000 21 45'), [0x0021]);
    assert.deepEqual(protocolOf('c0 000001 00 21 45'), [0x0021]);
    assert.deepEqual(protocolOf('c0 000002 80 21 45'), [0x8021]);
    assert.deepEqual(protocolOf('c0 000003 80'), []);
    assert.deepEqual(errorsOf(reassembler.counters), { badHeader: 1 });
    assert.deepEqual(protocolOf('80 000004 80'), []);
    assert.deepEqual(protocolOf('40 000005 57 60'), [0x8057]);
  });
});

describe('time and room', () => {
  it('are bounded: what waits for too long is given up, not what came after', () => {
    const reassembler = makeReassembler([1, 2]);
    assert.equal(reassembler.nextTimeout(), undefined);
    assert.equal(textOf(deliver(reassembler, fragment(1, 1, 'BE', 'b'), 1000)), '');
    assert.equal(textOf(deliver(reassembler, fragment(1, 3, 'BE', 'd'), 1200)), '');
    assert.equal(reassembler.nextTimeout(), 1500);
    reassembler.timeout(1499);
    assert.equal(textOf(drain(reassembler)), '');
    reassembler.timeout(1500);
    assert.equal(textOf(drain(reassembler)), '!b');
    assert.equal(reassembler.nextTimeout(), 1700);
    assert.equal(textOf(deliver(reassembler, fragment(2, 2, 'BE', 'c'), 1600)), 'c d');
    assert.equal(reassembler.nextTimeout(), undefined);
    assert.deepEqual(errorsOf(reassembler.counters), { lost: 1, aged: 1 });
  });

  it('give up a packet whose end never came', () => {
    const reassembler = makeReassembler([1, 2]);
    deliver(reassembler, fragment(1, 0, 'B', 'a'), 0);
    reassembler.timeout(waitMs);
    assert.equal(textOf(drain(reassembler)), '');
    assert.equal(reassembler.nextTimeout(), undefined);
    assert.equal(textOf(deliver(reassembler, fragment(1, 1, 'E', 'b'), 600)), '');
    assert.equal(textOf(deliver(reassembler, fragment(2, 2, 'BE', 'c'), 600)), '!c');
  });

  it('are bounded when a member is silent: what is behind 256 numbers is given up', () => {
    const reassembler = makeReassembler([1, 2]);
    for (let sequence = 1; sequence <= 255; sequence++)
      assert.equal(textOf(deliver(reassembler, fragment(1, sequence, 'BE', 'x'), 0)), '');
    const packets = deliver(reassembler, fragment(1, 256, 'BE', 'last'), 0);
    assert.deepEqual([packets.length, packets[0]?.afterLoss, packets[1]?.afterLoss], [256, true, false]);
    assert.equal(textOf(packets.slice(-1)), 'last');
    assert.deepEqual(errorsOf(reassembler.counters), { lost: 1, overflow: 1 });
  });

  it('hold what the MRRU allows, and no more', () => {
    const reassembler = makeReassembler([1]);
    const carry = (sequence: number, bits: 'B' | 'E' | 'BE', length: number): number[] =>
      deliver(reassembler, fragment(1, sequence, bits, 'x'.repeat(length)), 0).map(({ packet }) => packet.length);
    assert.deepEqual(carry(0, 'BE', 1500), [1500]);
    assert.deepEqual(carry(1, 'BE', 1501), []);
    assert.deepEqual(carry(2, 'BE', 1502), []);
    assert.deepEqual([...carry(3, 'B', 1000), ...carry(4, 'E', 500)], [1500]);
    assert.deepEqual([...carry(5, 'B', 1000), ...carry(6, 'E', 502)], []);
    assert.deepEqual(carry(7, 'BE', 1), [1]);
    assert.equal(reassembler.counters.tooLong, 3);
  });
});

describe('members', () => {
  it('that leave are not waited for', () => {
    const reassembler = makeReassembler([1, 2]);
    assert.equal(textOf(deliver(reassembler, fragment(1, 1, 'BE', 'b'), 0)), '');
    reassembler.leave(2);
    assert.equal(textOf(drain(reassembler)), '!b');
    assert.equal(textOf(deliver(reassembler, fragment(1, 2, 'BE', 'c'), 0)), 'c');
    reassembler.leave(1);
    assert.equal(textOf(drain(reassembler)), '');
  });

  it('that come back go on with the numbers of the bundle (RFC 1990 §4.1)', () => {
    const reassembler = makeReassembler([1, 2]);
    assert.equal(textOf(deliver(reassembler, fragment(1, 0, 'BE', 'a'), 0)), 'a');
    reassembler.leave(2);
    assert.equal(textOf(drain(reassembler)), '');
    reassembler.join(2);
    assert.equal(textOf(deliver(reassembler, fragment(1, 2, 'BE', 'c'), 0)), '');
    assert.equal(textOf(deliver(reassembler, fragment(2, 1, 'BE', 'b'), 0)), 'b c');
  });

  it('that all leave take what is missing with them', () => {
    const reassembler = makeReassembler([1, 2]);
    deliver(reassembler, fragment(1, 1, 'BE', 'b'), 0);
    deliver(reassembler, fragment(1, 3, 'BE', 'd'), 0);
    reassembler.leave(1);
    drain(reassembler);
    reassembler.leave(2);
    assert.equal(textOf(drain(reassembler)), '!b !d');
  });

  it('join once, and leave only if they are there', () => {
    const reassembler = makeReassembler([1]);
    assert.throws(() => {
      reassembler.join(1);
    }, RangeError);
    assert.throws(() => {
      reassembler.leave(2);
    }, RangeError);
  });

  it('are those that joined: others are counted, and not heard', () => {
    const reassembler = makeReassembler([1]);
    assert.deepEqual(deliver(reassembler, fragment(5, 0, 'BE', 'a'), 0), []);
    assert.deepEqual(deliver(reassembler, { member: 1, frame: parseHex('c0 00 00') }, 0), []);
    assert.deepEqual(errorsOf(reassembler.counters), { stranger: 1, runt: 1 });
  });

  it('must be drained between two fragments', () => {
    const reassembler = makeReassembler([1]);
    const { frame } = fragment(1, 0, 'BE', 'a');
    reassembler.receive(1, frame, 0, frame.length, 0);
    assert.throws(() => {
      reassembler.receive(1, frame, 0, frame.length, 0);
    }, /not drained/);
  });
});

describe('numbers', () => {
  for (const shortSequence of [true, false]) {
    it(`of ${shortSequence ? 12 : 24} bits go around`, () => {
      const reassembler = makeReassembler([1], shortSequence);
      const fragmenter = new Fragmenter({ shortSequence, pfc: true, minFragment: 16, maxFragmentMs: Infinity });
      const packet = Uint8Array.of(1, 2, 3);
      const members = [{ id: 1, bytesPerSecond: 1000, mtu: 1500, backlog: 0 }];
      // All of the short ones, twice; of the long ones those around the turn.
      if (!shortSequence) {
        for (let i = 0; i < 0x100_0000 - 3000; i++) fragmenter.nullFragment(1);
        const { header, headerLength } = fragmenter.nullFragment(1);
        for (let i = 0; i < 32; i++) deliver(reassembler, { member: 1, frame: header.slice(0, headerLength) }, 0);
        assert.equal(reassembler.counters.resync, 1);
      }
      for (let i = 0; i < 9000; i++) {
        const [sent] = cut(fragmenter, 0x21, packet, members);
        assert.equal(deliver(reassembler, sent!, 0).length, 1);
      }
    });
  }

  it('that the peer has moved on by more than half the circle are taken over', () => {
    const reassembler = makeReassembler([1], true);
    const carry = (sequence: number): boolean =>
      deliver(reassembler, { member: 1, frame: Uint8Array.of(0xc0 | (sequence >>> 8), sequence & 0xff, 0x21, 7) }, 0)
        .length > 0;
    assert.ok(carry(0) && carry(1));
    const passed = Array.from({ length: 100 }, (_, i) => carry(3000 + i)).filter((whole) => whole).length;
    assert.equal(passed, 69);
    assert.deepEqual(errorsOf(reassembler.counters), { late: 31, resync: 1 });
  });
});

/** Packets cut by a real fragmenter for members of different speeds, whose fragments arrive as chance has it. */
function anyTraffic(seed: number, packets: number, members: number, shortSequence: boolean) {
  const random = seededRandom(seed);
  const fragmenter = new Fragmenter({ shortSequence, pfc: seed % 2 === 0, minFragment: 20, maxFragmentMs: 50 });
  const loads: MemberLoad[] = Array.from({ length: members }, (_, id) => ({
    id,
    bytesPerSecond: 1000 + (random() % 10_000),
    mtu: 300,
    backlog: random() % 200,
  }));
  const sent: Uint8Array[] = [];
  const lines: Carried[][] = loads.map(() => []);
  for (let number = 0; number < packets; number++) {
    const packet = Uint8Array.from({ length: random() % (number % 3 === 0 ? 900 : 60) }, () => random() & 0xff);
    sent.push(packet);
    for (const carried of cut(fragmenter, 0x21, packet, loads, number)) lines[carried.member]!.push(carried);
  }
  return { random, sent, lines };
}

/** Takes from the lines at random, in each one's order; none gets further ahead than `skew` numbers. */
function interleave(lines: readonly Carried[][], random: () => number, shortSequence: boolean, skew = 200): Carried[] {
  const queues = lines.map((line) => [...line]);
  const sequenceOf = ({ frame }: Carried): number =>
    shortSequence ? ((frame[0]! & 0x0f) << 8) | frame[1]! : (frame[1]! << 16) | (frame[2]! << 8) | frame[3]!;
  const order: Carried[] = [];
  for (;;) {
    const waiting = queues.filter((queue) => queue.length > 0);
    if (waiting.length === 0) return order;
    const lowest = Math.min(...waiting.map((queue) => sequenceOf(queue[0]!)));
    const near = waiting.filter((queue) => sequenceOf(queue[0]!) < lowest + skew);
    order.push(near[random() % near.length]!.shift()!);
  }
}

const anyBundle = fc.record({
  seed: fc.integer(),
  packets: fc.integer({ min: 1, max: 60 }),
  members: fc.integer({ min: 1, max: 4 }),
  shortSequence: fc.boolean(),
});

describe('any interleaving that keeps the order of each member', () => {
  it('gives all packets, in their order', () => {
    fc.assert(
      fc.property(anyBundle, ({ seed, packets, members, shortSequence }) => {
        const { random, sent, lines } = anyTraffic(seed, packets, members, shortSequence);
        const reassembler = makeReassembler([...lines.keys()], shortSequence);
        const whole = interleave(lines, random, shortSequence).flatMap((carried) => deliver(reassembler, carried, 0));
        assertPackets(whole, sent);
        assert.ok(whole.every(({ afterLoss, protocol }) => !afterLoss && protocol === 0x21));
        assert.deepEqual(errorsOf(reassembler.counters), {});
        assert.equal(reassembler.nextTimeout(), undefined);
      }),
    );
  });

  it('gives exactly the packets that arrived whole, when any fragments are lost or doubled, and never stalls', () => {
    fc.assert(
      fc.property(anyBundle, fc.integer({ min: 1, max: 60 }), ({ seed, packets, members, shortSequence }, percent) => {
        const { random, sent, lines } = anyTraffic(seed, packets, members, shortSequence);
        const reassembler = makeReassembler([...lines.keys()], shortSequence);
        const broken = new Set<number>();
        const whole: Whole[] = [];
        for (const carried of interleave(lines, random, shortSequence)) {
          const dice = random() % 100;
          if (dice < percent) broken.add(carried.packet);
          else whole.push(...deliver(reassembler, carried, 0));
          if (dice > 90 && dice >= percent) whole.push(...deliver(reassembler, carried, 0));
        }
        const rest = waitOut(reassembler);
        whole.push(...rest.packets);
        assert.ok(rest.end === 0 || rest.end === waitMs);
        assertPackets(
          whole,
          sent.filter((_, number) => !broken.has(number)),
        );
        const first = Math.min(...broken);
        const afterFirst = whole[first]; // so many came before it
        if (afterFirst !== undefined) assert.ok(afterFirst.afterLoss);
      }),
    );
  });

  it('stays bounded and alive when a member dies without a word', () => {
    const { sent, lines } = anyTraffic(4, 400, 2, true);
    const reassembler = makeReassembler([0, 1], true);
    const dead = Math.floor(lines[1]!.length / 2);
    const alive = interleave([lines[0]!, lines[1]!.slice(0, dead)], seededRandom(4), true, 20);
    let now = 0;
    const whole: Whole[] = [];
    for (const carried of alive) {
      now += 20;
      for (let due = reassembler.nextTimeout(); due !== undefined && due <= now; due = reassembler.nextTimeout()) {
        reassembler.timeout(due);
        whole.push(...drain(reassembler));
      }
      whole.push(...deliver(reassembler, carried, now));
    }
    whole.push(...waitOut(reassembler).packets);
    const lost = new Set(lines[1]!.slice(dead).map(({ packet }) => packet));
    assertPackets(
      whole,
      sent.filter((_, number) => !lost.has(number)),
    );
    assert.ok(reassembler.counters.aged > 0);
  });
});

describe('garbage', () => {
  it('never throws, never stalls, and gives nothing larger than the MRRU', () => {
    const anyGarbage = fc.array(
      fc.record({
        member: fc.nat({ max: 3 }),
        frame: fc.uint8Array({ maxLength: 12 }),
        near: fc.boolean(),
        passed: fc.nat({ max: 300 }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(anyGarbage, fc.boolean(), (garbage, shortSequence) => {
        const reassembler = makeReassembler([0, 1, 2], shortSequence);
        let now = 0;
        for (const { member, frame, near, passed } of garbage) {
          now += passed;
          const due = reassembler.nextTimeout();
          if (due !== undefined && due <= now) {
            reassembler.timeout(now);
            drain(reassembler);
          }
          if (near) frame.fill(0, 1, 3); // a low number
          for (const { packet } of deliver(reassembler, { member, frame }, now)) assert.ok(packet.length <= 1500);
        }
        waitOut(reassembler);
        assert.equal(reassembler.nextTimeout(), undefined);
      }),
    );
  });

  it('within good traffic throws nothing either, and the bundle goes on afterwards', () => {
    fc.assert(
      fc.property(anyBundle, fc.array(fc.nat({ max: 255 }), { minLength: 2, maxLength: 20 }), (bundle, harms) => {
        const { seed, packets, members, shortSequence } = bundle;
        const { random, lines } = anyTraffic(seed, packets, members, shortSequence);
        const reassembler = makeReassembler([...lines.keys()], shortSequence);
        const order = interleave(lines, random, shortSequence);
        for (const harm of harms) {
          const { frame } = order[random() % order.length]!;
          if (frame.length > 0) frame[random() % Math.min(frame.length, 8)] = harm;
        }
        for (const carried of order) deliver(reassembler, carried, 0);
        waitOut(reassembler);
        const next = concatBytes([parseHex(shortSequence ? 'c7 00' : 'c0 ff ff 00'), parseHex('21 45')]);
        const bases = Array.from({ length: 40 }, (_, i) => next.with(shortSequence ? 1 : 3, i));
        const late = bases.flatMap((frame) =>
          [...lines.keys()].flatMap((member) => deliver(reassembler, { member, frame }, 1)),
        );
        assert.ok(late.length + waitOut(reassembler).packets.length > 0);
      }),
    );
  });
});

describe('in steady state', () => {
  it('nothing is allocated per packet', () => {
    const reassembler = makeReassembler([1, 2]);
    const fragmenter = new Fragmenter({ shortSequence: false, pfc: false, minFragment: 128, maxFragmentMs: Infinity });
    const loads = [1, 2].map((id) => ({ id, bytesPerSecond: 11_520, mtu: 1500, backlog: 0 }));
    const packet = new Uint8Array(600);
    const buffer = new Uint8Array(800);
    let bad = 0;
    const allocated = octetsPerRun(() => {
      const count = fragmenter.split(0x21, 0, packet.length, loads);
      for (let i = 0; i < count; i++) {
        const { member, header, headerLength, start, end } = fragmenter.fragment(i);
        buffer.set(header);
        reassembler.receive(member, buffer, 0, headerLength + end - start, 0);
        const view = reassembler.next();
        if ((view === undefined) !== i < count - 1) bad++;
        if (view !== undefined && reassembler.next() !== undefined) bad++;
      }
    });
    assert.equal(bad, 0);
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per packet`);
    assert.ok(frameOf(fragmenter.fragment(0), packet).length > 300);
  });
});
