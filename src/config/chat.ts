/** The steps of a chat script in YAML: a list of sections, each of which says one thing. */
import { z } from 'zod';
import type { ChatEntry } from '../chat/options.js';
import type { ChatSource } from '../dial/options.js';
import type { SecretSource } from '../secrets/options.js';
import { secretValue } from './auth.js';
import { filledList, keyFacts, list, optional, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { code, listed } from './text.js';
import { choice, duration, flag, integer } from './values.js';

const hour = 3_600_000;

const text: Reader<string> = {
  allowed: 'a text with the escapes of chat(8)',
  read: (written) => (written.length > 1000 ? wrong('is too long') : right(written)),
};

function texts(about: string) {
  const allowed = 'a text, or a list of texts';
  return list(value(text), allowed).optional().register(keyFacts, { about, allowed, default: 'none' });
}

export const chatShape = {
  expect: optional(text, 'none', { about: 'Wait for this text.' }),
  timeout: optional(duration(1, hour), '45s', {
    about: 'How long this step waits; in a step of its own, how long all that follow do.',
  }),
  retry: optional(text, 'none', {
    about: 'Sent when the text of `expect` does not come in time; it is waited for again.',
  }),
  retries: optional(integer(1, 100), '1', { about: 'How often that is done.' }),
  send: optional(text, 'none', { about: 'Send this, with a return behind it unless it ends in `\\c`.' }),
  secret: secretValue().register(keyFacts, {
    about: 'Send this secret, with a return behind it; no log shows it. See “Secret”.',
    allowed: 'a section with one of `file`, `program` and `credential`',
    default: 'none',
  }),
  abort: texts('From here on, each of these texts ends the script.'),
  'clear-abort': texts('These end it no more.'),
  report: texts('From here on, each of these texts, with the rest of its line, is shown in the status.'),
  'clear-report': texts('These are no more.'),
  echo: optional(flag, 'false', { about: "chat(8)'s ECHO; the log has the conversation anyway." }),
  say: optional(text, 'none', { about: 'Write this to the log.' }),
  hangup: optional(choice('fatal', 'ignored'), 'fatal', { about: 'Whether a hang-up ends the script.' }),
};

type Given = z.output<typeof given>;
const given = section(chatShape);

/** What a step says; of the others, `timeout` may also say how long an `expect` waits. */
const sayings = [
  'expect',
  'send',
  'secret',
  'abort',
  'clear-abort',
  'report',
  'clear-report',
  'echo',
  'say',
  'hangup',
] as const satisfies readonly (keyof Given)[];

const entry = given.transform((step, ctx): Given => {
  const said = sayings.filter((key) => step[key] !== undefined);
  const complain = (message: string): void => {
    ctx.addIssue({ code: 'custom', message });
  };
  if (said.length > 1) complain(`says ${listed(said.map(code))} at once; a step says one thing`);
  if (said.length === 0 && step.timeout === undefined)
    complain(`says nothing; allowed: ${[...sayings, 'timeout'].join(', ')}`);
  for (const key of ['retry', 'retries', ...(said.length > 0 ? (['timeout'] as const) : [])] as const) {
    if (step[key] !== undefined && step.expect === undefined) complain(`${code(key)} stands without ${code('expect')}`);
  }
  return step;
});

export const chatEntries = filledList(entry, 'a list of steps, each a section with one of the keys of “Chat”');

/** The steps as chat has them, and where their secrets are. */
export function secretsOf(steps: readonly Given[]): Omit<Extract<ChatSource, { kind: 'steps' }>, 'kind'> {
  const secrets: Record<string, SecretSource> = {};
  const entries = steps.flatMap((step): readonly ChatEntry[] => {
    if (step.secret === undefined) return entryOf(step);
    const name = `chat ${Object.keys(secrets).length + 1}`;
    secrets[name] = step.secret;
    return [{ secret: name }];
  });
  return { steps: entries, secrets };
}

function entryOf(step: Given): readonly ChatEntry[] {
  const { expect, timeout, retry, retries, send, abort, report, echo, say, hangup } = step;
  const { 'clear-abort': clearAbort, 'clear-report': clearReport } = step;
  if (expect !== undefined) return [{ expect, timeout, retry, retries }];
  if (send !== undefined) return [{ send }];
  if (abort !== undefined) return [{ abort }];
  if (clearAbort !== undefined) return [{ 'clear-abort': clearAbort }];
  if (report !== undefined) return [{ report }];
  if (clearReport !== undefined) return [{ 'clear-report': clearReport }];
  if (timeout !== undefined) return [{ timeout }];
  if (echo !== undefined) return [{ echo }];
  if (say !== undefined) return [{ say }];
  return hangup === undefined ? [] : [{ hangup }];
}
