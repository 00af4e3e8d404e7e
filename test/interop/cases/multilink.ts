/** Several lines as one (RFC 1990), with a pppd on each. */
import assert from 'node:assert/strict';
import { story, up, type Topic } from '../case.js';

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
  about: 'Two pppds with the same endpoint, each on a line of its own.',
  cases: [
    { name: 'over two lines', lines: 2, pppd: endpoint, expect: up({ first: bothCarry }) },
    {
      name: 'with short sequence numbers',
      lines: 2,
      linkd: { multilink: { 'short-sequence': true } },
      pppd: [...endpoint, 'mpshortseq'],
      expect: up({ first: bothCarry }),
    },
  ],
};
