/** Line sources by kind: the one place that knows them all. */
import { assertNever } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { ExecSource } from './exec.js';
import { native } from '../native/binding.js';
import type { HandedLine } from './handed.js';
import type { LineSource } from './line.js';
import type { LineOptions } from './options.js';
import { PtySource } from './pty.js';
import { Rfc2217Source } from './rfc2217.js';
import { SerialSource } from './serial.js';
import { TerminalSource, type TerminalParts } from './terminal.js';
import { tcpClient, tcpListener } from './tcp.js';
import { unixClient, unixListener } from './unix.js';

export interface LineContext {
  /** The link's own log. */
  readonly log: Logger;
  /** Where programs that use serial ports keep their lock files; /run/lock unless told. */
  readonly lockDir?: string;
  /** Where terminals are brought to, and for which link. */
  readonly terminals?: Omit<TerminalParts, 'handed'>;
  /** What an earlier process handed on, of a line with the same options: the first line. */
  readonly handed?: HandedLine | undefined;
}

/** Makes the source of one link's lines. Nothing is opened before the first `open`. */
export function createLineSource(options: LineOptions, context: LineContext): LineSource {
  const { log, lockDir = '/run/lock', handed } = context;
  const socket = handed?.kind === 'socket' ? handed : undefined;
  switch (options.kind) {
    case 'serial':
      return new SerialSource(options, log, lockDir, { ...(handed?.kind === 'serial' && { handed }) });
    case 'rfc2217':
      return new Rfc2217Source(options, log, { ...(socket && { handed: socket }) });
    case 'pty':
      return new PtySource(options, log, handed?.kind === 'pty' ? handed : undefined);
    case 'tcp':
      return tcpClient(options, socket);
    case 'tcp-listen':
      return tcpListener(options, log, socket);
    case 'unix':
      return unixClient(options, socket);
    case 'unix-listen':
      return unixListener(options, log, socket);
    case 'terminal':
      if (context.terminals === undefined) throw new Error('nobody could bring a terminal');
      return new TerminalSource(options, { ...context.terminals, handed: socket });
    case 'exec':
      return new ExecSource(options, log);
    default:
      return assertNever(options);
  }
}

/** Ends a line that was handed on and is of no use. */
export async function discardLine(
  handed: HandedLine,
  { log, lockDir = '/run/lock' }: Pick<LineContext, 'log' | 'lockDir'>,
): Promise<void> {
  switch (handed.kind) {
    case 'socket':
      native.close(handed.fd);
      return;
    case 'pty':
      return new PtySource({ kind: 'pty', link: handed.link }, log, handed).dispose();
    case 'serial': {
      const options = {
        kind: 'serial',
        device: handed.device.path,
        speed: 9600,
        flow: 'none',
        carrier: 'ignore',
      } as const;
      return new SerialSource(options, log, lockDir, { handed }).dispose();
    }
    default:
      return assertNever(handed);
  }
}
