/** From what the manager says of its links to what goes over the socket: one field each, absent ones as null. */
import { causeFacts, type Cause } from '../base/cause.js';
import { formatPrefix } from '../base/ip.js';
import type { LinkChange } from '../link/config-diff.js';
import type {
  HookStatus,
  LineStatus,
  LinkEvent,
  LinkStatus,
  MonthRecord,
  QueueCounters,
  QueueStatus,
  RouteExplanation,
  SessionRecord,
  SessionStatus,
} from '../link/types.js';
import type {
  WireCause,
  WireChange,
  WireDialing,
  WireEvent,
  WireHook,
  WireLink,
  WireMember,
  WireMonth,
  WireQueue,
  WireRoute,
  WireSessionRecord,
} from './protocol.js';

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
    line: encodeLine(line),
    lines: status.lines.map(encodeMember),
    interface: status.interface,
    local_address: status.local,
    remote_address: status.remote,
    local_address6: status.local6 ?? null,
    remote_address6: status.remote6 ?? null,
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
    queue: encodeQueue(status.queue),
    session: status.session === undefined ? null : encodeSession(status.session),
    network_problems: [...status.networkProblems],
    hooks: status.hooks.map(encodeHook),
    health: status.health === undefined ? null : { state: status.health.state, reason: status.health.reason ?? null },
    quota: status.quota === undefined ? null : encodeQuota(status.quota),
    dialing: status.dialing === undefined ? null : encodeDialing(status.dialing),
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

export function encodeChange({ link, kind, changes }: LinkChange): WireChange {
  return {
    link,
    kind,
    changes: changes.map(({ path, from, to }) => ({ path, from: from ?? null, to: to ?? null })),
  };
}

export function encodeRoute(route: RouteExplanation): WireRoute {
  return {
    destination: route.destination,
    type: route.type,
    gateway: route.gateway ?? null,
    interface: route.interface ?? null,
    metric: route.metric,
    table: route.table,
    protocol: route.protocol,
    link: route.link ?? null,
    origin: route.origin ?? null,
  };
}

export function encodeSessionRecord(record: SessionRecord): WireSessionRecord {
  return {
    link: record.link,
    started_at: record.startedAt.toISOString(),
    ended_at: record.endedAt?.toISOString() ?? null,
    rx_bytes: record.rxBytes,
    tx_bytes: record.txBytes,
    end_cause: record.endCause ?? null,
  };
}

export function encodeMonth(record: MonthRecord): WireMonth {
  return {
    link: record.link,
    month: record.month,
    rx_bytes: record.rxBytes,
    tx_bytes: record.txBytes,
    up_seconds: record.seconds,
    sessions: record.sessions,
  };
}

function encodeLine({ options, name, speed }: LinkStatus['line']): WireLink['line'] {
  const flow = 'flow' in options ? options.flow : null;
  return { kind: options.kind, name, speed_baud: speed ?? null, flow_control: flow };
}

function encodeMember(line: LineStatus): WireMember {
  return {
    ...encodeLine(line),
    state: line.state,
    call: line.call ?? null,
    last_cause: line.lastCause === undefined ? null : encodeCause(line.lastCause.cause),
    last_cause_at: line.lastCause?.at.toISOString() ?? null,
    next_attempt_at: line.nextAttempt?.toISOString() ?? null,
    line_rx_bytes: line.octets?.rxBytes ?? 0,
    line_tx_bytes: line.octets?.txBytes ?? 0,
  };
}

function encodeQueue({ classes, ...whole }: QueueStatus): WireQueue {
  const counters = ({ delayP50Ms, delayP95Ms, ...counts }: QueueCounters): Omit<WireQueue, 'classes'> => ({
    packets: counts.packets,
    bytes: counts.bytes,
    drops: counts.drops,
    marks: counts.marks,
    waiting_packets: counts.waitingPackets,
    waiting_bytes: counts.waitingBytes,
    flows: counts.flows,
    delay_p50_ms: rounded(delayP50Ms),
    delay_p95_ms: rounded(delayP95Ms),
  });
  return { ...counters(whole), classes: classes.map((one) => ({ name: one.name, ...counters(one) })) };
}

/** To tenths of a millisecond. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(10 * ms) / 10;
}

function encodeHook(hook: HookStatus): WireHook {
  return {
    moment: hook.moment,
    program: hook.program,
    at: hook.at.toISOString(),
    duration_ms: Math.round(hook.durationMs),
    ok: hook.ok,
    outcome: hook.outcome,
    output: hook.output,
  };
}

function encodeDialing({ becauseOf, openTodayMs, ...rest }: NonNullable<LinkStatus['dialing']>): WireDialing {
  return {
    waits_for: rest.waitsFor ?? null,
    because_of: becauseOf?.packet ?? null,
    because_at: becauseOf?.at.toISOString() ?? null,
    overridden: rest.overridden,
    calls_last_hour: rest.callsLastHour,
    open_today_seconds: Math.round(openTodayMs / 1000),
  };
}

function encodeQuota({ state, usedBytes, monthlyBytes }: NonNullable<LinkStatus['quota']>): WireLink['quota'] {
  return { state, used_bytes: usedBytes, monthly_bytes: monthlyBytes };
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
    dns: [...session.dns],
    local_ip6: session.localIp6 ?? null,
    remote_ip6: session.remoteIp6 ?? null,
    mtu_bytes: session.mtu ?? null,
    echo_rtt_ms: session.echoRttMs ?? null,
    peer_identification: session.peerIdentification ?? null,
    peer_name: session.peerName ?? null,
    options: session.options,
  };
}
