/** The daemon itself: how it starts, what it survives, and what it leaves behind. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { existsSync } from 'node:fs';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import { Daemon, TempDir } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Lab, type Namespace } from '../support/netns.js';
import { must } from '../support/process.js';
import { linkConfig } from '../support/two-routers.js';

const linkd = join(import.meta.dirname, '../../src/bin/linkd.js');

/** What an ordinary user of that group is told who restarts a link: the status of the answer, or the system's refusal. */
function restartAs(gid: number, socketPath: string): Promise<string> {
  const options = JSON.stringify({ socketPath, method: 'POST', path: '/v1/links/branch/restart' });
  const script = `
    process.setgroups([]); process.setgid(${gid}); process.setuid(61999);
    require('node:http').request(${options}, (answer) => console.log(answer.resume().statusCode))
      .on('error', ({ code }) => console.log(code)).end();`;
  return must(process.execPath, ['-e', script]).then((printed) => printed.trim());
}

describe('linkd', () => {
  let lab: Lab;
  let dir: TempDir;
  let router: Namespace;
  before(async () => {
    lab = await Lab.create();
    dir = await TempDir.create();
    router = await lab.namespace('router');
  });
  after(async () => {
    await lab.close();
    await dir.dispose();
  });

  it('names every mistake of a bad config with its position, and exits with 78', async () => {
    const file = dir.file('bad.yaml');
    await writeFile(file, 'links:\n  branch:\n    line: /dev/ttyS0\n    local: 10.0.0.300\n    remte: 10.0.0.2\n');
    const { code, stderr, stdout } = await router.run(process.execPath, [
      linkd,
      '--config',
      file,
      '--control',
      dir.file('x.sock'),
    ]);
    assert.equal(code, 78);
    assert.match(stderr, /bad\.yaml:4:12: .*10\.0\.0\.300/);
    assert.match(stderr, /bad\.yaml:5:5: .*remte/);
    assert.equal(stdout, '');
  });

  it('a config that is not there is named, with exit 78', async () => {
    const { code, stderr } = await router.run(process.execPath, [linkd, '--config', dir.file('none.yaml')]);
    assert.equal(code, 78);
    assert.match(stderr, /none\.yaml/);
  });

  it('a wrong argument is a usage error, with exit 2', async () => {
    const { code, stderr } = await router.run(process.execPath, [linkd, '--frobnicate']);
    assert.equal(code, 2);
    assert.match(stderr, /--frobnicate/);
  });

  it('gives the control socket the group and the permissions of the config', async () => {
    const daemon = await Daemon.start(
      router,
      dir,
      'shared',
      `daemon: {control-group: nogroup, control-mode: 0660}\n${linkConfig('a', '{exec: [sleep, "60"]}')}`,
    );
    try {
      const { mode, gid } = await stat(daemon.control);
      assert.equal(mode & 0o777, 0o660);
      assert.equal(gid, Number(/:(\d+):/.exec(await router.must('getent', ['group', 'nogroup']))?.[1]));
      await chmod(dir.path, 0o755);
      assert.equal(await restartAs(gid, daemon.control), '202');
      assert.equal(await restartAs(gid - 1, daemon.control), 'EACCES');
    } finally {
      await daemon.stop();
    }
  });

  it('a group that there is not is named, and linkd ends', async () => {
    const file = dir.file('no-group.yaml');
    await writeFile(file, 'daemon: {control-group: no-such-group}\nlinks:\n');
    const paths = ['--control', dir.file('y.sock'), '--state-dir', dir.file('y.state')];
    const { code, stdout, stderr } = await router.run(process.execPath, [linkd, '--config', file, ...paths]);
    assert.equal(code, 1);
    assert.match(stdout + stderr, /no-such-group.*there is no such group/);
  });

  it('a second linkd on the same control socket says so, and the first one goes on', async () => {
    const first = await Daemon.start(router, dir, 'first', linkConfig('a', '{exec: [sleep, "60"]}'));
    try {
      const second = await router.run(process.execPath, [
        linkd,
        '--config',
        dir.file('first.yaml'),
        '--control',
        first.control,
        '--state-dir',
        dir.file('s2'),
      ]);
      assert.equal(second.code, 1);
      assert.match(second.stdout, /another linkd/i);
      assert.equal((await first.link('branch')).name, 'branch');
    } finally {
      await first.stop();
    }
  });

  it('two daemons run side by side in two namespaces, with links of one name', async () => {
    const other = await lab.namespace('other');
    const daemons = await Promise.all([
      Daemon.start(router, dir, 'side1', linkConfig('a', '{exec: [sleep, "60"]}')),
      Daemon.start(other, dir, 'side2', linkConfig('a', '{exec: [sleep, "60"]}')),
    ]);
    try {
      for (const daemon of daemons) await daemon.until('branch', 'negotiates', ({ state }) => state === 'negotiating');
    } finally {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
    }
  });

  it('is killed and leaves nothing that the next start does not sweep', async () => {
    const config = linkConfig('a', `{pty: ${dir.file('line')}}`);
    const killed = await Daemon.start(router, dir, 'killed', config);
    await eventually(() => existsSync(dir.file('line')), 10_000, 'the pty is published');
    await killed.stop('SIGKILL');
    assert.equal(existsSync(dir.file('line')), false, 'the dead pty cannot be opened');
    assert.doesNotMatch(await router.ip('link show'), /branch/);
    const next = await Daemon.start(router, dir, 'killed', config);
    try {
      await eventually(() => existsSync(dir.file('line')), 10_000, 'the pty is published again');
      await next.until('branch', 'waits for someone to open the pty', ({ state }) => state === 'opening');
    } finally {
      await next.stop();
    }
    assert.equal(existsSync(dir.file('line')), false, 'the published pty is left over');
    assert.equal(existsSync(next.control), false, 'the control socket is left over');
  });

  it('does not end by SIGHUP, and steering works by command', async () => {
    const daemon = await Daemon.start(
      router,
      dir,
      'steered',
      linkConfig('a', '{exec: [sleep, "60"]}', ['autostart: false']),
    );
    try {
      daemon.signal('SIGHUP');
      assert.equal((await daemon.link('branch')).state, 'down');
      assert.equal((await daemon.ctl('up', 'branch')).code, 0);
      await daemon.until('branch', 'negotiates', ({ state }) => state === 'negotiating');
      const { stdout, code } = await daemon.ctl('status', 'branch');
      assert.notEqual(code, 0, 'a link that is not up is no success');
      assert.match(stdout, /negotiating/);
      assert.equal((await daemon.ctl('down', 'branch')).code, 0);
      await daemon.until('branch', 'is down', ({ state }) => state === 'down');
      assert.notEqual((await daemon.ctl('up', 'nowhere')).code, 0);
    } finally {
      await daemon.stop();
    }
  });

  it('survives garbage on its control socket', async () => {
    const daemon = await Daemon.start(router, dir, 'garbage', linkConfig('a', '{exec: [sleep, "60"]}'));
    try {
      for (const garbage of [
        '\0\0\0\0',
        'GET\r\n\r\n',
        `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
        'POST /v1/links/branch/up HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n',
      ]) {
        const socket = connect(daemon.control);
        socket.on('error', () => undefined);
        socket.end(garbage);
        await sleep(50);
        socket.destroy();
      }
      assert.equal((await daemon.link('branch')).name, 'branch');
    } finally {
      await daemon.stop();
    }
  });

  it('without the right to make a TUN says what is missing, and goes on', async () => {
    const config = dir.file('unprivileged.yaml');
    await writeFile(config, linkConfig('a', '{exec: [sleep, "60"]}'));
    const child = router.spawn('setpriv', [
      ...['--inh-caps=-net_admin', '--bounding-set=-net_admin'],
      ...[process.execPath, linkd, '--config', config, '--control', dir.file('unprivileged.sock')],
      ...['--state-dir', dir.file('unprivileged.state'), '--log-format', 'json'],
    ]);
    try {
      const [line] = await child.printed(/.*tun-failed.*/, 20_000);
      assert.match(line, /CAP_NET_ADMIN|\/dev\/net\/tun/);
      assert.equal(child.running, true);
    } finally {
      await child.stop();
    }
  });

  for (const [name, redirect] of [
    ['full', '>/dev/full 2>&1'],
    // Its own descriptor 3 keeps the pipe open; nobody reads, and it's full from the start.
    ['stalled', '3<>"$FIFO" >"$FIFO" 2>&1'],
  ] as const) {
    it(`goes on with a standard output that is ${name}, and ends in time`, async () => {
      const fifo = dir.file(`${name}.fifo`);
      const config = dir.file(`${name}.yaml`);
      await writeFile(config, linkConfig('a', '{exec: [sleep, "60"]}'));
      const control = dir.file(`${name}.sock`);
      const fill = 'mkfifo "$FIFO" && exec 4<>"$FIFO" && head -c 65536 /dev/zero >&4';
      const child = router.spawn(
        'sh',
        [
          ...['-c', `${fill} && exec "$0" "$@" ${redirect} 4>&-`, process.execPath, linkd, '--config', config],
          ...['--control', control, '--state-dir', dir.file(`${name}.state`)],
          ...['--log-level', 'debug', '--log-format', 'json'],
        ],
        { env: { FIFO: fifo } },
      );
      try {
        await eventually(() => existsSync(control), 20_000, 'the control socket');
        const client = new ControlClient(control);
        for (let i = 0; i < 3; i += 1) {
          for (const command of ['down', 'up']) {
            const steered = [join(linkd, '../linkctl.js'), '--control', control, command, 'branch'];
            assert.equal((await router.run(process.execPath, steered)).code, 0);
          }
        }
        assert.equal((await client.link('branch')).body.link.name, 'branch');
        assert.equal(child.running, true);
        child.signal('SIGTERM');
        assert.equal((await child.exited(5000)).code, 0);
      } finally {
        await child.stop();
      }
    });
  }
});
