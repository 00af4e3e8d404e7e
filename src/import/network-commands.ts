/** One command of a script around pppd → what it does to the network, where that is something that linkd does by itself. */
import { posix } from 'node:path';
import { formatIp4, formatPrefix, isPrefix4, networkOf, parseIp4, parseIpPrefix, type Ip4 } from '../base/ip.js';

export type Doing =
  | {
      readonly kind: 'route';
      /** A network with its length, `default`, or `peer`. */
      readonly network: string;
      readonly gateway: string | undefined;
      readonly device: string | undefined;
      readonly metric: string | undefined;
      readonly table: string | undefined;
      readonly source: string | undefined;
    }
  | { readonly kind: 'masquerade'; readonly out: string | undefined; readonly from: string | undefined }
  | { readonly kind: 'port-forward'; readonly on: string | undefined; readonly text: string }
  | { readonly kind: 'clamp' }
  | { readonly kind: 'forwarding' }
  | { readonly kind: 'proxy-arp'; readonly target: string; readonly device: string }
  /** Sends the mail that waits; `command` has an absolute path. */
  | { readonly kind: 'mail'; readonly command: readonly string[] }
  /** Takes back what another command has done. */
  | { readonly kind: 'undo' }
  /** Nothing of what a link is about. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'firewall' }
  | { readonly kind: 'unknown' };

/** `writesTo`: the files that its output goes to. */
export function understand(words: readonly string[], writesTo: readonly string[]): Doing {
  const [first = '', ...rest] = words;
  const program = posix.basename(first);
  if (program === 'echo' && writesTo.includes('/proc/sys/net/ipv4/ip_forward')) return switched(rest[0]);
  if (program === 'exec' && rest.length > 0) return understand(rest, writesTo);
  const special = programs.get(program);
  if (special !== undefined) return special(rest, first);
  return idle.includes(program) ? nothing : unknown;
}

/** What stands for the link's own interface and for the peer's address in words, where they are asked for by a variable. */
export const ownInterface = '\u0001interface';
export const peerAddress = '\u0001remote';

/** The network of a route to the peer itself. */
export const hostRoute = 'peer';

const unknown: Doing = { kind: 'unknown' };
const undo: Doing = { kind: 'undo' };

const nothing: Doing = { kind: 'nothing' };

/** What a script can do without any effect on the link; other scripts that it runs are read on their own. */
const idle: readonly string[] = [
  ...['', ':', '[', '[[', 'break', 'cat', 'cd', 'date', 'depmod', 'echo', 'exec', 'exit', 'export', 'insmod', 'kill'],
  ...[
    'local',
    'logger',
    'modprobe',
    'printf',
    'readonly',
    'return',
    'rm',
    'run-parts',
    'set',
    'shift',
    'sleep',
    'test',
  ],
  ...['touch', 'true', 'umask', 'unset', 'wait', 'ip-up.local', 'ip-down.local', 'ip-pre-up.local'],
];

type Reading = (args: readonly string[], path: string) => Doing;

const programs: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ['route', oldRoute],
  ['ip', ipCommand],
  ['iptables', filter],
  ['ipchains', oldFilter],
  [
    'sysctl',
    (args) =>
      args.some((arg) => /^net[./]ipv4[./]ip_forward=/.test(arg)) ? switched(args.at(-1)?.split('=')[1]) : unknown,
  ],
  ['sendmail', (args, path) => (args.some((arg) => arg.startsWith('-q')) ? mail(path, args) : unknown)],
  ['exim', (args, path) => (args.some((arg) => arg.startsWith('-q')) ? mail(path, args) : unknown)],
  ['exim4', (args, path) => (args.some((arg) => arg.startsWith('-q')) ? mail(path, args) : unknown)],
  ['postqueue', (args, path) => (args.includes('-f') ? mail(path, args) : unknown)],
  ['postfix', (args, path) => (args.includes('flush') ? mail(path, args) : unknown)],
]);

function mail(path: string, args: readonly string[]): Doing {
  return { kind: 'mail', command: [path.startsWith('/') ? path : `/usr/sbin/${path}`, ...args] };
}

function switched(value: string | undefined): Doing {
  if (value === '0') return undo;
  return value === '1' ? { kind: 'forwarding' } : unknown;
}

/** `route add -net 10.2.0.0 netmask 255.255.0.0 gw 10.0.0.2 metric 1 dev ppp0` */
function oldRoute(args: readonly string[]): Doing {
  const words = args.filter((arg) => !/^-(?:n|v|A|4)$|^inet$/.test(arg));
  if (words[0] === 'del') return undo;
  if (words[0] !== 'add') return words.length === 0 ? nothing : unknown;
  let target: string | undefined;
  let mask: string | undefined;
  let isHost = false;
  const found = new Map<string, string>();
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-host') isHost = true;
    else if (word === '-net') isHost = false;
    else if (word === 'netmask') mask = words[++at];
    else if (['gw', 'dev', 'metric', 'mss', 'window', 'irtt'].includes(word)) found.set(word, words[++at] ?? '');
    else if (target === undefined) target = word;
    else found.set('dev', word);
  }
  const isNet = words.includes('-net');
  const network = target === undefined ? undefined : networkText(target, mask, isHost || !isNet);
  return network === undefined ? unknown : route(network, found.get('gw'), found.get('dev'), found.get('metric'));
}

function route(network: string, gateway?: string, device?: string, metric?: string, more?: Map<string, string>): Doing {
  const source = more?.get('src');
  return {
    kind: 'route',
    network,
    gateway,
    device,
    metric: metric === '0' ? undefined : metric,
    table: more?.get('table'),
    source,
  };
}

/** `isHost`: an address without a mask is a host's; else its class says how long the network is, as route(8) has it. */
function networkText(target: string, mask: string | undefined, isHost: boolean): string | undefined {
  if (target === peerAddress) return hostRoute;
  if (target === 'default' || (target === '0.0.0.0' && !isHost)) return 'default';
  const prefix = parseIpPrefix(target);
  if (target.includes('/')) return prefix === undefined ? undefined : formatPrefix(networkOf(prefix));
  const padded =
    /^\d+(?:\.\d+){0,2}$/.test(target) && !isHost ? `${target}${'.0'.repeat(4 - target.split('.').length)}` : target;
  const address = parseIp4(padded);
  if (address === undefined) return prefix !== undefined && !isPrefix4(prefix) ? formatPrefix(prefix) : undefined;
  const length = mask === undefined ? (isHost ? 32 : classLength(address)) : maskLength(mask);
  if (length === undefined) return undefined;
  return length === 0 ? 'default' : formatPrefix(networkOf({ address, length }));
}

function classLength(address: Ip4): number {
  const first = address >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

/** 255.255.0.0 → 16; undefined where it is no mask. */
export function maskLength(text: string): number | undefined {
  const mask = parseIp4(text);
  if (mask === undefined) return undefined;
  const length = Math.clz32(~mask);
  return formatIp4(mask) === formatIp4(length === 0 ? 0 : (-1 << (32 - length)) >>> 0) ? length : undefined;
}

/** `ip route add 10.2.0.0/16 via 10.0.0.2 dev ppp0 metric 5`, `ip neigh add proxy 10.0.0.2 dev eth0` */
function ipCommand(args: readonly string[]): Doing {
  const [object = '', action = '', ...words] = args.filter((arg) => !/^-(?:4|6|family|inet6?)$/.test(arg));
  if (/^(?:del|delete|flush)$/.test(action)) return undo;
  const keys = pairs(words);
  const device = keys.get('dev');
  if (/^n(?:eigh)?/.test(object) && action === 'add' && device !== undefined) {
    const target = keys.get('proxy');
    return target === undefined ? unknown : { kind: 'proxy-arp', target, device };
  }
  if (!/^r(?:oute)?$|^ro$/.test(object) || !/^(?:add|append|replace|change|a)$/.test(action)) return unknown;
  const plain = words[0] === 'to' ? words.slice(1) : words;
  const target = plain[0] === undefined ? undefined : networkText(plain[0], undefined, true);
  return target === undefined ? unknown : route(target, keys.get('via'), device, keys.get('metric'), keys);
}

function pairs(words: readonly string[]): Map<string, string> {
  return new Map(words.flatMap((word, i): [string, string][] => [[word, words[i + 1] ?? '']]));
}

function filter(args: readonly string[]): Doing {
  const keys = pairs(args);
  const value = (...names: readonly string[]): string | undefined =>
    names.map((name) => keys.get(name)).find((found) => found !== undefined);
  if (value('-D', '--delete') !== undefined) return undo;
  const chain = value('-A', '-I', '--append', '--insert');
  const target = value('-j', '--jump');
  if (args.includes('!')) return { kind: 'firewall' };
  if (chain === 'POSTROUTING' && (target === 'MASQUERADE' || target === 'SNAT'))
    return { kind: 'masquerade', out: value('-o', '--out-interface'), from: value('-s', '--source') };
  if (target === 'TCPMSS') return { kind: 'clamp' };
  const port = value('--dport', '--destination-port');
  const to = value('--to', '--to-destination');
  const protocol = value('-p', '--proto', '--protocol');
  if (chain === 'PREROUTING' && target === 'DNAT' && port !== undefined && to !== undefined && protocol !== undefined)
    return { kind: 'port-forward', on: value('-i', '--in-interface'), text: `${protocol} ${port} to ${to}` };
  return { kind: 'firewall' };
}

/** `ipchains -A forward -s 10.1.0.0/16 -i ppp0 -j MASQ`: there, `-i` of this chain is where packets leave. */
function oldFilter(args: readonly string[]): Doing {
  const keys = pairs(args);
  if (keys.has('-D')) return undo;
  if (keys.get('-A') !== 'forward' || keys.get('-j') !== 'MASQ') return { kind: 'firewall' };
  return { kind: 'masquerade', out: keys.get('-i'), from: keys.get('-s') };
}
