/** The control socket's file: made, taken over from the dead, left to the living, removed. */
import assert from 'node:assert/strict';
import { access, lstat, mkdir, readdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { OpError } from '../../src/base/errors.js';
import { ControlServer } from '../../src/control/server.js';
import { FakeSteering } from '../support/fake-steering.js';
import { about, http, leaveStaleSocket, serve, silentLog, temporaryDirectory } from './rig.js';

function listen(path: string): Promise<ControlServer> {
  return ControlServer.listen({ path, steering: new FakeSteering([]), about, log: silentLog });
}

describe('the control socket', () => {
  it('is made with its directory, open to all, and removed at the end', async (t) => {
    const directory = join(await temporaryDirectory(t), 'run', 'linkd');
    const { server, path } = await serve(t, { path: join(directory, 'control.sock') });
    assert.equal((await lstat(path)).mode & 0o777, 0o666);
    assert.equal((await lstat(directory)).mode & 0o777, 0o755);
    assert.deepEqual(await readdir(directory), ['control.sock']);
    await server.close();
    await server.close();
    assert.deepEqual(await readdir(directory), []);
  });

  it('replaces what a killed daemon left', async (t) => {
    const path = join(await temporaryDirectory(t), 'control.sock');
    leaveStaleSocket(path);
    await access(path);
    await serve(t, { path });
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
  });

  it('does not touch the socket of a living daemon', async (t) => {
    const { path } = await serve(t);
    await assert.rejects(listen(path), (error) => {
      assert.ok(error instanceof OpError);
      assert.match(error.message, /another linkd runs there.*--control/);
      return true;
    });
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
    assert.deepEqual(await readdir(join(path, '..')), ['control.sock']);
  });

  it('lets one of several daemons win that start at once, over a stale socket', async (t) => {
    const directory = await temporaryDirectory(t);
    for (let round = 0; round < 10; round++) {
      const path = join(directory, `${round}.sock`);
      leaveStaleSocket(path);
      const starts = await Promise.allSettled(Array.from({ length: 5 }, () => listen(path)));
      const winners = starts.filter((start) => start.status === 'fulfilled').map((start) => start.value);
      t.after(() => Promise.all(winners.map((winner) => winner.close())));
      assert.equal(winners.length, 1);
      assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
      assert.deepEqual(await readdir(directory), [`${round}.sock`]);
      await winners[0]?.close();
    }
  });

  for (const [kind, make] of [
    ['a file', (path: string) => writeFile(path, 'precious')],
    ['a directory', (path: string) => mkdir(path)],
    ['a symbolic link', (path: string) => symlink('/dev/null', path)],
  ] as const) {
    it(`does not replace ${kind}`, async (t) => {
      const path = join(await temporaryDirectory(t), 'control.sock');
      await make(path);
      const before = await lstat(path);
      await assert.rejects(listen(path), /it is there and is not a socket\. Remove it/);
      assert.equal((await lstat(path)).ino, before.ino);
    });
  }

  it('refuses a path that would be cut off', async (t) => {
    const path = join(await temporaryDirectory(t), 'x'.repeat(100));
    await assert.rejects(listen(path), /may have 107 bytes.*shorter/);
    assert.deepEqual(await readdir(join(path, '..')), []);
  });

  it('takes a path of the greatest length', async (t) => {
    const directory = await temporaryDirectory(t);
    const path = join(directory, 'x'.repeat(107 - Buffer.byteLength(directory) - 1));
    await serve(t, { path });
    assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
  });

  it('says what to do about a directory that is none', async (t) => {
    const file = join(await temporaryDirectory(t), 'file');
    await writeFile(file, '');
    await assert.rejects(listen(join(file, 'control.sock')), (error) => {
      assert.ok(error instanceof OpError);
      assert.match(error.message, /Make sure that .* is a directory/);
      return true;
    });
  });

  it('leaves a socket alone at the end that another one put in its place', async (t) => {
    const { path, server } = await serve(t);
    await unlink(path);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    t.after(() => other.close());
    await server.close();
    assert.ok((await lstat(path)).isSocket());
  });
});
