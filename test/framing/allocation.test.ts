/** Encoder and decoder allocate nothing per frame in steady state. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { bothCodecs, within } from './codecs.js';

const packet = Uint8Array.from({ length: 200 }, (_, i) => (i * 89) % 256);

for (const { name, codec } of bothCodecs) {
  describe(`framing in steady state (${name})`, () => {
    const encoder = new FrameEncoder({ codec });
    const decoder = new FrameDecoder({ codec, maxFrame: 300 });
    const ours = within(codec, packet);
    const out = codec.octets(maxFrameLength(packet.length));
    const elsewhere = new Uint8Array(out.length);

    it('allocates nothing per frame', () => {
      let octets = 0;
      const allocated = octetsPerRun(() => {
        const end = encoder.encode(0x21, ours, 0, ours.length, out, 0);
        for (let at = 0; at < end; at += 64) {
          decoder.push(out, at, Math.min(at + 64, end));
          while (decoder.next()) octets += decoder.end - decoder.start;
        }
      });
      assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per frame`);
      assert.equal(octets, decoder.counters.frames * packet.length);
    });

    it('allocates nothing per copy', () => {
      const fromOurs = codec.copier(out);
      const fromElsewhere = codec.copier(out);
      const allocated = octetsPerRun(() => {
        fromOurs.copy(ours, 1, 200, 3);
        fromElsewhere.copy(packet, 1, 200, 3);
      });
      assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per copy`);
    });

    it('allocates nothing per frame when octets come from elsewhere, or go there', () => {
      let octets = 0;
      const allocated = octetsPerRun(() => {
        encoder.encode(0x21, packet, 0, packet.length, out, 0);
        const end = encoder.encode(0x21, packet, 0, packet.length, elsewhere, 0);
        decoder.push(elsewhere, 0, end);
        while (decoder.next()) octets += decoder.end - decoder.start;
      });
      assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per frame`);
      assert.ok(octets > 0);
    });
  });
}

describe('the measurement of allocations', () => {
  it('notices a view of an array', () => {
    const kept: Uint8Array[] = [];
    const allocated = octetsPerRun(() => {
      kept[0] = packet.subarray(0, 10);
    });
    assert.equal(kept.length, 1);
    assert.ok(allocated >= ALLOCATES_NOTHING, `${allocated} octets per view`);
  });
});
