/** Several lines as one (RFC 1990), with a pppd on each; and long packets cut for short ones on one line. */
import assert from 'node:assert/strict';
import { story, up, type ConfigSection, type Topic } from '../case.js';

const WAIT_MS = 20_000;

const endpoint = ['multilink', 'endpoint', 'local:01.02.03.04'];

const bothCarry = story('both lines carry packets', async (stand) => {
  const { lines } = await stand.linkd.until(
    'peer',
    'has both lines',
    (link) => link.lines.filter(({ state }) => state === 'joined').length === 2,
    WAIT_MS,
  );
  assert.equal(lines.length, 2);
  // What comes between its LCP and this, the kernel drops.
  await stand.pppds[1]?.untilLogged(/Link attached to/, WAIT_MS);
});

export const multilink: Topic = {
  name: 'Multilink',
  about:
    'Over two lines, two pppds with the same endpoint, each on a line of its own. pppd knows nothing of classes (RFC 2686) and rejects them.',
  cases: [
    {
      name: 'over two lines',
      lines: 2,
      linkd: ours(1),
      pppd: endpoint,
      expect: up({ first: bothCarry, options: sequences(24, 24) }),
    },
    {
      name: 'with short sequence numbers',
      lines: 2,
      linkd: ours(2, { 'short-sequence': true }),
      pppd: [...endpoint, 'mpshortseq'],
      expect: up({ first: bothCarry, options: sequences(12, 12) }),
    },
    {
      name: 'with short sequence numbers to pppd alone',
      lines: 2,
      linkd: ours(3),
      pppd: [...endpoint, 'mpshortseq'],
      expect: up({ first: bothCarry, options: sequences(24, 12) }),
    },
    {
      name: 'on one line, as on a slow one by default',
      linkd: ours(4),
      pppd: ['multilink'],
      expect: up({ options: { ...sequences(24, 24), 'tx-compression': 'Deflate with a window of 32768 octets' } }),
    },
    {
      name: 'on one line, packets cut for time',
      linkd: { ...ours(5, { 'max-fragment-time': '1ms' }), compression: 'off' },
      pppd: ['multilink'],
      expect: up({ options: sequences(24, 24) }),
    },
    {
      name: 'on one line, with a pppd that wants none',
      linkd: ours(6),
      expect: up({ options: { 'rx-mrru': undefined, 'tx-mrru': undefined, 'rx-classes': undefined } }),
    },
  ],
};

/** Each with an endpoint of its own: cases go on at the same time, and pppd tells bundles apart by it. */
function ours(number: number, more: ConfigSection = {}): ConfigSection {
  return { multilink: { endpoint: `local:0${number}`, ...more } };
}

/** Bits of the numbers of what we receive and send. */
function sequences(rx: number, tx: number): Readonly<Record<string, string>> {
  return { 'rx-sequence': `${rx} bits`, 'tx-sequence': `${tx} bits`, 'rx-classes': '1', 'tx-classes': '1' };
}
