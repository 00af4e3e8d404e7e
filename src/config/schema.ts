/**
 * The schema of a link: every key with its default, range and meaning. docs/configuration.md is checked against it by a test.
 * What can only be judged across keys, links or files is in `checks.ts`.
 */
import { z } from 'zod';
import type { LineOptions } from '../line/options.js';
import { hostAddress, network } from './addresses.js';
import {
  defaulted,
  delegate,
  findingsOf,
  keyFacts,
  list,
  optional,
  required,
  section,
  value,
  type Finding,
  type HomeOf,
} from './keys.js';
import { line, lineShapes } from './lines.js';
import { settingsShape } from './settings.js';
import { code } from './text.js';
import type { LinkConfig } from './types.js';
import { character, characterMap, duration, flag, integer, interfaceName, orOff } from './values.js';

const second = 1000;
const hour = 3600 * second;

/** Software flow control takes them out of the line. */
export const flowControlCharacters = [
  { name: 'XON', octet: 0x11 },
  { name: 'XOFF', octet: 0x13 },
] as const;

const controls = z
  .array(value(character('the characters 0 to 31, such as 17 or 0x11', (octet) => octet < 32)))
  .transform(mapOf);

const asyncmap = z
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

const echoShape = {
  interval: defaulted(orOff(duration(100, hour), 0), '5s', {
    about: 'The pause between Echo-Requests on a quiet line. Any good frame from the peer counts as life.',
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

const lcpShape = {
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
    about: 'The Restart timer: how long to wait for an answer before asking again.',
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
};

const restartShape = {
  quick: defaulted(duration(10, hour), '1s', {
    about:
      'The first pause after a cause that passes quickly (a cable pulled, a carrier lost) came back; the very first retry is at once. Also how often a missing or busy device is looked for.',
  }),
  'quick-max': optional(duration(10, 24 * hour), '30s, or `quick` if that is longer', {
    about: 'What these pauses double up to.',
  }),
  slow: defaulted(duration(10, hour), '10s', {
    about: 'The first pause after a cause that rarely heals by itself (a refusal, a mismatch).',
  }),
  'slow-max': optional(duration(10, 24 * hour), '5m, or `slow` if that is longer', {
    about: 'What these pauses double up to.',
  }),
  stable: defaulted(duration(10, 24 * hour), '30s', {
    about: 'Up for this long, a link counts its attempts from zero again.',
  }),
  'max-attempts': defaulted(orOff(integer(0, 1_000_000), 0), 'off', {
    about: 'Attempts in a row without success before giving up; 0 or off never gives up.',
  }),
};

const networkShape = {
  network: required(network, { about: 'The network; a lone address is a network of one.' }),
  metric: optional(integer(0, 4_294_967_295), '0, as the kernel has it', {
    about: "The route's metric: of two routes to one network the lower one is used.",
  }),
};

const remoteNetwork = z.preprocess(
  (input) => (typeof input === 'string' ? { network: input } : input),
  section(networkShape),
);

const networks = list(remoteNetwork, 'a list of networks').prefault([]).register(keyFacts, {
  about: 'The networks behind the peer: a route to each goes through this link.',
  allowed: 'a list of networks such as 10.2.0.0/16, or of sections with `network` and `metric`',
  default: '[]',
});

const lcp = section(lcpShape)
  .prefault({})
  .register(keyFacts, { about: 'The options of PPP, see “LCP”.', allowed: 'a section' });

const restart = section(restartShape)
  .prefault({})
  .register(keyFacts, { about: 'When to try again, see “Restart”.', allowed: 'a section' });

const linkShape = {
  line,
  local: required(hostAddress, { about: 'Our address on the link.', rfc: 'RFC 1332 §3.3' }),
  remote: required(hostAddress, {
    about: "The peer's address on the link, the only one that it may claim.",
    rfc: 'RFC 1332 §3.3',
  }),
  networks,
  mtu: optional(integer(68, 16384), '`lcp.mru`, but at least 68', {
    about: "The largest IP packet we send, in octets, however large the peer's MRU.",
  }),
  interface: optional(interfaceName, "the link's name", { about: 'The name of the TUN interface.' }),
  autostart: defaulted(flag, 'true', { about: 'Start with linkd; otherwise wait for `linkctl up`.' }),
  lcp,
  restart,
};

const linkSchema = section(linkShape);

/** Every section of the format by the name that the documentation gives it. */
export const sections: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  daemon: settingsShape,
  link: linkShape,
  networks: networkShape,
  lcp: lcpShape,
  echo: echoShape,
  restart: restartShape,
  ...Object.fromEntries(Object.entries(lineShapes).map(([kind, shape]) => [`line ${kind}`, shape])),
};

export type LinkReading =
  { readonly ok: true; readonly link: LinkConfig } | { readonly ok: false; readonly findings: readonly Finding[] };

/** Reads the plain value of one link. */
export function readLink(name: string, plain: unknown): LinkReading {
  const result = linkSchema.safeParse(plain);
  return result.success
    ? { ok: true, link: toLink(name, result.data) }
    : { ok: false, findings: findingsOf(result.error, homeOf) };
}

/** What is valid of a link, however wrong the rest: the checks across keys and links run on this. */
export type LinkFacts = z.output<typeof factsSchema>;

export function readFacts(plain: unknown): LinkFacts {
  return factsSchema.parse(plain);
}

const factsSchema = z.preprocess(
  (input) => (typeof input === 'object' && !Array.isArray(input) ? (input ?? {}) : {}),
  z.object({
    line: whenValid(line),
    local: whenValid(linkShape.local),
    remote: whenValid(linkShape.remote),
    networks: list(whenValid(remoteNetwork), '').catch([]),
    interface: whenValid(linkShape.interface),
    lcp: z.object({ asyncmap: whenValid(asyncmap) }).catch({ asyncmap: undefined }),
    restart: whenValid(
      z.object({
        quick: whenValid(restartShape.quick),
        'quick-max': whenValid(restartShape['quick-max']),
        slow: whenValid(restartShape.slow),
        'slow-max': whenValid(restartShape['slow-max']),
      }),
    ),
  }),
);

function whenValid<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}

function toLink(
  name: string,
  { interface: tun, networks, mtu, lcp, restart, ...link }: z.output<typeof linkSchema>,
): LinkConfig {
  const software = usesSoftwareFlow(link.line) ? flowControlCharacters.map(({ octet }) => octet) : [];
  return {
    ...link,
    name,
    interface: tun ?? name,
    networks: networks.map(({ network: prefix, metric }) => ({ prefix, metric })),
    mtu: mtu ?? Math.max(68, lcp.mru),
    lcp: {
      mru: lcp.mru,
      asyncmap: lcp.asyncmap ?? mapOf(software),
      magic: lcp.magic,
      pfc: lcp.pfc,
      acfc: lcp.acfc,
      restartMs: lcp.restart,
      maxConfigure: lcp['max-configure'],
      maxTerminate: lcp['max-terminate'],
      maxFailure: lcp['max-failure'],
      passive: lcp.passive,
      silent: lcp.silent,
      echoIntervalMs: lcp.echo.interval,
      echoFailures: lcp.echo.failures,
    },
    escape: lcp.escape ?? software,
    restart: {
      quickMs: restart.quick,
      quickMaxMs: restart['quick-max'] ?? Math.max(30 * second, restart.quick),
      slowMs: restart.slow,
      slowMaxMs: restart['slow-max'] ?? Math.max(300 * second, restart.slow),
      stableMs: restart.stable,
      maxAttempts: restart['max-attempts'],
    },
  };
}

/** Bit n stands for character n. RFC 1662 §7.1 */
function mapOf(octets: readonly number[]): number {
  return octets.reduce((map, octet) => (map | (1 << octet)) >>> 0, 0);
}

/** True when XON and XOFF have a meaning on the line. */
export function usesSoftwareFlow(line: LineOptions | undefined): boolean {
  return line?.kind === 'serial' && line.flow === 'xonxoff';
}

/** For the author who put a key elsewhere. */
export const homeOf: HomeOf = (key, foundIn) => {
  const homes: readonly (readonly [string, object])[] = [
    ['link', linkShape],
    ['lcp', lcpShape],
    ['echo', echoShape],
    ['restart', restartShape],
    ['networks', { metric: networkShape.metric }],
    ['line', { ...lineShapes.serial, ...lineShapes.exec }],
    ['daemon', settingsShape],
  ];
  const home = homes.find(([name, shape]) => name !== foundIn.at(-1) && Object.hasOwn(shape, key))?.[0];
  return home === 'link' ? 'the link itself' : home && code(home);
};
