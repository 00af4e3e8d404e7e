/** A port whose packets wait: nothing is read before the release, which comes by itself in the end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldPort } from '../../src/tun/held-port.js';
import type { PacketPort } from '../../src/tun/tun.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

const holdMs = 5000;

function rig(): { readonly scheduler: VirtualScheduler; readonly acts: string[]; readonly held: HeldPort } {
  const scheduler = new VirtualScheduler();
  const acts: string[] = [];
  const port: PacketPort = {
    start: () => acts.push('start'),
    readBatch: () => acts.push('read'),
    write: () => acts.push('write') > 0,
    writeBatch: () => acts.push('write'),
    stop: () => acts.push('stop'),
  };
  return { scheduler, acts, held: new HeldPort(port, holdMs, scheduler) };
}

function start(held: HeldPort): void {
  held.start(
    () => undefined,
    () => undefined,
  );
}

function read(held: HeldPort): number {
  return held.readBatch(new Uint8Array(1), 1, new Int32Array(1), new Int32Array(1));
}

describe('a held port', () => {
  it('is not read until it is released', () => {
    const { acts, held } = rig();
    start(held);
    assert.deepEqual([read(held), acts], [0, []]);
    held.release();
    held.release();
    read(held);
    assert.deepEqual(acts, ['start', 'read']);
  });

  it('is released by itself when the time is over', async () => {
    const { scheduler, acts, held } = rig();
    start(held);
    await scheduler.pass(holdMs - 1);
    assert.deepEqual(acts, []);
    await scheduler.pass(1);
    assert.deepEqual(acts, ['start']);
  });

  it('is released by a packet for the kernel', () => {
    const { acts, held } = rig();
    start(held);
    assert.equal(held.write(new Uint8Array(1), 0, 1), true);
    assert.deepEqual(acts, ['start', 'write']);
  });

  it('is not started any more once it is stopped', async () => {
    const { scheduler, acts, held } = rig();
    start(held);
    held.stop();
    await scheduler.pass(holdMs);
    assert.deepEqual(acts, ['stop']);
  });
});
