/** The keys of IPv4 on a link: both addresses and where they come from, and `ipcp`, what IPCP agrees on besides. */
import { z } from 'zod';
import type { Ip4 } from '../base/ip.js';
import type { IpcpOptions } from '../ppp/options.js';
import { hostAddress, network4 } from './addresses.js';
import { defaulted, delegate, keyFacts, list, orAbsent, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import type { Ipv4Options, RemoteSource } from './types.js';
import { isOff, flag, integer, linkName } from './values.js';

/** In place of an address that the peer tells. */
const fromPeer: Ip4 = 0;

const orFromPeer: Reader<Ip4> = {
  allowed: `${hostAddress.allowed}, or from-peer`,
  read: (text) => (text === 'from-peer' ? right(fromPeer) : hostAddress.read(text)),
};

const hostName: Reader<string> = {
  allowed: 'the name of a host, such as branch.example.org',
  read: (text) =>
    text.length <= 253 && /^[a-z](?:[\w-]{0,62})(?:\.[a-z0-9_][\w-]{0,62})*\.?$/i.test(text)
      ? right(text)
      : wrong('is not the name of a host'),
};

/** 0 where the peer tells it. */
export const local = defaulted(orFromPeer, 'from-peer', {
  about: 'Our address on the link; `from-peer` takes what the peer gives.',
  rfc: 'RFC 1332 §3.3',
});

export const remoteShape = {
  pool: value(linkName).optional().register(keyFacts, {
    about: 'An address of this pool, see “Pools”.',
    allowed: 'the name of a pool',
    default: '',
  }),
  host: value(hostName).optional().register(keyFacts, {
    about: 'The address of a host, by its name, which is resolved anew for each session.',
    allowed: hostName.allowed,
    default: '',
  }),
};

const oneSource = 'the key `pool` or the key `host`';
const remoteSection = section(remoteShape).transform(({ pool, host }, ctx): RemoteValue => {
  if (pool !== undefined && host === undefined) return { pool };
  if (host !== undefined && pool === undefined) return { host };
  ctx.addIssue({ code: 'custom', message: `names none of them, or more than one; allowed: ${oneSource}` });
  return z.NEVER;
});

const remoteReader: Reader<Ip4> = {
  ...orFromPeer,
  allowed: `${hostAddress.allowed}, from-peer, {pool: NAME}, or {host: NAME}`,
};
const remoteAddress = value(remoteReader);

export type RemoteValue = { readonly pool: string } | { readonly host: string };

/** A number is the address, 0 where the peer tells it. */
export const remote = z
  .unknown()
  .transform((input, ctx): Ip4 | RemoteValue =>
    typeof input === 'object' && input !== null && !Array.isArray(input)
      ? delegate(remoteSection, input, ctx)
      : delegate(remoteAddress, input, ctx),
  )
  .optional()
  .register(keyFacts, {
    about:
      "The peer's address on the link, the only one that it may claim; `from-peer` takes its own, `{pool: NAME}` and `{host: NAME}` see below.",
    allowed: remoteReader.allowed,
    default: 'none; required unless `ipv4` is off',
    rfc: 'RFC 1332 §3.3',
  });

const ranges = (about: string, otherwise: string) =>
  z
    .preprocess(
      (input) => (input === 'any' ? ['0.0.0.0/0'] : input),
      list(value(network4), 'a list of networks, or any'),
    )
    .prefault([])
    .register(keyFacts, { about, allowed: 'a list of networks, or any', default: otherwise, rfc: 'RFC 1332 §3.3' });

export const serversShape = {
  ask: defaulted(flag, 'false', { about: 'Ask the peer for its name servers.' }),
  offer: list(value(hostAddress), 'a list of two addresses at most')
    .pipe(
      z.array(z.number()).max(2, { error: 'has more than two addresses; IPCP knows a primary and a secondary one' }),
    )
    .prefault([])
    .register(keyFacts, {
      about: 'What the peer is told when it asks, the preferred one first.',
      allowed: 'a list of two addresses at most',
      default: '[]',
    }),
};

const serversSection = section(serversShape);

/** `dns: on` is short for `dns: {ask: on}`. */
const servers = (about: string) =>
  z
    .preprocess((input) => (typeof input === 'string' ? { ask: input } : input), serversSection)
    .prefault({})
    .register(keyFacts, { about, allowed: 'a section, or on or off: whether to ask', default: 'off', rfc: 'RFC 1877' });

export const vjShape = {
  slots: defaulted(integer(1, 256), '16', {
    about: 'How many connections at a time the peer may send with compressed headers.',
    rfc: 'RFC 1332 §4.1',
  }),
  'slot-compression': defaulted(flag, 'true', {
    about: 'The peer may leave out the number of the slot where it is that of the packet before.',
    rfc: 'RFC 1332 §4.1',
  }),
};

const vj = orAbsent(
  z
    .preprocess((input) => (isOn(input) ? {} : input), section(vjShape))
    .transform(({ slots, 'slot-compression': slotCompression }): IpcpOptions['vj'] => ({ slots, slotCompression })),
)
  .prefault('on')
  .register(keyFacts, {
    about: "Compress the headers of TCP by Van Jacobson's method, where the peer agrees.",
    allowed: 'on, off, or a section',
    default: 'on',
    rfc: 'RFC 1144, RFC 1332 §4',
  });

export const ipcpShape = {
  'accept-local': ranges(
    'What we take as our address besides `local`, when the peer wants it so.',
    '[], and any where `local` is from-peer',
  ),
  'accept-remote': ranges('What the peer may claim besides `remote`.', '[], and any where `remote` is from-peer'),
  dns: servers('DNS servers, asked for and handed out.'),
  wins: servers('NetBIOS name servers, asked for and handed out.'),
  vj,
};

export const ipcp = section(ipcpShape)
  .prefault({})
  .register(keyFacts, { about: 'What IPv4 agrees on besides the addresses, see “IPv4”.', allowed: 'a section' });

export const ipv4 = defaulted(flag, 'true', { about: 'Carry IPv4.', rfc: 'RFC 1332' });

function isOn(input: unknown): boolean {
  return input === null || (typeof input === 'string' && !isOff(input) && flag.read(input).ok);
}

/** The address, where the config has one. */
export function addressIn(written: Ip4 | RemoteValue | undefined): Ip4 | undefined {
  return typeof written === 'number' && written !== fromPeer ? written : undefined;
}

/** The pool that the peer's address is of; its addresses are put in when all files are read. */
export function poolIn(written: Ip4 | RemoteValue | undefined): string | undefined {
  return typeof written === 'object' && 'pool' in written ? written.pool : undefined;
}

/** What the link is told of IPv4. */
export function ipv4Options(remoteWritten: Ip4 | RemoteValue | undefined, options: z.output<typeof ipcp>): Ipv4Options {
  const { 'accept-local': acceptLocal, 'accept-remote': acceptRemote, dns, wins, vj } = options;
  return { acceptLocal, acceptRemote, dns, wins, vj, remoteFrom: sourceOf(remoteWritten) };
}

function sourceOf(written: Ip4 | RemoteValue | undefined): RemoteSource | undefined {
  if (typeof written !== 'object') return undefined;
  if ('host' in written) return { kind: 'host', host: written.host };
  return { kind: 'pool', pool: { name: written.pool, ranges: [] } };
}
