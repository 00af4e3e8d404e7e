/** One link as a block: how it stands and why first, then where it runs, then what went through it. */
import type { WireLink, WireMember } from '../../control/protocol.js';
import {
  formatAge,
  formatBytes,
  formatCause,
  formatCount,
  formatRate,
  formatRoundTrip,
  formatSpan,
  formatTime,
} from './format.js';
import { paintState, type Paint } from './paint.js';
import { carePairs } from './render-care.js';
import { queuePairs } from './render-queue.js';
import { renderPairs } from './table.js';

/** What is shown on. */
export interface Screen {
  readonly paint: Paint;
  /** The terminal's width; undefined does not wrap. */
  readonly width: number | undefined;
}

export interface View extends Screen {
  /** What spans of time are reckoned to: linkd's own clock at its answer. */
  readonly now: Date;
}

export type Pair = readonly [label: string, value: string];

/** The block without a final line end. `detail` adds what PPP agreed on, and every hook. */
export function renderLink(link: WireLink, view: View, detail: boolean): string {
  const pairs = [
    ...causePairs(link, view),
    ...carePairs(link, view, detail),
    ...placePairs(link, view),
    ...trafficPairs(link),
    ...historyPairs(link, view),
    ...(detail ? [...queuePairs(link), ...detailPairs(link)] : []),
  ];
  return `${renderHeadline(link, view)}\n${renderPairs(pairs, view.width)}`;
}

/** `branch  up for 3d 4h, since 2025-11-22 10:02:11`; one that waits says when it tries again. */
export function renderHeadline(link: WireLink, { now, paint }: View): string {
  const age = formatAge(link.since, now);
  return `${paint.strong(link.name)}  ${paintState(paint, link.state)} for ${age}, ${whatNext(link, now)}`;
}

function whatNext({ since, next_attempt_at }: WireLink, now: Date): string {
  if (next_attempt_at === null) return `since ${formatTime(since)}`;
  const wait = Date.parse(next_attempt_at) - now.getTime();
  return wait < 1000 ? 'next attempt now' : `next attempt in ${formatSpan(wait)}`;
}

/** Why a link is not up, and what to do about it. */
export function causePairs(link: WireLink, { paint }: Screen): Pair[] {
  if (link.state === 'up') return [];
  if (link.last_cause !== null) {
    return [
      ['cause', paint.bad(formatCause(link.last_cause))],
      ['remedy', link.last_cause.remedy],
    ];
  }
  return link.state === 'down' ? [['remedy', `linkctl up ${link.name} starts it.`]] : [];
}

function placePairs({ line, lines, session, ...link }: WireLink, view: View): Pair[] {
  const mtu = session?.mtu_bytes ?? undefined;
  return [
    ...(lines.length > 1 ? lines.map((one, i) => memberPair(one, i, view)) : [['line', lineText(line)] as const]),
    ...callPairs(lines),
    ['interface', mtu === undefined ? link.interface : `${link.interface}, MTU ${mtu}`],
    ['addresses', addresses(link, session).join('; ')],
    ...((session?.dns ?? []).length === 0 ? [] : [['DNS', session?.dns.join(', ') ?? ''] as const]),
    ...peerPair(session),
    ['networks', link.networks.length === 0 ? 'none' : link.networks.join(', ')],
  ];
}

function lineText({ kind, name, speed_baud, flow_control }: WireLink['line']): string {
  const speed = speed_baud === null ? [] : [`${speed_baud} baud`];
  const flow = flow_control === null ? [] : [flow_control === 'none' ? 'no flow control' : flow_control];
  return [`${kind} ${name}`, ...speed, ...flow].join(', ');
}

/** One line of several: how it stands, and why if it doesn't carry packets. */
function memberPair(line: WireMember, index: number, { now, paint }: View): Pair {
  const wait = line.next_attempt_at === null ? undefined : Date.parse(line.next_attempt_at) - now.getTime();
  const retry = wait === undefined ? '' : `, next attempt ${wait < 1000 ? 'now' : `in ${formatSpan(wait)}`}`;
  const why = line.state === 'joined' || line.last_cause === null ? '' : `: ${formatCause(line.last_cause)}`;
  const state = line.state === 'joined' ? line.state : paint.warn(line.state);
  return [`line ${index + 1}`, `${lineText(line)}; ${state}${retry}${why}`];
}

/** What is done to open a line, or how it came about. */
function callPairs(lines: readonly WireMember[]): Pair[] {
  return lines.flatMap(({ call }, index): Pair[] =>
    call === null || call === undefined ? [] : [[lines.length > 1 ? `call ${index + 1}` : 'call', call]],
  );
}

/** Who has proved to be at the far end. */
function peerPair(session: WireLink['session']): Pair[] {
  const name = session?.peer_name ?? null;
  return name === null ? [] : [['peer', `${name}, authenticated`]];
}

/** As agreed on; before that as configured. Of IPv6 the global ones, or else the link-local ones. */
function addresses(link: Addressed, session: WireLink['session']): string[] {
  const local = session?.local_address ?? link.local_address;
  const remote = session?.remote_address ?? link.remote_address;
  const pairs = [
    ...(local === '-' ? [] : [[local, remote]]),
    link.local_address6 === null
      ? [session?.local_ip6, session?.remote_ip6]
      : [link.local_address6, link.remote_address6],
  ];
  return pairs.flatMap(([here, there]) => {
    if (here === undefined || here === null) return [];
    return [there === undefined || there === null ? `${here} here` : `${here} here, ${there} at the peer`];
  });
}

type Addressed = Pick<WireLink, 'local_address' | 'remote_address' | 'local_address6' | 'remote_address6'>;

function trafficPairs(link: WireLink): Pair[] {
  const row = (bytes: number, packets: number, rate: number): string => {
    const total = `${formatBytes(bytes)} in ${formatCount(packets, 'packet')}`;
    return link.state === 'up' ? `${total}, now ${formatRate(rate)}` : total;
  };
  const echo = link.session?.echo_rtt_ms ?? undefined;
  return [
    ['received', row(link.rx_bytes, link.rx_packets, link.rx_bytes_per_second)],
    ['sent', row(link.tx_bytes, link.tx_packets, link.tx_bytes_per_second)],
    ...(link.state === 'up'
      ? [['echo', echo === undefined ? 'not measured yet' : formatRoundTrip(echo)] as const]
      : []),
  ];
}

function historyPairs(link: WireLink, { now, paint }: View): Pair[] {
  const errors = Object.entries(link.errors).filter(([, count]) => count > 0);
  const pairs: Pair[] = [
    ['errors', errors.length === 0 ? 'none' : paint.warn(errors.map(([kind, count]) => `${kind} ${count}`).join(', '))],
    ['restarts', link.restarts === 0 ? 'none' : String(link.restarts)],
  ];
  if (link.state !== 'up' || link.last_cause === null) return pairs;
  const age = link.last_cause_at === null ? '' : `, ${formatAge(link.last_cause_at, now)} ago`;
  return [...pairs, ['last cause', `${formatCause(link.last_cause)}${age}`]];
}

function detailPairs({ session, ...link }: WireLink): Pair[] {
  const onLine = (rx: number, tx: number): string => `${formatBytes(rx)} received, ${formatBytes(tx)} sent`;
  const octets: Pair[] = [['on the line', `${onLine(link.line_rx_bytes, link.line_tx_bytes)}, framing included`]];
  if (link.lines.length > 1)
    link.lines.forEach(({ line_rx_bytes: rx, line_tx_bytes: tx }, i) => {
      if (rx !== null && rx !== undefined) octets.push([`on line ${i + 1}`, onLine(rx, tx ?? 0)]);
    });
  if (session === null) return octets;
  const options = Object.entries(session.options);
  return [
    ...octets,
    ['PPP phase', session.phase],
    ...(options.length === 0
      ? []
      : [['agreed', options.map(([name, value]) => `${name} ${value}`).join(', ')] as const]),
    ...(session.peer_identification === null ? [] : [['peer says', session.peer_identification] as const]),
  ];
}
