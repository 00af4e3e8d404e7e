/** What the tests of authentication share: options of two ends that know each other, and secrets that must show nowhere. */
import assert from 'node:assert/strict';
import { encodeText } from '../../src/base/text.js';
import type { AuthMethod, AuthOptions, NamedSecret } from '../../src/ppp/auth/options.js';
import { noAuthentication } from '../../src/ppp/auth/options.js';
import type { SessionStation } from '../support/session-pair.js';

export const goodSecret = 'Tr0ub4dor-left';
export const otherSecret = 'c0rrect-Horse';

export function secretOf(secret: string, name?: string): NamedSecret {
  return { name, secret: encodeText(secret), allowed: undefined };
}

/** `hq` asks by these methods, and knows the peer `branch`. */
export function asking(
  methods: readonly AuthMethod[],
  secret = goodSecret,
  change: Partial<AuthOptions> = {},
): AuthOptions {
  const theirs = [secretOf(secret, 'branch')];
  return { ...noAuthentication, require: methods, name: 'hq', theirs: { pap: theirs, chap: theirs }, ...change };
}

/** `branch` answers by these methods, and knows the authenticator `hq`. */
export function answering(
  methods: readonly AuthMethod[],
  secret = goodSecret,
  change: Partial<AuthOptions> = {},
): AuthOptions {
  const ours = [secretOf(secret)];
  return {
    ...noAuthentication,
    accept: methods,
    user: 'branch',
    name: 'branch',
    ours: { pap: ours, chap: ours },
    ...change,
  };
}

/** `options` also answers for `hq`, by `secret`. */
export function alsoAnswering(options: AuthOptions, methods: readonly AuthMethod[], secret: string): AuthOptions {
  const ours = [secretOf(secret)];
  return { ...options, accept: methods, user: 'hq', ours: { pap: ours, chap: ours } };
}

/** `options` also asks the peer `hq`. */
export function alsoAsking(options: AuthOptions, methods: readonly AuthMethod[], secret: string): AuthOptions {
  const theirs = [secretOf(secret, 'hq')];
  return { ...options, require: methods, theirs: { pap: theirs, chap: theirs } };
}

/** Nothing that a session says to people holds the secret; what it sends does, with PAP, and nothing else does. */
export function assertSecretsHidden(station: SessionStation, secrets: readonly string[]): void {
  const said = station.outputs.filter(({ type }) => type !== 'send');
  const all = JSON.stringify([said, station.session.describe(), station.session.ending, station.session.counters]);
  for (const secret of secrets) assert.ok(!all.includes(secret), `"${secret}" shows`);
}
