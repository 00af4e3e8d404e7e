/** Line sources by kind: the one place that knows them all. */
import { assertNever } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { ExecSource } from './exec.js';
import type { LineSource } from './line.js';
import type { LineOptions } from './options.js';
import { PtySource } from './pty.js';
import { SerialSource } from './serial.js';
import { tcpClient, tcpListener } from './tcp.js';
import { unixClient, unixListener } from './unix.js';

export interface LineContext {
  /** The link's own log. */
  readonly log: Logger;
  /** Where programs that use serial ports keep their lock files; /run/lock unless told. */
  readonly lockDir?: string;
}

/** Makes the source of one link's lines. Nothing is opened before the first `open`. */
export function createLineSource(options: LineOptions, { log, lockDir = '/run/lock' }: LineContext): LineSource {
  switch (options.kind) {
    case 'serial':
      return new SerialSource(options, log, lockDir);
    case 'pty':
      return new PtySource(options, log);
    case 'tcp':
      return tcpClient(options);
    case 'tcp-listen':
      return tcpListener(options, log);
    case 'unix':
      return unixClient(options);
    case 'unix-listen':
      return unixListener(options, log);
    case 'exec':
      return new ExecSource(options, log);
    default:
      return assertNever(options);
  }
}
