/** What goes out on a line that still has something to carry: control packets as far as they fit, data by the full frame. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PacketView } from '../../src/compress/coder.js';
import { plainCodec } from '../../src/framing/plain-codec.js';
import type { ByteStream } from '../../src/line/stream.js';
import { LinePort } from '../../src/link/line-port.js';
import { Protocol } from '../../src/ppp/numbers.js';

const full = 1500;
/** What a Unix socket counts for a write of a few octets: too much for a full frame beside it. */
const somewhat = 768;
/** Flags, Address, Control, Protocol and FCS. */
const framing = 8;

/** A port of 115200 baud; `unsent` is what the kernel counts as not sent, `written` the frames that were. */
class Rig {
  unsent = 0;
  readonly written: number[] = [];
  readonly port: LinePort;
  /** Data packets that wait. */
  #data = 0;
  #now = 0;

  constructor() {
    const stream: ByteStream = {
      start: () => undefined,
      read: () => 0,
      write: (_from, _offset, length) => {
        this.written.push(length);
        return length;
      },
      unsent: () => this.unsent,
      watchWritable: () => undefined,
      stop: () => undefined,
    };
    const tally = { lineRxBytes: 0, lineTxBytes: 0 };
    const line = { bytesPerSecond: 11_520, escape: [], mtu: full, mru: full, tally, codec: plainCodec };
    this.port = new LinePort(stream, line);
    this.port.setFraming({ txAccm: 0, txPfc: false, txAcfc: false, rxAccm: 0 });
  }

  /** The lengths of the writes by which these packets go out, when the line has carried what went before. */
  flush(control: readonly number[], data = 0): readonly number[] {
    this.#now += 10_000;
    this.written.length = 0;
    for (const length of control) this.port.sendControl(Protocol.ipcp, new Uint8Array(length).fill(0x40));
    this.#data += data;
    this.port.flush({ next: () => this.#next(), waiting: this.#data > 0 }, this.#now);
    return [...this.written];
  }

  #next(): PacketView | undefined {
    if (this.#data === 0) return undefined;
    this.#data--;
    return { protocol: Protocol.ip, buffer: new Uint8Array(full).fill(0x40), start: 0, end: full };
  }
}

describe('a line that has something to carry', () => {
  it('takes a control packet that fits, and no data before a full frame does', () => {
    const rig = new Rig();
    rig.unsent = somewhat;
    assert.deepEqual(rig.flush([40], 1), [40 + framing]);
    assert.deepEqual(rig.flush([40, 40]), [80 + 2 * framing - 1], 'in one write, with one flag between them');
    rig.unsent = 0;
    assert.deepEqual(rig.flush([]), [full + framing]);
  });

  it('takes a long control packet when a full frame fits', () => {
    const rig = new Rig();
    rig.unsent = somewhat;
    assert.deepEqual(rig.flush([full]), []);
    rig.unsent = 0;
    assert.deepEqual(rig.flush([]), [full + framing]);
  });
});
