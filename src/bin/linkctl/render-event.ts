/** An event as a line: when, which link, what. */
import type { WireEvent } from '../../control/protocol.js';
import { formatTime } from './format.js';
import type { Paint } from './paint.js';

/** One line with its end. State messages begin with the state. */
export function renderEvent(event: WireEvent, paint: Paint): string {
  return `${paint.dim(formatTime(event.time))}  ${paint.strong(event.link)}  ${paintMessage(event, paint)}\n`;
}

function paintMessage({ level, state, type, message }: WireEvent, paint: Paint): string {
  switch (level) {
    case 'error':
      return paint.bad(message);
    case 'warn':
      return paint.warn(message);
    case 'info':
      return type === 'state' && state === 'up' ? paint.good(message) : message;
    case 'debug':
      return paint.dim(message);
  }
}
