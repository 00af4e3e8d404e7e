/** A modem that says NO CARRIER: what of it is the end of the call, and what is a packet like others. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModemStream } from '../../src/dial/modem-stream.js';
import type { StreamEnd } from '../../src/line/line.js';
import type { ByteStream, StreamHandlers } from '../../src/line/stream.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

class Rig {
  readonly scheduler = new VirtualScheduler();
  readonly ends: StreamEnd[] = [];
  stopped = 0;
  got = '';
  readonly #stream: ModemStream;
  #next: Uint8Array = new Uint8Array(0);
  #handlers: StreamHandlers | undefined;

  constructor() {
    const inner: ByteStream = {
      start: (handlers) => (this.#handlers = handlers),
      read: (into) => {
        into.set(this.#next);
        return this.#next.length;
      },
      write: (_from, _offset, length) => length,
      unsent: () => 7,
      watchWritable: () => undefined,
      stop: () => {
        this.stopped++;
      },
    };
    this.#stream = new ModemStream(inner, this.scheduler);
    const buffer = new Uint8Array(4096);
    this.#stream.start({
      readable: () => {
        this.got += Buffer.from(buffer.subarray(0, this.#stream.read(buffer))).toString('latin1');
      },
      writable: () => undefined,
      ended: (end) => this.ends.push(end),
    });
  }

  hear(text: string, change = (octet: number) => octet): void {
    this.#next = Buffer.from(text, 'latin1').map(change);
    this.#handlers?.readable();
  }

  stop(): void {
    this.#stream.stop();
  }
}

const frame = '\x7e\x21\x45\x00 some packet \x9c\x9c\x7e';

describe('a modem that says NO CARRIER', () => {
  const over: readonly (readonly [string, readonly string[]])[] = [
    ['at once', ['\r\nNO CARRIER\r\n']],
    ['behind a frame', [`${frame}\r\nNO CARRIER\r\n`]],
    ['within a frame that was cut off', [frame.slice(0, 9), '\r\nNO CARRIER\r\n']],
    ['octet by octet', Array.from('\x7e\r\nNO CARRIER\r\n')],
    ['after a long packet', ['x'.repeat(3000), 'x'.repeat(200), '\r\nNO CARRIER\r\n']],
    ['and then does not like what we send', ['\r\nNO CARRIER\r\n', '\r\nERROR\r\n', '\r\nOK\r\n\r\nERROR\r\n']],
  ];
  for (const [what, pieces] of over) {
    it(`has hung up: ${what}`, async () => {
      const rig = new Rig();
      for (const piece of pieces) rig.hear(piece);
      assert.deepEqual(rig.ends, [], 'only after a silence');
      await rig.scheduler.pass(2000);
      assert.deepEqual(rig.ends, [{ kind: 'no-carrier' }]);
      assert.equal(rig.stopped, 1);
      assert.equal(rig.got, pieces.join(''), 'every octet is passed on');
    });
  }

  it('has hung up, be there parity or not', async () => {
    const rig = new Rig();
    rig.hear('\r\nNO CARRIER\r\n', (octet) => octet | 0x80);
    await rig.scheduler.pass(2000);
    assert.equal(rig.ends.length, 1);
  });

  const goesOn: readonly (readonly [string, readonly string[]])[] = [
    ['a packet says it', [`${frame.slice(0, 5)}\r\nNO CARRIER\r\n${frame.slice(5)}`]],
    ['a packet says it at the end of what was read', [`${frame.slice(0, 5)}\r\nNO CARRIER\r\n`, frame.slice(5)]],
    ['the words are not all there', ['\r\nNO CARRIER']],
    ['they are part of others', ['\r\nSAY NO CARRIER\r\n']],
    ['frames come behind it', ['\r\nNO CARRIER\r\n', frame, frame]],
  ];
  for (const [what, pieces] of goesOn) {
    it(`has not: ${what}`, async () => {
      const rig = new Rig();
      for (const piece of pieces) {
        rig.hear(piece);
        await rig.scheduler.pass(1000);
      }
      await rig.scheduler.pass(5000);
      assert.deepEqual(rig.ends, []);
    });
  }

  it('says it to nobody who listens no more', async () => {
    const rig = new Rig();
    rig.hear('\r\nNO CARRIER\r\n');
    rig.stop();
    await rig.scheduler.pass(5000);
    assert.deepEqual(rig.ends, []);
  });
});
