/**
 * The schema of a link: every key with its default, range and meaning. docs/configuration.md is checked against it by a test.
 * What can only be judged across keys, links or files is in `checks.ts`.
 */
import { z } from 'zod';
import type { LineOptions } from '../line/options.js';
import { chatShape } from './chat.js';
import { answer, answerOptions, answerShape, callerPauses, promptShape } from './answer.js';
import { ccpOptions, compression, compressionShape } from './compression.js';
import { auth, authShape, secretFilesShape, secretShape } from './auth.js';
import { hostAddress6 } from './addresses.js';
import {
  firewall,
  firewallShape,
  masquerade,
  masqueradeShape,
  mssClamp,
  portForwards,
  portForwardShape,
} from './filters.js';
import { hooks, hookShape, hooksShape } from './hooks.js';
import {
  addressIn,
  ipcp,
  ipcpShape,
  ipv4,
  ipv4Options,
  local,
  remote,
  remoteShape,
  serversShape,
  vjShape,
} from './ipcp.js';
import { ipv6, ipv6Shape, wantsIp6 } from './ipv6.js';
import { chatFileShape, dial, dialShape, loginShape, menuShape, redialShape } from './dial.js';
import { defaulted, findingsOf, keyFacts, optional, section, type Finding, type HomeOf } from './keys.js';
import { echoShape, lcp, lcpShape, lqrShape, mapOf } from './lcp.js';
import { line, lines, lineShapes } from './lines.js';
import { multilink, multilinkOf, multilinkShape } from './multilink.js';
import { actionShape, quota, quotaShape, steer, track, trackShape } from './oversight.js';
import {
  defaultRoute,
  defaultRouteShape,
  forward,
  networks,
  networkShape,
  proxyArp,
  proxyArpShape,
  proxyNdp,
  proxyNdpShape,
} from './routes.js';
import { classShape, queue, queueShape } from './queue.js';
import { resolver } from './resolver.js';
import { settingsShape } from './settings.js';
import { code } from './text.js';
import type { LinkConfig } from './types.js';
import { duration, flag, integer, interfaceName, orOff } from './values.js';
import { when, whenShape, whileDownShape } from './when.js';

const second = 1000;
const hour = 3600 * second;

/** Software flow control takes them out of the line. */
export const flowControlCharacters = [
  { name: 'XON', octet: 0x11 },
  { name: 'XOFF', octet: 0x13 },
] as const;

export const restartShape = {
  quick: defaulted(duration(10, hour), '1s', {
    about:
      'The first pause after a cause that passes quickly (a cable pulled, a carrier lost) came back; the very first retry is at once. Also how often a missing or busy device is looked for, and the longest pause while the peer of a line without calls is silent.',
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

const restart = section(restartShape)
  .prefault({})
  .register(keyFacts, { about: 'When to try again, see “Restart”.', allowed: 'a section' });

export const linkShape = {
  line,
  lines,
  local,
  remote,
  ipv4,
  ipcp,
  ipv6,
  local6: optional(hostAddress6, 'none but that of the link itself, fe80::…', {
    about: 'Our global IPv6 address on the link, where it carries IPv6; together with `remote6`.',
  }),
  remote6: optional(hostAddress6, 'none but that of the link itself, fe80::…', {
    about: "The peer's global IPv6 address on the link.",
  }),
  networks,
  'default-route': defaultRoute,
  mtu: optional(integer(68, 16384), '`lcp.mru` (with Multilink `multilink.mrru`), but at least 68', {
    about: "The largest IP packet we send, in octets, however large the peer's MRU.",
  }),
  interface: optional(interfaceName, "the link's name", { about: 'The name of the TUN interface.' }),
  autostart: defaulted(flag, 'true', { about: 'Start with linkd; otherwise wait for `linkctl up`.' }),
  when,
  dial,
  answer,
  lcp,
  auth,
  compression,
  multilink,
  queue,
  restart,
  'proxy-arp': proxyArp,
  'proxy-ndp': proxyNdp,
  masquerade,
  'port-forwards': portForwards,
  'mss-clamp': mssClamp,
  forward,
  firewall,
  'anti-spoof': optional(flag, '`true` where there is a `firewall`', {
    about: 'Let packets from the link pass only when they come from the peer or a network behind it.',
  }),
  resolver,
  unreachable: defaulted(flag, 'true', {
    about: 'While the link is down its networks are unreachable, lest private traffic leaks to the default route.',
  }),
  hooks,
  track,
  quota,
  steer,
};

const linkSchema = section(linkShape);

const noIdentifiers = { local: undefined, remote: undefined };

/** Every section of the format by the name that the documentation gives it. */
export const sections: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  daemon: settingsShape,
  link: linkShape,
  networks: networkShape,
  'default-route': defaultRouteShape,
  remote: remoteShape,
  ipcp: ipcpShape,
  dns: serversShape,
  vj: vjShape,
  ipv6: ipv6Shape,
  lcp: lcpShape,
  echo: echoShape,
  lqr: lqrShape,
  auth: authShape,
  compression: compressionShape,
  multilink: multilinkShape,
  queue: queueShape,
  'queue class': classShape,
  secret: secretShape,
  secrets: secretFilesShape,
  dial: dialShape,
  redial: redialShape,
  login: loginShape,
  menu: menuShape,
  chat: chatShape,
  'chat file': chatFileShape,
  answer: answerShape,
  'login prompt': promptShape,
  when: whenShape,
  'while-down': whileDownShape,
  restart: restartShape,
  'proxy-arp': proxyArpShape,
  'proxy-ndp': proxyNdpShape,
  masquerade: masqueradeShape,
  'port-forwards': portForwardShape,
  firewall: firewallShape,
  hooks: hooksShape,
  hook: hookShape,
  track: trackShape,
  'track action': actionShape,
  quota: quotaShape,
  ...Object.fromEntries(Object.entries(lineShapes).map(([kind, shape]) => [`line ${kind}`, shape])),
};

export type LinkReading =
  { readonly ok: true; readonly link: LinkConfig } | { readonly ok: false; readonly findings: readonly Finding[] };

/** Reads the plain value of one link. */
export function readLink(name: string, plain: unknown): LinkReading {
  const result = linkSchema.safeParse(plain);
  if (!result.success) return { ok: false, findings: findingsOf(result.error, homeOf) };
  const { line, lines = [] } = result.data;
  const [first, ...others] = line === undefined ? lines : [line, ...lines];
  // `line-checks.ts` says what is wrong.
  if (first === undefined) return { ok: false, findings: [] };
  return { ok: true, link: toLink(name, result.data, [first, ...others]) };
}

function toLink(
  name: string,
  link: z.output<typeof linkSchema>,
  [line, ...moreLines]: readonly [LineOptions, ...LineOptions[]],
): LinkConfig {
  const { autostart, mtu, lcp, restart, hooks, track, quota, steer } = link;
  const multilink = multilinkOf(link.multilink, 1 + moreLines.length, lcp.mru);
  const software = [line, ...moreLines].some(usesSoftwareFlow) ? flowControlCharacters.map(({ octet }) => octet) : [];
  return {
    name,
    interface: link.interface ?? name,
    autostart,
    when: link.when,
    dial: link.dial,
    answer: answerOptions(link.answer, line, link.auth),
    line,
    moreLines,
    multilink,
    local: link.local,
    remote: addressIn(link.remote) ?? 0,
    ipcp: link.ipv4 ? ipv4Options(link.remote, link.ipcp) : undefined,
    ipv6cp: wantsIp6(link.ipv6, link.local6, link.networks) ? { ...noIdentifiers, ...link.ipv6 } : undefined,
    mtu: mtu ?? Math.max(68, multilink?.mrru ?? lcp.mru),
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
      lqr: lcp.lqr,
    },
    escape: lcp.escape ?? software,
    queue: link.queue,
    auth: link.auth,
    ccp: ccpOptions(link.compression, line),
    restart: {
      quickMs: restart.quick,
      quickMaxMs: restart['quick-max'] ?? Math.max(30 * second, restart.quick),
      slowMs: restart.slow,
      slowMaxMs: restart['slow-max'] ?? Math.max(300 * second, restart.slow),
      stableMs: restart.stable,
      maxAttempts: restart['max-attempts'],
      ...(link.dial && { redial: link.dial.redial }),
      ...(link.answer && { redial: callerPauses }),
    },
    net: {
      local6: link.local6,
      remote6: link.remote6,
      networks: link.networks,
      defaultRoute: link['default-route'],
      proxyArp: link['proxy-arp'],
      proxyNdp: link['proxy-ndp'],
      masquerade: link.masquerade,
      portForwards: link['port-forwards'],
      mssClamp: link['mss-clamp'],
      forward: link.forward,
      firewall: link.firewall,
      antiSpoof: link['anti-spoof'] ?? link.firewall !== undefined,
      unreachable: link.unreachable,
    },
    resolver: link.resolver,
    hooks,
    track,
    quota,
    steer,
  };
}

/** True when XON and XOFF have a meaning on the line. */
export function usesSoftwareFlow(line: LineOptions | undefined): boolean {
  return (line?.kind === 'serial' || line?.kind === 'rfc2217') && line.flow === 'xonxoff';
}

/** For the author who put a key elsewhere. */
export const homeOf: HomeOf = (key, foundIn) => {
  const homes: readonly (readonly [string, object])[] = [
    ['link', linkShape],
    ['ipcp', ipcpShape],
    ['remote', remoteShape],
    ['lcp', lcpShape],
    ['echo', echoShape],
    ['lqr', lqrShape],
    ['restart', restartShape],
    ['networks', networkShape],
    ['line', { ...lineShapes.serial, ...lineShapes.exec }],
    ['default-route', { supersede: defaultRouteShape.supersede }],
    ['firewall', firewallShape],
    ['hooks', hooksShape],
    ['hook', hookShape],
    ['track', trackShape],
    ['port-forwards', { protocol: portForwardShape.protocol, 'to-port': portForwardShape['to-port'] }],
    ['quota', quotaShape],
    ['daemon', settingsShape],
    ['auth', authShape],
    ['compression', compressionShape],
    ['multilink', multilinkShape],
    ['queue', queueShape],
    ['when', whenShape],
    ['dial', dialShape],
    ['answer', { rings: answerShape.rings, 'auto-ppp': answerShape['auto-ppp'] }],
  ];
  const home = homes.find(([name, shape]) => name !== foundIn.at(-1) && Object.hasOwn(shape, key))?.[0];
  if (home === 'link') return 'the link itself';
  return home === 'hook' ? 'a hook' : home && code(home);
};
