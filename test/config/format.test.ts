/** Messages for people: the line, the caret, and nothing that a terminal would act on or nobody may see. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { excerpt } from '../../src/config/excerpt.js';
import { formatConfigErrors } from '../../src/config/format.js';
import { parseConfig } from '../../src/config/parse.js';

const mru = `links:
  branch:
    line: /dev/ttyS0
    local: 10.0.0.1
    remote: 10.0.0.2
    networks:
      - 10.2.0.0/16
      - 10.3.0.0/16
    lcp:
      mru: 64000
`;

describe('formatConfigErrors', () => {
  it('shows place, path, message, and the line with a caret', () => {
    const result = parseConfig([{ file: '/etc/linkd/linkd.yaml', text: mru }]);
    assert.ok(!result.ok);
    assert.equal(
      formatConfigErrors(result.errors),
      `/etc/linkd/linkd.yaml:10:12: links.branch.lcp.mru: 64000 is too large; allowed: 64 to 16384
   10 |       mru: 64000
      |            ^
`,
    );
  });

  it('says that a warning is one', () => {
    const { warnings } = parseConfig([{ file: 'linkd.yaml', text: '# nothing\n' }]);
    assert.equal(
      formatConfigErrors(warnings, 'warning'),
      `linkd.yaml:1:1: warning: nothing is configured here; allowed: daemon, links, pools
    1 | # nothing
      | ^
`,
    );
  });

  it('leaves out what there is not', () => {
    const error = { file: 'linkd.yaml', line: 0, column: 0, path: '', message: 'the file does not exist' };
    assert.equal(formatConfigErrors([error]), 'linkd.yaml: the file does not exist\n');
    assert.equal(
      formatConfigErrors([{ ...error, file: 'environment', path: 'LINKD_CONTROL' }]),
      'environment: LINKD_CONTROL: the file does not exist\n',
    );
    assert.equal(formatConfigErrors([]), '');
  });

  it('sends nothing to the terminal that the file made up', () => {
    const text = 'links:\n  "\\e[31m\\u202Ered":\n    line: "\\e]0;title\\a"\n  # \x1b[2J\n';
    for (const file of ['linkd.yaml', '\x1b[31m.yaml']) {
      for (const whole of [text, text.replace('\x1b', '')]) {
        const result = parseConfig([{ file, text: whole }]);
        assert.ok(!result.ok);
        assert.doesNotMatch(formatConfigErrors(result.errors), /[^\P{C}\n]/u);
      }
    }
  });
});

describe('an excerpt', () => {
  const at = (line: string, column: number): string => excerpt([line], 1, column);

  it('shows a tab as one column', () => {
    assert.equal(at('\tx: \t5', 5), '    1 |  x:  5\n      |     ^');
  });

  it('counts characters, not their halves', () => {
    assert.equal(at('"😀": 5', 6), '    1 | "😀": 5\n      |      ^');
  });

  it('shows the part of a long line around the place', () => {
    const line = `${'a'.repeat(150)}X${'b'.repeat(150)}`;
    assert.equal(at(line, 151), `    1 | …${'a'.repeat(50)}X${'b'.repeat(49)}…\n      | ${' '.repeat(51)}^`);
    assert.equal(at(line, 1), `    1 | ${'a'.repeat(100)}…\n      | ^`);
  });

  it('stays short whatever the line', () => {
    assert.ok(at('-'.repeat(1 << 20), 1 << 19).length < 1300);
    assert.ok(at(`${' '.repeat(1 << 20)}x`, 1 << 20).length < 1300);
  });

  const secrets: readonly (readonly [string, string])[] = [
    ['    password: hunter2', '    password: …'],
    ['    password : "hunter2"', '    password : …'],
    ['    api_token: hunter2', '    api_token: …'],
    ['    passphrase hunter2', '    passphrase …'],
    ['    "secret": hunter2', '    "secret": …'],
    ['  a: {user: x, PSK: hunter2, b: 1}', '  a: {user: x, PSK: …'],
    ['    line: {exec: sshpass -p hunter2}', '    line: {exec: …'],
    ['    exec: [sshpass, -p, hunter2]', '    exec: …'],
    ['    tcp: me:hunter2@host:7000', '    tcp: me:…@host:7000'],
    ['    passive: on', '    passive: on'],
    ['    exec:', '    exec:'],
    ['      up: curl -u me:hunter2 host', '      up: …'],
    ['    hooks: {post-down: [/bin/a, /bin/b hunter2]}', '    hooks: {post-down: …'],
    ['      - {user: nobody, run: [/bin/a, hunter2]}', '      - {user: nobody, run: …'],
    ['    allow: [run up down, ssh]', '    allow: [run up down, ssh]'],
  ];
  for (const [line, expected] of secrets) {
    it(`of "${line.trim()}" keeps the secret`, () => {
      assert.equal(at(line, 1).split('\n')[0], `    1 | ${expected}`);
    });
  }

  it('keeps a secret that goes on in the lines below', () => {
    const lines = ['line:', '  exec:', '  - ssh', '', '  # a comment', '  -   - hunter2', '  speed: 5', 'local: 6'];
    const shownLines = lines.map((_, i) =>
      excerpt(lines, i + 1, 1)
        .split('\n')[0]
        ?.slice(8),
    );
    assert.deepEqual(shownLines, ['line:', '  exec:', '  …', '', '  # a comment', '  …', '  speed: 5', 'local: 6']);
    const hooks = [
      'hooks:',
      '  up:',
      '    - curl -u me:hunter2 host',
      '    - run:',
      '        - hunter2',
      '  ipparam: x',
    ];
    assert.deepEqual(
      hooks.map((_, i) =>
        excerpt(hooks, i + 1, 1)
          .split('\n')[0]
          ?.slice(8),
      ),
      ['hooks:', '  up:', '    …', '    …', '        …', '  ipparam: x'],
    );
    const block = ['password: |', '  hunter2', '  hunter2', 'b: c'];
    assert.deepEqual(
      block.map((_, i) =>
        excerpt(block, i + 1, 1)
          .split('\n')[0]
          ?.slice(8),
      ),
      ['password: …', '  …', '  …', 'b: c'],
    );
  });
});
