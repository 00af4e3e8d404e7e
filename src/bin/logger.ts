/** The daemon's log: pino, as JSON lines, readable on a terminal, or as fields of the journal under systemd. */
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Logger } from '../base/log.js';
import type { DaemonConfig } from '../config/types.js';
import { hasJournal, journalSocket, journalStream } from './journal.js';

export function createLogger({ logLevel, logFormat }: Pick<DaemonConfig, 'logLevel' | 'logFormat'>): Logger {
  if (logFormat === 'auto' && hasJournal(process.env)) return pino({ level: logLevel }, journalStream(journalSocket));
  const readable = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const stream = readable ? pretty({ sync: true, ignore: 'pid,hostname' }) : pino.destination({ dest: 1, sync: true });
  return pino({ level: logLevel, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
