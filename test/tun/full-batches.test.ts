/** A packet port in a flood: every batch that is read is full, and others have their turn all the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LinuxPacketPort } from '../../src/tun/linux.js';
import { eventually } from '../support/eventually.js';
import { Descriptors, turns, writeAll } from '../native/descriptors.js';

/** "Packets" of one octet each: what a descriptor gives at a read is one. */
const flood = 5000;

describe('a packet port that is read in full batches', () => {
  it('calls no more often in each turn of the loop, however long it goes on, and reads all', async (t) => {
    const fds = new Descriptors(t);
    const [near, far] = fds.sockets();
    writeAll(far, new Uint8Array(flood));
    const port = new LinuxPacketPort(near);
    t.after(() => {
      port.stop();
    });
    const buffer = new Uint8Array(1);
    const slots = Int32Array.of(0);
    const lengths = new Int32Array(1);
    let calls = 0;
    let read = 0;
    port.start(
      () => {
        calls += 1;
        read += port.readBatch(buffer, 1, slots, lengths);
      },
      () => undefined,
    );
    const counted: number[] = [];
    for (let i = 0; i < 40; i++) {
      const before = calls;
      await turns(1);
      counted.push(calls - before);
    }
    assert.ok(read < flood, 'the flood has not ended by then');
    assert.ok(Math.max(...counted) <= 4, `calls of each turn: ${counted.join(' ')}`);
    await eventually(() => read === flood, 20_000, 'all of it');
  });
});
