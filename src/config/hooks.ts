/** The keys of `hooks`: the programs that run when a link comes and goes. */
import { z } from 'zod';
import type { Hook, HookMoment, HookOptions } from '../hooks/options.js';
import { command } from './commands.js';
import { defaulted, delegate, keyFacts, list, optional, section } from './keys.js';
import { duration, flag, lineOfText, userName } from './values.js';

const hour = 3_600_000;

const program = 'a program by its absolute path and its arguments, as one line without quotes or as a list';

/** Arguments may be secret, but a bare name is what one mistypes. */
function notAbsolute(name: string): string | undefined {
  if (/^\/.*[^/]$/.test(name)) return undefined;
  return /^[\w.~/-]{1,40}$/.test(name)
    ? `begins with ${name}, which is no absolute path of a program`
    : 'begins with no absolute path of a program';
}

export const hookShape = {
  run: command({ allowed: program, objection: notAbsolute }).register(keyFacts, {
    about: 'The program. No shell.',
    allowed: program,
  }),
  user: optional(userName, 'the user that runs linkd', { about: 'The user that it runs as.' }),
  timeout: defaulted(duration(100, 24 * hour), '1m', {
    about: 'After this it is killed, together with what it has started.',
  }),
  pppd: defaulted(flag, 'false', {
    about: "Call it as pppd calls `ip-up`: with pppd's six arguments behind those of `run`, and pppd's variables.",
  }),
};

const hookSection = section(hookShape);

/** A command alone is short for a section with `run`. */
const hook = z.unknown().transform((input, ctx): Hook => {
  const { run, user, timeout, pppd } = delegate(hookSection, typeof input === 'string' ? { run: input } : input, ctx);
  return { command: run, user, timeoutMs: timeout, pppd };
});

function moment(about: string) {
  return list(hook, 'a list of programs').prefault([]).register(keyFacts, {
    about,
    allowed: 'a list of programs by their absolute paths, or of sections with `run`',
    default: '[]',
  });
}

export const hooksShape = {
  'pre-up': moment('Before the line is opened.'),
  up: moment('When the link is up, with its addresses and routes.'),
  down: moment('When the link is up no more.'),
  'post-down': moment('When the line is closed.'),
  fail: moment('After an attempt that failed.'),
  'address-changed': moment('When an address of the link has changed.'),
  ipparam: defaulted(lineOfText, '', {
    about: "pppd's `ipparam`: a text for the hooks, the sixth argument of `ip-up`.",
  }),
};

export const hooks = section(hooksShape)
  .transform(({ ipparam, ...rest }): HookOptions => {
    const hooks: Readonly<Record<HookMoment, readonly Hook[]>> = rest;
    return { hooks, ipparam };
  })
  .prefault({})
  .register(keyFacts, { about: 'Programs that run when the link comes and goes, see “Hooks”.', allowed: 'a section' });
