/** The keys of `queue`: which packets go first on a full line, and which go last. */
import { z } from 'zod';
import { parseAllowRule } from '../net/nft/allow.js';
import type { Service } from '../net/options.js';
import type { PacketMatch, QueueOptions } from '../queue/options.js';
import { dscpNames, parseDscp } from './dscp.js';
import { defaulted, keyFacts, list, optional, orAbsent, partOf, section } from './keys.js';
import { wrong, type Reader } from './reading.js';
import { listed, show, withAllowed } from './text.js';
import { flag, percentage } from './values.js';

const words = 'words such as `dscp ef`, `ssh`, `udp 5060-5061`, `icmp`';

/** `dscp ef, cs6`, or services in the words of `net/nft/allow.ts`. */
const match = z.string({ error: withAllowed('is no word', words) }).transform((text, ctx): readonly PacketMatch[] => {
  const refuse = (message: string, at: number): never => {
    ctx.addIssue({ code: 'custom', message, ...partOf(at) });
    return z.NEVER;
  };
  const [, codes] = /^dscp\s+(.*)$/i.exec(text) ?? [];
  if (codes !== undefined) {
    const values = codes.split(',').map((code) => parseDscp(code.trim()));
    const known = values.flatMap((dscp) => (dscp === undefined ? [] : [{ kind: 'dscp', dscp } as const]));
    if (known.length === values.length) return known;
    return refuse(
      withAllowed(`${show(codes)} is no DSCP`, `0 to 63, ${listed(dscpNames)}`),
      text.length - codes.length,
    );
  }
  const result = parseAllowRule(text);
  if (!result.ok) return refuse(result.message, result.at);
  const { services, from, to } = result.rule;
  if (from.length + to.length > 0) return refuse('classes know no `from` and no `to`: leave them out', 0);
  if (services.length === 0) return refuse(withAllowed('would be all packets', words), 0);
  return services.flatMap(matchesOf);
});

/** From 1% to 99%: neither of two may have all of the line. */
const share: Reader<number> = {
  allowed: '1% to 99%',
  read(text) {
    const reading = percentage.read(text);
    return reading.ok && reading.value > 0.99 ? wrong('would leave nothing') : reading;
  },
};

export const classShape = {
  match: list(match, `a list of ${words}`)
    .prefault([])
    .register(keyFacts, {
      about:
        'What the packets are like: `dscp` and names or numbers (RFC 2474), or services as `allow` of the firewall has them, whose port may be at either end. DSCP goes before services, and `interactive` before `bulk`.',
      allowed: `a list of ${words}`,
      default: '[]',
    }),
  share: optional(share, '50% of `interactive`, 10% of `bulk`', {
    about:
      'Of `interactive`: up to this part of a full line they go first. Of `bulk`: this part of what the interactive ones leave is theirs at least.',
  }),
};

const allowed = 'a section, or a list as its `match`';

/** A list alone is the section's `match`. */
function packetClass(usualShare: number, about: string) {
  const read = section(classShape).transform(({ match, share = usualShare }) => ({ match: match.flat(), share }));
  return z
    .preprocess((input) => (typeof input === 'string' || Array.isArray(input) ? { match: input } : input), read)
    .prefault({})
    .register(keyFacts, { about, allowed, default: 'no packets' });
}

export const queueShape = {
  interactive: packetClass(0.5, 'Packets that go before all others.'),
  bulk: packetClass(0.1, 'Packets that go when no others wait.'),
  ecn: defaulted(flag, 'true', {
    about: 'Tell senders that understand it to slow down, by a mark in place of a dropped packet.',
    rfc: 'RFC 3168',
  }),
};

/** Undefined where it isn't written. */
export const queue = orAbsent<QueueOptions>(section(queueShape)).register(keyFacts, {
  about: 'Which packets matter more on a full line, see “Queue”.',
  allowed: 'a section, or off',
  default: 'off',
});

function matchesOf(service: Service): readonly PacketMatch[] {
  switch (service.protocol) {
    case 'tcp':
    case 'udp': {
      const protocol = service.protocol === 'tcp' ? 6 : 17;
      if (service.ports.length === 0) return [{ kind: 'protocol', protocol }];
      return service.ports.map(({ first, last }) => ({ kind: 'ports', protocol, first, last }));
    }
    case 'icmp':
    case 'ping':
      // Of both families: classes don't look at ICMP's types.
      return [1, 58].map((protocol) => ({ kind: 'protocol', protocol }));
    default:
      return [{ kind: 'protocol', protocol: service.protocol }];
  }
}
