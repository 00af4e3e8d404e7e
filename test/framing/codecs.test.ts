/** Where codecs get their memory from: the arena, several memories, and what happens when there is none. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Arena } from '../../src/framing/arena.js';
import { Codecs, type CodecsOptions } from '../../src/framing/codecs.js';
import { KernelCodec } from '../../src/framing/kernel-codec.js';
import { PlainReader, PlainWriter, plainCodec } from '../../src/framing/plain-codec.js';
import { bothCodecs, kernel, within } from './codecs.js';

describe('Arena', () => {
  it('gives out pieces that do not overlap, and has all of it again when they are back', () => {
    const anySteps = fc.array(fc.oneof(fc.record({ take: fc.nat(3000) }), fc.record({ give: fc.nat() })));
    fc.assert(
      fc.property(anySteps, (steps) => {
        const arena = new Arena(100, 10_000);
        const all = arena.largest;
        const taken: { at: number; end: number }[] = [];
        for (const step of steps) {
          if ('give' in step) {
            const [piece] = taken.splice(step.give % (taken.length + 1), 1);
            if (piece !== undefined) arena.give(piece.at);
            continue;
          }
          const { largest } = arena;
          const at = arena.take(step.take);
          assert.equal(at === undefined, largest < step.take);
          if (at === undefined) continue;
          const end = at + step.take;
          assert.ok(at >= 100 && end <= 10_048 && at % 64 === 0);
          assert.ok(taken.every((other) => end <= other.at || other.end <= at));
          taken.push({ at, end });
          const octets = taken.reduce((sum, piece) => sum + piece.end - piece.at, 0);
          assert.ok(arena.taken >= octets && arena.taken < octets + 64 * taken.length + 64);
        }
        for (const { at } of taken) arena.give(at);
        assert.equal(arena.largest, all);
        assert.equal(arena.taken, 0);
      }),
    );
  });

  it("refuses what it didn't give out", () => {
    const arena = new Arena(0, 1024);
    const at = arena.take(10) ?? -1;
    arena.give(at);
    assert.throws(() => {
      arena.give(at);
    }, RangeError);
  });
});

for (const { name, codec } of bothCodecs) {
  describe(`a copier (${name})`, () => {
    const source = Uint8Array.from({ length: 100 }, (_, i) => i + 1);

    it('copies octets from anywhere, and no others', () => {
      const target = codec.octets(50).fill(0);
      const copier = codec.copier(target);
      copier.copy(source, 10, 21, 3);
      copier.copy(within(codec, source), 30, 50, 30);
      copier.copy(source, 5, 5, 50);
      const expected = [0, 0, 0, ...source.subarray(10, 21), ...new Uint8Array(16), ...source.subarray(30, 50)];
      assert.deepEqual([...target], expected);
    });

    it("adds up what it copies, as the Internet's checksum wants it", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100, size: 'max' }), fc.nat(3), (octets, from) => {
          const start = Math.min(from, octets.length);
          const target = codec.octets(100);
          const copier = codec.copier(target);
          for (const one of [octets, within(codec, octets)]) {
            target.fill(0);
            const sum = copier.copyAndSum(one, start, octets.length, 0);
            assert.deepEqual(target.subarray(0, octets.length - start), octets.subarray(start));
            assert.equal(folded(sum), folded(slowSum(octets.subarray(start))));
          }
        }),
      );
    });

    for (const [from, to, at] of [
      [-1, 3, 0],
      [0, 101, 0],
      [0, 10, 41],
      [0, 10, -1],
    ] as const) {
      it(`refuses ${from}..${to} at ${at}`, () => {
        const copier = codec.copier(codec.octets(50));
        for (const octets of [source, within(codec, source)]) {
          assert.throws(() => {
            copier.copy(octets, from, to, at);
          }, RangeError);
        }
      });
    }
  });
}

/** RFC 1071, word by word. */
function slowSum(octets: Uint8Array): number {
  return octets.reduce((sum, octet, i) => sum + (i % 2 === 0 ? octet << 8 : octet), 0);
}

function folded(sum: number): number {
  return sum > 0xffff ? folded((sum & 0xffff) + (sum >>> 16)) : sum;
}

describe('Codecs', () => {
  const load = (): WebAssembly.Module => kernel;
  const silent = (reason: unknown): void => {
    throw new Error('unexpected', { cause: reason });
  };

  it('put as many into one memory as it holds, and then begin another', () => {
    const codecs = new Codecs({ load, memoryOctets: 2 ** 20 });
    const buffers = Array.from({ length: 6 }, () => codecs.open(400_000, silent).octets(400_000).buffer);
    assert.equal(new Set(buffers).size, 3);
    assert.equal(buffers[0], buffers[1]);
  });

  it('use again what was released', () => {
    const codecs = new Codecs({ load, memoryOctets: 2 ** 20 });
    const buffers = Array.from({ length: 10 }, () => {
      const codec = codecs.open(900_000 / 2, silent);
      codec.octets(900_000 / 2);
      const { buffer } = codec.another().octets(100);
      codec.release();
      return buffer;
    });
    assert.equal(new Set(buffers).size, 1);
  });

  it('serve 300 links of a fast line', () => {
    const codecs = new Codecs({ load });
    for (let link = 0; link < 300; link++) {
      const codec = codecs.open(2 * 2 ** 20, silent);
      const packets = codec.octets(1024 * 1500);
      packets[packets.length - 1] = link;
      assert.ok(!(codec.writer() instanceof PlainWriter));
      assert.ok(!(codec.another().reader(1506) instanceof PlainReader));
    }
  });

  it('are plain for what no memory holds', () => {
    assert.equal(new Codecs({ load, memoryOctets: 2 ** 20 }).open(2 ** 20, silent), plainCodec);
  });

  const failures: { name: string; options: CodecsOptions; reason: RegExp }[] = [
    { name: 'no memory', options: { load, memoryOctets: 2 ** 40 }, reason: /Memory/ },
    {
      name: 'no kernel',
      options: {
        load: () => {
          throw new Error('no SIMD');
        },
      },
      reason: /no SIMD/,
    },
  ];
  for (const { name, options, reason } of failures) {
    it(`are plain when there is ${name}, and say so once`, () => {
      const told: unknown[] = [];
      const codecs = new Codecs(options);
      for (let link = 0; link < 3; link++)
        assert.equal(
          codecs.open(100, (why) => told.push(why)),
          plainCodec,
        );
      assert.equal(told.length, 1);
      assert.match(String(told[0]), reason);
    });
  }

  it('do plainly what has no room left beside them', () => {
    const codec = new Codecs({ load, memoryOctets: 2 ** 20 }).open(400_000, silent);
    assert.ok(codec instanceof KernelCodec);
    const { buffer } = codec.octets(900_000);
    assert.notEqual(codec.octets(900_000).buffer, buffer);
    assert.ok(codec.reader(200_000) instanceof PlainReader);
    const rest = Array.from({ length: 100 }, () => codec.octets(4096).buffer);
    assert.ok(rest.includes(buffer) && rest.at(-1) !== buffer);
    assert.ok(codec.writer() instanceof PlainWriter);
  });
});
