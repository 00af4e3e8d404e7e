/** Files that are made to do harm, or are just broken: always a result, in bounded time, with every place in the file. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatConfigErrors } from '../../src/config/format.js';
import { parseConfig, type ParseResult } from '../../src/config/parse.js';
import { root } from '../support/root.js';
import { complaints } from './support.js';

const size = 1 << 20;
const fill = (part: string): string => part.repeat(Math.floor(size / part.length));
const rows = (room: number, row: (i: number) => string): string =>
  Array.from({ length: Math.floor(size / room) }, (_, i) => row(i)).join('');
const below = 'links:\n  a:\n    line: /dev/ttyS0\n    local: 10.0.0.1\n    remote: 10.0.0.2\n    networks:\n';

describe('a file of one MiB', () => {
  const bombs: Readonly<Record<string, string>> = {
    'open brackets': fill('['),
    'open braces': fill('{a: '),
    'closing brackets': fill(']'),
    'nested lists': fill('- '),
    'nested keys': fill('? '),
    colons: fill(': '),
    commas: `[${fill(',').slice(1)}`,
    quotes: fill('"'),
    'an open quote': `"${fill('x\n').slice(1)}`,
    anchors: fill('&a '),
    aliases: `x: &x 1\n${fill('- *x\n').slice(9)}`,
    tags: fill('!a '),
    directives: fill('%a\n'),
    documents: fill('---\n'),
    comments: fill('#\n'),
    tabs: fill('\t'),
    'carriage returns': fill('\r'),
    'line ends': fill('\n'),
    dashes: `links: ${fill('-').slice(7)}`,
    'one long word': fill('x'),
    'one long command': `links: {a: {line: {exec: ${fill('x ').slice(40)}}}}`,
    'NUL characters': fill('\0'),
    'different keys': rows(14, (i) => `k${i}: 1\n`),
    'equal keys': fill('links:\n'),
    'empty links': `links:\n${rows(14, (i) => `  l${i}:\n`)}`,
    'equal networks': below + fill('    - 10.9.0.0/16\n').slice(126),
    'different networks': below + rows(28, (i) => `    - 11.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`),
    'port forwards':
      below.replace('networks', 'port-forwards') + rows(40, (i) => `    - udp ${i % 65536} to 10.1.0.5\n`),
    'proxied networks':
      below.replace('networks', 'proxy-arp') + rows(28, (i) => `    - 11.${i >> 8}.${i & 255}.0/24\n`),
    masquerades:
      below.replace('networks', 'masquerade') +
      rows(48, (i) => `    - out: eth0\n      from: 11.${i >> 8}.${i & 255}.0/24\n`),
    'tracked hosts':
      below.replace('networks', 'track') + rows(28, (i) => `    - 11.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`),
    'allow rules':
      below.replace('networks:', 'firewall:') +
      `      allow:\n${rows(40, (i) => `      - tcp ${i % 65536} from 11.0.0.0/8\n`)}`,
    'one long allow rule': `${below.replace('networks:', 'firewall:')}      allow: ssh, ${fill('ssh from ').slice(200)}\n`,
    'one long port forward': `${below.replace('networks', 'port-forwards')}    - tcp 1 to ${fill(' to').slice(200)}\n`,
    'growing indentation': Array.from({ length: 1400 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
  };
  for (const [name, text] of Object.entries(bombs)) {
    // The runner's time limit for the file is what a hang would meet.
    it(`of ${name} gives a result`, () => {
      assert.ok(text.length <= size + 200 && text.length > size / 2);
      checkResult(text);
    });
    it(`of ${name}, cut to where it is still looked into, gives a result`, () => {
      checkResult(text.slice(0, 60_000));
    });
  }
});

describe('limits', () => {
  const limits: readonly (readonly [string, string, string])[] = [
    ['octets', `#${fill(' ')}`, 'the file has more than 1 MiB, the most for a config file'],
    ['words', fill('[]'), 'the file holds more than 100000 words and marks, the most for a config file'],
  ];
  for (const [name, text, message] of limits) {
    it(`of ${name} are told`, () => {
      assert.deepEqual(complaints([{ file: 'linkd.yaml', text }]), [`linkd.yaml:1:1: ${message}`]);
    });
  }
});

describe('aliases', () => {
  it('that stand for billions are refused', () => {
    const text = Array.from('abcdefghij', (name, i, names: readonly string[] = Array.from('abcdefghij')) =>
      i === 0
        ? 'a: &a [1, 2]\n'
        : `${name}: &${name} [${Array.from({ length: 9 }, () => `*${names[i - 1] ?? ''}`).join()}]\n`,
    ).join('');
    assert.deepEqual(complaints([{ file: 'linkd.yaml', text }]), [
      'linkd.yaml:6:7: the aliases up to here stand for too much',
    ]);
  });

  it('that hold themselves are refused', () => {
    assert.deepEqual(complaints([{ file: 'linkd.yaml', text: 'links: &a\n  - *a\n' }]), [
      'linkd.yaml:2:3: links: is no section; allowed: a key for each link, its name',
      'linkd.yaml:2:5: nothing above is named `&a`',
    ]);
  });
});

describe('any text', () => {
  const folder = join(root, 'etc/examples');
  const examples = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

  it('made of a right config by changes gives a result', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat(12),
      insert: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 5 }),
        fc.constantFrom(
          ':',
          ': ',
          '- ',
          '\n',
          '\n  ',
          '\t',
          '"',
          "'",
          '[',
          ']',
          '{',
          '}',
          ',',
          '#',
          '&a ',
          '*a',
          '!',
          '%',
          '|',
          '>',
          '?',
          '<<: ',
          '__proto__: ',
          '0',
          '-1',
          '\u0000',
          '\ud800',
          '\u2028',
          '---\n',
        ),
      ),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...examples),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        (example, changes) => {
          const text = changes.reduce((whole, { at, remove, insert }) => {
            const start = Math.floor(at * whole.length);
            return whole.slice(0, start) + insert + whole.slice(start + remove);
          }, example);
          checkResult(text);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('of config-like lines gives a result', () => {
    const words = [
      'links',
      'daemon',
      'branch',
      'line',
      'serial',
      'exec',
      'pty',
      'local',
      'remote',
      'networks',
      'network',
      'metric',
      'lcp',
      'mru',
      'echo',
      'restart',
      'quick',
      'asyncmap',
      'escape',
      'default-route',
      'proxy-arp',
      'masquerade',
      'port-forwards',
      'firewall',
      'allow',
      'hooks',
      'up',
      'run',
      'track',
      'hosts',
      'action',
      'raise-metric',
      'quota',
      'steer',
      'constructor',
      '__proto__',
      '/dev/ttyS0',
      '10.0.0.1',
      '10.2.0.0/16',
      'ssh from 10.2.0.0/16',
      'tcp 80 to 10.1.0.5',
      'link',
      'peer',
      '5 GB',
      '5s',
      '7000',
      'off',
    ];
    const line = fc
      .tuple(
        fc.nat(4),
        fc.constantFrom(...words),
        fc.constantFrom(':', ': ', ': [', ': {', ']', '}', ' ', ','),
        fc.constantFrom('', ...words),
      )
      .map(([depth, key, mark, value]) => `${'  '.repeat(depth)}${key}${mark}${value}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 25 }), (lines) => {
        checkResult(lines.join('\n'));
      }),
      { numRuns: 2000 },
    );
  });

  it('at all gives a result', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        checkResult(text);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The result of a file has places in that file, and can be shown. */
function checkResult(text: string): void {
  const result = parseConfig([{ file: 'linkd.yaml', text }]);
  const lines = text.split('\n');
  for (const { line, column, message, excerpt } of reported(result)) {
    const characters = Array.from(lines[line - 1] ?? '').length;
    assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`);
    assert.ok(column >= 1 && column <= characters + 1, `column ${column} of ${characters}`);
    assert.ok(message.length > 0 && message.length < 1000, message);
    assert.equal(excerpt?.split('\n').length, 2);
  }
  assert.ok(reported(result).length <= 402);
  assert.doesNotMatch(formatConfigErrors(reported(result)), /[^\P{Cc}\n]/u);
}

function reported(result: ParseResult): ParseResult['warnings'] {
  return [...(result.ok ? [] : result.errors), ...result.warnings];
}
