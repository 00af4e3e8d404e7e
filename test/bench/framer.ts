/**
 * Who takes part in the framing benchmark: linkd's encoder and decoder with either codec, and peers in C (`c/framing-*.c`), which
 * frame the same packets.
 */
import type { Codec } from '../../src/framing/codec.js';
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { Child } from '../support/process.js';

export const packetOctets = 1500;
/** So many different packets, lest the processor learns by heart where they need escapes. */
const packets = 256;
/** As much as comes with one read of a line. */
const pieceOctets = 65_536;
const answerTimeoutMs = 30_000;

export interface Content {
  readonly accm: number;
  /** The octet that every packet is full of; noise without. */
  readonly octet?: number;
}

export interface Framer {
  readonly name: string;
  /** Makes packets and their frames; what it gives is the same for everyone who frames by RFC 1662. */
  fill(content: Content): Promise<string>;
  /** Frames so many packets; nanoseconds. */
  encode(frames: number): Promise<number>;
  /** Takes so many frames off a line, or a few more; nanoseconds a frame times `frames`. Throws when one isn't good. */
  decode(frames: number): Promise<number>;
  stop(): Promise<void>;
}

/** linkd itself, as a line uses it: octets come in pieces, everything lies in the codec's memory. */
export class OwnFramer implements Framer {
  readonly name: string;
  readonly #packets: Uint8Array;
  readonly #out: Uint8Array;
  readonly #line: Uint8Array;
  readonly #encoder: FrameEncoder;
  readonly #decoder: FrameDecoder;
  #lineOctets = 0;

  constructor(name: string, codec: Codec) {
    this.name = name;
    this.#packets = codec.octets(packets * packetOctets);
    this.#out = codec.octets(maxFrameLength(packetOctets));
    this.#line = codec.octets(packets * maxFrameLength(packetOctets));
    this.#encoder = new FrameEncoder({ codec });
    this.#decoder = new FrameDecoder({ codec, maxFrame: packetOctets + 4 });
  }

  fill({ accm, octet }: Content): Promise<string> {
    const noise = xorshift();
    for (let i = 0; i < this.#packets.length; i++) this.#packets[i] = octet ?? noise();
    this.#encoder.setFraming(accm, false, false);
    this.#decoder.setAccm(accm);
    let end = 0;
    for (let i = 0; i < packets; i++) end = this.#encode(i, this.#line, end);
    this.#lineOctets = end;
    return Promise.resolve(`${end} ${adler(this.#line.subarray(0, end))}`);
  }

  encode(frames: number): Promise<number> {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < frames; i++) this.#encode(i % packets, this.#out, 0);
    return Promise.resolve(Number(process.hrtime.bigint() - begin));
  }

  decode(frames: number): Promise<number> {
    const decoder = this.#decoder;
    const begin = process.hrtime.bigint();
    let good = 0;
    while (good < frames) {
      const before = good;
      for (let at = 0; at < this.#lineOctets; at += pieceOctets) {
        decoder.push(this.#line, at, Math.min(at + pieceOctets, this.#lineOctets));
        while (decoder.next()) if (decoder.end - decoder.start === packetOctets) good++;
      }
      if (good - before !== packets) throw new Error(`${this.name}: ${good - before} good frames of ${packets}`);
    }
    return Promise.resolve((Number(process.hrtime.bigint() - begin) * frames) / good);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #encode(index: number, out: Uint8Array, at: number): number {
    const from = index * packetOctets;
    return this.#encoder.encode(0x0021, this.#packets, from, from + packetOctets, out, at);
  }
}

/** A peer in C, compiled with `c/framing.h`, in a process of its own that waits between measurements. */
export class PeerFramer implements Framer {
  readonly name: string;
  readonly #child: Child;
  #asked = 0;

  constructor(name: string, program: string) {
    this.name = name;
    this.#child = new Child(program, []);
  }

  async fill({ accm, octet }: Content): Promise<string> {
    return this.#ask(`fill ${accm.toString(16)} ${octet?.toString(16) ?? 'noise'}`);
  }

  async encode(frames: number): Promise<number> {
    return Number(await this.#ask(`encode ${frames}`));
  }

  async decode(frames: number): Promise<number> {
    const [nanoseconds = 0, good = 0] = (await this.#ask(`decode ${frames}`)).split(' ').map(Number);
    if (good < frames) throw new Error(`${this.name}: ${good} good frames, not ${frames}`);
    return (nanoseconds * frames) / good;
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #ask(command: string): Promise<string> {
    this.#asked++;
    this.#child.write(`${command}\n`);
    const [, answer = ''] = await this.#child.printed(new RegExp(`^${this.#asked}: (.*)$`, 'm'), answerTimeoutMs);
    return answer;
  }
}

/** Marsaglia's 32-bit generator, of which each step's lowest octet counts. */
function xorshift(): () => number {
  let state = 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
}

/** Adler-32. RFC 1950 §8.2 */
function adler(octets: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const octet of octets) {
    a = (a + octet) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}
