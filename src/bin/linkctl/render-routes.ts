/** The machine's routes as a table, with the link and the key of its config that each comes from. */
import type { WireRoute } from '../../control/protocol.js';
import type { Screen } from './render-link.js';
import { renderColumns, type Column } from './table.js';

/** The tables that every Linux has. */
const tables: ReadonlyMap<number, string> = new Map([
  [253, 'default'],
  [254, 'main'],
  [255, 'local'],
]);

/** The whole text, with its final line end. */
export function renderRoutes(routes: readonly WireRoute[], { paint, width }: Screen): string {
  if (routes.length === 0) return 'there are no routes\n';
  const columns: Column<WireRoute>[] = [
    { head: 'DESTINATION', rank: 0, cell: formatDestination },
    { head: 'VIA', rank: 1, cell: ({ gateway }) => gateway ?? '-' },
    { head: 'INTERFACE', rank: 0, cell: (route) => route.interface ?? '-' },
    { head: 'METRIC', rank: 3, align: 'right', cell: ({ metric }) => String(metric) },
    { head: 'TABLE', rank: 4, cell: ({ table }) => tables.get(table) ?? String(table) },
    { head: 'PROTOCOL', rank: 2, cell: ({ protocol }) => protocol },
    { head: 'LINK', rank: 0, cell: ({ link }) => (link === null ? '-' : paint.strong(link)) },
    { head: 'FROM', rank: 0, cell: ({ origin }) => origin ?? '-' },
  ];
  return `${renderColumns(columns, routes, width, paint.dim)}\n`;
}

/** As ip(8) writes it: `unreachable 10.0.0.0/8`. */
function formatDestination({ type, destination }: WireRoute): string {
  return type === 'unicast' ? destination : `${type} ${destination}`;
}
