/** IPV6CP (RFC 5072): IPv6 beside IPv4, without it, and interface identifiers. */
import { story, up, type Case, type Topic } from '../case.js';

const ids = { local: '::1', remote: '::2' };
const addresses = { local_ip6: 'fe80::1', remote_ip6: 'fe80::2' };
const pppd = ['+ipv6', 'ipv6cp-restart', '1'];

const cases: readonly Case[] = [
  { name: 'IPv4 and IPv6', linkd: { ipv6: true }, pppd, expect: up({ carries: ['IPv4', 'IPv6'] }) },
  {
    name: 'IPv6 only',
    linkd: { ipv4: false, local: null, remote: null, ipv6: true },
    pppd: ['noip', ...pppd],
    expect: up({ carries: ['IPv6'] }),
  },
  {
    name: 'IPv6 only, pppd would have IPv4 too',
    linkd: { ipv4: false, local: null, remote: null, ipv6: true },
    pppd,
    expect: up({ carries: ['IPv6'], pppd: [/rcvd \[LCP ProtRej .* 80 21/] }),
  },
  {
    name: 'linkd would have both, pppd has no IPv6',
    linkd: { ipv6: true },
    pppd: ['noipv6'],
    expect: up({ pppd: [/sent \[LCP ProtRej .* 80 57/] }),
  },
  {
    name: 'linkd would have both, pppd has no IPv4',
    linkd: { ipv6: true },
    pppd: ['noip', ...pppd],
    expect: up({ carries: ['IPv6'], pppd: [/sent \[LCP ProtRej .* 80 21/] }),
  },
  {
    name: 'linkd has no IPv6, pppd would have both',
    pppd,
    expect: up({ pppd: [/rcvd \[LCP ProtRej .* 80 57/] }),
  },
  {
    name: 'each knows both interface identifiers',
    linkd: { ipv6: ids },
    pppd: [...pppd, 'ipv6', '::2,::1'],
    expect: up({ carries: ['IPv4', 'IPv6'], session: addresses }),
  },
  {
    name: 'pppd insists on the identifier that linkd insists on',
    linkd: { ipv6: { local: '::1' } },
    pppd: [...pppd, 'ipv6', '::1'],
    expect: up({
      pppd: [/rcvd \[IPV6CP ConfNak/],
      then: story('IPv4 goes on, and linkd says why there is no IPv6', async (stand) => {
        await stand.untilLinkdLogs(
          /the link goes on without IPV6CP: IPv6 could not be agreed on \(both ends claim ::1\)/,
        );
        await stand.carryTraffic();
      }),
    }),
  },
  {
    name: 'pppd gets the identifier that linkd wants it to have',
    linkd: { ipv6: ids },
    pppd: [...pppd, 'ipv6cp-accept-local'],
    expect: up({ carries: ['IPv4', 'IPv6'], session: addresses }),
  },
  {
    name: 'global IPv6 addresses',
    linkd: { ipv6: true, local6: 'fd00::1', remote6: 'fd00::2' },
    pppd,
    expect: up({
      carries: ['IPv4', 'IPv6'],
      then: story('traffic between fd00::1 and fd00::2', async (stand) => {
        await stand.inGuest('ip -6 address add fd00::2 peer fd00::1 dev ppp0 nodad');
        await stand.carryBetween('fd00::1', 'fd00::2');
      }),
    }),
  },
];

export const ipv6: Topic = { name: 'IPv6', cases };
