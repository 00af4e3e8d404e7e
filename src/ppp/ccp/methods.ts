/**
 * The methods of compression as CCP's Configuration Options: Deflate (RFC 1979, and by the number that it had as a draft),
 * BSD-Compress (RFC 1977), Predictor type 1 (RFC 1978), MPPE (RFC 3078). An end lists what it can read, and the other
 * compresses by the first of the list that it has acknowledged. RFC 1962 §4
 */
import { formatHex, getU16 } from '../../base/bytes.js';
import type { CompressionMethod } from '../../compress/method.js';
import { CcpOption } from '../numbers.js';
import { flag, Option, type Codec, type Negotiable, type OptionDescriptor } from '../option.js';
import type { CcpOptions, CompressorKind } from '../options.js';
import type { RawOption } from '../packet.js';
import { agreementOf, mppe, type MppeOffer, type StartKeys } from './mppe.js';

/** What we ask for: the largest window, and codes as long as Linux knows them. */
const windowBits = { least: 9, most: 15 };
const codeBits = { least: 9, ask: 15, most: 16 };

/** An option, and what it comes to once it is agreed on. */
interface Entry {
  readonly option: Negotiable;
  readonly receive: () => CompressionMethod | undefined;
  readonly send: () => CompressionMethod | undefined;
  /** The option's place in what the peer asked for. */
  readonly place: () => number;
}

const allKinds: readonly CompressorKind[] = ['deflate', 'bsd', 'predictor1'];

type Direction = 'send' | 'receive';

/** Belongs to one session: the options hold what is being negotiated. */
export class Methods {
  readonly #entries: readonly Entry[];
  /** Options that the peer has asked for so far; a later one has a greater number. */
  #asked = 0;
  /** The request that is being judged has one already that we can send. */
  #canSend = false;

  constructor(options: CcpOptions, keys: StartKeys) {
    this.#entries = this.#makeEntries(options, keys);
  }

  /** A request of the peer is about to be judged. */
  judging(): void {
    this.#canSend = false;
  }

  get options(): readonly Negotiable[] {
    return this.#entries.map(({ option }) => option);
  }

  /** What the peer compresses with, since it acknowledged our request. */
  get receive(): CompressionMethod | undefined {
    return this.#entries.map(({ receive }) => receive()).find((method) => method !== undefined);
  }

  /** What we compress with, since we acknowledged the peer's request: the first of its list. */
  get send(): CompressionMethod | undefined {
    return this.#entries
      .toSorted((a, b) => a.place() - b.place())
      .map(({ send }) => send())
      .find((method) => method !== undefined);
  }

  #makeEntries({ send, receive, mppe: policy }: CcpOptions, keys: StartKeys): Entry[] {
    const entries: Entry[] = [];
    if (policy !== undefined) {
      const method = (offer: MppeOffer, direction: Direction): CompressionMethod | undefined => {
        const agreement = agreementOf(offer);
        const key = agreement && keys()?.[direction][agreement.bits];
        return key && { kind: 'mppe', ...agreement, key };
      };
      entries.push(this.#entry(mppe(policy, keys), method));
    }
    // Encryption leaves no room for anything else. RFC 3078 §3
    const mustEncrypt = policy?.required === true;
    const kinds = mustEncrypt ? [] : [...receive, ...allKinds.filter((kind) => !receive.includes(kind))];
    for (const kind of kinds) entries.push(...this.#makeEntry(kind, send.includes(kind), receive.includes(kind)));
    return entries;
  }

  #makeEntry(kind: CompressorKind, send: boolean, receive: boolean): Entry[] {
    switch (kind) {
      case 'deflate':
        return [CcpOption.deflate, CcpOption.deflateDraft].map((type) =>
          this.#entry(deflate(type, send, receive), (bits): CompressionMethod => ({ kind, windowBits: bits })),
        );
      case 'bsd':
        return [this.#entry(bsd(send, receive), (bits): CompressionMethod => ({ kind, codeBits: bits }))];
      case 'predictor1':
        return [this.#entry(predictor1(send, receive), (): CompressionMethod => ({ kind }))];
    }
  }

  #entry<V>(
    descriptor: OptionDescriptor<V>,
    methodOf: (value: V, direction: Direction) => CompressionMethod | undefined,
  ): Entry {
    let place = 0;
    const judge: OptionDescriptor<V>['judge'] = (value, ours) => {
      place = ++this.#asked;
      const verdict = descriptor.judge(value, ours);
      if (descriptor.type === CcpOption.mppe) return verdict;
      if (verdict.kind === 'ack') this.#canSend = true;
      // What is behind one that we can send is never used. To reject it costs a round trip, in which Linux loses packets: it
      // compresses from its Configure-Ack on, and drops what comes of it until CCP is open.
      return verdict.kind === 'reject' && this.#canSend ? { kind: 'ack' } : verdict;
    };
    const option = new Option({ ...descriptor, judge });
    const method = (value: V | undefined, direction: Direction): CompressionMethod | undefined =>
      value === undefined ? undefined : methodOf(value, direction);
    return {
      option,
      receive: () => method(option.ours, 'receive'),
      send: () => method(option.theirs, 'send'),
      place: () => place,
    };
  }
}

/** RFC 1979 §3: the window, the method 8, and 0 for the check by sequence numbers. */
const windowCodec: Codec<number> = {
  decode: (data) => {
    const bits = (data[0] ?? 0) >>> 4;
    return data.length === 2 && (getU16(data, 0) & 0x0fff) === 0x0800 ? bits + 8 : undefined;
  },
  encode: (bits) => Uint8Array.of(((bits - 8) << 4) | 8, 0),
};

/** The peer's window is the most that it can hold: we keep to it, unless it is smaller than zlib's least. */
function deflate(type: number, send: boolean, receive: boolean): OptionDescriptor<number> {
  return {
    type,
    name: type === CcpOption.deflate ? 'Deflate' : 'Deflate (old number)',
    codec: windowCodec,
    format: (bits) => `with a window of ${2 ** bits} octets`,
    wanted: () => (receive ? windowBits.most : undefined),
    judge: (bits) => (send && bits >= windowBits.least ? { kind: 'ack' } : { kind: 'reject' }),
    suggestion: () => (send ? windowBits.most : undefined),
    onNak: (hint, asked) => ({ ask: asked !== undefined && hint >= windowBits.least ? hint : undefined }),
  };
}

/** RFC 1977 §3: version 1, and the greatest length of a code. */
const codeCodec: Codec<number> = {
  decode: (data) => (data.length === 1 && data[0]! >>> 5 === 1 ? data[0]! & 0x1f : undefined),
  encode: (bits) => Uint8Array.of((1 << 5) | bits),
};

/** Both ends have to have the same dictionary, so what is agreed on holds to the bit. */
function bsd(send: boolean, receive: boolean): OptionDescriptor<number> {
  return {
    type: CcpOption.bsd,
    name: 'BSD-Compress',
    codec: codeCodec,
    format: (bits) => `with codes of ${bits} bits`,
    wanted: () => (receive ? codeBits.ask : undefined),
    judge: (bits) => {
      if (!send) return { kind: 'reject' };
      return bits >= codeBits.least && bits <= codeBits.most ? { kind: 'ack' } : { kind: 'nak', value: codeBits.ask };
    },
    suggestion: () => (send ? codeBits.ask : undefined),
    onNak: (hint, asked) => ({
      ask: asked !== undefined && hint >= codeBits.least && hint <= codeBits.most ? hint : undefined,
    }),
  };
}

/** RFC 1978 §4 */
function predictor1(send: boolean, receive: boolean): OptionDescriptor<true> {
  return {
    type: CcpOption.predictor1,
    name: 'Predictor-1',
    codec: flag,
    format: () => '',
    wanted: () => receive || undefined,
    judge: () => (send ? { kind: 'ack' } : { kind: 'reject' }),
    suggestion: () => send || undefined,
    onNak: (_, asked) => ({ ask: asked }),
  };
}

const otherOptions: ReadonlyMap<number, string> = new Map([
  [0, 'a proprietary compression'],
  [1, 'Predictor-1'],
  [2, 'Predictor-2'],
  [3, 'Puddle Jumper'],
  [16, 'Hewlett-Packard PPC'],
  [17, 'Stac LZS'],
  [18, 'MPPC or MPPE'],
  [19, 'Gandalf FZA'],
  [20, 'V.42bis'],
  [21, 'BSD-Compress'],
  [23, 'LZS-DCP'],
  [24, 'Deflate (old number)'],
  [26, 'Deflate'],
]);

export function describeUnknown({ type, data }: RawOption): string {
  return `the peer asks for ${otherOptions.get(type) ?? `option ${type} <${formatHex(data.subarray(0, 16))}>`}`;
}

/** `Deflate with a window of 32768 octets`, for people. */
export function describeMethod(method: CompressionMethod | undefined): string {
  switch (method?.kind) {
    case undefined:
      return 'nothing';
    case 'deflate':
      return `Deflate with a window of ${2 ** method.windowBits} octets`;
    case 'bsd':
      return `BSD-Compress with codes of ${method.codeBits} bits`;
    case 'predictor1':
      return 'Predictor-1';
    case 'mppe':
      return `MPPE with ${method.bits} bits, ${method.stateless ? 'stateless' : 'stateful'}`;
  }
}
