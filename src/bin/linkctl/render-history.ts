/** Sessions and monthly sums as tables. */
import type { WireMonth, WireSessionRecord } from '../../control/protocol.js';
import { formatBytes, formatSpan, formatTime } from './format.js';
import type { Screen, View } from './render-link.js';
import { renderColumns, type Column } from './table.js';

/** The whole text, with its final line end. */
export function renderSessions(sessions: readonly WireSessionRecord[], { now, paint, width }: View): string {
  if (sessions.length === 0) return 'there was no session yet\n';
  const lasted = ({ started_at, ended_at }: WireSessionRecord): number =>
    (ended_at === null ? now.getTime() : Date.parse(ended_at)) - Date.parse(started_at);
  const columns: Column<WireSessionRecord>[] = [
    { head: 'LINK', rank: 0, cell: ({ link }) => paint.strong(link) },
    { head: 'STARTED', rank: 0, cell: ({ started_at }) => formatTime(started_at) },
    { head: 'LASTED', rank: 0, cell: (session) => formatSpan(lasted(session)) },
    { head: 'RX', rank: 1, align: 'right', cell: ({ rx_bytes }) => formatBytes(rx_bytes) },
    { head: 'TX', rank: 1, align: 'right', cell: ({ tx_bytes }) => formatBytes(tx_bytes) },
    {
      head: 'END',
      rank: 0,
      cell: ({ ended_at, end_cause }) => (ended_at === null ? paint.good('goes on') : (end_cause ?? 'not known')),
    },
  ];
  return `${renderColumns(columns, sessions, width, paint.dim)}\n`;
}

/** The whole text, with its final line end. */
export function renderMonths(months: readonly WireMonth[], { paint, width }: Screen): string {
  if (months.length === 0) return 'there was no session yet\n';
  const columns: Column<WireMonth>[] = [
    { head: 'LINK', rank: 0, cell: ({ link }) => paint.strong(link) },
    { head: 'MONTH', rank: 0, cell: ({ month }) => month },
    { head: 'RX', rank: 0, align: 'right', cell: ({ rx_bytes }) => formatBytes(rx_bytes) },
    { head: 'TX', rank: 0, align: 'right', cell: ({ tx_bytes }) => formatBytes(tx_bytes) },
    { head: 'UP', rank: 1, cell: ({ up_seconds }) => formatSpan(up_seconds * 1000) },
    { head: 'SESSIONS', rank: 2, align: 'right', cell: ({ sessions }) => String(sessions) },
  ];
  return `${renderColumns(columns, months, width, paint.dim)}\n`;
}
