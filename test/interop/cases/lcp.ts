/** The options of LCP (RFC 1661 §6, RFC 1662 §7), each side's. */
import { up, type Case, type Topic } from '../case.js';

const maps: readonly Case[] = [
  {
    name: 'ACCM 0 both ways',
    linkd: { lcp: { asyncmap: 'none' } },
    pppd: ['asyncmap', '0'],
    expect: up({ options: { 'rx-accm': '0x00000000', 'tx-accm': '0x00000000' } }),
  },
  {
    name: 'ACCM ffffffff both ways',
    linkd: { lcp: { asyncmap: 'all' } },
    pppd: ['default-asyncmap'],
    expect: up({ options: { 'rx-accm': '0xffffffff', 'tx-accm': '0xffffffff' } }),
  },
  {
    name: 'an odd ACCM each way',
    linkd: { lcp: { asyncmap: '0x000a0001' } },
    pppd: ['asyncmap', '80200408'],
    expect: up({
      options: { 'rx-accm': '0x000a0001', 'tx-accm': '0x80200408' },
      pppd: [/rcvd \[LCP ConfReq .*<asyncmap 0xa0001>/],
    }),
  },
  {
    name: 'characters escaped beyond the ACCM',
    linkd: { lcp: { escape: ['0x11', '0x13', '0xff'] } },
    pppd: ['escape', '7f,80,91'],
    expect: up(),
  },
];

const sizes = [296, 552, 1500].flatMap((mru): Case[] => [
  {
    name: `MRU ${mru} at linkd`,
    linkd: { lcp: { mru } },
    expect: up({ options: { 'rx-mru': String(mru), 'tx-mru': '1500' } }),
  },
  {
    name: `MRU ${mru} at pppd`,
    pppd: ['mru', String(mru)],
    expect: up({ options: { 'rx-mru': '1500', 'tx-mru': String(mru) } }),
  },
]);

const others: readonly Case[] = [
  {
    name: 'MRU 128 at linkd, 16384 at pppd',
    linkd: { lcp: { mru: 128 } },
    pppd: ['mru', '16384'],
    expect: up({ options: { 'rx-mru': '128', 'tx-mru': '16384' } }),
  },
  {
    name: 'no PFC and ACFC at linkd',
    linkd: { lcp: { pfc: false, acfc: false } },
    expect: up({ options: { 'rx-pfc': 'no', 'tx-pfc': 'no', 'rx-acfc': 'no', 'tx-acfc': 'no' } }),
  },
  {
    name: 'no PFC and ACFC at pppd',
    pppd: ['nopcomp', 'noaccomp'],
    expect: up({ options: { 'rx-pfc': 'no', 'tx-pfc': 'no', 'rx-acfc': 'no', 'tx-acfc': 'no' } }),
  },
  {
    name: 'PFC and ACFC both ways',
    expect: up({ options: { 'rx-pfc': 'yes', 'tx-pfc': 'yes', 'rx-acfc': 'yes', 'tx-acfc': 'yes' } }),
  },
  {
    name: 'link quality reports wanted by linkd',
    linkd: { lcp: { lqr: '1s' } },
    expect: up({ pppd: [/sent \[LCP ConfRej .*<quality/] }),
  },
  { name: 'no magic number at linkd', linkd: { lcp: { magic: false } }, expect: up() },
  { name: 'no magic number at pppd', pppd: ['nomagic'], expect: up() },
  {
    name: 'all options refused by pppd',
    pppd: ['default-mru', 'default-asyncmap', 'nopcomp', 'noaccomp', 'nomagic'],
    expect: up(),
  },
];

export const lcp: Topic = { name: 'LCP options', cases: [...maps, ...sizes, ...others] };
