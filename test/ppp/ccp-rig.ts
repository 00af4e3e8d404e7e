/** CCP by itself on a bench, and what its tests write down of options and keys. */
import assert from 'node:assert/strict';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import type { Cause } from '../../src/base/cause.js';
import { Ccp } from '../../src/ppp/ccp/ccp.js';
import type { MppeKeys } from '../../src/ppp/auth/mppe-keys.js';
import { Code } from '../../src/ppp/numbers.js';
import type { CcpOptions, MppePolicy } from '../../src/ppp/options.js';
import type { SessionOutput } from '../../src/ppp/outputs.js';
import { buildPacket, parsePacket, type Packet } from '../../src/ppp/packet.js';
import { defaultLcp } from '../support/session-pair.js';
import { must } from './bench.js';

const { configureRequest: request, configureAck: ack, resetRequest, resetAck } = Code;

export const deflate = '1a047800';
export const draft = '18047800';
export const bsd = '15032f';
export const predictor = '0102';
export const common: CcpOptions = { send: ['deflate', 'bsd'], receive: ['deflate', 'bsd'], mppe: undefined };
export const everything: CcpOptions = { ...common, send: ['deflate', 'bsd', 'predictor1'] };
export const strong: MppePolicy = { required: true, bits: [128], stateless: true };
export const encrypted = (policy: Partial<MppePolicy> = {}): CcpOptions => ({
  send: [],
  receive: [],
  mppe: { ...strong, ...policy },
});

export const keys: MppeKeys = { send: keysOf(1), receive: keysOf(2) };

function keysOf(octet: number): MppeKeys['send'] {
  const [short, long] = [new Uint8Array(8).fill(octet), new Uint8Array(16).fill(octet)];
  return { 40: short, 56: short, 128: long };
}

/** CCP by itself, above a layer that is up; the peer's packets are written by hand. */
export class Rig {
  readonly ccp: Ccp;
  now = 0;
  /** Packets that went to the peer. */
  sent = 0;
  ups = 0;
  downs = 0;
  readonly failures: Cause[] = [];
  readonly counted: string[] = [];
  /** What it wants done, in order: `send 1 1a047800`, `compressor deflate`. */
  #told: string[] = [];
  #lastRequest: Packet | undefined;

  constructor(options: CcpOptions, startKeys?: MppeKeys) {
    this.ccp = new Ccp(
      options,
      {
        limits: defaultLcp,
        emit: (output) => {
          this.#take(output);
        },
        note: () => undefined,
        count: (counter) => this.counted.push(counter),
        random: () => 7,
        peerMru: () => 1500,
      },
      () => startKeys,
      () => this.sent,
      {
        up: () => this.ups++,
        down: () => this.downs++,
        failed: (failed) => this.failures.push(failed),
      },
    );
    this.ccp.up(0);
  }

  isOpen(): boolean {
    return this.ccp.isOpen;
  }

  /** What has been told since the last call. */
  told(): string[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  receive(code: number, id: number, data = ''): string[] {
    this.ccp.receive(buildPacket({ code, id, data: parseHex(data) }), this.now);
    return this.told();
  }

  /** Answers our last request. */
  reply(code: number, data: string): string[] {
    return this.receive(code, must(this.#lastRequest).id, data);
  }

  /** The peer acknowledges what we ask for. */
  acknowledge(): string[] {
    return this.reply(ack, formatHex(must(this.#lastRequest).data));
  }

  /** Both ends agree; returns what was told since. */
  open(theirs: string): this {
    this.receive(request, 1, theirs);
    this.acknowledge();
    assert(this.ccp.isOpen);
    return this;
  }

  damaged(): string[] {
    this.ccp.decompressionFailed(this.now);
    return this.told();
  }

  /** Goes to the next deadline. */
  expire(): string[] {
    this.now = must(this.ccp.nextTimeout());
    this.ccp.timeout(this.now);
    return this.told();
  }

  #take(output: SessionOutput): void {
    switch (output.type) {
      case 'send': {
        const packet = must(parsePacket(output.packet));
        if (packet.code === request) this.#lastRequest = packet;
        const data =
          packet.code === resetRequest || packet.code === resetAck ? `#${packet.id}` : formatHex(packet.data, '');
        this.#told.push(`send ${packet.code} ${data}`.trimEnd());
        return;
      }
      case 'compressor':
      case 'decompressor':
        this.#told.push(`${output.type} ${output.method?.kind ?? 'none'}`);
        return;
      default:
        this.#told.push(output.type);
    }
  }
}
