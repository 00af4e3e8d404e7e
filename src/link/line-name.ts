/** What a line is called. */
import type { LineOptions } from '../line/options.js';

/** Before it is open; never a secret. */
export function lineName(options: LineOptions): string {
  switch (options.kind) {
    case 'serial':
      return options.device;
    case 'pty':
      return options.link;
    case 'rfc2217':
    case 'tcp':
    case 'tcp-listen':
      return `${options.host}:${options.port}`;
    case 'unix':
    case 'unix-listen':
      return options.path;
    case 'terminal':
      return 'linkctl answer';
    case 'exec':
      // Only the program: its arguments may hold a password.
      return options.command[0];
  }
}

/** One of several, in a sentence: `line 2 (ttyS1)`. Lines are counted from 0, by people from 1. */
export function memberName(number: number, name: string): string {
  return `line ${number + 1} (${name.replace(/^\/dev\//, '')})`;
}
