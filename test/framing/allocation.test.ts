/** Encoder and decoder allocate nothing per frame in steady state. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';

describe('framing in steady state', () => {
  const packet = Uint8Array.from({ length: 200 }, (_, i) => (i * 89) % 256);
  const out = new Uint8Array(maxFrameLength(packet.length));

  it('allocates nothing per frame', () => {
    const encoder = new FrameEncoder();
    const decoder = new FrameDecoder({ maxFrame: 300 });
    let octets = 0;
    const allocated = octetsPerRun(() => {
      const end = encoder.encode(0x21, packet, 0, packet.length, out, 0);
      for (let at = 0; at < end; at += 64) {
        decoder.push(out, at, Math.min(at + 64, end));
        while (decoder.next()) octets += decoder.end - decoder.start;
      }
    });
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per frame`);
    assert.equal(octets, decoder.counters.frames * packet.length);
  });

  it('would be noticed if it did', () => {
    const kept: Uint8Array[] = [];
    const allocated = octetsPerRun(() => {
      kept[0] = out.subarray(0, 10);
    });
    assert.equal(kept.length, 1);
    assert.ok(allocated >= ALLOCATES_NOTHING, `${allocated} octets per view`);
  });
});
