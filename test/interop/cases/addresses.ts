/** IPCP (RFC 1332): whose address it is, and what happens when the two don't agree. */
import { refused, up, type Topic } from '../case.js';

export const addresses: Topic = {
  name: 'IPv4 addresses',
  cases: [
    { name: 'each knows both', expect: up() },
    {
      name: 'pppd asks for its address',
      addresses: ':',
      pppd: ['noipdefault'],
      expect: up({ pppd: [/^local {2}IP address 10\.0\.0\.2$/m, /^remote IP address 10\.0\.0\.1$/m] }),
    },
    {
      name: 'pppd would have another one, and takes ours',
      addresses: '10.9.9.9:10.0.0.1',
      pppd: ['ipcp-accept-local'],
      expect: up({ pppd: [/^local {2}IP address 10\.0\.0\.2$/m] }),
    },
    {
      name: 'pppd would give us another one, and takes ours',
      addresses: '10.0.0.2:10.9.9.9',
      pppd: ['ipcp-accept-remote'],
      expect: up({ pppd: [/^remote IP address 10\.0\.0\.1$/m] }),
    },
    {
      name: 'pppd insists on another one for itself',
      addresses: '10.9.9.9:10.0.0.1',
      expect: refused('ipcp-failed', { detail: /10\.9\.9\.9/, pppd: [/rcvd \[LCP TermReq/] }),
    },
    {
      name: 'pppd insists on another one for linkd',
      addresses: '10.0.0.2:10.9.9.9',
      expect: refused('ipcp-failed', { detail: /10\.9\.9\.9/, pppd: [/rcvd \[LCP TermReq/] }),
    },
    {
      name: 'pppd has no IPv4',
      pppd: ['noip', '+ipv6'],
      expect: refused('ip-refused', { pppd: [/sent \[LCP ProtRej[^]*rcvd \[LCP TermReq/] }),
    },
  ],
};
