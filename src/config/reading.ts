/** What comes of reading the text of one value. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** How a value is read. */
export interface Reader<T> {
  /** What may be written, for messages and the documentation: `64 to 16384`. */
  readonly allowed: string;
  /** The value may hold a secret: no message shows it. */
  readonly hidden?: boolean;
  /** The problem continues the sentence that begins with the value: `is too large`. */
  read(text: string): Reading<T>;
}

export function right<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function wrong(problem: string): Reading<never> {
  return { ok: false, problem };
}
