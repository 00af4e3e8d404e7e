/** What etc/ ships is right as it is, also with what is commented out; so are the examples in the documentation. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { formatIp4 } from '../../src/base/ip.js';
import { root } from '../support/root.js';
import { good, goodLink } from './support.js';

const files = readdirSync(join(root, 'etc'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.ya?ml$/.test(name),
);
const read = (name: string): string => readFileSync(join(root, 'etc', name), 'utf8');

describe('etc', () => {
  it('has the main file and an example of every kind of line', () => {
    assert.ok(files.includes('linkd.yaml'));
    const kinds = files.flatMap((name) => good(read(name)).links.map(({ line }) => line.kind));
    assert.deepEqual([...new Set(kinds)].sort(), [
      'exec',
      'pty',
      'rfc2217',
      'serial',
      'tcp',
      'tcp-listen',
      'terminal',
      'unix',
      'unix-listen',
    ]);
  });

  for (const name of files) {
    it(`${name} is right, begins with what it is, and links something if it is an example`, () => {
      const text = read(name);
      assert.match(text, /^# /);
      assert.equal(good(text).links.length > 0, name !== 'linkd.yaml');
    });
  }

  it('linkd.yaml is right when what is commented out is not', () => {
    const { links, daemon } = good(read('linkd.yaml').replace(/^( *)#(?! [A-Za-z`])/gm, '$1'));
    assert.deepEqual(
      links.map(({ name }) => name),
      ['branch'],
    );
    assert.deepEqual(daemon, good('links:\n').daemon);
  });

  for (const pair of ['null-modem', 'tcp']) {
    it(`the two ends of ${pair} mirror each other`, () => {
      const [office] = good(read(`examples/${pair}-office.yaml`)).links;
      const [branch] = good(read(`examples/${pair}-branch.yaml`)).links;
      assert.ok(office && branch);
      assert.equal(formatIp4(office.local), formatIp4(branch.remote));
      assert.equal(formatIp4(office.remote), formatIp4(branch.local));
    });
  }
});

describe('the hooks in etc', () => {
  for (const name of readdirSync(join(root, 'etc/hooks'))) {
    it(`${name} shows how it is configured`, () => {
      const usage = Array.from(read(`hooks/${name}`).matchAll(/^# {3}(.*)$/gm), ([, line = '']) => `  ${line}`);
      const { hooks } = goodLink('hooks:', ...usage).hooks;
      const programs = Object.values(hooks).flatMap((list) => list.map(({ command }) => command[0]));
      assert.ok(programs.length > 0 && programs.every((program) => program === `/etc/linkd/hooks/${name}`), name);
    });
  }
});

describe('the documentation', () => {
  const documents = [...readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name))].filter((name) =>
    name.endsWith('.md'),
  );
  const blocks = documents.flatMap((path) =>
    Array.from(readFileSync(path, 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm), ([, text = '']) => ({ path, text })),
  );

  it('has an example', () => {
    assert.ok(blocks.length > 0);
  });

  for (const [i, { path, text }] of blocks.entries()) {
    it(`example ${i + 1}, in ${basename(path)}, is right`, () => {
      good(text);
    });
  }
});
