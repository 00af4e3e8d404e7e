/** Several lines, and Multilink, as the config has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localEndpoint } from '../../src/multilink/endpoint.js';
import { multilinkOn } from '../../src/link/line-multilink.js';
import { good, goodLink } from './support.js';

const usual = {
  mrru: 1500,
  shortSequence: undefined,
  classes: true,
  endpoint: undefined,
  minFragment: 128,
  maxFragmentMs: 50,
  isSingle: false,
  onlyIfSlow: false,
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

  it('may be one: then Multilink is for a slow one', () => {
    const [link] = good('links:\n  branch: {lines: /dev/ttyS0, remote: 10.0.0.2}\n').links;
    assert.deepEqual([link?.moreLines, link?.multilink], [[], { ...usual, isSingle: true, onlyIfSlow: true }]);
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
      'multilink: {mrru: 1400, short-sequence: off, classes: off, endpoint: "local:0102", min-fragment: 16, max-fragment-time: off}',
    );
    assert.deepEqual(multilink, {
      mrru: 1400,
      shortSequence: false,
      classes: false,
      endpoint: localEndpoint(Uint8Array.of(1, 2)),
      minFragment: 16,
      maxFragmentMs: Infinity,
      isSingle: false,
      onlyIfSlow: false,
    });
    assert.equal(mtu, 1400);
    assert.equal(goodLink('multilink: {max-fragment-time: 30ms}').multilink?.maxFragmentMs, 30);
  });
});

describe('Multilink on one line', () => {
  const us = localEndpoint(Uint8Array.of(7));
  const serial = (speed: number, ...keys: readonly string[]): string =>
    [`{serial: /dev/ttyS0, speed: ${speed}}`, ...keys].join('\n    ');
  const cases: readonly (readonly [name: string, line: string, speed: number | undefined, mrru: number | undefined])[] =
    [
      ['115200 baud', serial(115_200), 115_200, 1500],
      ['115200 baud, where a modem has connected at 33600', serial(115_200), 33_600, 1500],
      ['230400 baud', serial(230_400), 230_400, 1500],
      ['300000 baud, at which a full frame takes 50 ms', serial(115_200), 300_000, undefined],
      ['460800 baud', serial(460_800), 460_800, undefined],
      ['9600 baud', serial(9600), 9600, 1500],
      ['9600 baud with the smallest packets', serial(9600, 'lcp: {mru: 64}'), 9600, 68],
      ['115200 baud with small packets', serial(115_200, 'lcp: {mru: 296}'), 115_200, undefined],
      ['9600 baud with small packets', serial(9600, 'lcp: {mru: 296}'), 9600, 296],
      ['460800 baud with large packets', serial(460_800, 'lcp: {mru: 4000}'), 460_800, 4000],
      ['a socket', '{unix: /tmp/ppp}', undefined, undefined],
      ['a socket that leads to a slow line', '{unix: /tmp/ppp, speed: 9600}', 9600, 1500],
      ['off', serial(9600, 'multilink: off'), 9600, undefined],
      ['on, whatever the speed', serial(460_800, 'multilink: on'), 460_800, 1500],
      ['on without a speed', '{unix: /tmp/ppp}\n    multilink: {mrru: 1600}', undefined, 1600],
    ];
  for (const [name, line, speed, mrru] of cases) {
    it(`is ${mrru === undefined ? 'not there' : `there, with an MRRU of ${mrru}`}: ${name}`, () => {
      const [link] = good(`links:\n  branch:\n    remote: 10.0.0.2\n    line: ${line}\n`).links;
      assert.ok(link);
      const options = multilinkOn(link, speed, us);
      assert.equal(options?.mrru, mrru);
      if (options !== undefined) assert.deepEqual(options.endpoint, line.includes('multilink') ? us : undefined);
    });
  }

  it('leaves the largest packet as it is without', () => {
    for (const mru of [64, 296, 1500, 4000]) {
      const mtuOf = (multilink: string) => goodLink(`lcp: {mru: ${mru}}${multilink}`).mtu;
      assert.equal(mtuOf(''), mtuOf('\n    multilink: off'));
    }
  });
});
