/** What the tests of the network room share: values from text, and what `ip` says of a namespace. */
import assert from 'node:assert/strict';
import { parseIp4, parsePrefix, type Ip4, type Prefix } from '../../src/base/ip.js';
import type { NetOptions } from '../../src/net/options.js';
import type { LinkFacts } from '../../src/net/wanted.js';
import type { Namespace } from '../support/netns.js';

export function ip(text: string): Ip4 {
  const address = parseIp4(text);
  assert.ok(address !== undefined, text);
  return address;
}

export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

/** The options of a link that wants nothing of the system but its interface. */
export const noOptions: NetOptions = {
  networks: [],
  defaultRoute: undefined,
  proxyArp: [],
  masquerade: [],
  portForwards: [],
  mssClamp: false,
  forward: undefined,
  firewall: undefined,
  antiSpoof: false,
  unreachable: false,
};

export const facts: LinkFacts = {
  link: 'branch',
  name: 'tun0',
  mtu: 1400,
  local: ip('10.0.0.1'),
  remote: ip('10.0.0.2'),
};

/** A network behind the peer: `10.2.0.0/16 metric 50 table 7 src 192.168.1.1`. */
export function network(text: string): NetOptions['networks'][number] {
  const [first = '', ...words] = text.split(' ');
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const number = (word: string): number | undefined => (after(word) === undefined ? undefined : Number(after(word)));
  const source = after('src');
  return {
    prefix: prefix(first),
    metric: number('metric'),
    table: number('table'),
    source: source === undefined ? undefined : ip(source),
  };
}

/** Everything of IPv4 that linkd could have changed in a namespace, as text that can be compared; carriers come and go. */
export async function wholeState(namespace: Namespace): Promise<string> {
  const parts = [
    namespace.ip('-4 -o address show'),
    namespace.ip('-4 -N route show table all'),
    namespace.ip('-4 neighbour show proxy'),
    namespace.must('sh', ['-c', 'cd /proc/sys/net/ipv4/conf; grep . */forwarding */rp_filter']),
    namespace.must('nft', ['list', 'tables']),
  ];
  const lines = (await Promise.all(parts)).join('').split('\n');
  return lines
    .map((line) => line.replace(' linkdown', '').trim())
    .sort()
    .join('\n');
}

/** The value of net.ipv4.conf.IF.forwarding. */
export async function forwarding(namespace: Namespace, name: string): Promise<string> {
  return (await namespace.must('cat', [`/proc/sys/net/ipv4/conf/${name}/forwarding`])).trim();
}

export function records(json: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(json), `not a list: ${JSON.stringify(json)}`);
  return json.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}
