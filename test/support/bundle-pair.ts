/** Two pumps in virtual time with several lines between them, which can be of different speed, harmed, and pulled. */
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder } from '../../src/framing/encoder.js';
import type { MultilinkOptions } from '../../src/multilink/options.js';
import type { CcpOptions, IpcpOptions, SessionOptions } from '../../src/ppp/options.js';
import { answering, asking } from '../ppp/auth-support.js';
import type { FrameNoise } from './frame-noise.js';
import { MemoryStream, PumpEnd } from './pump-pair.js';
import { VirtualScheduler } from './virtual-scheduler.js';
import { seededRandom } from './wire.js';

export const testMultilink: MultilinkOptions = {
  mrru: 1500,
  shortSequence: false,
  classes: true,
  endpoint: undefined,
  minFragment: 128,
  maxFragmentMs: 50,
  isSingle: false,
};

export interface BundleOptions {
  /** `off` is an ordinary link. */
  readonly multilink?: Partial<MultilinkOptions> | 'off';
  readonly ccp?: CcpOptions;
  readonly vj?: IpcpOptions['vj'];
  readonly mru?: number;
  /** Both prove themselves by MS-CHAP-V2, which MPPE has its keys from. */
  readonly auth?: boolean;
  /** What is otherwise at the second end. */
  readonly far?: Pick<BundleOptions, 'multilink' | 'ccp'>;
}

/** The octets of one line, both ways. */
interface Cable {
  readonly ends: readonly [MemoryStream, MemoryStream];
}

export class BundlePair {
  readonly scheduler = new VirtualScheduler();
  readonly a: PumpEnd;
  readonly b: PumpEnd;
  readonly #speeds: readonly number[];
  readonly #cables = new Map<number, Cable>();
  readonly #random = seededRandom(3);
  /** Shares of bits that arrive changed. */
  bitErrors = 0;

  /** Lines of these speeds in baud, numbered from 0. */
  constructor(speeds: readonly number[], { far, ...near }: BundleOptions = {}) {
    this.#speeds = speeds;
    const [first = 0] = speeds;
    const end = (side: 'a' | 'b'): PumpEnd => {
      const { multilink, ccp, vj, mru, auth } = side === 'a' ? near : { ...near, ...far };
      const plain = new PumpEnd(this.scheduler, side, 1, first, false);
      const { session } = plain.options;
      const { lcp, ipcp } = session;
      const changed: SessionOptions = {
        ...session,
        lcp: { ...lcp, mru: mru ?? lcp.mru },
        ipcp: ipcp && { ...ipcp, vj },
        ...(multilink !== 'off' && { multilink: { ...testMultilink, ...multilink } }),
        ...(ccp && { ccp }),
        ...(auth === true && { auth: side === 'a' ? asking(['mschap-v2']) : answering(['mschap-v2']) }),
      };
      return plain.with(changed);
    };
    this.a = end('a');
    this.b = end('b');
  }

  /** Opens all lines. */
  async up(): Promise<void> {
    this.#speeds.forEach((_, line) => {
      this.plug(line);
    });
    await this.scheduler.pass(2000);
  }

  /** A new cable for this line, at both ends. */
  plug(line: number): void {
    const speed = this.#speeds[line] ?? 0;
    const make = (): MemoryStream => {
      const stream = new MemoryStream(this.scheduler, speed / 10_000, 4096);
      stream.harm = (octets) => this.#harm(octets);
      return stream;
    };
    const ends = [make(), make()] as const;
    ends[0].peer = ends[1];
    ends[1].peer = ends[0];
    this.#cables.set(line, { ends });
    [this.a, this.b].forEach(({ pump, options }, i) => {
      const stream = ends[i === 0 ? 0 : 1];
      if (pump.session === undefined) pump.attach(stream, { ...options, speed }, line);
      else pump.join(stream, { number: line, speed });
    });
  }

  /** The cable is cut: what is on it is gone, and both ends notice after a while. */
  async pull(line: number, noticedAfterMs: number): Promise<void> {
    const { ends } = this.#cable(line);
    for (const end of ends) end.harm = () => [];
    await this.scheduler.pass(noticedAfterMs);
    for (const end of ends) end.end({ kind: 'eof' });
    for (const { pump } of [this.a, this.b]) pump.detach(line);
  }

  /** Both ends of a line show their end; nobody detaches it. */
  async end(line: number): Promise<void> {
    for (const end of this.#cable(line).ends) end.end({ kind: 'eof' });
    await this.scheduler.pass(0);
  }

  /** Noise on a line, of its own in each direction; nobody looks at what was written there from now on. */
  harm(line: number, make: (direction: number) => FrameNoise): FrameNoise[] {
    return this.#cable(line).ends.map((end, direction) => {
      const noise = make(direction);
      end.harm = (octets) => {
        end.written.length = 0;
        return noise.carry(octets);
      };
      return noise;
    });
  }

  /** The octets that went out on a line from `a`. */
  sent(line: number): number {
    return this.#cable(line).ends[0].written.length;
  }

  /** The protocols of the frames that went out on a line from `a`, behind so many octets. */
  protocols(line: number, from: number): number[] {
    const decoder = new FrameDecoder({ maxFrame: 2000 });
    decoder.setAccm(0);
    const octets = Uint8Array.from(this.#cable(line).ends[0].written.slice(from));
    decoder.push(octets, 0, octets.length);
    const protocols: number[] = [];
    while (decoder.next()) protocols.push(decoder.protocol);
    return protocols;
  }

  /** A frame arrives on a line at `a`. */
  inject(line: number, protocol: number, payload: Uint8Array): void {
    const frame = new Uint8Array(2 * payload.length + 20);
    const end = new FrameEncoder().encode(protocol, payload, 0, payload.length, frame, 0, true);
    this.#cable(line).ends[0].receive([...frame.subarray(0, end)]);
  }

  #cable(line: number): Cable {
    const cable = this.#cables.get(line);
    if (cable === undefined) throw new Error(`no line ${line}`);
    return cable;
  }

  #harm(octets: readonly number[]): readonly number[] {
    if (this.bitErrors === 0) return octets;
    return octets.map((octet) => {
      let harmed = octet;
      for (let bit = 0; bit < 8; bit++) if (this.#random() < this.bitErrors) harmed ^= 1 << bit;
      return harmed;
    });
  }
}
