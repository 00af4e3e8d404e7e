/** CCP (RFC 1962): Deflate, BSD-Compress, Predictor-1 and MPPE, each way; what is agreed on is used. */
import assert from 'node:assert/strict';
import { refused, story, up, type Case, type Story, type Topic } from '../case.js';
import type { WireLink } from '../../../src/control/protocol.js';
import { LINK, TRANSFER_OCTETS, WAIT_MS } from '../stand.js';

/** Half of what is transferred is text. */
const SMALLER = 0.85;

type Way = 'tx' | 'rx';

/** A line that is paid for in octets: how many it took for how many. */
function smaller(...ways: readonly Way[]): Story {
  return story(`fewer octets on the line (${ways.join(' and ')})`, async (stand) => {
    const counted = (link: WireLink): boolean => Math.min(link.tx_bytes, link.rx_bytes) > TRANSFER_OCTETS;
    const { tx_bytes, line_tx_bytes, rx_bytes, line_rx_bytes } = await stand.linkd.until(LINK, 'has counted', counted);
    const ratios = { tx: line_tx_bytes / tx_bytes, rx: line_rx_bytes / rx_bytes };
    for (const way of ['tx', 'rx'] as const) {
      assert.equal(ratios[way] < SMALLER, ways.includes(way), `${way}: ${ratios[way]} octets for each`);
    }
  });
}

/**
 * The kernel of a 64-bit Linux can't expand BSD-Compress: it reads a first octet above 0x7f as a negative number, and says
 * "bad code 0xffffff01".
 */
const sync = story('pppd loses sync and turns compression off', async (stand) => {
  await stand.transfer('10.0.0.2');
  await stand.pppd.untilLogged(/Lost compression sync: disabling compression/, WAIT_MS);
  await stand.untilLinkdLogs(/goes on without compression/);
});
const both = smaller('tx', 'rx');
const deflate = (bits: number): string => `Deflate with a window of ${2 ** bits} octets`;
const bsd = (bits: number): string => `BSD-Compress with codes of ${bits} bits`;

function agreed(tx: string | undefined, rx: string | undefined): Readonly<Record<string, string | undefined>> {
  return { 'tx-compression': tx, 'rx-compression': rx };
}

const compressors: readonly Case[] = [
  { name: 'by default', expect: up({ options: agreed(deflate(15), deflate(15)), then: both }) },
  {
    name: 'Deflate',
    linkd: { compression: 'deflate' },
    pppd: ['nobsdcomp'],
    expect: up({ options: agreed(deflate(15), deflate(15)), then: both }),
  },
  {
    name: 'Deflate by linkd only',
    linkd: { compression: { send: 'deflate', receive: 'off' } },
    expect: up({ options: agreed(deflate(15), undefined), then: smaller('tx') }),
  },
  {
    name: 'Deflate by pppd only',
    linkd: { compression: { send: 'off', receive: 'deflate' } },
    expect: up({ options: agreed(undefined, deflate(15)), then: smaller('rx') }),
  },
  {
    name: 'Deflate with smaller windows at pppd',
    linkd: { compression: 'deflate' },
    pppd: ['deflate', '10,12', 'nobsdcomp'],
    expect: up({ options: agreed(deflate(10), deflate(12)), then: both }),
  },
  {
    name: 'Deflate, of which pppd allows sending only',
    linkd: { compression: 'deflate' },
    pppd: ['deflate', '0,15', 'nobsdcomp'],
    expect: up({ options: agreed(undefined, deflate(15)), then: smaller('rx') }),
  },
  {
    name: 'BSD-Compress',
    linkd: { compression: 'bsd' },
    expect: up({ options: agreed(bsd(15), bsd(15)), first: sync }),
  },
  {
    name: 'BSD-Compress by linkd only',
    linkd: { compression: { send: 'bsd', receive: 'off' } },
    expect: up({ options: agreed(bsd(15), undefined), first: sync }),
  },
  {
    name: 'BSD-Compress by pppd only',
    linkd: { compression: { send: 'off', receive: 'bsd' } },
    expect: up({ options: agreed(undefined, bsd(15)), then: smaller('rx') }),
  },
  {
    name: 'BSD-Compress with shorter codes at pppd',
    linkd: { compression: 'bsd' },
    pppd: ['bsdcomp', '9,12'],
    expect: up({ options: agreed(bsd(9), bsd(12)), first: sync }),
  },
  {
    name: 'Deflate one way, BSD-Compress the other',
    linkd: { compression: { send: 'deflate', receive: 'bsd' } },
    expect: up({ options: agreed(deflate(15), bsd(15)), then: both }),
  },
  {
    name: 'Deflate refused by pppd, BSD-Compress taken',
    linkd: { compression: ['deflate', 'bsd'] },
    pppd: ['nodeflate'],
    expect: up({ options: agreed(bsd(15), bsd(15)), first: sync }),
  },
  {
    name: 'Predictor-1, which this kernel lacks',
    linkd: { compression: ['predictor1', 'bsd'] },
    pppd: ['predictor1', 'nodeflate'],
    expect: up({ options: agreed(bsd(15), bsd(15)), pppd: [/sent \[CCP ConfRej .*<predictor 1>/], first: sync }),
  },
  {
    name: 'no compression at linkd',
    linkd: { compression: 'off' },
    expect: up({ pppd: [/rcvd \[LCP ProtRej .* 80 fd/], then: smaller() }),
  },
  { name: 'no CCP at pppd', pppd: ['noccp'], expect: up({ pppd: [/sent \[LCP ProtRej .* 80 fd/], then: smaller() }) },
  {
    name: 'SIGUSR2 to pppd',
    linkd: { compression: 'deflate' },
    expect: up({
      options: agreed(deflate(15), deflate(15)),
      then: story('CCP is negotiated anew, the link stays up', async (stand) => {
        await stand.pppd.signal('USR2');
        await stand.pppd.untilLogged(/(?:rcvd \[CCP ConfAck [^]*){2}/, WAIT_MS);
        await stand.carryTraffic();
        assert.doesNotMatch(stand.pppd.log, /(?:rcvd \[LCP ConfAck [^]*){2}/);
      }),
    }),
  },
];

const names = ['name', 'pppd', 'remotename', 'linkd'];
const auth = { name: 'linkd', secrets: '@good' };

/** pppd asks for stateless encryption, always, and lets linkd have what it asks for. */
function mppe(bits: number, received: 'stateless' | 'stateful'): Readonly<Record<string, string | undefined>> {
  return agreed(`MPPE with ${bits} bits, stateless`, `MPPE with ${bits} bits, ${received}`);
}

const encryption = [
  { bits: 128, stateless: true, by: 'mschap-v2' },
  { bits: 128, stateless: false, by: 'mschap-v2' },
  { bits: 40, stateless: true, by: 'mschap-v2' },
  { bits: 40, stateless: false, by: 'mschap-v2' },
  { bits: 128, stateless: true, by: 'mschap' },
].flatMap(({ bits, stateless, by }): Case[] => {
  const compression = { mppe: 'required', 'mppe-bits': String(bits), 'mppe-stateless': stateless };
  const pppd = [...names, `require-mppe-${bits}`, ...(stateless ? [] : ['mppe-stateful'])];
  const options = mppe(bits, stateless ? 'stateless' : 'stateful');
  const what = `MPPE, ${bits} bits, ${stateless ? 'stateless' : 'stateful'}, by ${by}`;
  return [
    {
      name: `${what} of linkd`,
      linkd: { auth: { ...auth, accept: [by] }, compression },
      pppd: [...pppd, `require-${by}`],
      expect: up({ options }),
    },
    {
      name: `${what} of pppd`,
      linkd: { auth: { ...auth, require: [by] }, compression },
      pppd,
      expect: up({ options }),
    },
  ];
});

const encrypted: readonly Case[] = [
  {
    name: 'MPPE, by mschap-v2 of both',
    linkd: { auth: { ...auth, require: ['mschap-v2'], accept: ['mschap-v2'] }, compression: { mppe: 'required' } },
    pppd: [...names, 'require-mppe', 'require-mschap-v2'],
    expect: refused('peer-terminated', { pppd: [/auth done in both directions/] }),
  },
  {
    name: 'MPPE of 40 bits, by mschap',
    linkd: { auth: { ...auth, require: ['mschap'] }, compression: { mppe: 'required', 'mppe-bits': '40' } },
    pppd: [...names, 'require-mppe-40'],
    expect: refused('peer-terminated', { pppd: [/MS-CHAP LM not supported/] }),
  },
  {
    name: 'MPPE, by eap-mschap-v2 of pppd',
    linkd: { auth: { ...auth, require: ['eap-mschap-v2'] }, compression: { mppe: 'required' } },
    pppd: [...names, 'require-mppe'],
    expect: up({ options: mppe(128, 'stateless') }),
  },
  {
    name: 'MPPE is optional at linkd, required by pppd',
    linkd: { auth: { ...auth, require: ['mschap-v2'] }, compression: { mppe: 'optional' } },
    pppd: [...names, 'require-mppe'],
    expect: up({ options: mppe(128, 'stateless') }),
  },
  {
    name: 'MPPE is optional at linkd, off at pppd',
    linkd: { auth: { ...auth, require: ['mschap-v2'] }, compression: { mppe: 'optional' } },
    pppd: [...names, 'nomppe'],
    expect: up(),
  },
  {
    name: 'MPPE is required by linkd, off at pppd',
    linkd: { auth: { ...auth, require: ['mschap-v2'] }, compression: { mppe: 'required' } },
    pppd: [...names, 'nomppe'],
    expect: refused('encryption-refused', { pppd: [/rcvd \[LCP TermReq/] }),
  },
  {
    name: 'MPPE is required by pppd, off at linkd',
    linkd: { auth: { ...auth, require: ['mschap-v2'] } },
    pppd: [...names, 'require-mppe'],
    expect: refused('peer-terminated', { pppd: [/MPPE required but peer negotiation failed/] }),
  },
  {
    name: 'MPPE is required by linkd, which proves itself by CHAP-MD5',
    linkd: { auth: { ...auth, accept: ['mschap-v2', 'chap'] }, compression: { mppe: 'required' } },
    pppd: [...names, 'require-chap'],
    expect: refused('encryption-refused'),
  },
  {
    name: 'MPPE of 56 bits',
    linkd: { auth: { ...auth, require: ['mschap-v2'] }, compression: { mppe: 'required', 'mppe-bits': '56' } },
    pppd: [...names, 'require-mppe'],
    expect: refused('encryption-refused'),
  },
  {
    name: 'MPPE with other lengths of key',
    linkd: { auth: { ...auth, require: ['mschap-v2'] }, compression: { mppe: 'required', 'mppe-bits': '40' } },
    pppd: [...names, 'require-mppe-128', 'nomppe-40'],
    expect: refused('encryption-refused'),
  },
];

export const compression: Topic = {
  name: 'Compression and encryption',
  about: [
    'Linux has no Predictor-1, no MPPE of 56 bits, and on 64-bit machines a BSD-Compress that can compress but not expand: there',
    'pppd turns compression off, and the link goes on. pppd 2.4.9 asks for stateless MPPE always, has none of 40 bits by MS-CHAP',
    'and none where both ends prove themselves. What that leaves out, linkd shows with linkd only.',
  ].join('\n'),
  cases: [...compressors, ...encryption, ...encrypted],
};
