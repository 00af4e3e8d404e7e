/** Ends a call where closing the port doesn't do it. */
import { messageOf } from '../base/errors.js';
import type { Line } from '../line/line.js';
import { converse, type Listener } from './conversation.js';
import { HangUpTalk } from './hang-up.js';

export interface HangUpOptions {
  readonly hangup: 'auto' | 'dtr' | 'escape';
  readonly modem: string;
}

/** Resolves when the modem has hung up, or nothing more can be done; `connected`: it hears data, and no commands. */
export async function hangUp(
  line: Line,
  options: HangUpOptions,
  connected: boolean,
  listener: Listener,
): Promise<void> {
  if (!(await needsEscape(line, options))) return;
  try {
    await converse(line, new HangUpTalk(connected), listener, new AbortController().signal);
  } catch (error) {
    listener.log(`the line ended while it was hung up: ${messageOf(error)}`);
  }
}

async function needsEscape(line: Line, { hangup, modem }: HangUpOptions): Promise<boolean> {
  if (hangup !== 'auto') return hangup === 'escape';
  if (modem !== 'hayes' && modem !== 'gsm') return false;
  return !((await line.hasModemLines?.()) ?? false);
}
