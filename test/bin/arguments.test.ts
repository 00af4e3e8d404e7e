/** linkd's arguments: what they ask for, and what is wrong with them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { help, readArguments } from '../../src/bin/arguments.js';
import { root } from '../support/root.js';

const nothing = {
  config: '/etc/linkd/linkd.yaml',
  control: undefined,
  controlGroup: undefined,
  controlMode: undefined,
  stateDir: undefined,
  logLevel: undefined,
  logFormat: undefined,
};

describe('readArguments', () => {
  it('takes what is given, in either form, the last one of several', () => {
    const words = ['--config', 'a.yaml', '--control=/c', '--control-group', 'g', '--control-mode', '0660'];
    const more = ['--state-dir', '/s', '--log-level', 'info', '--log-level=debug', '--log-format', 'json'];
    const given = { control: '/c', controlGroup: 'g', controlMode: '0660' };
    const rest = { stateDir: '/s', logLevel: 'debug', logFormat: 'json' };
    assert.deepEqual(readArguments([...words, ...more]), {
      kind: 'run',
      arguments: { config: 'a.yaml', ...given, ...rest },
    });
    assert.deepEqual(readArguments([]), { kind: 'run', arguments: nothing });
  });

  it('is asked for help and the version', () => {
    for (const words of [['--help'], ['-h'], ['--config', 'x', '-h']]) {
      assert.deepEqual(readArguments(words), { kind: 'help' });
    }
    for (const words of [['--version'], ['-V']]) assert.deepEqual(readArguments(words), { kind: 'version' });
  });

  for (const words of [['--confg', 'x'], ['--config'], ['start'], ['--help=1'], ['-x']]) {
    it(`refuses ${words.join(' ')}`, () => {
      const request = readArguments(words);
      assert.ok(request.kind === 'mistake');
      assert.match(request.message, /--?\w|start/);
    });
  }

  it('helps with every argument that the manual has', () => {
    const manual = readFileSync(join(root, 'docs/linkd.md'), 'utf8');
    const names = [...manual.matchAll(/^\| `(--[\w-]+) /gm)].map(([, name = '']) => name);
    assert.ok(names.length >= 7);
    for (const name of names) assert.ok(help.includes(`${name} <`), name);
  });
});
