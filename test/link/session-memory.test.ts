/** The memory of sessions: the kernel's, and free again when they are over. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codecs, PumpPair, udpPacket } from '../support/pump-pair.js';

describe('the memory of a session', () => {
  it('is given back, whichever side ends it: many sessions one after the other need no more than the first', async () => {
    let used = 0;
    for (let session = 0; session < 30; session++) {
      const pair = new PumpPair(1000, undefined);
      const { a, b, scheduler } = pair;
      await pair.up();
      a.port.send(udpPacket(1000));
      await scheduler.pass(100);
      assert.equal(b.port.delivered.length, 1);
      a.pump.detach();
      b.pump.stop();
      used ||= codecs.octets;
    }
    assert.ok(used > 0, 'the kernel frames');
    assert.equal(codecs.octets, used);
  });
});
