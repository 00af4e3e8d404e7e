/** The memory of sessions: the kernel's, and free again when they are over. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codecs, PumpPair, udpPacket } from '../support/pump-pair.js';

describe('the memory of a session', () => {
  it('is given back when its line is let go, or its link', async () => {
    for (let session = 0; session < 3; session++) {
      const pair = new PumpPair(1000);
      const { a, b, scheduler } = pair;
      await pair.up();
      a.port.send(udpPacket(1000));
      await scheduler.pass(100);
      assert.equal(b.port.delivered.length, 1);
      assert.ok(codecs.taken > 2 * 256 * 1500, 'the kernel has it');
      a.pump.detach();
      b.pump.stop();
      assert.equal(codecs.taken, 0);
    }
  });
});
