/** Packets of a peer that is quicker than our own kernel: they wait, in order, bounded, and not for ever. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EarlyPort } from '../../src/tun/early-port.js';
import { FakePort } from '../support/pump-pair.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

function rig() {
  const scheduler = new VirtualScheduler();
  const port = new FakePort();
  const early = new EarlyPort(port, scheduler);
  const write = (...marks: readonly number[]): boolean[] =>
    marks.map((mark) => early.write(Uint8Array.of(0, mark), 1, 1));
  const delivered = (): (number | undefined)[] => port.delivered.map(([mark]) => mark);
  return { scheduler, early, write, delivered };
}

describe('packets that come before the kernel is ready', () => {
  it('pass when nobody waits', () => {
    const { write, delivered } = rig();
    write(1, 2);
    assert.deepEqual(delivered(), [1, 2]);
  });

  it('wait, and go on in order', () => {
    const { early, write, delivered } = rig();
    early.wait();
    assert.deepEqual(write(1, 2), [true, true]);
    assert.deepEqual(delivered(), []);
    early.ready();
    write(3);
    assert.deepEqual(delivered(), [1, 2, 3]);
  });

  it('are refused when they are too many', () => {
    const { early, write } = rig();
    early.wait();
    assert.equal(write(...Array.from({ length: 70 }, (_, i) => i)).filter((taken) => taken).length, 64);
  });

  it('go on after a while all the same', async () => {
    const { scheduler, early, write, delivered } = rig();
    early.wait();
    write(1);
    await scheduler.pass(5001);
    assert.deepEqual(delivered(), [1]);
  });

  it('are forgotten when the link goes down', () => {
    const { scheduler, early, write, delivered } = rig();
    early.wait();
    write(1);
    early.forget();
    early.ready();
    assert.deepEqual([delivered(), scheduler.waiting], [[], 0]);
  });
});
