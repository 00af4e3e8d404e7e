/** Who may do what on the control socket, asked by processes that are really other users. */
import assert from 'node:assert/strict';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { errorBody } from '../../src/control/protocol.js';
import { ControlServer } from '../../src/control/server.js';
import { FakeSteering } from '../support/fake-steering.js';
import { Child } from '../support/process.js';
import { about, http, requestAs, serve, serveOthers, silentLog, temporaryDirectory, waitUntil } from './rig.js';

/** Users and groups that every Debian has. */
const daemon = { uid: 1, gid: 1 };
const games = { name: 'games', gid: 60 };
/** In no user database. */
const stranger = { uid: 61_999, gid: 61_999 };

const looks = ['GET /v1/status', 'GET /v1/links/branch', 'GET /v1/links/branch/log', 'GET /v1/routes'];
const moreLooks = ['GET /v1/history', 'GET /v1/totals'];
const commands = ['POST /v1/links/branch/up', 'POST /v1/links/depot/restart', 'POST /v1/reload'];
const confidential = ['GET /v1/diff', 'GET /v1/links/depot/plan'];

describe('who may steer', () => {
  for (const [who, identity] of [
    ['a user whose group it is', { uid: stranger.uid, gid: games.gid }],
    ['a user who has the group beside others', { ...stranger, groups: [1, 2, games.gid] }],
    ['root', { uid: 0, gid: 0 }],
  ] as const) {
    it(`everything: ${who}`, async (t) => {
      const { path, steering } = await serveOthers(t, { group: games.name });
      const all = [...looks, ...moreLooks, ...confidential, ...commands];
      const got = await requestAs(identity, path, all);
      assert.deepEqual(
        got.map(({ status }) => status),
        [...[...looks, ...moreLooks, ...confidential].map(() => 200), 202, 202, 200],
      );
      assert.deepEqual(steering.commands, ['up branch', 'restart depot', 'reload']);
    });
  }

  it('nothing: anybody else, who may look', async (t) => {
    const { path, steering, infos } = await serveOthers(t, { group: games.name });
    const seen = await requestAs({ ...daemon, groups: [2, 3] }, path, [...looks, ...moreLooks]);
    assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([200]));
    for (const { status, text } of await requestAs(daemon, path, [...commands, ...confidential])) {
      assert.equal(status, 403);
      const { code, message, remedy } = errorBody.parse(JSON.parse(text)).error;
      assert.equal(code, 'forbidden');
      assert.match(message, /^the user daemon may not steer (linkd|the link "(branch|depot)")$/);
      assert.match(remedy ?? '', /sudo.*join the group games.*`steer`/);
    }
    assert.deepEqual(steering.commands, []);
    await waitUntil('the refusals are logged', () => infos.length === commands.length);
    assert.match(infos.join('\n'), /^refused from daemon \(pid \d+\): POST \/v1\/links\/branch\/up$/m);
  });

  it('one link: a user that the config names for it, by name', async (t) => {
    const { path, steering } = await serveOthers(t);
    steering.stewards = ['daemon branch', `${stranger.uid} branch`];
    const requests = ['POST /v1/links/branch/down', 'GET /v1/links/branch/plan', ...commands.slice(1), ...confidential];
    const got = await requestAs(daemon, path, requests);
    assert.deepEqual(
      got.map(({ status }) => status),
      [202, 200, 403, 403, 403, 403],
    );
    // Root's group is nothing to join.
    const remedies = got.slice(2).map(({ text }) => errorBody.parse(JSON.parse(text)).error.remedy ?? '');
    for (const remedy of remedies) assert.doesNotMatch(remedy, /join/);
    const [nameless] = await requestAs(stranger, path, ['POST /v1/links/branch/up']);
    assert.equal(nameless?.status, 403, 'a number is no name');
    assert.deepEqual(steering.commands, ['down branch']);
  });

  it('no link that there is not: that is said first', async (t) => {
    const { path } = await serveOthers(t);
    const [answer] = await requestAs(daemon, path, ['POST /v1/links/brnch/up']);
    assert.equal(answer?.status, 404);
  });

  it('is logged: who, by which process, did what', async (t) => {
    const { path, infos } = await serveOthers(t, { group: games.name });
    await requestAs({ uid: daemon.uid, gid: games.gid }, path, ['GET /v1/status', 'POST /v1/links/branch/restart']);
    await http(path, 'POST', '/v1/reload');
    await waitUntil('both are logged', () => infos.length === 2);
    assert.match(infos[0] ?? '', /^taken from daemon \(pid \d+\): POST \/v1\/links\/branch\/restart$/);
    assert.equal(infos[1], `taken from root (pid ${process.pid}): POST /v1/reload`);
  });
});

describe('the socket', () => {
  it('belongs to the group that is named, by name or by number', async (t) => {
    for (const group of [games.name, String(games.gid)]) {
      const { path, server } = await serve(t, { group });
      const { gid, mode } = await lstat(path);
      assert.deepEqual([gid, mode & 0o777], [games.gid, 0o666]);
      await server.close();
    }
  });

  it('is closed to others where its mode says so', async (t) => {
    const { path } = await serveOthers(t, { group: games.name, mode: 0o660 });
    assert.deepEqual(await requestAs(daemon, path, ['GET /v1/status']), [{ status: 0, text: 'EACCES' }]);
    const [answer] = await requestAs({ ...stranger, groups: [games.gid] }, path, ['GET /v1/status']);
    assert.equal(answer?.status, 200);
  });

  it('is not made for a group that there is not', async (t) => {
    const path = join(await temporaryDirectory(t), 'control.sock');
    const options = { path, steering: new FakeSteering([]), about, log: silentLog, group: 'no-such-group' };
    await assert.rejects(
      ControlServer.listen(options),
      /find the group no-such-group: there is no such group\. Create it/,
    );
  });
});

describe('those who only look', () => {
  /** A program of such a user that goes on; `$path` is the socket. */
  function startGuest(t: TestContext, path: string, script: string): Child {
    const setup = `process.setgroups([]); process.setgid(1); process.setuid(1); const $path = ${JSON.stringify(path)};`;
    const child = new Child(process.execPath, ['-e', `${setup}\n${script}\nsetInterval(() => undefined, 1000);`]);
    t.after(() => child.stop('SIGKILL'));
    return child;
  }
  const said = (child: Child): string[] => child.stdout.split('\n').filter((line) => line !== '');

  it('leave half of the connections to those who steer', async (t) => {
    const { path } = await serveOthers(t, {
      limits: { maxConnections: 8, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 },
    });
    const child = startGuest(
      t,
      path,
      `for (let i = 0; i < 6; i++) {
        require('node:net').connect($path).on('error', () => undefined).on('close', () => console.log('closed')).resume();
      }`,
    );
    await waitUntil('those that are too many are closed', () => said(child).length === 2);
    for (let i = 0; i < 3; i++) assert.equal((await http(path, 'POST', '/v1/links/branch/up')).status, 202);
    assert.equal(said(child).length, 2);
    await child.stop('SIGKILL');
    await waitUntil('there is room again', async () => {
      const [answer] = await requestAs(daemon, path, ['GET /v1/status']);
      return answer?.status === 200;
    });
  });

  it('leave half of the streams to them as well', async (t) => {
    const { path, steering } = await serveOthers(t, { limits: { maxStreams: 4 } });
    const child = startGuest(
      t,
      path,
      `for (let i = 0; i < 3; i++) {
        require('node:http').get({ socketPath: $path, path: '/v1/events', agent: false }, (incoming) => {
          console.log(incoming.statusCode);
          incoming.resume();
        });
      }`,
    );
    await waitUntil('all are answered', () => said(child).length === 3);
    assert.deepEqual(said(child).toSorted(), ['200', '200', '503']);
    assert.equal(steering.listeners, 2);
    void http(path, 'GET', '/v1/events').catch(() => undefined);
    await waitUntil('root has a stream all the same', () => steering.listeners === 3);
  });
});
