/** IPCP (RFC 1332, RFC 1877): whose address it is, what happens when the two don't agree, and name servers. */
import { refused, up, type Case, type Topic } from '../case.js';

const terminated = [/rcvd \[LCP TermReq/];

const addresses: readonly Case[] = [
  { name: 'each knows both', expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.0.0.2' } }) },
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
    expect: refused('ipcp-failed', { detail: /10\.9\.9\.9/, pppd: terminated }),
  },
  {
    name: 'pppd insists on another one for linkd',
    addresses: '10.0.0.2:10.9.9.9',
    expect: refused('ipcp-failed', { detail: /10\.9\.9\.9/, pppd: terminated }),
  },
  {
    name: 'linkd asks for its address',
    linkd: { local: 'from-peer' },
    expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.0.0.2' } }),
  },
  {
    name: 'linkd asks for both addresses',
    linkd: { local: 'from-peer', remote: 'from-peer' },
    expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.0.0.2' } }),
  },
  {
    name: 'each knows its own only',
    linkd: { remote: 'from-peer' },
    addresses: '10.0.0.2:',
    expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.0.0.2' } }),
  },
  {
    name: 'nobody knows linkd’s address',
    linkd: { local: 'from-peer' },
    addresses: '10.0.0.2:',
    expect: refused('ipcp-failed', { pppd: terminated }),
  },
  {
    name: 'linkd takes what pppd insists on for linkd, from a range',
    linkd: { ipcp: { 'accept-local': ['10.9.9.0/24'] } },
    addresses: '10.0.0.2:10.9.9.9',
    expect: up({ session: { local_address: '10.9.9.9', remote_address: '10.0.0.2' } }),
  },
  {
    name: 'linkd lets pppd have what it insists on, from a range',
    linkd: { ipcp: { 'accept-remote': ['10.9.9.0/24'] } },
    addresses: '10.9.9.9:10.0.0.1',
    expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.9.9.9' } }),
  },
  {
    name: 'pppd insists on one beyond the range',
    linkd: { ipcp: { 'accept-remote': ['10.9.8.0/24'] } },
    addresses: '10.9.9.9:10.0.0.1',
    expect: refused('ipcp-failed', { detail: /10\.9\.9\.9/, pppd: terminated }),
  },
  {
    name: 'pppd gets an address of a pool',
    global: { pools: { callers: ['10.7.0.5-10.7.0.6'] } },
    linkd: { remote: { pool: 'callers' } },
    addresses: ':',
    pppd: ['noipdefault'],
    expect: up({ session: { local_address: '10.0.0.1', remote_address: '10.7.0.5' } }),
  },
  {
    name: 'pppd has no IPv4',
    pppd: ['noip', '+ipv6'],
    expect: refused('ip-refused', { pppd: [/sent \[LCP ProtRej[^]*rcvd \[LCP TermReq/] }),
  },
];

const servers: readonly Case[] = [
  {
    name: 'pppd asks for DNS servers',
    linkd: { ipcp: { dns: { offer: ['10.5.0.1', '10.5.0.2'] } } },
    pppd: ['usepeerdns'],
    expect: up({ pppd: [/^primary {3}DNS address 10\.5\.0\.1$/m, /^secondary DNS address 10\.5\.0\.2$/m] }),
  },
  {
    name: 'pppd asks for DNS servers, and linkd has none',
    pppd: ['usepeerdns'],
    expect: up({ pppd: [/rcvd \[IPCP ConfRej .*<ms-dns1/] }),
  },
  {
    name: 'linkd asks for DNS servers',
    linkd: { ipcp: { dns: 'on' } },
    pppd: ['ms-dns', '10.5.0.1', 'ms-dns', '10.5.0.2'],
    expect: up({ session: { dns: ['10.5.0.1', '10.5.0.2'] } }),
  },
  {
    name: 'linkd asks for DNS servers, and pppd has none',
    linkd: { ipcp: { dns: 'on' } },
    expect: up({ session: { dns: [] }, pppd: [/sent \[IPCP ConfRej .*<ms-dns1/] }),
  },
  {
    name: 'linkd asks for DNS and NetBIOS name servers and for its address',
    linkd: { local: 'from-peer', ipcp: { dns: 'on', wins: 'on' } },
    pppd: ['ms-dns', '10.5.0.1', 'ms-wins', '10.5.0.9'],
    expect: up({ session: { local_address: '10.0.0.1' }, pppd: [/sent \[IPCP ConfAck .*<ms-wins 10\.5\.0\.9>/] }),
  },
];

export const ipv4: Topic = { name: 'IPv4: addresses and name servers', cases: [...addresses, ...servers] };
