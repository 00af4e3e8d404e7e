/** A caller's mistake throws at once, before anything is read or written. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { native, type Binding } from '../../src/native/binding.js';

describe("a caller's mistake", () => {
  const eight = new Uint8Array(8);
  const one = new Int32Array(1);
  const mistakes: readonly [string, typeof RangeError | typeof TypeError, () => unknown][] = [
    ['an offset beyond the array', RangeError, () => native.read(0, eight, 9, 1)],
    ['a length beyond the array', RangeError, () => native.read(0, eight, 4, 5)],
    ['a read of nothing', RangeError, () => native.read(0, eight, 8, 0)],
    ['a negative offset', RangeError, () => native.write(1, eight, -1, 1)],
    ['a negative length', RangeError, () => native.write(1, eight, 0, -1)],
    ['a length that wraps', RangeError, () => native.write(1, eight, 4, 2 ** 32)],
    ['a length that is no integer', RangeError, () => native.write(1, eight, 0, 1.5)],
    ['a length that is not a number', RangeError, () => native.write(1, eight, 0, Number.NaN)],
    ['a negative descriptor', RangeError, () => native.read(-1, eight, 0, 1)],
    ['a descriptor that is not a number', RangeError, () => native.read(Number.NaN, eight, 0, 1)],
    ['an array that was given away', RangeError, () => native.read(0, givenAway(), 0, 8)],
    ['a slot size of nothing', RangeError, () => native.readPackets(0, native.packetState(0), eight, 0, one, one)],
    [
      'a slot size beyond the array',
      RangeError,
      () => native.readPackets(0, native.packetState(0), eight, 9, one, one),
    ],
    [
      'a limit of nothing',
      RangeError,
      () => {
        native.limitUnsent(0, 0);
      },
    ],
    ['a buffer of no size', RangeError, () => native.socketPair(-1)],
    ['no such protocol', RangeError, () => native.openNetlink(32, 0, 0)],
    ['more groups than there are bits', RangeError, () => native.openNetlink(0, 2 ** 32, 0)],
    ['a negative buffer', RangeError, () => native.openNetlink(0, 0, -1)],
    ['an interface without a name', RangeError, () => native.openTun('')],
    ['an interface with too long a name', RangeError, () => native.openTun('a234567890123456')],
    ['a pattern for a name', RangeError, () => native.openTun('tun%d')],
    ['a name with a NUL', RangeError, () => native.openTun('a\0b')],
    ['no argument', TypeError, () => call('close')],
    ['a socket of no number', RangeError, () => native.peerCredentials(-1)],
    ['text for a descriptor', TypeError, () => call('close', '0')],
    ['another kind of array', TypeError, () => call('read', 0, new Int8Array(8), 0, 1)],
    ['no array', TypeError, () => call('write', 1, 'text', 0, 1)],
    ['octets for slots', TypeError, () => call('readPackets', 0, native.packetState(0), eight, 1, eight, one)],
    ['another state', RangeError, () => native.readPackets(0, eight, eight, 1, one, one)],
    [
      'packets beyond the array',
      RangeError,
      () => native.writePackets(1, native.packetState(1), eight, one, Int32Array.of(9), 1),
    ],
    [
      'a packet before the array',
      RangeError,
      () => native.writePackets(1, native.packetState(1), eight, Int32Array.of(-1), one, 1),
    ],
    ['more packets than starts', RangeError, () => native.writePackets(1, native.packetState(1), eight, one, one, 2)],
    ['a number for a name', TypeError, () => call('openTun', 1)],
    ['no boolean', TypeError, () => call('setExclusive', 0, 1)],
    ['no function', TypeError, () => call('createWatcher', 0, {})],
    [
      'an unknown event',
      RangeError,
      () => {
        watchSocket(8);
      },
    ],
    [
      'no event',
      RangeError,
      () => {
        watchSocket(-1);
      },
    ],
  ];
  for (const [what, kind, make] of mistakes) {
    it(`throws: ${what}`, () => {
      assert.throws(make, kind);
    });
  }
});

function watchSocket(events: number): void {
  const [near, far] = native.socketPair(0);
  const watcher = native.createWatcher(near, () => undefined);
  try {
    watcher.watch(events);
  } finally {
    watcher.close();
    native.close(near);
    native.close(far);
  }
}

function givenAway(): Uint8Array {
  const array = new Uint8Array(8);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** Calls a function with what the types don't allow. */
function call(name: keyof Binding, ...wrong: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(native, name);
  assert.ok(typeof method === 'function');
  const result: unknown = Reflect.apply(method, native, wrong);
  return result;
}
