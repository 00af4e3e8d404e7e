/** Who is at the other end of a socket: this process, and children that took on another user first. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { native, type PeerCredentials } from '../../src/native/binding.js';
import { descriptorOf } from '../../src/native/socket-descriptor.js';
import { within } from '../support/eventually.js';
import { Child } from '../support/process.js';
import { Descriptors } from './descriptors.js';

const patienceMs = 20_000;

describe('peerCredentials', () => {
  it('knows this process', (t) => {
    const [near] = new Descriptors(t).sockets();
    const { pid, uid, gid, groups } = native.peerCredentials(near);
    assert.deepEqual({ pid, uid, gid }, { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() });
    // Node's own list has the group itself as well.
    assert.deepEqual(new Set([...groups, gid]), new Set(process.getgroups?.()));
  });

  const many = Array.from({ length: 300 }, (_, i) => 70_000 + i);
  for (const [what, groups] of [
    ['without groups', []],
    ['with two groups', [60, 70_000]],
    ['with more groups than most', many],
  ] as const) {
    it(`knows another user ${what}, and its process`, async (t) => {
      const peers = await listen(t);
      const child = connectAs(t, peers.path, 65_534, 65_533, groups);
      const peer = await within(peers.next(), patienceMs, 'a connection');
      assert.deepEqual({ ...peer, groups: sorted(peer.groups) }, { pid: child.pid, uid: 65_534, gid: 65_533, groups });
    });
  }

  it('knows nobody behind another kind of descriptor', async (t) => {
    const fds = new Descriptors(t);
    assert.throws(() => native.peerCredentials(fds.pty().master), { code: 'ENOTSOCK' });
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await within(new Promise((resolve) => server.once('listening', resolve)), patienceMs, 'the listener');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const socket = connect(address.port, '127.0.0.1');
    t.after(() => socket.destroy());
    await within(new Promise((resolve) => socket.once('connect', resolve)), patienceMs, 'the connection');
    assert.throws(() => native.peerCredentials(descriptorOf(socket)), { code: 'ENODATA' });
    socket.destroy();
    assert.throws(() => descriptorOf(socket), /not connected/);
  });
});

interface Peers {
  readonly path: string;
  /** The next one that connects. */
  next(): Promise<PeerCredentials>;
}

/** A listener that every user may connect to. */
async function listen(t: TestContext): Promise<Peers> {
  const folder = await mkdtemp(join(tmpdir(), `linkd-peer-${process.pid}-`));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'socket');
  const server: Server = createServer().listen(path);
  t.after(() => server.close());
  await within(new Promise((resolve) => server.once('listening', resolve)), patienceMs, 'the listener');
  await chmod(folder, 0o755);
  await chmod(path, 0o666);
  return {
    path,
    next: () =>
      new Promise((resolve, reject) => {
        server.once('connection', (socket: Socket) => {
          try {
            resolve(native.peerCredentials(descriptorOf(socket)));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          } finally {
            socket.destroy();
          }
        });
      }),
  };
}

/** A process that becomes that user and connects. It is this Node, so nothing else needs to be open to that user. */
function connectAs(t: TestContext, path: string, uid: number, gid: number, groups: readonly number[]): Child {
  const script = `process.setgroups(${JSON.stringify(groups)}); process.setgid(${gid}); process.setuid(${uid});
    require('node:net').connect(${JSON.stringify(path)}).on('error', (error) => { throw error; }).resume();`;
  const child = new Child(process.execPath, ['-e', script]);
  t.after(() => child.stop('SIGKILL'));
  return child;
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
