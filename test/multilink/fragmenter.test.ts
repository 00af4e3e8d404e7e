/** How a packet is cut: the octets of both headers, the weights of the members, what stays whole, and what is bounded. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, formatHex } from '../../src/base/bytes.js';
import { Fragmenter, type FragmenterOptions, type MemberLoad } from '../../src/multilink/fragmenter.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { frameOf } from './bundle.js';

const plain: FragmenterOptions = { shortSequence: false, pfc: false, minFragment: 128, maxFragmentMs: Infinity };
const fast = { bytesPerSecond: 11_520, mtu: 1500, backlog: 0 };
const two: readonly MemberLoad[] = [
  { id: 1, ...fast },
  { id: 2, ...fast },
];

/** `1:750` for 750 octets of the packet on member 1, without headers; the Protocol field isn't counted. */
function shape(fragmenter: Fragmenter, length: number, members: readonly MemberLoad[]): string[] {
  const count = fragmenter.split(0x0021, 0, length, members);
  return Array.from({ length: count }, (_, i) => {
    const { member, start, end } = fragmenter.fragment(i);
    return `${member}:${end - start}`;
  });
}

describe('headers', () => {
  const packet = Uint8Array.of(0x45, 1, 2, 3);
  const heads = (options: FragmenterOptions, protocol: number, packets: number): string[] => {
    const fragmenter = new Fragmenter(options);
    return Array.from({ length: packets }, () => {
      fragmenter.split(protocol, 0, packet.length, two);
      return formatHex(frameOf(fragmenter.fragment(0), packet));
    });
  };

  it('have four octets, and numbers from 0 (RFC 1990 §3, §4.1)', () => {
    assert.deepEqual(heads(plain, 0x0021, 2), ['c0 00 00 00 00 21 45 01 02 03', 'c0 00 00 01 00 21 45 01 02 03']);
  });

  it('have two octets when the peer wants them short', () => {
    assert.deepEqual(heads({ ...plain, shortSequence: true }, 0x8021, 2), [
      'c0 00 80 21 45 01 02 03',
      'c0 01 80 21 45 01 02 03',
    ]);
  });

  it('have the Protocol field in one octet when the peer takes it so', () => {
    assert.deepEqual(heads({ ...plain, pfc: true }, 0x0021, 1), ['c0 00 00 00 21 45 01 02 03']);
    assert.deepEqual(heads({ ...plain, pfc: true }, 0x8021, 1), ['c0 00 00 00 80 21 45 01 02 03']);
  });

  it('have the class, in four bits or in two (RFC 2686 §4)', () => {
    const headOf = (shortSequence: boolean, its: number): string =>
      heads({ ...plain, pfc: true, shortSequence, class: its }, 0x0021, 2)
        .at(-1)
        ?.slice(0, -15) ?? '';
    assert.deepEqual(
      [1, 8, 15].map((its) => headOf(false, its)),
      ['c4 00 00 01', 'e0 00 00 01', 'fc 00 00 01'],
    );
    assert.deepEqual(
      [1, 2, 3].map((its) => headOf(true, its)),
      ['d0 01', 'e0 01', 'f0 01'],
    );
  });

  it('say which fragment begins the packet, and which ends it', () => {
    const fragmenter = new Fragmenter({ ...plain, maxFragmentMs: 50 });
    const large = new Uint8Array(1500);
    const count = fragmenter.split(0x0021, 0, large.length, two);
    assert.deepEqual(
      Array.from({ length: count }, (_, i) => formatHex(frameOf(fragmenter.fragment(i), large).subarray(0, 6))),
      ['80 00 00 00 00 21', '00 00 00 01 00 00', '00 00 00 02 00 00', '40 00 00 03 00 00'],
    );
  });

  for (const { shortSequence, numbers } of [
    { shortSequence: true, numbers: 0x1000 },
    { shortSequence: false, numbers: 0x100_0000 },
  ]) {
    it(`count ${numbers} numbers and begin again`, () => {
      const fragmenter = new Fragmenter({ ...plain, shortSequence });
      for (let i = 0; i < numbers - 1; i++) fragmenter.nullFragment(1);
      const last = fragmenter.nullFragment(1);
      const headerOf = (): string => formatHex(last.header.subarray(0, last.headerLength));
      assert.equal(headerOf(), shortSequence ? 'cf ff' : 'c0 ff ff ff');
      fragmenter.nullFragment(1);
      assert.equal(headerOf(), shortSequence ? 'c0 00' : 'c0 00 00 00');
    });
  }

  it('stand alone in a null fragment (RFC 1990 §4.1)', () => {
    const { member, header, headerLength, start, end } = new Fragmenter(plain).nullFragment(7);
    assert.deepEqual([member, formatHex(header.subarray(0, headerLength)), end - start], [7, 'c0 00 00 00', 0]);
  });
});

describe('weights', () => {
  const cases: readonly (readonly [string, number, readonly Omit<MemberLoad, 'id'>[], readonly string[]])[] = [
    ['two alike share alike', 1500, [fast, fast], ['1:749', '2:751']],
    ['one alone takes all', 1400, [fast], ['1:1400']],
    ['one alone takes as much as a frame holds', 1500, [fast], ['1:749', '1:751']],
    [
      'three to one',
      1500,
      [
        { ...fast, bytesPerSecond: 3 * 11_520 },
        { ...fast, bytesPerSecond: 11_520 },
      ],
      ['1:1130', '2:370'],
    ],
    ['a backlog counts', 1000, [{ ...fast, backlog: 400 }, fast], ['1:299', '2:701']],
    ['too little for the slower one', 1000, [fast, { ...fast, bytesPerSecond: 960 }], ['1:1000']],
    ['too little for the busy one', 600, [fast, { ...fast, backlog: 1000 }], ['1:600']],
    ['a small packet stays whole', 200, [fast, fast], ['1:200']],
    ['and goes where it is done first', 200, [{ ...fast, backlog: 300 }, fast], ['2:200']],
    [
      'which may be the busier one',
      20,
      [
        { ...fast, bytesPerSecond: 100 },
        { ...fast, bytesPerSecond: 10_000, backlog: 500 },
      ],
      ['2:20'],
    ],
    ['no frame is larger than its peer takes', 900, [{ ...fast, mtu: 300 }], ['1:224', '1:226', '1:225', '1:225']],
    ['nothing is a packet, too', 0, [fast, fast], ['1:0']],
  ];
  for (const [name, length, members, expected] of cases) {
    it(`${name}: ${expected.join(', ')}`, () => {
      const loads = members.map((member, i) => ({ id: i + 1, ...member }));
      assert.deepEqual(shape(new Fragmenter(plain), length, loads), expected);
    });
  }

  it('send small packets on equal members in turn, so that none is idle (RFC 1990 §4.1)', () => {
    const fragmenter = new Fragmenter(plain);
    const sent = Array.from({ length: 6 }, () => shape(fragmenter, 60, [...two, { id: 3, ...fast }])[0]);
    assert.deepEqual(sent, ['1:60', '2:60', '3:60', '1:60', '2:60', '3:60']);
  });

  it('bound the time of a fragment, and no further than is worth a header', () => {
    const bounded = { ...plain, maxFragmentMs: 50 };
    assert.deepEqual(shape(new Fragmenter(bounded), 1500, [{ id: 1, ...fast }]), ['1:499', '1:501', '1:500']);
    const slow = { id: 1, ...fast, bytesPerSecond: 960 };
    assert.deepEqual(shape(new Fragmenter(bounded), 300, [slow]), ['1:99', '1:101', '1:100']);
    const quick = { id: 1, ...fast, bytesPerSecond: 1e6 };
    assert.deepEqual(shape(new Fragmenter(bounded), 1400, [quick]), ['1:1400']);
  });

  it('bound no time where that is of no use, and the frame all the same', () => {
    const fragmenter = new Fragmenter({ ...plain, maxFragmentMs: 50 });
    const [line] = two;
    assert.ok(line);
    assert.equal(fragmenter.largestFrame(line), 569);
    fragmenter.cutsForTime = false;
    assert.equal(fragmenter.largestFrame(line), 1500);
    assert.deepEqual(shape(fragmenter, 1000, [line]), ['1:1000']);
    fragmenter.cutsForTime = true;
    assert.deepEqual(shape(fragmenter, 1000, [line]), ['1:499', '1:501']);
  });

  it('keep every member busy by its rate, over many packets', () => {
    const rates = [11_520, 3840, 5760];
    const fragmenter = new Fragmenter({ ...plain, maxFragmentMs: 50 });
    const carried = [0, 0, 0];
    const backlogs = [0, 0, 0];
    for (let i = 0; i < 1000; i++) {
      const members = rates.map((bytesPerSecond, id) => ({ id, bytesPerSecond, mtu: 1500, backlog: backlogs[id]! }));
      const count = fragmenter.split(0x21, 0, i % 3 === 0 ? 60 : 1500, members);
      for (let n = 0; n < count; n++) {
        const { member, headerLength, start, end } = fragmenter.fragment(n);
        const octets = headerLength + 7 + end - start;
        backlogs[member]! += octets;
        carried[member]! += octets;
      }
      const finishes = backlogs.map((backlog, id) => backlog / rates[id]!);
      assert.ok(Math.max(...finishes) - Math.min(...finishes) < 0.08, `they are done at ${finishes.join(', ')} s`);
      // Until the first would be idle, they send.
      const passed = Math.max(0, Math.min(...finishes) - 0.02);
      rates.forEach((rate, id) => (backlogs[id]! -= rate * passed));
    }
    const total = carried.reduce((sum, octets) => sum + octets);
    rates.forEach((rate, id) => {
      assert.ok(Math.abs(carried[id]! / total - rate / 21_120) < 0.01, `${carried.join(', ')} octets`);
    });
  });
});

describe('any packet on any bundle', () => {
  it('is cut into fragments that are its octets, within all bounds', () => {
    const anyMember = fc.record({
      bytesPerSecond: fc.oneof(fc.integer({ min: 30, max: 20_000 }), fc.integer({ min: 1, max: 10_000_000 })),
      mtu: fc.integer({ min: 68, max: 2000 }),
      backlog: fc.integer({ min: 0, max: 20_000 }),
    });
    const anyOptions = fc.record({
      shortSequence: fc.boolean(),
      pfc: fc.boolean(),
      minFragment: fc.integer({ min: 16, max: 300 }),
      maxFragmentMs: fc.constantFrom(10, 50, Infinity),
    });
    fc.assert(
      fc.property(
        anyOptions,
        fc.array(anyMember, { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 3000 }),
        (options, loads, length) => {
          const packet = Uint8Array.from({ length }, (_, i) => i);
          const members = loads.map((load, id) => ({ id, ...load }));
          const fragmenter = new Fragmenter(options);
          const count = fragmenter.split(0x0057, 0, length, members);
          const header = options.shortSequence ? 2 : 4;
          const parts: Uint8Array[] = [];
          for (let i = 0; i < count; i++) {
            const frame = frameOf(fragmenter.fragment(i), packet);
            assert.ok(frame.length <= members[fragmenter.fragment(i).member]!.mtu);
            assert.ok(count === 1 || frame.length > header);
            parts.push(frame.subarray(header));
          }
          const whole = concatBytes([Uint8Array.of(...(options.pfc ? [0x57] : [0, 0x57])), packet]);
          assert.deepEqual(concatBytes(parts), whole);
          assert.throws(() => fragmenter.fragment(count), RangeError);
        },
      ),
    );
  });

  it('needs members that carry something, and sensible bounds', () => {
    const fragmenter = new Fragmenter(plain);
    const [member] = two;
    assert.throws(() => fragmenter.split(0x21, 0, 10, []), RangeError);
    for (const bytesPerSecond of [0, -1, NaN])
      assert.throws(() => fragmenter.split(0x21, 0, 10, [{ ...member!, bytesPerSecond }]), RangeError);
    assert.throws(() => fragmenter.split(0x21, 0, 10, [{ ...member!, mtu: 19 }]), RangeError);
    assert.throws(() => new Fragmenter({ ...plain, minFragment: 15 }), RangeError);
    assert.throws(() => new Fragmenter({ ...plain, maxFragmentMs: 0 }), RangeError);
  });

  it('is cut without an allocation', () => {
    const fragmenter = new Fragmenter({ ...plain, maxFragmentMs: 50 });
    const members = [
      { id: 1, ...fast },
      { id: 2, ...fast, backlog: 300 },
    ];
    let i = 0;
    const allocated = octetsPerRun(() => {
      const count = fragmenter.split(0x21, 0, i++ % 2 === 0 ? 1500 : 40, members);
      fragmenter.fragment(count - 1);
    });
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per packet`);
  });
});
