/** The keys of `answer`: how others call on the line of a link, and what a caller has to do before PPP. */
import { z } from 'zod';
import type { CauseCode } from '../base/cause.js';
import type { AnswerOptions, LoginPromptOptions, RedialPauses } from '../dial/options.js';
import type { LineOptions } from '../line/options.js';
import type { AuthConfig } from '../secrets/options.js';
import { defaulted, keyFacts, list, optional, orAbsent, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { choice, duration, flag, integer } from './values.js';

const second = 1000;
const minute = 60 * second;

const modems = ['hayes', 'none'] as const;

const command: Reader<string> = {
  allowed: 'a command of a modem, such as ATX3M0',
  read: (text) => (/^AT[ -~]{0,200}$/i.test(text) ? right(text) : wrong('is no command of a modem')),
};

function spoken(allowed: string, pattern: RegExp): Reader<string> {
  return {
    allowed,
    read: (text) => (pattern.test(text) ? right(text) : wrong('is empty, too long, or holds control characters')),
  };
}

export const promptShape = {
  banner: optional(spoken('text of at most 2000 characters', /^(?:[^\p{Cc}]|\n){0,2000}$/u), 'none', {
    about: 'What a caller reads first; lines in a YAML block (`|`).',
  }),
  prompt: defaulted(spoken('text of 1 to 80 characters', /^[^\p{Cc}]{1,80}$/u), 'login: ', {
    about: 'How the user is asked for.',
  }),
  attempts: defaulted(integer(1, 20), '3', {
    about: 'Wrong passwords before the caller is hung up; each makes the next attempt slower.',
  }),
  time: defaulted(duration(5 * second, 60 * minute), '1m', { about: 'How long the login may take.' }),
  'ask-again': defaulted(flag, 'false', {
    about: 'Let those who have logged in prove themselves by PPP as well, as `auth.require` says.',
  }),
};

const prompt = section(promptShape).transform((given): LoginPromptOptions => ({
  banner: given.banner ?? '',
  prompt: given.prompt,
  attempts: given.attempts,
  timeMs: given.time,
  asksAgain: given['ask-again'],
}));

export const answerShape = {
  modem: optional(choice(...modems), 'hayes on a serial port, else none', {
    about: 'What answers. `none`: a direct line, or one that waits for its caller itself.',
  }),
  init: list(value(command), 'a list of commands of a modem').optional().register(keyFacts, {
    about: 'The commands that set the modem up before each call, each answered by OK.',
    allowed: 'a list of commands of a modem, such as ATX3M0',
    default: '`[ATZ, ATQ0V1E0X4&C1&D2]`',
  }),
  rings: defaulted(integer(1, 100), '1', { about: 'The call is answered at this ring.' }),
  by: defaulted(choice('linkd', 'modem'), 'linkd', {
    about: '`linkd` tells the modem to answer (ATA); `modem`: it does so by itself (register S0).',
  }),
  timeout: defaulted(duration(5 * second, 10 * minute), '1m', {
    about: 'How long it may take from the answer until there is a connection.',
  }),
  login: orAbsent(prompt).register(keyFacts, {
    about: 'Ask for user and password, by the secrets of `auth`, see “Login prompt”. An empty section will do.',
    allowed: 'a section, or none',
    default: 'none: PPP begins at once',
  }),
  'auto-ppp': optional(flag, '`true` where `auth.require` asks the caller by PPP', {
    about: 'PPP frames at the login prompt start PPP without a login.',
  }),
  hangup: defaulted(choice('auto', 'dtr', 'escape'), 'auto', {
    about:
      'How a call is ended: `dtr` by closing the port, `escape` by `+++` and `ATH0`; `auto`: by what the port can.',
  }),
};

const answerSection = section(answerShape);

export type GivenAnswer = z.output<typeof answerSection>;

/** Undefined: the line leads to the peer as it is, or is dialed. */
export const answer = z
  .preprocess((input) => (input === null ? {} : input), answerSection.optional())
  .register(keyFacts, {
    about: 'Others call on the line, see “Answering”.',
    allowed: 'a section',
    default: 'none',
  });

const callEnds = [
  'carrier-lost',
  'line-hangup',
  'line-closed',
  'connection-reset',
  'no-answer',
  'not-ppp',
  'not-8-bit-clean',
  'loopback',
  'lcp-failed',
  'ipcp-failed',
  'ip-refused',
  'ipv6cp-failed',
  'ipv6-refused',
  'pool-exhausted',
  'auth-unsupported',
  'auth-failed',
  'auth-no-secret',
  'encryption-refused',
  'protocol-error',
  'peer-terminated',
  'peer-dead',
  'line-quality',
  'restless',
] as const satisfies readonly CauseCode[];

/** The modem's own memory, then: results in words and in full, no echo, DCD as it is, DTR hangs up. */
const hayesInit = ['ATZ', 'ATQ0V1E0X4&C1&D2'];

export function answerOptions(
  given: GivenAnswer | undefined,
  line: LineOptions,
  auth: AuthConfig | undefined,
): AnswerOptions | undefined {
  if (given === undefined) return undefined;
  const modem = modemOf(given, line);
  return {
    modem,
    init: given.init ?? hayesInit,
    rings: given.rings,
    by: given.by,
    timeoutMs: given.timeout,
    login: given.login,
    autoPpp: given['auto-ppp'] ?? (auth !== undefined && auth.require.length > 0),
    hangup: given.hangup,
    callerBegins: modem === 'none' && isOpenBefore(line),
  };
}

/** The pause after what a caller, or its PPP, brings about: the next caller is not to suffer for it. */
const afterCallMs = 1000;
/** Who tries passwords by PPP gets no faster by it. */
const afterRefusalMs = 3000;

export const callerPauses: RedialPauses = {
  ...Object.fromEntries(callEnds.map((code) => [code, afterCallMs])),
  'peer-auth-failed': afterRefusalMs,
};

export function modemOf({ modem }: GivenAnswer, line: LineOptions): AnswerOptions['modem'] {
  return modem ?? (line.kind === 'serial' || line.kind === 'rfc2217' ? 'hayes' : 'none');
}

/** Whether the line is open before anybody is there. */
export function isOpenBefore(line: LineOptions): boolean {
  switch (line.kind) {
    case 'serial':
    case 'rfc2217':
      return line.carrier !== 'require';
    case 'tcp':
    case 'unix':
    case 'exec':
      return true;
    default:
      return false;
  }
}
