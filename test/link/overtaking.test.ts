/** What small packets do while a long one is under way on a single line: whom they overtake, with compression and without it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DataPath } from '../../src/link/data-path.js';
import { Protocol } from '../../src/ppp/numbers.js';
import type { CcpOptions } from '../../src/ppp/options.js';
import { BundlePair, type BundleOptions } from '../support/bundle-pair.js';
import { udpPacket } from '../support/pump-pair.js';
import { seededRandom } from '../support/random.js';

const by = (kind: 'deflate' | 'bsd' | 'predictor1'): CcpOptions => ({ send: [kind], receive: [kind], mppe: undefined });
const mppe: CcpOptions = { send: [], receive: [], mppe: { required: true, bits: [128], stateless: false } };
const vj = { slots: 16, slotCompression: true };
const single = { isSingle: true };
const old = { isSingle: true, classes: false };

/** Packets of one flow that no method makes smaller. */
function incompressible(length: number): () => Uint8Array {
  const random = seededRandom(4);
  return () => udpPacket(length, 1).map((octet, i) => (i < 28 ? octet : random() % 200));
}

/** Waits of small packets of one flow behind full ones of another that can't be compressed, in ms. */
async function waits(
  speed: number,
  options: BundleOptions,
  rounds = 20,
): Promise<{ pair: BundlePair; longest: number }> {
  const pair = new BundlePair([speed], options);
  await pair.up();
  const noise = incompressible(1490);
  const frameMs = 15_000_000 / speed;
  let longest = 0;
  for (let i = 0; i < rounds; i++) {
    pair.a.port.send(noise(), noise());
    await pair.scheduler.pass(Math.round((0.45 + 0.025 * i) * frameMs));
    const sent = pair.scheduler.now();
    pair.a.port.send(udpPacket(40, 2, 200));
    const isThere = (): boolean => pair.b.port.delivered.some((packet) => packet.at(-1) === 200);
    for (let ms = 0; ms < 4 * frameMs && !isThere(); ms += 2) await pair.scheduler.pass(2);
    assert.ok(isThere());
    longest = Math.max(longest, pair.scheduler.now() - sent);
    await pair.scheduler.pass(Math.round(3 * frameMs));
    pair.b.port.delivered.length = 0;
  }
  return { pair, longest };
}

/** What a frame with so many octets takes at 9600 baud. */
const slowMs = (octets: number): number => octets / 0.96;
/** The fragment that is on the wire, 20 ms of another one, the small packet, the steps of the test. */
const oneFragment = slowMs(128 + 11) + 20 + slowMs(52) + 15;

describe('A small packet on a line of 9600 baud that carries full ones', () => {
  const cases: readonly (readonly [string, BundleOptions, 'a fragment' | 'a frame'])[] = [
    ['several lines may join', {}, 'a fragment'],
    ['the line is single', { multilink: single }, 'a fragment'],
    ['the peer knows of no classes', { multilink: single, far: { multilink: old } }, 'a fragment'],
    ['the peer wants no Multilink', { multilink: single, far: { multilink: 'off' } }, 'a frame'],
    ['we want none', { multilink: 'off', far: { multilink: single } }, 'a frame'],
    ['headers are compressed', { multilink: single, vj }, 'a fragment'],
    ['packets are compressed by Deflate', { multilink: single, ccp: by('deflate') }, 'a fragment'],
    [
      'they are, with long numbers',
      { multilink: { ...single, shortSequence: false }, ccp: by('deflate') },
      'a fragment',
    ],
    ['they are by BSD-Compress', { multilink: single, ccp: by('bsd') }, 'a fragment'],
    ['they are by Predictor', { multilink: single, ccp: by('predictor1') }, 'a fragment'],
    ['packets and headers are', { multilink: single, ccp: by('deflate'), vj }, 'a fragment'],
    ['they are, over several lines', { ccp: by('deflate'), vj }, 'a fragment'],
    [
      'they are, and the peer knows of no classes',
      { multilink: single, ccp: by('deflate'), far: { multilink: old } },
      'a frame',
    ],
    ['they are encrypted', { multilink: single, ccp: mppe, auth: true }, 'a frame'],
  ];
  for (const [when, options, bound] of cases) {
    it(`waits for ${bound} when ${when}`, async () => {
      const { pair, longest } = await waits(9600, { ...options, multilink: shortUnlessSaid(options.multilink) });
      const { errors } = pair.b.pump.counters();
      for (const kind of ['decompress', 'not-encrypted', 'vj-header', 'fragments-lost'] as const)
        assert.equal(errors[kind] ?? 0, 0, JSON.stringify(errors));
      if (bound === 'a fragment') assert.ok(longest <= oneFragment, `${longest} ms`);
      else assert.ok(longest > 600 && longest <= slowMs(1520) + 20 + slowMs(52) + 15, `${longest} ms`);
    });
  }
});

function shortUnlessSaid(multilink: BundleOptions['multilink']): NonNullable<BundleOptions['multilink']> {
  return multilink === 'off' ? multilink : { shortSequence: true, ...multilink };
}

describe('A single line', () => {
  /** The protocols of the frames from a, by what a packet sends. */
  async function frames(options: BundleOptions, ...packets: readonly Uint8Array[]): Promise<number[]> {
    const pair = new BundlePair([115_200], options);
    await pair.up();
    const from = pair.sent(0);
    pair.a.port.send(...packets);
    await pair.scheduler.pass(2000);
    assert.equal(pair.b.port.delivered.length, packets.length);
    return pair.protocols(0, from);
  }

  it('carries in one frame, without a number, what fits a fragment', async () => {
    assert.deepEqual(await frames({ multilink: single }, udpPacket(500)), [Protocol.ip]);
    assert.deepEqual(await frames({ multilink: single }, udpPacket(1500)), [0x3d, 0x3d, 0x3d]);
  });

  it('carries full packets whole where nothing could overtake them', async () => {
    const compressed = { multilink: single, ccp: by('deflate'), far: { multilink: old } };
    const refused = { multilink: single, far: { multilink: 'off' } } as const;
    const noise = incompressible(1500)();
    assert.deepEqual(await frames(compressed, noise), [Protocol.compressed]);
    assert.deepEqual(await frames(refused, noise), [Protocol.ip]);
  });
});

describe('What goes past the history', () => {
  /** Sends so many packets through the compressor. */
  const compress = (path: DataPath, count: number): void => {
    for (let i = 0; i < count; i++) path.outbound(Protocol.ip, udpPacket(400), 0, 400);
  };
  const opened = (): DataPath => {
    const path = new DataPath(() => undefined);
    assert.equal(path.overtaking, 'free');
    path.setCompressor({ kind: 'deflate', windowBits: 15 });
    path.startCompressor();
    return path;
  };

  it('stops for a while where the peer asks for a reset each time: it may take such packets for a part of it', () => {
    const path = opened();
    for (let i = 0; i < 3; i++) {
      assert.equal(path.overtaking, 'past the history');
      path.wentPast();
      compress(path, 5);
      path.resetCompressor();
    }
    assert.equal(path.overtaking, 'none');
    compress(path, 999);
    assert.equal(path.overtaking, 'none');
    compress(path, 1);
    assert.equal(path.overtaking, 'past the history');
    path.wentPast();
    path.resetCompressor();
    assert.equal(path.overtaking, 'none');
  });

  it('goes on for ever once the peer has shown that it does not, whatever noise does later', () => {
    const path = opened();
    path.wentPast();
    compress(path, 32);
    for (let i = 0; i < 10; i++) {
      path.wentPast();
      path.resetCompressor();
    }
    assert.equal(path.overtaking, 'past the history');
  });

  it('is not to blame for a reset when nothing went there', () => {
    const path = opened();
    for (let i = 0; i < 10; i++) {
      compress(path, 5);
      path.resetCompressor();
    }
    assert.equal(path.overtaking, 'past the history');
  });
});

describe('A packet of another class', () => {
  it('is dropped like any plain one while packets have to be encrypted', async () => {
    const pair = new BundlePair([115_200], { multilink: { ...single, shortSequence: true }, ccp: mppe, auth: true });
    await pair.up();
    const packet = udpPacket(40);
    pair.inject(0, Protocol.multilink, Uint8Array.of(0xd0, 0, 0x21, ...packet));
    await pair.scheduler.pass(100);
    assert.deepEqual(pair.a.port.delivered, []);
    assert.equal(pair.a.pump.counters().errors['not-encrypted'], 1);
  });
});
