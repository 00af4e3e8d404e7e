/**
 * The lines of the ledger's file: JSON, one object each. A session line holds the whole state of its session at one time,
 * so that the last one that can be read is enough, and reading one twice does no harm.
 */
import { z } from 'zod';

/** The file begins with it. A reader that knows only lower versions must leave the file alone. */
export const header = { type: 'header', format: 'linkd-accounting', version: 1 } as const;

const count = z.int().nonnegative();
const time = z.iso.datetime({ offset: true });

const headerLine = z.object({
  type: z.literal('header'),
  format: z.literal(header.format),
  version: z.int().positive(),
});

const sessionLine = z.object({
  type: z.literal('session'),
  /** Rises with every session of this file. */
  id: z.int().positive(),
  link: z.string().min(1),
  begin: time,
  /** When the session stood like this; with a cause, its end. */
  at: time,
  /** Since it began. */
  rxBytes: count,
  txBytes: count,
  seconds: count,
  /** Why it ended; absent while it is open. */
  cause: z.string().min(1).optional(),
  detail: z.string().optional(),
});

/** What a link had in a month, in sessions that the file doesn't hold any more. */
const monthLine = z.object({
  type: z.literal('month'),
  link: z.string().min(1),
  month: z.string().regex(/^\d{4}-\d\d$/),
  rxBytes: count,
  txBytes: count,
  seconds: count,
  sessions: count,
});

const line = z.discriminatedUnion('type', [headerLine, sessionLine, monthLine]);

export type HeaderLine = z.infer<typeof headerLine>;
export type SessionLine = z.infer<typeof sessionLine>;
export type MonthLine = z.infer<typeof monthLine>;
export type Line = z.infer<typeof line>;

/** Undefined when it is none of ours, or damaged. */
export function parseLine(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** With its newline. */
export function formatLine(value: Line): string {
  return `${JSON.stringify(value)}\n`;
}
