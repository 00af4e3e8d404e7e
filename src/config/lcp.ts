/** The keys of `lcp` and `lcp.echo`: the options of PPP. */
import { z } from 'zod';
import { defaulted, delegate, keyFacts, list, orAbsent, section, value } from './keys.js';
import { character, characterMap, duration, flag, integer, orOff, partOfWhole, percentage } from './values.js';

const second = 1000;
const hour = 3600 * second;

const controls = z
  .array(value(character('the characters 0 to 31, such as 17 or 0x11', (octet) => octet < 32)))
  .transform(mapOf);

export const asyncmap = z
  .unknown()
  .transform((input, ctx) => delegate(Array.isArray(input) ? controls : value(characterMap), input, ctx))
  .optional()
  .register(keyFacts, {
    about: 'The control characters that we ask the peer to escape.',
    allowed: characterMap.allowed,
    default: '0x00000000; with `flow: xonxoff` 0x000a0000',
    rfc: 'RFC 1662 §7.1',
  });

const escapes = 'the characters 0 to 255, such as 17 or 0x11, except 0x20 to 0x3f and 0x5e';

const escape = list(
  value(character(escapes, (octet) => octet < 256 && octet !== 0x5e && !(octet >= 0x20 && octet < 0x40))),
  'a list of characters',
)
  .optional()
  .register(keyFacts, {
    about: 'Characters that we escape beyond what the peer asks for, where something on the way eats them.',
    allowed: `a list of ${escapes}`,
    default: 'none; with `flow: xonxoff` 0x11 and 0x13',
    rfc: 'RFC 1662 §7.1',
  });

export const echoShape = {
  interval: defaulted(orOff(duration(100, hour), 0), '5s', {
    about:
      'The pause between Echo-Requests on a quiet line; it grows with the round trips of a slow line, and is four times as long on a busy one. Any good frame from the peer counts as life.',
    rfc: 'RFC 1661 §5.8',
  }),
  failures: defaulted(integer(1, 255), '4', {
    about: 'Echo-Requests in a row without a sign of life before the peer counts as dead.',
  }),
};

const echoSection = section(echoShape);

/** `echo: off` is short for `echo: {interval: off}`, and `echo: 10s` alike. */
const echo = z
  .preprocess((input) => (typeof input === 'string' ? { interval: input } : input), echoSection)
  .prefault({})
  .register(keyFacts, {
    about: 'Whether and how the peer is asked for signs of life.',
    allowed: 'a section, a duration, or off',
  });

export const lqrShape = {
  interval: defaulted(duration(second, hour), '10s', {
    about: 'How often the peer is asked to report what it received: the Reporting-Period.',
    rfc: 'RFC 1989 §2.5',
  }),
  keep: defaulted(partOfWhole, '3 of 5', {
    about: 'The link is kept while so many of the last intervals were good; else it ends, and is tried anew.',
    rfc: 'RFC 1989 §2.10',
  }),
  loss: defaulted(percentage, '20%', {
    about: 'An interval that lost more than this, in either direction, is bad; so are two in a row without a report.',
  }),
};

const lqrSection = section(lqrShape).transform(({ interval, keep, loss }) => ({
  intervalMs: interval,
  maxLoss: loss,
  keep: keep.part,
  of: keep.whole,
}));

/** `lqr: 30s` is short for `lqr: {interval: 30s}`; `lqr: on` takes the defaults. */
const lqr = orAbsent(
  z.preprocess((input) => {
    if (typeof input !== 'string') return input;
    return /^(?:true|on|yes)$/i.test(input) ? {} : { interval: input };
  }, lqrSection),
).register(keyFacts, {
  about:
    'Whether the quality of the line is measured by reports of both ends, and how bad it may be. Where the peer refuses (as pppd does) the echoes alone keep watch; a peer that asks gets reports in any case.',
  allowed: 'a section, a duration, on or off',
  default: 'off',
  rfc: 'RFC 1989',
});

export const lcpShape = {
  mru: defaulted(integer(64, 16384), '1500', {
    about: 'The largest packet that we ask the peer to send, in octets. Small on a slow line: 296 at 9600 baud.',
    rfc: 'RFC 1661 §6.1',
  }),
  asyncmap,
  escape,
  magic: defaulted(flag, 'true', { about: 'Notice a looped-back line by a magic number.', rfc: 'RFC 1661 §6.4' }),
  pfc: defaulted(flag, 'true', { about: 'Compress the protocol field.', rfc: 'RFC 1661 §6.5' }),
  acfc: defaulted(flag, 'true', { about: 'Compress the address and control fields.', rfc: 'RFC 1661 §6.6' }),
  restart: defaulted(duration(100, 60 * second), '3s', {
    about:
      'The Restart timer: how long to wait for an answer before asking again. While nothing is heard of the peer, the first requests follow each other faster (after 0.3 s, 0.6 s, …) and the last ones slower: `max-configure` of them take as many Restart times.',
    rfc: 'RFC 1661 §4.6',
  }),
  'max-configure': defaulted(integer(1, 255), '10', {
    about: 'Configure-Requests without an answer before giving up.',
    rfc: 'RFC 1661 §4.6',
  }),
  'max-terminate': defaulted(integer(1, 255), '2', {
    about: 'Terminate-Requests without an answer before giving up.',
    rfc: 'RFC 1661 §4.6',
  }),
  'max-failure': defaulted(integer(1, 255), '5', {
    about: 'Configure-Naks before what is still not acceptable is rejected.',
    rfc: 'RFC 1661 §4.6',
  }),
  passive: defaulted(flag, 'false', {
    about: 'When nobody answers, wait for the peer to begin instead of ending the attempt.',
  }),
  silent: defaulted(flag, 'false', { about: "Send nothing until the peer's first Configure-Request." }),
  echo,
  lqr,
};

export const lcp = section(lcpShape)
  .prefault({})
  .register(keyFacts, { about: 'The options of PPP, see “LCP”.', allowed: 'a section' });

/** Bit n stands for character n. RFC 1662 §7.1 */
export function mapOf(octets: readonly number[]): number {
  return octets.reduce((map, octet) => (map | (1 << octet)) >>> 0, 0);
}
