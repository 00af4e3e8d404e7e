/**
 * The log as systemd's journal takes it: fields by name, so that `journalctl LINK=branch CAUSE=carrier-lost` finds them.
 * pino's lines come in, datagrams of the journal's native protocol go out.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { native } from '../native/binding.js';

/** Where journald listens. */
export const journalSocket = '/run/systemd/journal/socket';

/** A sending that fails after this long was not refused: the journal stalls. */
const stalledMs = 100;

/** How long a journal that stalls is left alone. */
const avoidedMs = 30_000;

/** pino's levels as syslog's priorities. */
const priorities: ReadonlyMap<number, number> = new Map([
  [20, 7],
  [30, 6],
  [40, 4],
  [50, 3],
]);

/** True when standard output is the journal's: then it takes fields as well. */
export function hasJournal(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment['JOURNAL_STREAM'] !== undefined && existsSync(journalSocket);
}

/** A destination for pino. What the journal doesn't take goes to `rest`, standard error, so that nothing is lost. */
export function journalStream(socket: string, rest: { write(line: string): void }): { write(line: string): void } {
  let avoidedUntil = 0;
  return {
    write: (line) => {
      const start = performance.now();
      if (start < avoidedUntil) {
        rest.write(line);
        return;
      }
      try {
        native.sendDatagram(socket, journalFields(line));
      } catch {
        // The journal is restarted at times; its standard stream is kept for us by systemd.
        rest.write(line);
        // One that is stalled held us up for as long as the sending waits: not for every line.
        if (performance.now() - start > stalledMs) avoidedUntil = performance.now() + avoidedMs;
      }
    },
  };
}

/** One line of pino's as the journal's fields. Values stay on one line: line ends become blanks. */
export function journalFields(line: string): string {
  const parsed: unknown = JSON.parse(line);
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  const record = new Map<string, unknown>(entries);
  const level = Number(record.get('level'));
  const fields: [string, string][] = [
    ['MESSAGE', text(record.get('msg'))],
    ['PRIORITY', String(priorities.get(level) ?? 6)],
    ['SYSLOG_IDENTIFIER', 'linkd'],
  ];
  const state = record.get('state');
  if (typeof state === 'string') fields.push(['MESSAGE_ID', messageId(state)]);
  for (const [name, value] of record) {
    if (!['msg', 'level', 'time', 'pid', 'hostname'].includes(name)) fields.push([fieldName(name), text(value)]);
  }
  return fields.map(([name, value]) => `${name}=${value.replace(/[\r\n]+/g, ' ')}\n`).join('');
}

/** Of a link's events, by the state that it is in: stable, see docs/linkd.md. */
export function messageId(state: string): string {
  return createHash('sha256').update(`linkd link ${state}`).digest('hex').slice(0, 32);
}

/** The journal takes capital letters, digits and underscores, beginning with a letter. */
function fieldName(name: string): string {
  const plain = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  return /^[A-Z]/.test(plain) ? plain : `LINKD_${plain}`;
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
