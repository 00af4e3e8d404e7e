/** A host that answers echo requests, for tests without a kernel. It reckons its checksums in its own way. */
import { getU16, getU32, putU16, putU32 } from '../../src/base/bytes.js';

/** The Echo Reply to an Echo Request of 20 octets of IP header (RFC 792: addresses swapped, type 0). */
export function replyTo(request: Uint8Array): Uint8Array {
  const reply = request.slice();
  putU32(reply, 12, getU32(request, 16));
  putU32(reply, 16, getU32(request, 12));
  reply[8] = 61; // TTL: it came a long way
  reply[20] = 0;
  checksum(reply, 10, 0, 20);
  checksum(reply, 22, 20, reply.length);
  return reply;
}

/** RFC 1071, folding after every word. */
function checksum(packet: Uint8Array, field: number, start: number, end: number): void {
  putU16(packet, field, 0);
  let sum = 0;
  for (let at = start; at < end; at += 2) {
    sum += getU16(packet, at);
    if (sum > 0xffff) sum -= 0xffff;
  }
  putU16(packet, field, 0xffff - sum);
}
