/** The keys that say when a link's line is open: always, on demand, by the clock, within limits, in another link's place. */
import { z } from 'zod';
import type { Hours, WhenOptions } from '../schedule/options.js';
import { allowRule } from './filters.js';
import { defaulted, delegate, keyFacts, list, optional, required, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { code } from './text.js';
import { duration, flag, integer, linkName } from './values.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const minutesOfDay = 1440;

/** `Mon-Fri 08:00-18:00`, `Sat Sun`, `22:00-06:00` */
const hoursReader: Reader<Hours> = {
  allowed: 'days, a time of the day, or both, such as Mon-Fri 08:00-18:00, Sat Sun or 22:00-06:00',
  read(text) {
    const words = text.split(/\s+/);
    const hasTime = /^\d/.test(words.at(-1) ?? '');
    const days = readDays(hasTime ? words.slice(0, -1) : words);
    if (days === undefined) return wrong('has other words than days; they are Mon, Tue, Wed, Thu, Fri, Sat and Sun');
    const span = readSpan(hasTime ? words.at(-1) : '00:00-24:00');
    return span === undefined ? wrong('has no time of the day from 00:00 to 24:00') : right({ days, ...span });
  },
};

/** No word means every day. */
function readDays(words: readonly string[]): readonly number[] | undefined {
  const days: number[] = [];
  for (const word of words) {
    const [first, last, more] = word
      .toLowerCase()
      .split('-')
      .map((name) => weekdays.indexOf(name));
    if (first === undefined || first < 0 || last === -1 || more !== undefined) return undefined;
    const length = ((last ?? first) - first + 7) % 7;
    for (let i = 0; i <= length; i++) days.push((first + i) % 7);
  }
  return days.length === 0 ? everyDay : [...new Set(days)].sort((a, b) => a - b);
}

function readSpan(word = ''): Pick<Hours, 'from' | 'to'> | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = /^(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)$/.exec(word) ?? [];
  if (fromHour === undefined) return undefined;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  if (from >= minutesOfDay || to > minutesOfDay) return undefined;
  // Until midnight is until the end of the day.
  return { from, to: to === 0 ? minutesOfDay : to };
}

export const whileDownShape = {
  link: required(linkName, { about: 'The other link.' }),
  for: defaulted(duration(0, hour), '10s', {
    about: 'How long it must have been down before this one dials, and up before this one hangs up.',
  }),
};

const whileDown = z
  .preprocess((input) => (typeof input === 'string' ? { link: input } : input), section(whileDownShape))
  .transform(({ link, for: forMs }) => ({ link, forMs }));

const rules = 'a list of rules such as `ntp` or `ping from 10.2.0.0/16`, see “Firewall”';

export const whenShape = {
  demand: defaulted(flag, 'false', {
    about: 'Dial when there is a packet for the link, which waits until it is up; needs `local` and `remote`.',
  }),
  idle: optional(duration(2 * second, day), 'never', {
    about: 'Hang up when nothing that counts as traffic went either way for so long.',
  }),
  count: list(allowRule, 'a list of rules').prefault([]).register(keyFacts, {
    about: 'Which packets count as traffic, with their answers: they dial, and keep the link up.',
    allowed: rules,
    default: 'all packets to single hosts',
  }),
  ignore: list(allowRule, 'a list of rules').prefault([]).register(keyFacts, {
    about: 'Which packets do not count after all.',
    allowed: rules,
    default: '[]',
  }),
  hours: list(value(hoursReader), hoursReader.allowed)
    .prefault([])
    .register(keyFacts, {
      about: 'When the link may be up, in local time.',
      allowed: `a list of ${hoursReader.allowed}`,
      default: 'at any time',
    }),
  longest: optional(duration(10 * second, 30 * day), 'without end', { about: 'Hang up after so long.' }),
  'calls-per-hour': optional(integer(1, 100), 'without limit', { about: 'How often to dial within any hour.' }),
  'minutes-per-day': optional(integer(1, 1440), 'without limit', {
    about: 'How long the line may be open in one day, from midnight to midnight.',
  }),
  'while-down': whileDown.optional().register(keyFacts, {
    about: 'Dial only while this other link is down, or nothing behind it answers (its `track`).',
    allowed: 'the name of a link, or a section with `link` and `for`',
    default: 'whether or not',
  }),
};

const whenSection = section(whenShape).transform((written): WhenOptions => {
  const { demand, idle: idleMs, count, ignore, hours, longest: longestMs } = written;
  return {
    ...{ demand, idleMs, hours, longestMs, traffic: { count, ignore } },
    callsPerHour: written['calls-per-hour'],
    minutesPerDay: written['minutes-per-day'],
    whileDown: written['while-down'],
  };
});

const allowed = 'always, demand, or a section';

const whenWord: Reader<WhenOptions | undefined> = {
  allowed,
  read(text) {
    if (text === 'always') return right(undefined);
    if (text === 'demand') return right(whenSection.parse({ demand: 'true' }));
    return wrong(text === 'on-demand' ? `is unknown; did you mean ${code('demand')}?` : 'is unknown');
  },
};

/** Undefined: always. */
export const when = z
  .unknown()
  .transform((input, ctx): WhenOptions | undefined =>
    typeof input === 'string' ? delegate(value(whenWord), input, ctx) : delegate(whenSection, input, ctx),
  )
  .prefault('always')
  .register(keyFacts, {
    about: 'When the line is open, see “When to dial”.',
    allowed,
    default: 'always',
  });
