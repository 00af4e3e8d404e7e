/** What the monitor listens for, from what the links want. Pure. */
import { formatPrefix } from '../base/ip.js';
import { neighboursOf, type Wish } from './machine.js';
import type { Interests } from './monitor.js';
import type { Observed } from './observed.js';
import type { Operation } from './operation.js';

/** `blocked` are the routes that were refused: they may be in when what is in their way goes. */
export function interestsOf(wishes: readonly Wish[], blocked: readonly Operation[], observed: Observed): Interests {
  const up = wishes.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted]));
  const names = new Set([...wishes.map(({ outlasting }) => outlasting.name), ...neighboursOf(wishes)]);
  const withProxies = new Set(observed.proxies.filter(({ ours }) => ours).map(({ index }) => index));
  const named = observed.interfaces.filter(({ name }) => names.has(name)).map(({ index }) => index);
  return {
    names,
    indexes: new Set([...named, ...withProxies]),
    defaults: up.some(({ defaultRoute }) => defaultRoute !== undefined),
    blocked: new Set(blocked.flatMap((one) => ('prefix' in one ? [formatPrefix(one.prefix)] : []))),
    proxies: up.some(({ proxies = [] }) => proxies.length > 0),
    filter: wishes.some(({ outlasting }) => outlasting.filter !== undefined),
  };
}
