/** A session on the bench: packets go in by hand, and what it sends comes out as text (`c021 Configure-Ack 1 0506…`). */
import assert from 'node:assert/strict';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { SessionOptions } from '../../src/ppp/options.js';
import { buildPacket, parsePacket, type Packet } from '../../src/ppp/packet.js';
import { SessionStation } from '../support/session-pair.js';

export interface Sent extends Packet {
  readonly protocol: number;
}

/** A value that must be there. */
export function must<T>(value: T | undefined): T {
  assert(value !== undefined);
  return value;
}

export class Bench {
  readonly station: SessionStation;
  now = 0;

  constructor(options: SessionOptions, random?: () => number) {
    this.station = new SessionStation(options, 7, random);
  }

  start(): Sent[] {
    this.station.start(this.now);
    return this.#sent();
  }

  /** Gives a packet to the session and returns what it sends at once. `data` is hexadecimal. */
  receive(protocol: number, code: number, id: number, data = ''): Sent[] {
    return this.receiveRaw(protocol, buildPacket({ code, id, data: parseHex(data) }));
  }

  receiveRaw(protocol: number, packet: Uint8Array): Sent[] {
    this.station.receive({ protocol, packet }, this.now);
    return this.#sent();
  }

  lcp(code: number, id: number, data = ''): Sent[] {
    return this.receive(Protocol.lcp, code, id, data);
  }

  ipv6cp(code: number, id: number, data = ''): Sent[] {
    return this.receive(Protocol.ipv6cp, code, id, data);
  }

  ipcp(code: number, id: number, data = ''): Sent[] {
    return this.receive(Protocol.ipcp, code, id, data);
  }

  /** Answers `address-wanted`. */
  assign(number: number, remote: number): Sent[] {
    this.station.assign(number, remote, this.now);
    return this.#sent();
  }

  /** Lets time pass to the next deadline, and returns what is sent then. */
  expire(): Sent[] {
    this.now = must(this.station.nextTimeout());
    this.station.timeout(this.now);
    return this.#sent();
  }

  /** Starts and agrees on LCP: the peer asks for `request`, and acknowledges whatever we ask for. */
  openLcp(request = '05 06 11 22 33 44'): Sent[] {
    const [ours] = this.start();
    this.lcp(Code.configureRequest, 1, request);
    return this.ack(must(ours));
  }

  /** Opens LCP and IPCP. The peer is 10.0.0.2. */
  openIp(request?: string): void {
    const [ours] = this.openLcp(request);
    this.ipcp(Code.configureRequest, 1, '03 06 0a 00 00 02');
    this.ack(must(ours));
    assert(this.station.isUp);
  }

  /** The peer acknowledges a request of ours. */
  ack({ protocol, id, data }: Sent): Sent[] {
    return this.receive(protocol, Code.configureAck, id, formatHex(data));
  }

  counter(name: string): number {
    return this.station.session.counters[name] ?? 0;
  }

  #sent(): Sent[] {
    return this.station.take().map(({ protocol, packet }) => ({ protocol, ...must(parsePacket(packet)) }));
  }
}

/** `[code, data]` of each packet, the data in hexadecimal without blanks. */
export function shape(sent: readonly Sent[]): (readonly [number, string])[] {
  return sent.map(({ code, data }) => [code, formatHex(data, '')] as const);
}
