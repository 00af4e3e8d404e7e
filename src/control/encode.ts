/** From what the manager says of its links to what goes over the socket: one field each, absent ones as null. */
import { causeFacts, type Cause } from '../base/cause.js';
import { formatPrefix } from '../base/ip.js';
import type { LinkEvent, LinkStatus, SessionStatus } from '../link/types.js';
import type { WireCause, WireEvent, WireLink } from './protocol.js';

export function encodeLink(status: LinkStatus): WireLink {
  const { line, counters, lastCause } = status;
  return {
    name: status.name,
    state: status.state,
    since: status.since.toISOString(),
    last_cause: lastCause === undefined ? null : encodeCause(lastCause.cause),
    last_cause_at: lastCause?.at.toISOString() ?? null,
    next_attempt_at: status.nextAttempt?.toISOString() ?? null,
    restarts: status.restarts,
    line: {
      kind: line.options.kind,
      name: line.name,
      speed_baud: line.speed ?? null,
      flow_control: line.options.kind === 'serial' ? line.options.flow : null,
    },
    interface: status.interface,
    local_address: status.local,
    remote_address: status.remote,
    networks: status.networks.map(formatPrefix),
    rx_packets: counters.rxPackets,
    rx_bytes: counters.rxBytes,
    tx_packets: counters.txPackets,
    tx_bytes: counters.txBytes,
    line_rx_bytes: counters.lineRxBytes,
    line_tx_bytes: counters.lineTxBytes,
    rx_bytes_per_second: Math.round(status.rxBytesPerSecond),
    tx_bytes_per_second: Math.round(status.txBytesPerSecond),
    errors: counters.errors,
    session: status.session === undefined ? null : encodeSession(status.session),
  };
}

export function encodeEvent(event: LinkEvent): WireEvent {
  return {
    type: event.type,
    time: event.time.toISOString(),
    link: event.link,
    level: event.level,
    state: event.state,
    message: event.message,
    cause: event.cause === undefined ? null : encodeCause(event.cause),
  };
}

function encodeCause({ code, detail }: Cause): WireCause {
  const { summary, remedy } = causeFacts(code);
  return { code, summary, detail: detail ?? null, remedy };
}

function encodeSession(session: SessionStatus): WireLink['session'] {
  return {
    phase: session.phase,
    local_address: session.localAddress ?? null,
    remote_address: session.remoteAddress ?? null,
    mtu_bytes: session.mtu ?? null,
    echo_rtt_ms: session.echoRttMs ?? null,
    peer_identification: session.peerIdentification ?? null,
    options: session.options,
  };
}
