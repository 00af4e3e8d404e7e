/** Several lines, and Multilink, as the config has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localEndpoint } from '../../src/multilink/endpoint.js';
import { good, goodLink } from './support.js';

const usual = {
  mrru: 1500,
  shortSequence: false,
  classes: true,
  endpoint: undefined,
  minFragment: 128,
  maxFragmentMs: 50,
  isSingle: false,
};

/** A link of two serial ports, with these lines beside. */
function twoLines(...more: readonly string[]) {
  const keys = ['lines: [/dev/ttyS0, {serial: /dev/ttyS1, flow: xonxoff}]', 'remote: 10.0.0.2', ...more];
  const [link] = good(`links:\n  branch:\n${keys.map((line) => `    ${line}\n`).join('')}`).links;
  assert.ok(link);
  return link;
}

describe('several lines', () => {
  it('have Multilink with its defaults; each counts for what is escaped', () => {
    const { line, moreLines, multilink, lcp, escape } = twoLines();
    assert.deepEqual(
      [line, ...moreLines].map((one) => one.kind === 'serial' && one.device),
      ['/dev/ttyS0', '/dev/ttyS1'],
    );
    assert.deepEqual(multilink, usual);
    assert.deepEqual([lcp.asyncmap, escape], [0x000a0000, [0x11, 0x13]]);
  });

  it('may be one: then Multilink is off', () => {
    const [link] = good('links:\n  branch: {lines: /dev/ttyS0, remote: 10.0.0.2}\n').links;
    assert.deepEqual([link?.moreLines, link?.multilink], [[], undefined]);
  });
});

describe('multilink', () => {
  it('is on with one line where it is wanted', () => {
    for (const on of ['on', '{}'])
      assert.deepEqual(goodLink(`multilink: ${on}`).multilink, { ...usual, isSingle: true });
    assert.equal(goodLink('multilink: off').multilink, undefined);
  });

  it('takes its keys, and the largest packet follows the MRRU', () => {
    const { multilink, mtu } = twoLines(
      'lcp: {mru: 296}',
      'multilink: {mrru: 1400, short-sequence: on, classes: off, endpoint: "local:0102", min-fragment: 16, max-fragment-time: off}',
    );
    assert.deepEqual(multilink, {
      mrru: 1400,
      shortSequence: true,
      classes: false,
      endpoint: localEndpoint(Uint8Array.of(1, 2)),
      minFragment: 16,
      maxFragmentMs: Infinity,
      isSingle: false,
    });
    assert.equal(mtu, 1400);
    assert.equal(goodLink('multilink: {max-fragment-time: 30ms}').multilink?.maxFragmentMs, 30);
  });
});
