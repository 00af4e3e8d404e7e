/**
 * Whether data is of the shape that its reader takes it for: what linkd itself wrote, read from a file or heard from another
 * linkd. What people write goes through zod instead, which has a word for every mistake; but that takes 10 MB, and so it is
 * nowhere that the idle daemon loads (docs/architecture.md, Threads).
 */

/** Tells, and tells the compiler, whether a value is a T. */
export type Guard<T> = (value: unknown) => value is T;

/** One for each field; a field that may be absent is declared `field?: T | undefined`. */
type Fields<T> = { readonly [Key in keyof T]-?: Guard<T[Key]> };

/** An object with these fields, whatever else it has: a later version may have added something. */
export function object<T extends object>(fields: Fields<T>): Guard<T> {
  const guards = Object.entries<Guard<unknown>>(fields);
  return (value): value is T => isRecord(value) && guards.every(([key, guard]) => guard(value[key]));
}

/** An object with these fields and no others. */
export function exactly<T extends object>(fields: Fields<T>): Guard<T> {
  const isObject = object(fields);
  return (value): value is T => isObject(value) && Object.keys(value).every((key) => Object.hasOwn(fields, key));
}

/** A value for each of any keys. */
export function record<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isRecord(value) && Object.values(value).every(guard);
}

export function list<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

/** One of several. */
export function either<T>(...guards: readonly Guard<T>[]): Guard<T> {
  return (value): value is T => guards.some((guard) => guard(value));
}

/** One of these words or numbers. */
export function oneOf<const T extends string | number | null>(...values: readonly T[]): Guard<T> {
  return (value): value is T => values.some((one) => one === value);
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A text that matches. */
export function matching(pattern: RegExp): Guard<string> {
  return (value): value is string => isText(value) && pattern.test(value);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** Any number but those that JSON can't hold. */
export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Guard<number> {
  return (value): value is number => isNumber(value) && Number.isInteger(value) && value >= least && value <= most;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
