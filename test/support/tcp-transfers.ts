/**
 * A small TCP for virtual time: one end sends transfer after transfer, the other one acknowledges. Headers and checksums are
 * real ones (`tcpPacket`); a window of a few segments, and from the first one without an acknowledgment all over again when
 * the time is over. What arrives is taken by its checksum alone, as a host does, and every transfer's hash is compared.
 */
import { createHash, type Hash } from 'node:crypto';
import { getU16, getU32 } from '../../src/base/bytes.js';
import type { Millis } from '../../src/base/clock.js';
import { tcpChecksum, tcpPacket } from '../compress/vj-packets.js';

export interface TransferShape {
  /** Tells connections apart: part of the ports. */
  readonly number: number;
  /** 1 for data from a to b, 2 for the other way. */
  readonly sender: 1 | 2;
  /** Of each transfer, in octets. */
  readonly octets: number;
  /** Of the largest segment. */
  readonly largest: number;
  /** Segments without an acknowledgment. */
  readonly window: number;
  /** How long an acknowledgment is waited for. */
  readonly timeoutMs: Millis;
  /** What is sent: lines of text, or what no compressor makes smaller. */
  readonly content: 'text' | 'noise';
}

const HEADERS = 40;
const FIN = 1;
const ACK = 16;
const addresses = { 1: 0x0a010002, 2: 0x0a020002 } as const;

export class TcpTransfers {
  readonly #shape: TransferShape;
  #id = 1;
  #answerId = 1;
  /** The transfer's number: it is the connection's port. */
  #transfer = 0;
  #content: Uint8Array = new Uint8Array(0);
  #digest = '';
  #acknowledged = 0;
  #sent = 0;
  #deadline: Millis = Infinity;
  #received: Hash = createHash('sha256');
  #expected = 0;
  /** Transfers that have ended with the same hash at both ends. */
  whole = 0;
  /** Transfers that have ended with another one. */
  broken = 0;
  /** Segments that the receiver refused because of their checksum. */
  refused = 0;
  repeated = 0;

  constructor(shape: TransferShape) {
    this.#shape = shape;
    this.#begin();
  }

  /** What the sender sends now: what the window holds, or all of it again. */
  send(now: Millis): Uint8Array[] {
    const { window, largest, timeoutMs } = this.#shape;
    if (now >= this.#deadline) {
      this.repeated += 1;
      this.#sent = this.#acknowledged;
    }
    const segments: Uint8Array[] = [];
    while (this.#sent < this.#content.length && this.#sent - this.#acknowledged < window * largest) {
      const payload = this.#content.subarray(this.#sent, this.#sent + largest);
      const isLast = this.#sent + payload.length === this.#content.length;
      segments.push(this.#segment(this.#sent, payload, isLast));
      this.#sent += payload.length;
    }
    if (segments.length > 0) this.#deadline = now + timeoutMs;
    return segments;
  }

  /** Whether this packet is of this connection, at the side where it arrives. */
  owns(packet: Uint8Array): boolean {
    if (packet.length < HEADERS || packet[9] !== 6) return false;
    const { number } = this.#shape;
    return getU16(packet, 20) >>> 12 === number || getU16(packet, 22) >>> 12 === number;
  }

  /** A packet that arrived at either end; gives what that end answers. */
  take(packet: Uint8Array, now: Millis): Uint8Array | undefined {
    if (tcpChecksum(packet) !== 0) {
      this.refused += 1;
      return undefined;
    }
    if (getU32(packet, 12) === addresses[this.#shape.sender]) return this.#data(packet);
    this.#answer(packet, now);
    return undefined;
  }

  /** At the receiver. */
  #data(packet: Uint8Array): Uint8Array | undefined {
    const [sequence, port] = [getU32(packet, 24) - 1, getU16(packet, 20)];
    if (port !== this.#port) return undefined;
    const payload = packet.subarray(HEADERS);
    if (sequence === this.#expected) {
      this.#received.update(payload);
      this.#expected += payload.length;
      if ((packet[33]! & FIN) !== 0) this.#compare();
    }
    return tcpPacket({
      source: addresses[this.#shape.sender === 1 ? 2 : 1],
      destination: addresses[this.#shape.sender],
      ports: [80, port],
      id: this.#answerId++,
      sequence: 1,
      acknowledgment: this.#expected + 1,
    });
  }

  /** At the sender. */
  #answer(packet: Uint8Array, now: Millis): void {
    if (getU16(packet, 22) !== this.#port) return;
    const acknowledged = getU32(packet, 28) - 1;
    if (acknowledged <= this.#acknowledged) return;
    this.#acknowledged = acknowledged;
    this.#sent = Math.max(this.#sent, acknowledged);
    this.#deadline = now + this.#shape.timeoutMs;
    if (acknowledged === this.#content.length) this.#begin();
  }

  #compare(): void {
    if (this.#received.copy().digest('hex') === this.#digest) this.whole += 1;
    else this.broken += 1;
  }

  #begin(): void {
    this.#transfer += 1;
    const { content, octets } = this.#shape;
    this.#content = content === 'text' ? text(this.#transfer, octets) : noise(this.#port, octets);
    this.#digest = createHash('sha256').update(this.#content).digest('hex');
    this.#received = createHash('sha256');
    this.#acknowledged = this.#sent = this.#expected = 0;
    this.#deadline = Infinity;
  }

  #segment(sequence: number, payload: Uint8Array, isLast: boolean): Uint8Array {
    return tcpPacket({
      source: addresses[this.#shape.sender],
      destination: addresses[this.#shape.sender === 1 ? 2 : 1],
      ports: [this.#port, 80],
      id: this.#id++,
      sequence: sequence + 1,
      acknowledgment: 1,
      flags: ACK | (isLast ? FIN : 0),
      payload,
    });
  }

  get #port(): number {
    return (this.#shape.number << 12) | (this.#transfer & 0xfff);
  }
}

function text(seed: number, length: number): Uint8Array {
  const lines = Array.from({ length: Math.ceil(length / 20) }, (_, i) => `line ${i * seed} of transfer ${seed}\n`);
  return new TextEncoder().encode(lines.join('').slice(0, length));
}

function noise(seed: number, length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest(),
  );
  return Uint8Array.from(Buffer.concat(parts).subarray(0, length));
}
