/** The keys of a link that watch over it: what lies behind it, how much it carries, and who may steer it. */
import { z } from 'zod';
import type { QuotaOptions } from '../accounting/options.js';
import type { TrackOptions } from '../health/options.js';
import { hostAddress } from './addresses.js';
import { amount } from './amounts.js';
import { defaulted, delegate, filledList, keyFacts, list, orAbsent, required, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { highestMetric } from './routes.js';
import { choice, duration, flag, integer, percentage, userName } from './values.js';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const actionShape = {
  'raise-metric': required(integer(1, highestMetric), {
    about: 'This is added to the metrics of all routes of the link, so that another way takes over.',
  }),
};

const actionSection = section(actionShape).transform(({ 'raise-metric': add }) => ({ kind: 'metric', add }) as const);

const actions = 'restart, hook, or a section with `raise-metric`';

const actionWord: Reader<{ readonly kind: 'restart' | 'hook' }> = {
  allowed: actions,
  read(text) {
    if (text === 'raise-metric') return wrong('does not say by how much; write `{raise-metric: 1000}`');
    const reading = choice('restart', 'hook').read(text);
    return reading.ok ? right({ kind: reading.value }) : reading;
  },
};

const action = z
  .unknown()
  .transform((input, ctx): TrackOptions['action'] =>
    typeof input === 'string' ? delegate(value(actionWord), input, ctx) : delegate(actionSection, input, ctx),
  )
  .prefault('restart')
  .register(keyFacts, {
    about: 'What failure does: restart the link, run its hooks and nothing else, or move the traffic to another way.',
    allowed: actions,
    default: 'restart',
  });

const hostList = 'a list of the addresses of hosts';

export const trackShape = {
  hosts: filledList(value(hostAddress), hostList).register(keyFacts, {
    about: 'Whom to ping. The link is healthy while one of them answers.',
    allowed: hostList,
  }),
  interval: defaulted(duration(second, hour), '5s', { about: 'The pause from one round of pings to the next.' }),
  timeout: defaulted(duration(100, minute), '2s', { about: 'How long an answer may take; at most `interval`.' }),
  failures: defaulted(integer(1, 1000), '3', {
    about: 'Rounds in a row without any answer before the link counts as failed.',
  }),
  recoveries: defaulted(integer(1, 1000), '3', {
    about: 'Rounds in a row with an answer before it counts as healthy again.',
  }),
  action,
};

export const track = orAbsent(
  z
    .preprocess(
      (input) => (typeof input === 'string' || Array.isArray(input) ? { hosts: input } : input),
      section(trackShape),
    )
    .transform(({ interval: intervalMs, timeout: timeoutMs, ...rest }): TrackOptions => {
      return { ...rest, intervalMs, timeoutMs };
    }),
).register(keyFacts, {
  about: 'Ping hosts behind the link, and act when they are out of reach, see “Track”.',
  allowed: 'a section, hosts, or off',
  default: 'off',
});

const megabyte = 1e6;
const petabyte = 1e15;

export const quotaShape = {
  monthly: required(amount(megabyte, petabyte), {
    about: 'What the link may carry in a calendar month, both directions together.',
  }),
  'warn-at': defaulted(percentage, '80%', { about: 'The part of it at which a warning is given.' }),
  'cut-off': defaulted(flag, 'false', { about: 'Take the link down when it is used up, until the month ends.' }),
};

export const quota = orAbsent(
  z
    .preprocess((input) => (typeof input === 'string' ? { monthly: input } : input), section(quotaShape))
    .transform(({ monthly: monthlyBytes, 'warn-at': warnAt, 'cut-off': cutOff }): QuotaOptions => {
      return { monthlyBytes, warnAt, cutOff };
    }),
).register(keyFacts, {
  about: 'How much the link may carry, see “Quota”.',
  allowed: 'a section, an amount such as 5 GB, or off',
  default: 'off',
});

export const steer = list(value(userName), 'a list of users').prefault([]).register(keyFacts, {
  about: 'Users that may steer this link, beside those that may steer all.',
  allowed: 'a list of users',
  default: '[]',
});
