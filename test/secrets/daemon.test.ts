/**
 * Authentication between two real linkds on a Unix socket: both prove themselves, a changed secret counts from the next session
 * on, a file that others can read is refused; and no secret shows in a log, a status, an event, a process or a hook.
 */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import { TwoRouters } from '../support/two-routers.js';

const left = 'sEcrEt-of-the-Left';
const right = 'sEcrEt-of-the-Right';
const wrong = 'sEcrEt-that-is-Wrong';

/** The files of both ends, for one method each way. */
function writeSecrets(routers: TwoRouters, toLeft: string, toRight: string): void {
  const lines = `branch hq "${toLeft}" 10.0.0.2\nhq branch '${toRight}' 10.0.0.1\n`;
  writeFileSync(routers.dir.file('a.secrets'), lines, { mode: 0o600 });
  writeFileSync(routers.dir.file('b.secrets'), `branch hq ${left} 10.0.0.2\nhq branch ${right} 10.0.0.1\n`, {
    mode: 0o600,
  });
}

function auth(routers: TwoRouters, side: 'a' | 'b', method: string): readonly string[] {
  const name = side === 'a' ? 'hq' : 'branch';
  const hook = `${routers.dir.file('hook')} ${routers.dir.file(`${side}.env`)}`;
  return [
    `auth: {name: ${name}, require: [${method}], accept: [${method}], secrets: ${routers.dir.file(`${side}.secrets`)}}`,
    'restart: {quick: 50ms, quick-max: 100ms, slow: 100ms, slow-max: 200ms}',
    `hooks: {up: "${hook}", fail: "${hook}"}`,
  ];
}

/** Everything that is said or seen of a daemon. */
async function seen(daemon: Daemon, routers: TwoRouters): Promise<string> {
  const commands = [
    ['status'],
    ['status', 'branch'],
    ['status', '--json'],
    ['config', 'show'],
    ['events', '--help'],
    ['log', 'branch'],
  ];
  const said = await Promise.all(commands.map((command) => daemon.ctl(...command)));
  const status = JSON.stringify(await daemon.link('branch'));
  const process = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${daemon.pid}/${file}`, 'latin1'));
  const log = JSON.stringify((await daemon.client.log('branch')).body);
  const files = readdirSync(routers.dir.path).filter((name) => name.endsWith('.env') || name.endsWith('.yaml'));
  const read = files.map((name) => readFileSync(routers.dir.file(name), 'latin1'));
  return [...said.flatMap(({ stdout, stderr }) => [stdout, stderr]), status, log, daemon.log, ...process, ...read].join(
    '\n',
  );
}

async function withRouters(test: (routers: TwoRouters) => Promise<void>): Promise<void> {
  const routers = await TwoRouters.create();
  try {
    writeFileSync(routers.dir.file('hook'), '#!/bin/sh\nenv >>"$1"\n', { mode: 0o755 });
    await test(routers);
  } finally {
    await routers.close();
  }
}

describe('two linkds', () => {
  for (const method of ['mschap-v2', 'pap']) {
    it(`prove themselves to each other, and carry traffic (${method})`, { timeout: 90_000 }, async () => {
      await withRouters(async (routers) => {
        writeSecrets(routers, left, right);
        const socket = routers.dir.file('line.sock');
        const a = await routers.startA(`{unix-listen: ${socket}}`, auth(routers, 'a', method));
        const b = await routers.startB(`{unix: ${socket}}`, auth(routers, 'b', method));
        assert.equal((await a.untilUp('branch')).session?.peer_name, 'branch');
        assert.equal((await b.untilUp('branch')).session?.peer_name, 'hq');
        assert.match((await a.ctl('status', 'branch')).stdout, /peer +branch, authenticated/);
        await routers.carryTraffic(20_000);
        const all = (await seen(a, routers)) + (await seen(b, routers));
        assert.ok(all.includes('has proved to be'), 'the log was read');
        assert.doesNotMatch(all, /sEcrEt/);
      });
    });
  }

  it('stay apart with a wrong secret, tell why, and meet once it is corrected', { timeout: 90_000 }, async () => {
    await withRouters(async (routers) => {
      writeSecrets(routers, wrong, right);
      const socket = routers.dir.file('line.sock');
      const a = await routers.startA(`{unix-listen: ${socket}}`, auth(routers, 'a', 'mschap-v2'));
      const b = await routers.startB(`{unix: ${socket}}`, auth(routers, 'b', 'mschap-v2'));
      const { last_cause: refused } = await a.untilCause('branch', 'peer-auth-failed');
      assert.match(refused?.detail ?? '', /"branch"/);
      const { last_cause: failed } = await b.untilCause('branch', 'auth-failed');
      assert.match(failed?.detail ?? '', /E=691: name or password is wrong/);
      assert.doesNotMatch((await seen(a, routers)) + (await seen(b, routers)), /sEcrEt/);
      writeSecrets(routers, left, right);
      await a.untilUp('branch');
      await b.untilUp('branch');
    });
  });

  it(
    'refuse a file that others can read, with the remedy, and go on once it is closed',
    { timeout: 90_000 },
    async () => {
      await withRouters(async (routers) => {
        writeSecrets(routers, left, right);
        const [socket, file] = [routers.dir.file('line.sock'), routers.dir.file('b.secrets')];
        chmodSync(file, 0o644);
        const a = await routers.startA(`{unix-listen: ${socket}}`, auth(routers, 'a', 'chap'));
        const b = await routers.startB(`{unix: ${socket}}`, auth(routers, 'b', 'chap'));
        const { last_cause: why } = await b.untilCause('branch', 'secrets-failed');
        assert.match(why?.detail ?? '', /mode 0644 opens it to its group or to others\. Run: chmod 600/);
        assert.doesNotMatch(await seen(b, routers), /sEcrEt/);
        chmodSync(file, 0o600);
        await b.untilUp('branch');
        await a.untilUp('branch');
      });
    },
  );
});
