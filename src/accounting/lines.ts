/**
 * The lines of the ledger's file: JSON, one object each. A session line holds the whole state of its session at one time,
 * so that the last one that can be read is enough, and reading one twice does no harm.
 */
import { either, isText, matching, object, oneOf, optional, whole, type Guard } from '../base/shape.js';

/** The file begins with it. A reader that knows only lower versions must leave the file alone. */
export const header = { type: 'header', format: 'linkd-accounting', version: 1 } as const;

export interface HeaderLine {
  readonly type: 'header';
  readonly format: typeof header.format;
  readonly version: number;
}

export interface SessionLine {
  readonly type: 'session';
  /** Rises with every session of this file. */
  readonly id: number;
  readonly link: string;
  readonly begin: string;
  /** When the session stood like this; with a cause, its end. */
  readonly at: string;
  /** Since it began. */
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly seconds: number;
  /** Why it ended; absent while it is open. */
  readonly cause?: string | undefined;
  readonly detail?: string | undefined;
}

/** What a link had in a month, in sessions that the file doesn't hold any more. */
export interface MonthLine {
  readonly type: 'month';
  readonly link: string;
  /** `2026-11` */
  readonly month: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly seconds: number;
  readonly sessions: number;
}

export type Line = HeaderLine | SessionLine | MonthLine;

const count = whole(0);
const words = matching(/./s);
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const time: Guard<string> = (value): value is string =>
  isText(value) && timePattern.test(value) && !Number.isNaN(Date.parse(value));

const isLine = either<Line>(
  object({ type: oneOf('header'), format: oneOf(header.format), version: whole(1) }),
  object<SessionLine>({
    type: oneOf('session'),
    id: whole(1),
    link: words,
    begin: time,
    at: time,
    rxBytes: count,
    txBytes: count,
    seconds: count,
    cause: optional(words),
    detail: optional(isText),
  }),
  object({
    type: oneOf('month'),
    link: words,
    month: matching(/^\d{4}-\d\d$/),
    rxBytes: count,
    txBytes: count,
    seconds: count,
    sessions: count,
  }),
);

/** Undefined when it is none of ours, or damaged. */
export function parseLine(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isLine(line) ? line : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** With its newline. */
export function formatLine(value: Line): string {
  return `${JSON.stringify(value)}\n`;
}
