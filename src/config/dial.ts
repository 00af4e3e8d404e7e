/** The keys of `dial`: how the line of a link is got to PPP, by a modem, a chat script, a login. Secrets are named, not told. */
import { z } from 'zod';
import { parseChat } from '../chat/parse.js';
import type { ChatSource, DialOptions, LoginOptions, ModemKind, RedialPauses } from '../dial/options.js';
import { chatEntries, secretsOf } from './chat.js';
import { secretValue } from './auth.js';
import { defaulted, delegate, keyFacts, list, optional, required, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { withAllowed } from './text.js';
import { absolutePath, choice, duration, isOff } from './values.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const modems = ['hayes', 'gsm', 'windows', 'windows-server', 'none'] as const satisfies readonly ModemKind[];

/** What goes over the line as it stands. */
function typed(allowed: string, pattern: RegExp): Reader<string> {
  return {
    allowed: `a ${allowed}`,
    read(text) {
      if (/[\p{Cc}\ufffd]/u.test(text)) return wrong('holds a character that nobody types');
      return pattern.test(text) ? right(text) : wrong(`is no ${allowed.split(',', 1)[0] ?? ''}`);
    },
  };
}

const command = typed('command of a modem, such as ATX3M0', /^AT[ -~]{0,200}$/i);
const phoneNumber = typed(
  'telephone number, with what a modem dials beside digits',
  /^[0-9*#A-D,;@!()WPT. +-]{1,80}$/i,
);
const accessPoint = typed('name of an access point', /^[\w.-]{1,100}$/);
const answer = typed('text of at most 255 characters', /^.{0,255}$/);
const shown = typed('text of 1 to 255 characters', /^.{1,255}$/);

export const menuShape = {
  expect: required(shown, { about: 'A text on the screen, whatever its case; a prompt has to follow it or be it.' }),
  send: required(answer, { about: 'What to answer, with a return behind it; each answer is given once.' }),
};

const menuList = 'a list of sections with `expect` and `send`';

export const loginShape = {
  user: optional(answer, 'none', { about: 'The answer where a user is asked for.' }),
  secret: secretValue().register(keyFacts, {
    about: 'The answer where a password is asked for. See “Secret”.',
    allowed: 'a section with one of `file`, `program` and `credential`',
    default: 'none',
  }),
  menu: list(section(menuShape), menuList).register(keyFacts, {
    about: 'Answers to other prompts. They go before what linkd takes a prompt for.',
    allowed: menuList,
    default: '[]',
  }),
  command: optional(answer, 'none', {
    about: 'What starts PPP, where the far end shows the prompt of a shell or a server.',
  }),
  timeout: defaulted(duration(5 * second, hour), '2m', { about: 'How long the login may take.' }),
};

const login = section(loginShape)
  .transform(({ user, secret, menu, command, timeout }): LoginOptions => ({
    ...{ user, secret, menu, command },
    timeoutMs: timeout,
  }))
  .optional()
  .register(keyFacts, { about: 'Log in behind the call, see “Login”.', allowed: 'a section', default: 'none' });

const never = 'never';
const pauseReader = duration(second, 24 * hour);
const pause: Reader<number | 'never'> = {
  allowed: `${pauseReader.allowed}, or ${never}`,
  read: (text) => (text === never || isOff(text) ? right(never) : pauseReader.read(text)),
};

export const redialShape = {
  busy: defaulted(pause, '30s', { about: 'After `number-busy`.' }),
  'no-answer': defaulted(pause, '1m', { about: 'After `call-unanswered`.' }),
  'no-carrier': defaulted(pause, '30s', { about: 'After `call-no-carrier`.' }),
  'no-dialtone': defaulted(pause, '1m', { about: 'After `no-dialtone`.' }),
  delayed: defaulted(pause, '2m', { about: 'After `call-delayed`.' }),
  blacklisted: defaulted(pause, '1h', { about: 'After `call-blacklisted`.' }),
  'login-refused': defaulted(pause, '15m', {
    about: 'After `login-refused`: many accounts are locked after a few tries.',
  }),
};

const redial = section(redialShape)
  .transform((pauses): RedialPauses => ({
    'number-busy': pauses.busy,
    'call-unanswered': pauses['no-answer'],
    'call-no-carrier': pauses['no-carrier'],
    'no-dialtone': pauses['no-dialtone'],
    'call-delayed': pauses.delayed,
    'call-blacklisted': pauses.blacklisted,
    'login-refused': pauses['login-refused'],
  }))
  .prefault({})
  .register(keyFacts, {
    about: 'The pause before the next attempt, by what the last one came to; else `restart` holds.',
    allowed: 'a section',
  });

export const chatFileShape = {
  file: required(absolutePath, { about: 'A script in the language of chat(8), read anew for each call.' }),
};

const chatForms = 'a script in the language of chat(8), a section with `file`, or a list of steps';
const chatFile = section(chatFileShape);
const chatSteps = chatEntries.transform((steps): ChatSource => ({ kind: 'steps', ...secretsOf(steps) }));

const chat = z
  .unknown()
  .transform((input, ctx): ChatSource => {
    if (typeof input === 'string') return { kind: 'text', text: chatText(input, ctx) };
    if (Array.isArray(input)) return delegate(chatSteps, input, ctx);
    return { kind: 'file', path: delegate(chatFile, input, ctx).file };
  })
  .optional()
  .register(keyFacts, {
    about: 'What to say behind the call, or instead of it; see “Chat”.',
    allowed: chatForms,
    default: 'none',
  });

function chatText(text: string, ctx: z.RefinementCtx): string {
  if (/^\/\S+$/.test(text)) {
    ctx.addIssue({ code: 'custom', message: withAllowed('is the name of a file; write `{file: …}`', chatForms) });
    return z.NEVER;
  }
  const parsed = parseChat(text);
  for (const { line, column, message } of parsed.kind === 'script' ? [] : parsed.mistakes) {
    ctx.addIssue({ code: 'custom', message: `line ${line}, column ${column} of the script: ${message}` });
  }
  return text;
}

export const dialShape = {
  modem: optional(choice(...modems), 'hayes with a `number`, else none', {
    about:
      'What dials. `windows` calls as Windows does over a null modem, `windows-server` is called by one. `none`: nothing, or the chat script.',
  }),
  number: list(value(phoneNumber), 'a telephone number, or a list of such').register(keyFacts, {
    about: 'Tried in turn until one answers.',
    allowed: 'a telephone number, or a list of such',
    default: '`*99#` of gsm, else none',
  }),
  prefix: optional(typed('command that dials, such as ATDT0,', /^AT[ -~]{1,60}$/i), '`ATDT`, of gsm `ATD`', {
    about: 'What stands before the number.',
  }),
  init: list(value(command), 'a list of commands of a modem').optional().register(keyFacts, {
    about: 'The commands before dialing, each answered by OK.',
    allowed: 'a list of commands of a modem, such as ATX3M0',
    default: '`[ATZ, ATQ0V1E0S0=0X4&C1&D2]`, of gsm `[ATZ, ATQ0V1E0]`',
  }),
  pin: secretValue().register(keyFacts, {
    about: 'The PIN of the SIM. It is tried once. See “Secret”.',
    allowed: 'a section with one of `file`, `program` and `credential`',
    default: 'none',
  }),
  apn: optional(accessPoint, 'as stored in the modem', { about: 'The access point of a data call.' }),
  timeout: defaulted(duration(5 * second, 10 * minute), '1m', {
    about: 'How long a call may take until there is a connection.',
  }),
  chat,
  login,
  hangup: defaulted(choice('auto', 'dtr', 'escape'), 'auto', {
    about:
      'How a call is ended: `dtr` by closing the port, `escape` by `+++` and `ATH0`; `auto`: by what the port can.',
  }),
  redial,
};

/** The modem's own memory, then: results in words and in full, no echo, no answering, DCD as it is, DTR hangs up. */
const hayesInit = ['ATZ', 'ATQ0V1E0S0=0X4&C1&D2'];
const gsmInit = ['ATZ', 'ATQ0V1E0'];

/** Undefined: the line leads to the peer as it is. */
export const dial = section(dialShape)
  .transform((given, ctx): DialOptions => {
    const modem = given.modem ?? (given.number.length > 0 ? 'hayes' : 'none');
    const dials = modem === 'hayes' || modem === 'gsm';
    const complain = (key: string, message: string): void => {
      ctx.addIssue({ code: 'custom', path: [key], message });
    };
    if (modem === 'hayes' && given.number.length === 0) complain('modem', 'has no number to dial; add `number`');
    if (modem === 'none' && given.chat === undefined && given.login === undefined)
      complain('modem', 'leaves nothing to do; add a `number`, a `chat` or a `login`');
    if (!dials && given.init !== undefined) complain('init', `has no meaning for a modem of the kind ${modem}`);
    for (const key of ['pin', 'apn'] as const) {
      if (modem !== 'gsm' && given[key] !== undefined) complain(key, 'is for `modem: gsm` alone');
    }
    if (modem.startsWith('windows') && given.number.length > 0) complain('number', 'is not dialed over a null modem');
    return {
      modem,
      init: given.init ?? (modem === 'gsm' ? gsmInit : hayesInit),
      numbers: modem === 'gsm' && given.number.length === 0 ? ['*99#'] : given.number,
      prefix: given.prefix ?? (modem === 'gsm' ? 'ATD' : 'ATDT'),
      pin: given.pin,
      apn: given.apn,
      timeoutMs: given.timeout,
      chat: given.chat,
      login: given.login,
      hangup: given.hangup,
      redial: given.redial,
    };
  })
  .optional()
  .register(keyFacts, {
    about: 'What is said on the line before PPP, see “Dialing”.',
    allowed: 'a section',
    default: 'none',
  });
