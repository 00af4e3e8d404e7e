/** Authentication by every method, in both roles and in both at once, with the right secret and with a wrong one. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { refused, story, up, type Case, type Topic } from '../case.js';
import { WAIT_MS } from '../stand.js';

/** pppd's name, and whom it speaks with: for PAP it has to know. */
const names = ['name', 'pppd', 'remotename', 'linkd'];
const linkd = { name: 'linkd', secrets: '@good' };

interface Method {
  readonly name: string;
  /** The word of linkd's config. */
  readonly word: string;
  /** What pppd's option requires. */
  readonly pppd: string;
  /** What `linkctl status` calls it. */
  readonly shown: string;
}

const methods: readonly Method[] = [
  { name: 'PAP', word: 'pap', pppd: 'require-pap', shown: 'PAP' },
  { name: 'CHAP-MD5', word: 'chap', pppd: 'require-chap', shown: 'CHAP with MD5' },
  { name: 'MS-CHAP', word: 'mschap', pppd: 'require-mschap', shown: 'CHAP with MS-CHAP' },
  { name: 'MS-CHAPv2', word: 'mschap-v2', pppd: 'require-mschap-v2', shown: 'CHAP with MS-CHAPv2' },
  { name: 'EAP-MD5', word: 'eap-md5', pppd: 'require-eap', shown: 'EAP with MD5' },
  { name: 'EAP-MSCHAPv2', word: 'eap-mschap-v2', pppd: 'require-eap', shown: 'EAP with MSCHAPv2' },
];

const byMethod = methods.flatMap(({ name, word, pppd, shown }): Case[] => [
  {
    name: `${name}: linkd proves itself`,
    linkd: { auth: { ...linkd, accept: [word] } },
    pppd: [...names, pppd],
    expect: up({ options: { 'our-auth': shown } }),
  },
  {
    name: `${name}: linkd has a wrong secret`,
    linkd: { auth: { ...linkd, secrets: '@bad', accept: [word] } },
    pppd: [...names, pppd],
    expect: refused('auth-failed', { pppd: [/authentication failed|sent \[\w+ (?:AuthNak|Failure)/i] }),
  },
  {
    name: `${name}: pppd proves itself`,
    linkd: { auth: { ...linkd, require: [word] } },
    pppd: names,
    expect: up({ session: { peer_name: 'pppd' }, options: { 'peer-auth': shown } }),
  },
  {
    name: `${name}: pppd has a wrong secret`,
    linkd: { auth: { ...linkd, secrets: '@bad', require: [word] } },
    pppd: names,
    expect: refused('peer-auth-failed', { pppd: [/authentication failed|rcvd \[\w+ (?:AuthNak|Failure)/i] }),
  },
  {
    name: `${name}: both prove themselves`,
    linkd: { auth: { ...linkd, require: [word], accept: [word] } },
    pppd: [...names, pppd],
    expect: up({ session: { peer_name: 'pppd' }, options: { 'our-auth': shown, 'peer-auth': shown } }),
  },
]);

const choices: readonly Case[] = [
  {
    name: 'each requires another method',
    linkd: { auth: { ...linkd, require: ['chap'] } },
    pppd: [...names, 'require-mschap-v2'],
    expect: up({ options: { 'our-auth': 'CHAP with MS-CHAPv2', 'peer-auth': 'CHAP with MD5' } }),
  },
  {
    name: 'linkd falls back to what pppd does not refuse',
    linkd: { auth: { ...linkd, require: ['eap', 'mschap-v2', 'chap', 'pap'] } },
    pppd: [...names, 'refuse-eap', 'refuse-mschap-v2', 'refuse-mschap'],
    expect: up({ options: { 'peer-auth': 'CHAP with MD5' } }),
  },
  {
    name: 'pppd falls back to what linkd accepts',
    linkd: { auth: { ...linkd, accept: ['pap'] } },
    pppd: [...names, 'require-chap', 'require-pap'],
    expect: up({ options: { 'our-auth': 'PAP' } }),
  },
  {
    name: 'pppd refuses all that linkd requires',
    linkd: { auth: { ...linkd, require: ['pap'] } },
    pppd: [...names, 'refuse-pap'],
    expect: refused('peer-auth-failed'),
  },
  {
    name: 'pppd requires what linkd does not accept',
    linkd: { auth: { ...linkd, accept: ['mschap-v2'] } },
    pppd: [...names, 'require-pap'],
    expect: refused('auth-unsupported'),
  },
  {
    name: 'pppd requires, linkd has no secrets',
    pppd: [...names, 'require-chap'],
    expect: refused('auth-unsupported'),
  },
  {
    name: 'secrets from a file each',
    linkd: {
      auth: { name: 'linkd', secret: { file: '@ours' }, 'peer-secret': { file: '@theirs' }, require: ['chap'] },
    },
    pppd: [...names, 'require-mschap-v2'],
    expect: up({ options: { 'our-auth': 'CHAP with MS-CHAPv2', 'peer-auth': 'CHAP with MD5' } }),
  },
  {
    name: 'linkd’s name is not known to pppd',
    linkd: { auth: { ...linkd, user: 'nobody', secret: { file: '@ours' } } },
    pppd: ['name', 'pppd', 'require-chap'],
    expect: refused('auth-failed'),
  },
];

const addresses: readonly Case[] = [
  {
    name: 'linkd’s secrets allow pppd another address only',
    linkd: { auth: { ...linkd, secrets: '@elsewhere', require: ['chap'] } },
    pppd: names,
    expect: refused('ipcp-failed'),
  },
  {
    name: 'linkd’s secrets allow pppd the address that it has',
    linkd: { remote: 'from-peer', auth: { ...linkd, secrets: '@elsewhere', require: ['chap'] } },
    addresses: '10.9.9.9:10.0.0.1',
    pppd: names,
    expect: up({ session: { remote_address: '10.9.9.9' } }),
  },
  {
    name: 'pppd’s secrets allow linkd another address only',
    linkd: { auth: linkd },
    pppd: ['name', 'strict', 'remotename', 'linkd', 'require-chap'],
    expect: refused('ipcp-failed'),
  },
];

/**
 * Each success of EAP makes pppd try compressors out in its kernel, and that leaves its decompressor switched off until CCP is
 * negotiated anew.
 */
const plainInTheEnd = story('pppd can’t expand what comes, until linkd sends it plain', async (stand) => {
  const given = 'the peer can not expand what we compress: it gets plain packets';
  for (let round = 0; round < 60 && !stand.linkd.log.includes(given); round++) {
    await stand.inGuest('ping -n -q -i 0.2 -c 5 -W 1 10.0.0.1 || true');
  }
  await stand.untilLinkdLogs(new RegExp(given));
});

const repeated: readonly Case[] = [
  { option: 'chap-interval', require: 'require-chap', log: /(?:rcvd \[CHAP Response [^]*){3}/ },
  { option: 'chap-interval', require: 'require-mschap-v2', log: /(?:rcvd \[CHAP Response [^]*){3}/ },
  {
    option: 'eap-interval',
    require: 'require-eap',
    log: /(?:rcvd \[EAP Response [^]*MD5[^]*){3}/,
    first: plainInTheEnd,
  },
].map(({ option, require, log, first }) => ({
  name: `pppd asks again every second (${require})`,
  linkd: { auth: linkd },
  pppd: [...names, require, option, '1'],
  expect: up({
    ...(first === undefined ? {} : { first }),
    then: story('three answers later it is up', async (stand) => {
      await stand.pppd.untilLogged(log, WAIT_MS);
      await setTimeout(200);
      assert.equal((await stand.link()).state, 'up');
      await stand.carryTraffic();
    }),
  }),
}));

export const auth: Topic = {
  name: 'Authentication',
  about:
    'A pppd 2.4.9 that repeats EAP (`eap-interval`) switches its kernel’s decompressor off without a word each time. linkd notices by its Reset-Requests, negotiates CCP anew, and when that is needed too often sends plain packets.',
  cases: [...byMethod, ...choices, ...addresses, ...repeated],
};
