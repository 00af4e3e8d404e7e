/** Bit errors on the line: frames are lost, histories are mended, and what arrives is whole. */
import assert from 'node:assert/strict';
import type { WireLink } from '../../../src/control/protocol.js';
import { story, up, type Case, type Story, type Topic } from '../case.js';
import { LINK, WAIT_MS } from '../stand.js';

/** Of all octets. */
const damage = 3e-5;
/** What both ways, even compressed, is hit several times. */
const octets = 512 * 1024;

const noise: Story = story('512 KiB each way arrive whole', async (stand) => {
  const options = (await stand.link()).session?.options;
  stand.cable.disturb({ damage });
  try {
    await stand.transfer('10.0.0.2', octets);
  } finally {
    stand.cable.disturb({ damage: 0 });
  }
  const { aToB, bToA } = stand.cable.counters();
  assert.ok(aToB.damaged > 0 && bToA.damaged > 0, 'both ways were hit');
  const seen = ({ errors }: WireLink): boolean => (errors['fcs'] ?? 0) > 0;
  const { session } = await stand.linkd.until(LINK, 'has counted damaged frames', seen, WAIT_MS);
  assert.deepEqual(session?.options, options, 'the session is as it was');
  await stand.carryTraffic();
});

const names = ['name', 'pppd', 'remotename', 'linkd'];

const cases: readonly Case[] = [
  {
    name: 'plain packets',
    linkd: { compression: 'off', ipcp: { vj: false } },
    expect: up({ options: { 'tx-vj': undefined, 'tx-compression': undefined }, then: noise }),
  },
  {
    name: 'Van Jacobson and Deflate',
    linkd: { compression: 'deflate' },
    expect: up({
      options: {
        'tx-vj': '16 slots, slot-id compressed',
        'rx-vj': '16 slots, slot-id compressed',
        'tx-compression': 'Deflate with a window of 32768 octets',
        'rx-compression': 'Deflate with a window of 32768 octets',
      },
      then: noise,
    }),
  },
  {
    name: 'Van Jacobson and stateless MPPE',
    linkd: {
      auth: { name: 'linkd', secrets: '@good', require: ['mschap-v2'] },
      compression: { mppe: 'required' },
    },
    pppd: [...names, 'require-mppe-128'],
    expect: up({
      options: { 'tx-vj': '16 slots, slot-id compressed', 'tx-compression': 'MPPE with 128 bits, stateless' },
      then: noise,
    }),
  },
];

export const bitErrors: Topic = {
  name: 'Bit errors',
  about: 'While the transfers run, the cable damages 3 octets of 100,000 each way, as bit errors of 4·10⁻⁶ do.',
  cases,
};
