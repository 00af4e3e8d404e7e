/** The daemon's log: pino, as JSON lines, readable on a terminal, or as fields of the journal under systemd. */
import { pino } from 'pino';
import type { LogFields, Logger } from '../base/log.js';
import type { DaemonConfig } from '../config/types.js';
import { hasJournal, journalSocket, journalStream } from './journal.js';
import { LogStream, unblocked } from './log-stream.js';

/** What the last lines are given at exit when their reader stalls. */
const flushMs = 200;

/** The log on standard output. No call of it throws or blocks, whatever becomes of the output; see log-stream.ts. */
export async function createLogger(options: Pick<DaemonConfig, 'logLevel' | 'logFormat'>): Promise<Logger> {
  const journal = options.logFormat === 'auto' && hasJournal(process.env);
  const out: LogStream = new LogStream(unblocked(journal ? process.stderr : process.stdout), (dropped) => {
    log.warn({ dropped }, 'log lines were dropped: their reader stalled, or failed');
  });
  const log = journal ? journalLogger(options, out) : await streamLogger(options, out);
  process.once('exit', () => {
    out.flush(flushMs);
  });
  return log;
}

/** pino on a stream, as JSON or readable. */
export async function streamLogger(
  { logLevel, logFormat }: Pick<DaemonConfig, 'logLevel' | 'logFormat'>,
  out: LogStream,
): Promise<Logger> {
  const readable = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const stream = readable ? await prettyStream(out) : out;
  return careful(pino({ level: logLevel, timestamp: pino.stdTimeFunctions.isoTime }, stream), out);
}

/** A daemon that is no one's to watch does without what makes lines pretty. */
async function prettyStream(out: LogStream): Promise<{ write(line: string): void }> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ ignore: 'pid,hostname' });
  return {
    write: (line) => {
      out.write(pretty(line));
    },
  };
}

function journalLogger({ logLevel }: Pick<DaemonConfig, 'logLevel'>, out: LogStream): Logger {
  return careful(pino({ level: logLevel }, journalStream(journalSocket, out)), out);
}

/** A line that can't be made (a getter of its fields throws) is counted as dropped: a mistake's report must not be one more. */
function careful(inner: Logger, out: LogStream): Logger {
  const guarded =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void => {
      try {
        inner[level](fields, message);
      } catch {
        out.drop();
      }
    };
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}
