/** MPPE: RC4 and the keys of RFC 3079, the form of RFC 3078's packets, and every way to find the key again after a loss. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex, getU16, parseHex, putU16 } from '../../src/base/bytes.js';
import { MppeKey, type MppeBits } from '../../src/compress/mppe-key.js';
import { MppeCompressor, MppeDecompressor } from '../../src/compress/mppe.js';
import { Rc4 } from '../../src/compress/rc4.js';
import { ip4, line, type Plain } from './rig.js';

const key = parseHex('8b 7c dc 14 9b 99 3a 1b a1 18 cb 15 3f 56 dc cb');
const text = new TextEncoder().encode('test message');

describe('RC4', () => {
  // The test vectors of RFC 6229 §2: the first 16 octets of the key stream.
  const cases: [string, string][] = [
    ['0102030405', 'b2 39 63 05 f0 3d c0 27 cc c3 52 4a 0a 11 18 a8'],
    ['0102030405060708', '97 ab 8a 1b f0 af b9 61 32 f2 f6 72 58 da 15 a8'],
    ['0102030405060708090a0b0c0d0e0f10', '9a c7 cc 9a 60 9d 1e f7 b2 93 28 99 cd e4 1b 97'],
  ];
  for (const [name, stream] of cases) {
    it(`gives the stream of RFC 6229 for the key ${name}`, () => {
      const octets = new Uint8Array(16);
      new Rc4(parseHex(name)).apply(octets, 0, 16);
      assert.equal(formatHex(octets), stream);
    });
  }
});

describe('the session keys of RFC 3079 §3.5', () => {
  const cases: [MppeBits, string, string][] = [
    [40, '8b 7c dc 14 9b 99 3a 1b', '92 91 37 91 7e 58 03 d6 68 d7 58 98'],
    // The RFC prints 58 for the last octet, which the same key stream can't give: a misprint.
    [56, '8b 7c dc 14 9b 99 3a 1b', '3f 10 68 33 fa 44 8d a8 42 bc 57 b8'],
    [128, formatHex(key), '81 84 83 17 df 68 84 62 72 fb 5a be'],
  ];
  for (const [bits, start, encrypted] of cases) {
    it(`encrypt the sample message, ${bits} bits`, () => {
      const message = text.slice();
      MppeKey.first(parseHex(start), bits).cipher().apply(message, 0, message.length);
      assert.equal(formatHex(message), encrypted);
    });
  }

  it('are for keys of their own length only', () => {
    assert.throws(() => MppeKey.first(key, 40));
    assert.throws(() => MppeKey.first(key.subarray(0, 8), 128));
  });
});

/** A sender by the book: the RFC's, or Linux's, which changes its key with every flushed packet. */
class Sender {
  readonly #linux: boolean;
  #key = MppeKey.first(key, 128);
  #cipher = this.#key.cipher();
  #count = 0xfff;
  flush = false;

  constructor(kind: 'RFC 3078' | 'Linux') {
    this.#linux = kind === 'Linux';
  }

  send({ protocol, data }: Plain): Uint8Array {
    this.#count = (this.#count + 1) & 0xfff;
    const isFlag = (this.#count & 0xff) === 0xff;
    if (isFlag || (this.flush && this.#linux)) this.#key = this.#key.after(1);
    const isFlushed = isFlag || this.flush;
    if (isFlushed) this.#cipher = this.#key.cipher();
    this.flush = false;
    const octets = new Uint8Array(4 + data.length);
    putU16(octets, 0, (isFlushed ? 0x9000 : 0x1000) | this.#count);
    putU16(octets, 2, protocol);
    octets.set(data, 4);
    this.#cipher.apply(octets, 2, octets.length);
    return octets;
  }
}

/** A receiver by the book of each. Where the RFC says nothing else, it takes a packet for damaged. */
class Receiver {
  readonly #linux: boolean;
  #key = MppeKey.first(key, 128);
  #cipher = this.#key.cipher();
  #count = 0xfff;
  #discard = false;

  constructor(kind: 'RFC 3078' | 'Linux') {
    this.#linux = kind === 'Linux';
  }

  receive(octets: Uint8Array): Uint8Array | undefined {
    const word = getU16(octets, 0);
    const count = word & 0xfff;
    const isFlushed = (word & 0x8000) !== 0;
    const expected = (this.#count + 1) & 0xfff;
    if (this.#linux && !this.#discard && count !== expected) {
      this.#discard = true;
      this.#count = expected;
      return undefined;
    }
    if (!isFlushed && (this.#discard || count !== expected)) {
      this.#discard = true;
      return undefined;
    }
    if (this.#linux) {
      const missed = this.#discard ? ((count >>> 8) - (this.#count >>> 8)) & 0xf : 0;
      if (isFlushed) this.#key = this.#key.after(missed + 1);
    } else {
      for (let at = this.#count; at !== count;) {
        at = (at + 1) & 0xfff;
        if ((at & 0xff) === 0xff) this.#key = this.#key.after(1);
      }
    }
    if (isFlushed) this.#cipher = this.#key.cipher();
    this.#discard = false;
    this.#count = count;
    const data = octets.slice(2);
    this.#cipher.apply(data, 0, data.length);
    return data;
  }
}

function decrypted(decompressor: MppeDecompressor, octets: Uint8Array): Uint8Array | undefined {
  const view = decompressor.decompress(octets, 0, octets.length);
  return view?.buffer.slice(view.start, view.end);
}

const stateful = { bits: 128, stateless: false, key } as const;
const stateless = { bits: 128, stateless: true, key } as const;

for (const kind of ['RFC 3078', 'Linux'] as const) {
  describe(`stateful MPPE with a peer as ${kind} has it`, () => {
    it('decrypts what it sends, over a thousand packets', () => {
      const sender = new Sender(kind);
      const decompressor = new MppeDecompressor(stateful);
      for (let i = 0; i < 1000; i++) assert.deepEqual(decrypted(decompressor, sender.send(line(i))), line(i).data);
    });

    it('sends what it decrypts, over a thousand packets', () => {
      const receiver = new Receiver(kind);
      const compressor = new MppeCompressor(stateful);
      for (let i = 0; i < 1000; i++) {
        const { protocol, data } = line(i);
        const octets = compressor.compress(protocol, data, 0, data.length);
        assert(octets);
        const out = receiver.receive(octets.buffer.slice(octets.start, octets.end));
        assert.equal(out && formatHex(out), `00 21 ${formatHex(data)}`);
      }
    });

    for (const [lost, what] of [
      [1, 'one'],
      [200, 'two hundred'],
      [700, 'seven hundred'],
    ] as const) {
      it(`finds the key again after ${what} lost, from any count, by one reset`, () => {
        for (let before = 1; before < 300; before += lost > 1 ? 13 : 1) {
          const sender = new Sender(kind);
          const receiver = new MppeDecompressor(stateful);
          for (let i = 0; i < before; i++) assert(decrypted(receiver, sender.send(line(i))));
          for (let i = 0; i < lost; i++) sender.send(line(i));
          if (decrypted(receiver, sender.send(line(1))) === undefined) sender.flush = true;
          assert.deepEqual(decrypted(receiver, sender.send(line(2))), line(2).data, `lost after ${before}`);
          for (let i = 0; i < 300; i++) assert.deepEqual(decrypted(receiver, sender.send(line(i))), line(i).data);
        }
      });

      it(`lets it find the key after ${what} lost, even when the packet that mends is lost, too`, () => {
        for (let before = 1; before < 300; before += 13) {
          const compressor = new MppeCompressor(stateful);
          const receiver = new Receiver(kind);
          const pass = (i: number): boolean => {
            const { protocol, data } = line(i);
            const octets = compressor.compress(protocol, data, 0, data.length);
            assert(octets);
            const out = receiver.receive(octets.buffer.slice(octets.start, octets.end));
            if (out !== undefined) assert.equal(formatHex(out), `00 21 ${formatHex(data)}`);
            return out !== undefined;
          };
          for (let i = 0; i < before; i++) assert(pass(i));
          const lose = (): unknown => compressor.compress(0x21, ip4(text).data, 0, 32);
          for (let i = 0; i < lost; i++) lose();
          if (!pass(1)) compressor.reset();
          lose();
          if (!pass(2)) compressor.reset();
          assert(pass(3), `lost after ${before}`);
          for (let i = 0; i < 600; i++) assert(pass(i));
        }
      });
    }
  });
}

describe('stateful MPPE with Linux', () => {
  it('finds the key again though flushed packets were lost', () => {
    const sender = new Sender('Linux');
    const decompressor = new MppeDecompressor(stateful);
    assert(decrypted(decompressor, sender.send(line(1))));
    sender.send(line(2));
    for (let flushes = 0; flushes < 4; flushes++) {
      sender.flush = true;
      sender.send(line(3));
    }
    sender.flush = true;
    assert.deepEqual(decrypted(decompressor, sender.send(line(4))), line(4).data);
    assert.deepEqual(decrypted(decompressor, sender.send(line(5))), line(5).data);
  });
});

describe('stateless MPPE', () => {
  const send = (compressor: MppeCompressor, i: number): Uint8Array => {
    const { protocol, data } = line(i);
    const octets = compressor.compress(protocol, data, 0, data.length);
    assert(octets);
    return octets.buffer.slice(octets.start, octets.end);
  };

  it('sets the bits A and D on every packet, and counts from 0 to 4095', () => {
    const compressor = new MppeCompressor(stateless);
    for (let i = 0; i < 5000; i++) assert.equal(getU16(send(compressor, i), 0), 0x9000 | (i & 0xfff));
  });

  it('needs no reset for lost packets, drops doubled and late ones, and changes nothing for noise', () => {
    const compressor = new MppeCompressor(stateless);
    const decompressor = new MppeDecompressor(stateless);
    const first = send(compressor, 1);
    assert.deepEqual(decrypted(decompressor, first), line(1).data);
    assert.equal(decrypted(decompressor, first), undefined, 'doubled');
    const late = send(compressor, 2);
    for (let i = 0; i < 1500; i++) send(compressor, i);
    assert.deepEqual(decrypted(decompressor, send(compressor, 3)), line(3).data, 'after 1501 lost');
    assert.equal(decrypted(decompressor, late), undefined, 'late');
    for (const noise of ['9fff 11223344556677', '97d0 0011223344', '1000 4500', '', '90', '9000']) {
      decompressor.decompress(parseHex(noise), 0, parseHex(noise).length);
    }
    assert.deepEqual(decrypted(decompressor, send(compressor, 4)), line(4).data);
  });

  it('takes no packet that is not encrypted, or not flushed', () => {
    for (const bits of [0x9000, 0x1000]) {
      const octets = send(new MppeCompressor(stateless), 1);
      putU16(octets, 0, getU16(octets, 0) & ~bits);
      assert.equal(decrypted(new MppeDecompressor(stateless), octets), undefined);
    }
  });

  it('encrypts the protocols from 0021 to 00fa', () => {
    const isEncrypted = (protocol: number): boolean =>
      new MppeCompressor(stateless).compress(protocol, text, 0, text.length) !== undefined;
    assert.deepEqual([0x1f, 0x21, 0x57, 0xf9, 0xfb, 0xfd, 0x281, 0x8021].map(isEncrypted), [
      false,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
