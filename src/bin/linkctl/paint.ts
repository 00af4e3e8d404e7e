/** Colours by meaning. Without colours every function gives its text back. */
import { styleText } from 'node:util';
import type { WireState } from '../../control/protocol.js';

export type Paint = Readonly<Record<'strong' | 'dim' | 'good' | 'warn' | 'bad', (text: string) => string>>;

export function createPaint(colours: boolean): Paint {
  const painter =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      // Whether there are colours is decided here, not by what Node finds of its own standard output.
      colours ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: painter('bold'),
    dim: painter('dim'),
    good: painter('green'),
    warn: painter('yellow'),
    bad: painter('red'),
  };
}

/** Colours for a terminal that has them, unless NO_COLOR (https://no-color.org) says otherwise. */
export function wantsColours(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** A state in its colour: well, on its way, off, or in trouble. */
export function paintState(paint: Paint, state: WireState): string {
  switch (state) {
    case 'up':
      return paint.good(state);
    case 'opening':
    case 'negotiating':
    case 'closing':
      return paint.warn(state);
    case 'down':
    case 'dormant':
      return paint.strong(state);
    case 'waiting':
      return paint.bad(state);
  }
}
