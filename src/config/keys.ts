/**
 * The pieces that the schema is built of: keys with a reader, a default and a line for the documentation; sections that know
 * their keys; and the words for what zod finds wrong.
 */
import { z } from 'zod';
import type { Reader } from './reading.js';
import { code, listed, nearest, show, withAllowed } from './text.js';
import type { Path } from './tree.js';
import { isOff } from './values.js';

/** What the documentation says of a key. */
export interface KeyFacts {
  readonly about: string;
  readonly allowed: string;
  /** As it would be written in the file; undefined where the key is required or simply absent. */
  readonly default?: string;
  /** Where the thing is defined: `RFC 1661 §6.1`. */
  readonly rfc?: string;
}

type Docs = Pick<KeyFacts, 'about' | 'rfc'>;

/** Filled while the schema is built, read by the test that compares docs/configuration.md with it. */
export const keyFacts = z.registry<KeyFacts>();

/** A value that has to be there. */
export function required<T>(reader: Reader<T>, docs: Docs) {
  return value(reader).register(keyFacts, { ...docs, allowed: reader.allowed });
}

/** A value with a default, written as it would be in the file. */
export function defaulted<T>(reader: Reader<T>, text: string, docs: Docs) {
  return value(reader)
    .prefault(text)
    .register(keyFacts, { ...docs, allowed: reader.allowed, default: text });
}

/** A value that may be absent; `otherwise` says what then holds. */
export function optional<T>(reader: Reader<T>, otherwise: string, docs: Docs) {
  return value(reader)
    .optional()
    .register(keyFacts, { ...docs, allowed: reader.allowed, default: otherwise });
}

/** Text, read by the reader. */
export function value<T>(reader: Reader<T>) {
  const text = z.string({ error: (issue) => withAllowed(whatIs(issue.input), reader.allowed) });
  return text.transform((written, ctx): T => {
    const reading = reader.read(written);
    if (reading.ok) return reading.value;
    const subject = reader.hidden === true ? 'this' : show(written);
    ctx.addIssue({ code: 'custom', message: withAllowed(`${subject} ${reading.problem}`, reader.allowed) });
    return z.NEVER;
  });
}

/** A map of known keys. An empty one may be written as nothing at all. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape);
  const map = z.strictObject(shape, {
    error: ({ code: kind, input }) =>
      // `findingsOf` makes the message, one for each key.
      kind === 'unrecognized_keys'
        ? keys.join(' ')
        : withAllowed(whatIs(input), `a section with ${listed(keys.map(code))}`),
  });
  return z.preprocess((input) => input ?? {}, map);
}

/** A list; a lone value may be written without brackets. */
export function list<Item extends z.ZodType>(item: Item, allowed: string) {
  const items = z.array(item, { error: (issue) => withAllowed(whatIs(issue.input), allowed) });
  return z.preprocess((input) => (typeof input === 'string' ? [input] : (input ?? [])), items);
}

/** A list of one item at least. */
export function filledList<Item extends z.ZodType>(item: Item, allowed: string) {
  const items = z.array(item, { error: (issue) => withAllowed(whatIs(issue.input), allowed) });
  const filled = items.min(1, { error: withAllowed('is empty', allowed) });
  return z.preprocess((input) => (typeof input === 'string' ? [input] : input), filled);
}

/** What is not there unless it is written, and may be written as `off`. */
export function orAbsent<T>(schema: z.ZodType<T>) {
  return z
    .unknown()
    .transform((input, ctx) => (isOff(input) ? undefined : delegate(schema, input, ctx)))
    .optional();
}

/** Hands a value on to another schema from within a transform, with all its issues. */
export function delegate<T>(schema: z.ZodType<T>, input: unknown, ctx: z.RefinementCtx): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  for (const issue of result.error.issues) ctx.addIssue({ ...issue });
  return z.NEVER;
}

/** One sentence about one place. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Whether it is about the key itself, or about its value. */
  readonly at: 'key' | 'value';
  /** Where in the value's text, in UTF-16 units; undefined where it is about the whole. */
  readonly within?: number;
}

/** Names the section that knows a key, other than the one that it was found in. */
export type HomeOf = (key: string, foundIn: Path) => string | undefined;

/** What zod found, a finding for each mistake. */
export function findingsOf(error: z.ZodError, homeOf: HomeOf): readonly Finding[] {
  return error.issues.flatMap((issue): readonly Finding[] => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message, at: 'value', ...within(issue) }];
    const allowed = issue.message.split(' ');
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKey(key, allowed, homeOf(key, path)),
      at: 'key',
    }));
  });
}

/** An issue about a part of a text says so in its parameters. */
export function partOf(at: number): { readonly params: { readonly within: number } } {
  return { params: { within: at } };
}

function within(issue: z.core.$ZodIssue): Pick<Finding, 'within'> {
  const at: unknown = issue.code === 'custom' ? issue.params?.['within'] : undefined;
  return typeof at === 'number' ? { within: at } : {};
}

/** Words that people bring along from elsewhere. */
const synonyms: Readonly<Record<string, string>> = {
  accm: 'asyncmap',
  address: 'local',
  baud: 'speed',
  baudrate: 'speed',
  command: 'run',
  dev: 'line',
  device: 'line',
  dnat: 'port-forwards',
  gateway: 'remote',
  host: 'tcp',
  ifname: 'interface',
  input: 'in',
  ip: 'local',
  'ip-down': 'down',
  'ip-up': 'up',
  keepalive: 'echo',
  nat: 'masquerade',
  output: 'out',
  peer: 'remote',
  ping: 'track',
  port: 'line',
  rate: 'speed',
  routes: 'networks',
  rules: 'allow',
  script: 'run',
  snat: 'masquerade',
  socket: 'control',
  subnets: 'networks',
  tty: 'line',
  users: 'steer',
};

/** `home` is the section that knows the key. */
export function unknownKey(key: string, allowed: readonly string[], home?: string): string {
  if (home !== undefined)
    return withAllowed(`unknown key ${code(key)} here; it belongs in ${home}`, allowed.join(', '));
  const known = Object.keys(synonyms).filter((word) => allowed.includes(synonyms[word] ?? ''));
  const near = nearest(key, [...allowed, ...known]);
  const meant = near === undefined || allowed.includes(near) ? near : synonyms[near];
  const hint = meant === undefined ? '' : `; did you mean ${code(meant)}?`;
  return withAllowed(`unknown key ${code(key)}${hint}`, allowed.join(', '));
}

function whatIs(input: unknown): string {
  if (input === undefined) return 'is missing';
  if (input === null) return 'has no value';
  if (Array.isArray(input)) return 'is a list';
  return typeof input === 'string' ? `${show(input)} is a single value` : 'is a section';
}
