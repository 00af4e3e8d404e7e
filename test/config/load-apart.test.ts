/** loadConfigApart: the same as loadConfig, from a thread that ends; and what is said when there is no such thread. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { OpError } from '../../src/base/errors.js';
import { loadConfigApart } from '../../src/config/load-apart.js';
import { loadConfig } from '../../src/config/load.js';
import { root } from '../support/root.js';

const folder = mkdtempSync(join(tmpdir(), `linkd-apart-${process.pid}-`));
after(() => {
  rmSync(folder, { recursive: true });
});

const examples = join(root, 'etc/examples');
const wrong = join(folder, 'wrong.yaml');
writeFileSync(wrong, 'daemon: {log-level: loud}\nlinks:\n  a: {line: /dev/ttyS0, local: 10.0.0.1, remote: nowhere!}\n');
const files = [
  join(root, 'etc/linkd.yaml'),
  ...readdirSync(examples).map((name) => join(examples, name)),
  wrong,
  join(folder, 'missing.yaml'),
].filter((file) => file.endsWith('.yaml'));

/** As a program for the thread. */
function program(text: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

describe('loadConfigApart', () => {
  for (const file of files) {
    it(`reads ${file.split('/').at(-1) ?? ''} as loadConfig does`, async () => {
      assert.deepEqual(await loadConfigApart(file), await loadConfig(file));
    });
  }

  it('takes overrides and environment along', async () => {
    const result = await loadConfigApart(files[0] ?? '', { logLevel: 'debug' }, { LINKD_STATE_DIR: '/state' });
    assert.ok(result.ok);
    assert.deepEqual([result.config.daemon.logLevel, result.config.daemon.stateDir], ['debug', '/state']);
  });

  it('gives what nobody can change', async () => {
    const open: string[] = [];
    const search = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, part] of Object.entries(value)) search(part, `${path}.${key}`);
    };
    for (const file of files) search(await loadConfigApart(file), file);
    assert.deepEqual(open, []);
  });

  for (const [what, text, reason] of [
    ['fails', 'throw new Error("no such thing")', /no such thing/],
    ['ends without a word', 'process.exit(3)', /exit code 3/],
    ['takes too long', 'setInterval(() => undefined, 1000)', /more than 0\.2 seconds/],
  ] as const) {
    it(`names the cause and what to do when the thread ${what}`, async () => {
      await assert.rejects(loadConfigApart(wrong, {}, {}, program(text), 200), (error) => {
        assert.ok(error instanceof OpError);
        assert.match(error.message, reason);
        assert.match(error.message, /memory/);
        return true;
      });
    });
  }
});
