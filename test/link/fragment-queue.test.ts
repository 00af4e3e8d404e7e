/** Fragments that wait: in their order, counted, and in memory that is used again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FragmentQueue } from '../../src/link/fragment-queue.js';

const source = Uint8Array.from({ length: 100 }, (_, i) => i);

function put(queue: FragmentQueue, start: number, end: number): void {
  queue.push({ member: 0, header: Uint8Array.of(0x80, start, 0, 0, 0, 0), headerLength: 2, start, end }, source);
}

function take(queue: FragmentQueue): number[] | undefined {
  const view = queue.shift();
  return view && [...view.buffer.subarray(view.start, view.end)];
}

describe('fragments that wait', () => {
  it('come out in their order, with their headers, as they were though their packet is gone', () => {
    const queue = new FragmentQueue();
    const packet = source.slice();
    queue.push({ member: 0, header: Uint8Array.of(0xc0, 7), headerLength: 2, start: 3, end: 5 }, packet);
    packet.fill(0);
    put(queue, 10, 13);
    assert.deepEqual([queue.length, queue.octets], [2, 9]);
    assert.deepEqual(take(queue), [0xc0, 7, 3, 4]);
    assert.deepEqual([queue.length, queue.octets], [1, 5]);
    assert.deepEqual(take(queue), [0x80, 10, 10, 11, 12]);
    assert.deepEqual([take(queue), queue.length, queue.octets], [undefined, 0, 0]);
  });

  it('take no more memory than most of them at a time ever did', () => {
    const queue = new FragmentQueue();
    const buffers = new Set<Uint8Array>();
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 3; i++) put(queue, i, 90 - i);
      for (let view = queue.shift(); view !== undefined; view = queue.shift()) buffers.add(view.buffer);
    }
    assert.ok(buffers.size <= 4, `${buffers.size} buffers`);
  });

  it('are not overwritten while the last one taken is still in use', () => {
    const queue = new FragmentQueue();
    put(queue, 1, 3);
    const taken = queue.shift();
    put(queue, 50, 60);
    assert.deepEqual([...(taken?.buffer.subarray(taken.start, taken.end) ?? [])], [0x80, 1, 1, 2]);
  });

  it('are gone when the queue is cleared', () => {
    const queue = new FragmentQueue();
    for (let i = 0; i < 3; i++) put(queue, i, 20);
    queue.clear();
    assert.deepEqual([queue.shift(), queue.octets], [undefined, 0]);
  });
});
