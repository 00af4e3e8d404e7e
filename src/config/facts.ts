/** What is valid of a link, however wrong the rest: the checks across keys and links run on this. */
import { z } from 'zod';
import { portForward, firewall, masqueraded } from './filters.js';
import { answer } from './answer.js';
import { auth } from './auth.js';
import { compression } from './compression.js';
import { dial } from './dial.js';
import { hooks } from './hooks.js';
import { list } from './keys.js';
import { addressIn, ipcp, poolIn } from './ipcp.js';
import { asyncmap, lcpShape } from './lcp.js';
import { line, oneOfLines } from './lines.js';
import { multilink } from './multilink.js';
import { quota, track } from './oversight.js';
import { arpProxy, defaultRoute, forward, ndpProxy, remoteNetwork } from './routes.js';
import { linkShape, restartShape } from './schema.js';
import { when } from './when.js';

/** Undefined is what isn't there, or isn't valid. */
export type LinkFacts = z.output<typeof factsSchema>;

/** Reads the plain value of one link; never throws. */
export function readFacts(plain: unknown): LinkFacts {
  return factsSchema.parse(plain);
}

const factsSchema = z.preprocess(
  (input): object => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return {};
    const written = 'remote' in input ? input.remote : undefined;
    const hasDefaultRoute = 'default-route' in input ? input['default-route'] : undefined;
    const local = 'local' in input ? input.local : undefined;
    return { ...input, pool: written, hasDefaultRoute, unsettled: { local, remote: written } };
  },
  z.object({
    line: whenValid(line),
    lines: eachWhenValid(oneOfLines),
    multilink: whenValid(multilink),
    local: whenValid(linkShape.local).transform(addressIn),
    remote: whenValid(linkShape.remote).transform(addressIn),
    /** Of `remote`. */
    pool: whenValid(linkShape.remote).transform(poolIn),
    /** Which of the addresses are told by somebody else, later. */
    unsettled: z
      .object({ local: whenValid(linkShape.local), remote: whenValid(linkShape.remote) })
      .transform(({ local, remote }) => ({ local: local === 0, remote: remote === 0 || typeof remote === 'object' }))
      .catch({ local: false, remote: false }),
    ipcp: whenValid(ipcp),
    when: whenValid(when),
    dial: whenValid(dial),
    answer: whenValid(answer),
    auth: whenValid(auth),
    /** Absent is the default, which encrypts nothing. */
    compression: whenValid(compression),
    ipv4: whenValid(linkShape.ipv4),
    ipv6: whenValid(linkShape.ipv6),
    mtu: whenValid(linkShape.mtu),
    local6: whenValid(linkShape.local6),
    remote6: whenValid(linkShape.remote6),
    networks: eachWhenValid(remoteNetwork),
    'default-route': whenValid(defaultRoute),
    /** A default route that isn't valid was meant to be one. */
    hasDefaultRoute: defaultRoute.transform((route) => route !== undefined).catch(true),
    interface: whenValid(linkShape.interface),
    lcp: z
      .object({ asyncmap: whenValid(asyncmap), mru: whenValid(lcpShape.mru) })
      .catch({ asyncmap: undefined, mru: undefined }),
    restart: whenValid(
      z.object({
        quick: whenValid(restartShape.quick),
        'quick-max': whenValid(restartShape['quick-max']),
        slow: whenValid(restartShape.slow),
        'slow-max': whenValid(restartShape['slow-max']),
      }),
    ),
    'proxy-arp': eachWhenValid(arpProxy),
    'proxy-ndp': eachWhenValid(ndpProxy),
    masquerade: eachWhenValid(masqueraded),
    'port-forwards': eachWhenValid(portForward),
    forward: whenValid(forward),
    firewall: whenValid(firewall),
    hooks: whenValid(hooks),
    track: whenValid(track),
    quota: whenValid(quota),
    steer: eachWhenValid(z.string()),
  }),
);

function whenValid<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}

/** What is no list at all counts as a list of something that isn't valid. */
function eachWhenValid<Schema extends z.ZodType>(item: Schema) {
  return list(whenValid(item), '').catch([undefined]);
}
