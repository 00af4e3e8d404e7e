/** A bundle for the tests: one end that cuts packets, members that carry fragments in their order, one end that mends. */
import assert from 'node:assert/strict';
import { concatBytes } from '../../src/base/bytes.js';
import type { Fragment, Fragmenter, MemberLoad } from '../../src/multilink/fragmenter.js';
import type { ReassembledPacket } from '../../src/multilink/reassembler.js';

/** A frame of protocol 0x003d on a member. */
export interface Carried {
  readonly member: number;
  readonly frame: Uint8Array;
  /** Which packet it is of, and whether it is that packet's last fragment. */
  readonly packet: number;
}

export interface Whole {
  readonly protocol: number;
  readonly packet: Uint8Array;
  readonly class: number;
  readonly afterLoss: boolean;
}

/** With classes or without. */
interface AnyReassembler {
  receive(member: number, buffer: Uint8Array, start: number, end: number, now: number): void;
  next(): ReassembledPacket | undefined;
  nextTimeout(): number | undefined;
  timeout(now: number): void;
}

export function frameOf(fragment: Fragment, packet: Uint8Array): Uint8Array {
  return concatBytes([
    fragment.header.subarray(0, fragment.headerLength),
    packet.subarray(fragment.start, fragment.end),
  ]);
}

/** All fragments of a packet, in their order. */
export function cut(
  fragmenter: Fragmenter,
  protocol: number,
  packet: Uint8Array,
  members: readonly MemberLoad[],
  number = 0,
): Carried[] {
  const count = fragmenter.split(protocol, 0, packet.length, members);
  return Array.from({ length: count }, (_, i) => {
    const fragment = fragmenter.fragment(i);
    return { member: fragment.member, frame: frameOf(fragment, packet), packet: number };
  });
}

/** Everything that is whole now. A bundle that gives more than can be in it never ends: that is a failure. */
export function drain(reassembler: AnyReassembler): Whole[] {
  const packets: Whole[] = [];
  for (let view = reassembler.next(); view !== undefined; view = reassembler.next()) {
    const { protocol, buffer, start, end, class: its, afterLoss } = view;
    packets.push({ protocol, packet: buffer.slice(start, end), class: its, afterLoss });
    assert.ok(packets.length <= 10_000, 'there is no end of packets');
  }
  return packets;
}

/** Hands a fragment over, from somewhere within a buffer, and takes what is whole then. */
export function deliver(reassembler: AnyReassembler, { member, frame }: Omit<Carried, 'packet'>, now: number): Whole[] {
  const buffer = concatBytes([new Uint8Array(3), frame, new Uint8Array(2)]);
  reassembler.receive(member, buffer, 3, 3 + frame.length, now);
  return drain(reassembler);
}

/** Lets time pass until nothing is waited for; gives what came out, and when it was over. */
export function waitOut(reassembler: AnyReassembler): { readonly packets: Whole[]; readonly end: number } {
  const packets: Whole[] = [];
  let end = 0;
  for (let rounds = 0; ; rounds++) {
    const deadline = reassembler.nextTimeout();
    if (deadline === undefined) return { packets, end };
    assert.ok(rounds < 10_000, 'the reassembler stalls');
    assert.ok(deadline >= end, 'the deadline goes back');
    end = deadline;
    reassembler.timeout(end);
    packets.push(...drain(reassembler));
  }
}

/** A fragment by hand, with the long header. */
export function fragment(member: number, sequence: number, bits: 'B' | 'E' | 'BE' | '', text: string): Carried {
  const flags = (bits.includes('B') ? 0x80 : 0) | (bits.includes('E') ? 0x40 : 0);
  const header = Uint8Array.of(flags, sequence >>> 16, (sequence >>> 8) & 0xff, sequence & 0xff);
  const payload = bits.startsWith('B') ? Uint8Array.of(0x21, ...ascii(text)) : ascii(text);
  return { member, frame: concatBytes([header, payload]), packet: 0 };
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
