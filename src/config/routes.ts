/** The keys of a link that are about routes: where packets go, and who answers for whom. */
import { z } from 'zod';
import type { DefaultRoute, NeighbourProxy, NetOptions, RemoteNetwork } from '../net/options.js';
import { familyOf, formatPrefix, type IpPrefix } from '../base/ip.js';
import { anyHostAddress, network, network4, network6 } from './addresses.js';
import {
  defaulted,
  delegate,
  filledList,
  keyFacts,
  list,
  optional,
  orAbsent,
  required,
  section,
  value,
} from './keys.js';
import { right, wrong, type Reader, type Reading } from './reading.js';
import { code, nearest } from './text.js';
import { flag, integer, interfaceName } from './values.js';

/** The kernel takes two more; linkd's own unreachable routes are behind all others. */
export const highestMetric = 4_294_967_293;

const metric = integer(0, highestMetric);

/** The kernel's table of its own addresses. */
const localTable = 255;

const routingTable: Reader<number> = {
  allowed: `the number of a routing table, 1 to 4294967295 except ${localTable}`,
  read(text) {
    const reading = integer(1, 4_294_967_295).read(text);
    return reading.ok && reading.value === localTable ? wrong('is the table of the local addresses') : reading;
  },
};

export const networkShape = {
  network: required(network, { about: 'The network; a lone address is a network of one.' }),
  metric: optional(metric, '0, and for IPv6 1024, as the kernel has it', {
    about: "The route's metric: of two routes to one network the lower one is used.",
  }),
  table: optional(routingTable, 'main (254)', { about: 'The routing table, for routing by policy (`ip rule`).' }),
  source: optional(anyHostAddress, "the link's, as the kernel has it", {
    about: 'The address of this machine that its own packets to the network come from.',
  }),
};

export const remoteNetwork = z
  .preprocess((input) => (typeof input === 'string' ? { network: input } : input), section(networkShape))
  .transform(({ network: prefix, metric, table, source }, ctx): RemoteNetwork => {
    if (source !== undefined && (typeof source === 'number') !== (familyOf(prefix) === 4)) {
      const message = `is of another family than ${code(formatPrefix(prefix))}`;
      ctx.addIssue({ code: 'custom', path: ['source'], message });
    }
    return { prefix, metric, table, source };
  });

export const networks = list(remoteNetwork, 'a list of networks').prefault([]).register(keyFacts, {
  about: 'The networks behind the peer: a route to each goes through this link.',
  allowed:
    'a list of networks such as 10.2.0.0/16 and 2001:db8:2::/48, or of sections with `network` and what the route is to have',
  default: '[]',
});

export const defaultRouteShape = {
  metric: defaulted(metric, '0', { about: 'The metric of the route: of two default routes the lower one is used.' }),
  supersede: defaulted(flag, 'false', {
    about:
      'What to do about a default route of someone else that would win: leave it and say so, or (`true`) move it to a higher metric while the link is up, and back afterwards.',
  }),
};

const defaultRouteSection = section(defaultRouteShape);

const defaultRouteFlag: Reader<boolean> = {
  ...flag,
  allowed: 'true, false, or a section with `metric` and `supersede`',
};

/** `default-route: on` is short for an empty section. Nothing at all is none: nobody takes this route by accident. */
export const defaultRoute = z
  .unknown()
  .transform((input, ctx): DefaultRoute | undefined => {
    const isSection = typeof input === 'object' && input !== null && !Array.isArray(input);
    if (isSection) return delegate(defaultRouteSection, input, ctx);
    return delegate(value(defaultRouteFlag), input, ctx) ? { metric: 0, supersede: false } : undefined;
  })
  .optional()
  .register(keyFacts, {
    about:
      'Send everything through this link that no other route takes: of IPv4, and of IPv6 where the link carries it.',
    allowed: defaultRouteFlag.allowed,
    default: 'false',
  });

/** `widest` bounds it to 4096 addresses: each is an entry of the kernel's. */
function proxyTarget<Network extends IpPrefix>(reader: Reader<Network>, example: string, widest: number) {
  return {
    allowed: `peer, or a network behind the link of /${widest} at most, such as ${example}`,
    read(text: string): Reading<'peer' | Network> {
      if (text === 'peer') return right('peer');
      if (flag.read(text).ok) return wrong(`does not say for whom; did you mean ${code('peer')}?`);
      if (nearest(text, ['peer']) !== undefined) return wrong(`is unknown; did you mean ${code('peer')}?`);
      const reading = reader.read(text);
      if (!reading.ok) return reading;
      return reading.value.length < widest ? wrong('has too many addresses, each an entry of the kernel') : reading;
    },
  };
}

function proxyShape(target: Reader<NeighbourProxy['target']>) {
  return {
    target: required(target, {
      about: "Whose place linkd takes: the peer's, or that of every address of a network.",
    }),
    interface: optional(interfaceName, 'the one whose network holds the target', {
      about: 'The LAN on which linkd answers.',
    }),
  };
}

function proxyEntry(shape: ReturnType<typeof proxyShape>) {
  return z
    .preprocess((input) => (typeof input === 'string' ? { target: input } : input), section(shape))
    .transform(({ target, interface: lan }): NeighbourProxy => ({ target, interface: lan }));
}

function proxyList(entry: ReturnType<typeof proxyEntry>, about: string) {
  const proxies = list(entry, 'a list of `peer` and networks');
  return z
    .unknown()
    .transform((input, ctx): readonly NeighbourProxy[] => delegate(orAbsent(proxies), input, ctx) ?? [])
    .prefault([])
    .register(keyFacts, {
      about,
      allowed: 'a list of `peer`, networks, or sections with `target` and `interface`',
      default: '[]',
    });
}

export const proxyArpShape = proxyShape(proxyTarget(network4, '10.2.1.0/24', 20));
export const arpProxy = proxyEntry(proxyArpShape);
export const proxyArp = proxyList(
  arpProxy,
  'Answer on a LAN for addresses behind the link, where hosts have no route to them.',
);

export const proxyNdpShape = proxyShape(proxyTarget(network6, '2001:db8:1::40/124', 116));
export const ndpProxy = proxyEntry(proxyNdpShape);
export const proxyNdp = proxyList(ndpProxy, 'The same for IPv6; `peer` is the address of `remote6`.');

const forwardAllowed = 'a list of interfaces, or off';

const otherInterface: Reader<string> = {
  allowed: interfaceName.allowed,
  read: (text) => (flag.read(text).ok ? wrong('does not say for which interfaces') : interfaceName.read(text)),
};

const interfaces = filledList(value(otherInterface), forwardAllowed);

export const forward = orAbsent(interfaces)
  .transform((given): NetOptions['forward'] => given && { interfaces: given })
  .register(keyFacts, {
    about: 'Switch forwarding on while the link is up, for it and for these interfaces, and back as it was afterwards.',
    allowed: forwardAllowed,
    default: 'off',
  });
