/** Van Jacobson's compression of TCP headers (RFC 1144), as IPCP agrees on it (RFC 1332 §4). */
import assert from 'node:assert/strict';
import { story, up, type Case, type Story, type Topic } from '../case.js';

/** More connections than some cases have slots. */
const transfers = 6;

/** What pppd's log has of either way: what it was granted, and what it has granted. */
const toPppd = (slots: string): RegExp => new RegExp(`rcvd \\[IPCP ConfAck .*<compress VJ ${slots}>`);
const toLinkd = (slots: string): RegExp => new RegExp(`sent \\[IPCP ConfAck .*<compress VJ ${slots}>`);

/** The counters of pppd's kernel (pppstats(8)): what came and went with compressed headers, and what it could not expand. */
function counted(tells: string, which: 'some' | 'none'): Story {
  return story(tells, async (stand) => {
    const printed = await stand.inGuest('pppstats ppp0');
    const [, received, , failed, sent] =
      /^ *\d+ +\d+ +(\d+) +(\d+) +(\d+) +\| +\d+ +\d+ +(\d+) /m.exec(printed)?.map(Number) ?? [];
    assert.equal(failed, 0, `VJERR of\n${printed}`);
    for (const count of [received, sent]) {
      assert.ok(count !== undefined && (which === 'some' ? count > 10 : count === 0), `VJCOMP of\n${printed}`);
    }
  });
}

const compressed = counted('headers were compressed both ways', 'some');
const plain = counted('no header was compressed', 'none');

const cases: readonly Case[] = [
  {
    name: 'both ways',
    expect: up({
      transfers,
      options: { 'rx-vj': '16 slots, slot-id compressed', 'tx-vj': '16 slots, slot-id compressed' },
      pppd: [toPppd('0f 01'), toLinkd('0f 01')],
      then: compressed,
    }),
  },
  {
    name: 'off at linkd',
    linkd: { ipcp: { vj: false } },
    expect: up({
      options: { 'rx-vj': undefined, 'tx-vj': undefined },
      pppd: [/rcvd \[IPCP ConfRej .*<compress VJ/],
      then: plain,
    }),
  },
  { name: 'off at pppd', pppd: ['novj'], expect: up({ pppd: [/sent \[IPCP ConfRej .*<compress VJ/], then: plain }) },
  {
    name: '4 slots at linkd, 16 at pppd',
    linkd: { ipcp: { vj: { slots: 4 } } },
    expect: up({
      transfers,
      options: { 'rx-vj': '4 slots, slot-id compressed', 'tx-vj': '16 slots, slot-id compressed' },
      pppd: [toPppd('0f 01'), toLinkd('03 01')],
      then: compressed,
    }),
  },
  {
    name: '16 slots at linkd, 3 at pppd',
    pppd: ['vj-max-slots', '3'],
    expect: up({ transfers, pppd: [toPppd('02 01'), toLinkd('02 01')], then: compressed }),
  },
  {
    name: '256 slots at linkd',
    linkd: { ipcp: { vj: { slots: 256 } } },
    expect: up({ transfers, then: compressed }),
  },
  {
    name: 'one slot at linkd',
    linkd: { ipcp: { vj: { slots: 1 } } },
    expect: up({ transfers, pppd: [toPppd('0f 01'), toLinkd('00 01')], then: compressed }),
  },
  {
    name: 'no slot compression at linkd',
    linkd: { ipcp: { vj: { 'slot-compression': false } } },
    expect: up({ transfers, pppd: [toPppd('0f 01'), toLinkd('0f 00')], then: compressed }),
  },
  {
    name: 'no slot compression at pppd',
    pppd: ['novjccomp'],
    expect: up({
      transfers,
      options: { 'rx-vj': '16 slots', 'tx-vj': '16 slots' },
      pppd: [toPppd('0f 00'), toLinkd('0f 00')],
      then: compressed,
    }),
  },
];

export const headers: Topic = { name: 'Van Jacobson header compression', cases };
