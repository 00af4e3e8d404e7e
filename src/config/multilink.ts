/** The keys of `multilink`: several lines as one, and long packets in fragments. */
import { z } from 'zod';
import { parseEndpoint, type Endpoint } from '../multilink/endpoint.js';
import { defaultMaxFragmentMs, defaultMinFragment, defaultMrru, type MultilinkOptions } from '../multilink/options.js';
import { formatDuration } from './duration.js';
import { defaulted, delegate, keyFacts, optional, section } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { show, withAllowed } from './text.js';
import { duration, flag, integer, isOff, orOff } from './values.js';

const endpoint: Reader<Endpoint> = {
  allowed: '`mac:`, `ip:`, `local:`, `magic:` or `phone:` and the address, or `null`',
  read(text) {
    const found = parseEndpoint(text);
    return found === undefined ? wrong('is no endpoint') : right(found);
  },
};

const minute = 60_000;

/** What is written of it; how many lines there are is said elsewhere. */
export type WrittenMultilink = Omit<MultilinkOptions, 'isSingle'>;

/** Of a link. */
export interface LinkMultilink extends MultilinkOptions {
  /** Only while the line is so slow that a full frame takes longer than a fragment may: nothing is written of it. */
  readonly onlyIfSlow: boolean;
}

export const multilinkShape = {
  mrru: defaulted(integer(64, 16384), String(defaultMrru), {
    about: 'The largest packet that the peer may cut up for us, in octets.',
    rfc: 'RFC 1990 §5.1.1',
  }),
  'short-sequence': optional(flag, 'grant them, and ask a peer that knows of `classes`', {
    about: 'Ask for fragments with headers of two octets instead of four, and grant them.',
    rfc: 'RFC 1990 §5.1.2, RFC 2686 §6.1',
  }),
  classes: defaulted(flag, 'true', {
    about:
      'Tell fragments of two classes apart where the peer does too, so that a short packet overtakes compressed ones.',
    rfc: 'RFC 2686',
  }),
  endpoint: optional(endpoint, "made of this machine's identity, see machine-id(5)", {
    about: 'By what the peer knows that the lines come from one machine.',
    rfc: 'RFC 1990 §5.1.3',
  }),
  'min-fragment': defaulted(integer(16, 16384), String(defaultMinFragment), {
    about: 'Octets below which a fragment is not worth its header.',
  }),
  'max-fragment-time': defaulted(orOff(duration(1, minute), Infinity), formatDuration(defaultMaxFragmentMs), {
    about:
      'How long one fragment may take its line, so that a short packet gets through between those of a long one; `off` cuts only as the lines ask for it.',
  }),
};

const multilinkSection = section(multilinkShape).transform((read): WrittenMultilink => ({
  mrru: read.mrru,
  shortSequence: read['short-sequence'],
  classes: read.classes,
  endpoint: read.endpoint,
  minFragment: read['min-fragment'],
  maxFragmentMs: read['max-fragment-time'],
}));

const allowed = 'a section, on or off';

/** Undefined where it isn't written, false where it is off; `on` takes the defaults. */
export const multilink = z
  .unknown()
  .transform((input, ctx): WrittenMultilink | false => {
    if (isOff(input)) return false;
    if (typeof input !== 'string') return delegate(multilinkSection, input, ctx);
    if (flag.read(input).ok) return usualMultilink;
    ctx.addIssue({ code: 'custom', message: withAllowed(`${show(input)} is neither`, allowed) });
    return z.NEVER;
  })
  .optional()
  .register(keyFacts, {
    about: 'How packets go over several lines as one, see “Several lines”.',
    allowed,
    default: 'on with several lines; with one, where a packet of `lcp.mru` octets takes the line longer than 50 ms',
    rfc: 'RFC 1990',
  });

/** For several lines where nothing is said. */
export const usualMultilink: WrittenMultilink = multilinkSection.parse({});

/** RFC 791: what every IPv4 packet must fit. */
const smallestMrru = 68;

/** What holds for a link of so many lines; undefined: whole packets on one. */
export function multilinkOf(
  written: WrittenMultilink | false | undefined,
  lines: number,
  mru: number,
): LinkMultilink | undefined {
  if (written === false) return undefined;
  const isSingle = lines === 1;
  if (written !== undefined || !isSingle) return { ...(written ?? usualMultilink), isSingle, onlyIfSlow: false };
  // To cut what is sent changes nothing else: packets are as large as without.
  return { ...usualMultilink, mrru: Math.max(smallestMrru, mru), isSingle, onlyIfSlow: true };
}
