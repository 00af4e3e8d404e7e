/** The daemon's log: pino, as JSON lines or readable on a terminal. */
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Logger } from '../base/log.js';
import type { DaemonConfig } from '../config/types.js';

export function createLogger({ logLevel, logFormat }: Pick<DaemonConfig, 'logLevel' | 'logFormat'>): Logger {
  const readable = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY);
  const stream = readable ? pretty({ sync: true, ignore: 'pid,hostname' }) : pino.destination({ dest: 1, sync: true });
  return pino({ level: logLevel, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
