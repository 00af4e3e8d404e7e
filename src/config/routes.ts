/** The keys of a link that are about routes: where packets go, and who answers for whom. */
import { z } from 'zod';
import type { DefaultRoute, NeighbourProxy, NetOptions, RemoteNetwork } from '../net/options.js';
import { hostAddress, network } from './addresses.js';
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
import { right, wrong, type Reader } from './reading.js';
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
  metric: optional(metric, '0, as the kernel has it', {
    about: "The route's metric: of two routes to one network the lower one is used.",
  }),
  table: optional(routingTable, 'main (254)', { about: 'The routing table, for routing by policy (`ip rule`).' }),
  source: optional(hostAddress, "the link's, as the kernel has it", {
    about: 'The address of this machine that its own packets to the network come from.',
  }),
};

export const remoteNetwork = z
  .preprocess((input) => (typeof input === 'string' ? { network: input } : input), section(networkShape))
  .transform(({ network: prefix, metric, table, source }): RemoteNetwork => ({ prefix, metric, table, source }));

export const networks = list(remoteNetwork, 'a list of networks').prefault([]).register(keyFacts, {
  about: 'The networks behind the peer: a route to each goes through this link.',
  allowed: 'a list of networks such as 10.2.0.0/16, or of sections with `network` and what the route is to have',
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
    about: 'Send everything through this link that no other route takes.',
    allowed: defaultRouteFlag.allowed,
    default: 'false',
  });

/** Each address of a network is an entry of the kernel's: 4096 of them. */
const widestProxy = 20;

const proxyTarget: Reader<NeighbourProxy['target']> = {
  allowed: `peer, or a network behind the link of /${widestProxy} at most, such as 10.2.1.0/24`,
  read(text) {
    if (text === 'peer') return right('peer');
    if (flag.read(text).ok) return wrong(`does not say for whom; did you mean ${code('peer')}?`);
    if (nearest(text, ['peer']) !== undefined) return wrong(`is unknown; did you mean ${code('peer')}?`);
    const reading = network.read(text);
    if (!reading.ok) return reading;
    return reading.value.length < widestProxy ? wrong('has too many addresses, each an entry of the kernel') : reading;
  },
};

export const proxyArpShape = {
  target: required(proxyTarget, {
    about: "Whose place linkd takes: the peer's, or that of every address of a network.",
  }),
  interface: optional(interfaceName, 'the one whose network holds the target', {
    about: 'The LAN on which linkd answers.',
  }),
};

export const neighbourProxy = z
  .preprocess((input) => (typeof input === 'string' ? { target: input } : input), section(proxyArpShape))
  .transform(({ target, interface: lan }): NeighbourProxy => ({ target, interface: lan }));

const proxies = list(neighbourProxy, 'a list of `peer` and networks');

export const proxyArp = z
  .unknown()
  .transform((input, ctx): readonly NeighbourProxy[] => delegate(orAbsent(proxies), input, ctx) ?? [])
  .prefault([])
  .register(keyFacts, {
    about: 'Answer on a LAN for addresses behind the link, where hosts have no route to them.',
    allowed: 'a list of `peer`, networks, or sections with `target` and `interface`',
    default: '[]',
  });

const forwardAllowed = 'a list of interfaces, or off';

const otherInterface: Reader<string> = {
  allowed: interfaceName.allowed,
  read: (text) => (flag.read(text).ok ? wrong('does not say for which interfaces') : interfaceName.read(text)),
};

const interfaces = filledList(value(otherInterface), forwardAllowed);

export const forward = orAbsent(interfaces)
  .transform((given): NetOptions['forward'] => given && { interfaces: given })
  .register(keyFacts, {
    about:
      'Switch IPv4 forwarding on while the link is up, for it and for these interfaces, and back as it was afterwards.',
    allowed: forwardAllowed,
    default: 'off',
  });
