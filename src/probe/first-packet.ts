/** PPP's first packet, to which every PPP speaker answers: an LCP Configure-Request that asks for next to nothing. */
import { putU32 } from '../base/bytes.js';
import { FrameEncoder, maxFrameLength } from '../framing/encoder.js';
import { Code, LcpOption, Protocol } from '../ppp/numbers.js';
import { buildOptions, buildPacket } from '../ppp/packet.js';

/** Framed, with this Magic-Number, by which it is known where the line loops back. RFC 1661 §5.1, §6.4 */
export function firstPacket(magic: number): Uint8Array {
  const data = new Uint8Array(4);
  putU32(data, 0, magic);
  const options = buildOptions([{ type: LcpOption.magic, data }]);
  const packet = buildPacket({ code: Code.configureRequest, id: 1, data: options });
  const frame = new Uint8Array(maxFrameLength(packet.length));
  return frame.subarray(0, new FrameEncoder().encode(Protocol.lcp, packet, 0, packet.length, frame, 0));
}
