/** The YAML form of a chat script → the same steps that chat's language becomes. */
import type { Millis } from '../base/clock.js';
import { encodeText } from '../base/text.js';
import { expandExpected, expandSent } from './escapes.js';
import type { ChatEntry, ExpectEntry } from './options.js';
import { defaultTimeoutMs, toOctets, type Attempt, type Octets, type Script, type Step } from './script.js';

/** `timeout` is what the run begins with; an entry's own holds for it alone. */
export function stepsOfEntries(entries: readonly ChatEntry[], timeout: Millis = defaultTimeoutMs): Script {
  let standing = timeout;
  return entries.flatMap((entry): readonly Step[] => {
    if ('expect' in entry) return expectSteps(entry, standing);
    if ('timeout' in entry) standing = entry.timeout;
    return plainSteps(entry);
  });
}

function expectSteps(entry: ExpectEntry, standing: Millis): readonly Step[] {
  const expected: Step = { kind: 'expect', attempts: attemptsOf(entry) };
  if (entry.timeout === undefined || entry.timeout === standing) return [expected];
  return [{ kind: 'timeout', duration: entry.timeout }, expected, { kind: 'timeout', duration: standing }];
}

function attemptsOf({ expect, retry, retries = 1 }: ExpectEntry): readonly Attempt[] {
  const text = expandExpected(octetsOf(expect));
  const last: Attempt = { expect: text, otherwise: undefined };
  if (retry === undefined) return [last];
  const again: Attempt = { expect: text, otherwise: expandSent(octetsOf(retry)) };
  return [...Array.from({ length: retries }, () => again), last];
}

function plainSteps(entry: Exclude<ChatEntry, ExpectEntry>): readonly Step[] {
  if ('send' in entry) return [{ kind: 'send', send: expandSent(octetsOf(entry.send)) }];
  if ('secret' in entry) return [secretStep(entry.secret)];
  if ('abort' in entry) return entry.abort.map((text) => ({ kind: 'abort', text: expectedOf(text) }));
  if ('clear-abort' in entry) {
    return entry['clear-abort'].map((text) => ({ kind: 'clear-abort', text: expectedOf(text) }));
  }
  if ('report' in entry) return entry.report.map((text) => ({ kind: 'report', text: expectedOf(text) }));
  if ('clear-report' in entry) {
    return entry['clear-report'].map((text) => ({ kind: 'clear-report', text: expectedOf(text) }));
  }
  if ('timeout' in entry) return [{ kind: 'timeout', duration: entry.timeout }];
  if ('echo' in entry) return [{ kind: 'echo', on: entry.echo }];
  if ('hangup' in entry) return [{ kind: 'hangup', fatal: entry.hangup === 'fatal' }];
  return [{ kind: 'say', parts: expandSent(octetsOf(entry.say)).parts }];
}

function secretStep(reference: string): Step {
  const parts = [{ kind: 'secret', reference } as const, { kind: 'octets', octets: '\r' } as const];
  return { kind: 'send', send: { kind: 'text', parts, quiet: false } };
}

function expectedOf(text: string): Octets {
  return expandExpected(octetsOf(text));
}

function octetsOf(text: string): Octets {
  return toOctets(encodeText(text));
}
