/** All links: a block each while they are few, else a line each and below them the links that are not up or need care, with why. */
import type { StatusBody, WireLink } from '../../control/protocol.js';
import { formatAge, formatCount, formatRate, formatRoundTrip, shorten } from './format.js';
import { paintState } from './paint.js';
import { carePairs, needsCare } from './render-care.js';
import { causePairs, renderHeadline, renderLink, type View } from './render-link.js';
import { renderColumns, renderPairs, type Column } from './table.js';

/** How much of each link; `auto` goes by their number. */
export type Amount = 'auto' | 'brief' | 'full';

/** This many blocks fit on a screen. */
const fewLinks = 3;

/** The whole text, with its final line end. */
export function renderStatus(status: StatusBody, view: View, amount: Amount): string {
  const { links } = status;
  const full = amount === 'full' || (amount === 'auto' && links.length <= fewLinks);
  const parts = full ? links.map((link) => renderLink(link, view, false)) : overviewParts(links, view);
  return `${[renderDaemon(status, view), ...parts].join('\n\n')}\n`;
}

function renderDaemon({ daemon, links }: StatusBody, { now, paint }: View): string {
  const up = links.filter((link) => link.state === 'up').length;
  const count =
    links.length === 0 ? 'no links are configured' : `${formatCount(links.length, 'link')}, ${String(up)} up`;
  const age = formatAge(daemon.started_at, now);
  return paint.dim(`linkd ${daemon.version}, pid ${daemon.pid}, running for ${age}: ${count}`);
}

function overviewParts(links: readonly WireLink[], view: View): string[] {
  if (links.length === 0) return [];
  const troubled = links.filter((link) => link.state !== 'up' || needsCare(link));
  return [
    renderColumns(columns(view, links), links, view.width, view.paint.dim),
    ...troubled.map((link) => {
      const pairs = [...causePairs(link, view), ...carePairs(link, view, false)];
      const head = renderHeadline(link, view);
      return pairs.length === 0 ? head : `${head}\n${renderPairs(pairs, view.width)}`;
    }),
  ];
}

/** Who is at the far end; without authentication nobody has a name. */
const name: Column<WireLink> = { head: 'NAME', rank: 4, cell: ({ session }) => session?.peer_name ?? '-' };

function columns({ now, paint }: View, links: readonly WireLink[]): Column<WireLink>[] {
  const named = links.some(({ session }) => (session?.peer_name ?? null) !== null);
  const whenUp =
    (cell: (link: WireLink) => string) =>
    (link: WireLink): string =>
      link.state === 'up' ? cell(link) : '-';
  return [
    { head: 'LINK', rank: 0, cell: (link) => paint.strong(link.name) },
    { head: 'STATE', rank: 0, cell: (link) => paintState(paint, link.state) },
    { head: 'FOR', rank: 0, cell: (link) => formatAge(link.since, now) },
    { head: 'LINE', rank: 5, cell: (link) => shorten(link.line.name, 28) },
    { head: 'BAUD', rank: 6, align: 'right', cell: ({ line }) => String(line.speed_baud ?? '-') },
    { head: 'INTERFACE', rank: 4, cell: (link) => link.interface },
    { head: 'PEER', rank: 3, cell: ({ session, ...link }) => session?.remote_address ?? link.remote_address },
    ...(named ? [name] : []),
    { head: 'RX', rank: 0, align: 'right', cell: whenUp((link) => formatRate(link.rx_bytes_per_second)) },
    { head: 'TX', rank: 0, align: 'right', cell: whenUp((link) => formatRate(link.tx_bytes_per_second)) },
    { head: 'ECHO', rank: 1, align: 'right', cell: whenUp(formatEcho) },
    { head: 'ERRORS', rank: 2, align: 'right', cell: (link) => String(errorCount(link)) },
    { head: 'RESTARTS', rank: 2, align: 'right', cell: (link) => String(link.restarts) },
  ];
}

function formatEcho({ session }: WireLink): string {
  const echo = session?.echo_rtt_ms ?? undefined;
  return echo === undefined ? '-' : formatRoundTrip(echo);
}

function errorCount({ errors }: WireLink): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}
