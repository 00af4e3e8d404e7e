/** What link quality monitoring wants to know of a line: its frames as the framing counts them. RFC 1989 §2.3 */
import { FCS_OCTETS } from '../framing/constants.js';
import type { DecoderCounters } from '../framing/decoder.js';
import type { EncoderCounters } from '../framing/encoder.js';
import type { LineCounts } from '../ppp/lqr/report.js';

/** Address, Control, Protocol, FCS and a flag. */
const aroundPacket = 4 + FCS_OCTETS + 1;

/**
 * `control` are packets that wait for the line: they go out ahead of whatever is handed over now. `discards` came well, and
 * were not taken.
 */
export function lineCounts(
  sent: Readonly<EncoderCounters>,
  received: Readonly<DecoderCounters>,
  control: readonly { readonly packet: Uint8Array }[],
  discards: number,
): LineCounts {
  const { fcs, runt, overrun, abort, badHeader } = received;
  return {
    outPackets: sent.frames + control.length,
    outOctets: control.reduce((octets, { packet }) => octets + packet.length + aroundPacket, sent.octets),
    inPackets: received.frames,
    inOctets: received.goodOctets,
    inDiscards: discards,
    inErrors: fcs + runt + overrun + abort + badHeader,
  };
}
