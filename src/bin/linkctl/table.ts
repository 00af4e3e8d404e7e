/** Columns without borders, as wide as their content; on a terminal no wider than it. */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

export interface Column<Row> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  /** Columns are left out from the highest rank down when the terminal is too narrow; 0 always stays. */
  readonly rank: number;
  readonly cell: (row: Row) => string;
}

const gap = '  ';
/** So that the blocks of several links are in line with each other. */
const minLabelWidth = 'last cause'.length;

/** A table with a head. `width` is the terminal's; undefined shows every column. */
export function renderColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
  paintHead: (text: string) => string,
): string {
  let shown = columns;
  for (;;) {
    const table = bareTable(shown.map((column) => column.align ?? 'left'));
    table.push(
      shown.map((column) => paintHead(column.head)),
      ...rows.map((row) => shown.map(({ cell }) => cell(row))),
    );
    const text = finish(table);
    const last = Math.max(...shown.map((column) => column.rank));
    if (width === undefined || last === 0 || widthOf(text) <= width) return text;
    shown = shown.filter((column) => column.rank !== last);
  }
}

/** Labels with their values behind them, indented; long values are wrapped at words. */
export function renderPairs(pairs: readonly (readonly [string, string])[], width: number | undefined): string {
  const indent = '  ';
  const labelWidth = Math.max(minLabelWidth, ...pairs.map(([label]) => label.length));
  const valueWidth = width === undefined ? undefined : width - indent.length - labelWidth - gap.length;
  const fits = valueWidth !== undefined && valueWidth >= 20;
  const table = bareTable(['left', 'left'], fits ? [labelWidth, valueWidth] : undefined);
  table.push(...pairs.map(([label, value]) => [label.padEnd(labelWidth), value]));
  return finish(table).replace(/^/gm, indent);
}

function bareTable(colAligns: ('left' | 'right')[], colWidths?: number[]): Table.Table {
  const none = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
  ] as const;
  const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'] as const;
  return new Table({
    chars: { ...Object.fromEntries([...none, ...inner].map((name) => [name, ''])), middle: gap },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns,
    ...(colWidths === undefined ? {} : { colWidths, wordWrap: true }),
  });
}

function widthOf(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );
}

/** The table's text, no line ending in blanks. */
function finish(table: Table.Table): string {
  return table.toString().replace(/ +$/gm, '');
}
