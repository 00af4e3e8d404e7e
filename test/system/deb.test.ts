/**
 * The Debian package on a machine of its own, with systemd: installed, run under the unit's restrictions with a link to a
 * second linkd, upgraded with the link kept, and purged.
 *
 *     linkd.service 10.0.0.1 ═══ /run/linkd/line (Unix socket) ═══ 10.0.0.2 linkd in the namespace "peer"
 */
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { TempDir } from '../support/daemon.js';
import { commandsBelow } from '../support/documents.js';
import { eventually } from '../support/eventually.js';
import { Machine } from '../support/machine.js';
import { must, type Child } from '../support/process.js';
import { root } from '../support/root.js';
import { linkConfig } from '../support/two-routers.js';

const dist = join(import.meta.dirname, '../..');
const patienceMs = 30_000;

/** CAP_NET_ADMIN, as /proc shows a set of capabilities. */
const netAdmin = '0000000000001000';

/** The ends are restarted again and again here; nobody waits for them any longer each time. */
const hasty = ['restart: {quick: 200ms, quick-max: 500ms}'];

const more = [
  '  radio:',
  '    line: /dev/ttyUSB9',
  '    local: 10.9.0.1',
  '    remote: 10.9.0.2',
  '  terminal:',
  '    line: {pty: /run/linkd/terminal}',
  '    local: 10.8.0.1',
  '    remote: 10.8.0.2',
  '  cable:',
  '    line: {tcp: "127.0.0.1:9"}',
  '    local: 10.7.0.1',
  '    remote: 10.7.0.2',
  '',
].join('\n');

describe('the Debian package', () => {
  let dir: TempDir;
  let machine: Machine;
  let peer: Child | undefined;
  const packages: string[] = [];
  let transients = 0;

  before(async () => {
    dir = await TempDir.create();
    machine = await Machine.boot(dir.path);
    await machine.provideNode();
    packages.push(...(await Promise.all(['0.0.1', '0.0.2'].map((version) => buildPackage(dir.path, version)))));
  });
  after(async () => {
    await machine.close();
    await dir.dispose();
  });

  const mainPid = (): Promise<string> => machine.property('linkd.service', 'MainPID');
  const killMain = (signal: string): Promise<string> =>
    machine.must('systemctl', ['kill', '--kill-whom=main', `--signal=${signal}`, 'linkd']);
  const linkctl = async (...args: string[]): Promise<string> => machine.must('linkctl', args);
  const linkUp = (name = 'branch'): Promise<unknown> =>
    eventually(() => linkctl('status', name), patienceMs, `${name} is up`);
  const log = async (): Promise<string> => machine.must('journalctl', ['-u', 'linkd', '-o', 'cat', '--no-pager']);

  it('installs, and starts a daemon without links', async () => {
    await install(machine, packages[0]);
    await untilActive();
    assert.match(await linkctl('status'), /linkd 0\.0\.1, pid \d+/);
    assert.equal(await machine.property('linkd.service', 'UnitFileState'), 'enabled');
    assert.match(await machine.sh('id -nG linkd'), /^linkd dialout$/m);
    assert.equal(await machine.sh('systemd-analyze verify linkd.service 2>&1'), '');
  });

  it('brings a link up under the restrictions of the unit', async () => {
    await machine.sh('mknod -m 660 /dev/ttyUSB9 c 188 9 && chgrp dialout /dev/ttyUSB9');
    const config = linkConfig('a', '{unix-listen: /run/linkd/line}', hasty);
    await machine.write('/etc/linkd/linkd.yaml', config + more);
    await machine.sh('linkctl check && systemctl restart linkd');
    await machine.write('/etc/peer.yaml', linkConfig('b', '{unix: /run/linkd/line}', hasty));
    await machine.must('ip', ['netns', 'add', 'peer']);
    peer = machine.spawn('ip', [
      ...['netns', 'exec', 'peer', 'linkd', '--config', '/etc/peer.yaml'],
      ...['--control', '/run/peer.sock', '--state-dir', '/var/lib/peer', '--log-format', 'json'],
    ]);
    await linkUp();
    await machine.must('ping', ['-c', '3', '-i', '0.2', '-W', '5', '10.0.0.2']);
    assert.match(await machine.must('ip', ['route', 'show', 'proto', 'linkd']), /^10\.2\.0\.0\/16 dev \S+/m);
  });

  it('runs as an ordinary user with CAP_NET_ADMIN and nothing else', async () => {
    const status = await machine.sh('cat /proc/"$1"/status', await mainPid());
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const uid = (await machine.sh('id -u linkd')).trim();
    assert.notEqual(uid, '0');
    assert.deepEqual(field('Uid').split('\t'), [uid, uid, uid, uid]);
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) assert.equal(field(set), netAdmin, set);
    assert.deepEqual([field('NoNewPrivs'), field('Seccomp')], ['1', '2']);
  });

  const writable = [
    ['/run/lock', true],
    ['/var/lib/linkd', true],
    ['/run/linkd', true],
    ['/etc/linkd', false],
    ['/usr/lib/linkd', false],
    ['/var/lib', false],
  ] as const;
  for (const [folder, expected] of writable) {
    it(`may ${expected ? '' : 'not '}write to ${folder}`, async () => {
      const script = 'touch "$1/test" && rm "$1/test"';
      const { code, stderr } = await asService(await mainPid(), script, folder);
      assert.equal(code === 0, expected, stderr);
    });
  }

  it('may switch forwarding, and no other setting of the kernel', async () => {
    const pid = await mainPid();
    const set = 'echo "$2" > "$1"';
    assert.equal((await asService(pid, set, '/proc/sys/net/ipv4/conf/lo/forwarding', '1')).code, 0);
    assert.notEqual((await asService(pid, set, '/proc/sys/kernel/sysrq', '0')).code, 0);
  });

  it('may open serial ports, also those that were plugged in later, and make terminals', async () => {
    // There is no such device: the kernel says so only to those who may open it.
    const status = await machine.run('linkctl', ['status', 'radio']);
    assert.match(status.stdout, /\/dev\/ttyUSB9/);
    assert.doesNotMatch(status.stdout, /permission/);
    await machine.sh('test -c /run/linkd/terminal');
  });

  it('may not open other devices, or IP sockets', async () => {
    await machine.sh('mknod -m 666 /dev/disk9 b 7 9');
    assert.match(await transient('head -c1 /dev/disk9'), /Operation not permitted/);
    const socket = (family: string): string => `perl -MSocket -e "socket(S, ${family}, SOCK_STREAM, 0) or exit 9"`;
    assert.match(await transient(socket('AF_INET')), /status=9/);
    assert.doesNotMatch(await transient(socket('AF_UNIX')), /status=/);
  });

  it('starts again when it dies, and the link with it', async () => {
    const pid = await mainPid();
    await killMain('KILL');
    await eventually(async () => !['0', pid].includes(await mainPid()), patienceMs, 'linkd has another pid');
    await linkUp();
  });

  it('is ended by the watchdog, and starts again, when it no longer answers', async () => {
    await machine.write('/run/systemd/system/linkd.service.d/test.conf', '[Service]\nWatchdogSec=3\n');
    await machine.must('systemctl', ['daemon-reload']);
    await machine.must('systemctl', ['restart', 'linkd']);
    await linkUp();
    // A new process has to feed it as well as the first one.
    await linkctl('restart-daemon');
    const pid = await mainPid();
    await sleep(7000);
    assert.equal(await mainPid(), pid);
    await killMain('STOP');
    await eventually(async () => !['0', pid].includes(await mainPid()), patienceMs, 'linkd has another pid');
    await linkUp();
    assert.match(await log(), /Watchdog timeout/);
    await machine.sh('rm /run/systemd/system/linkd.service.d/test.conf && systemctl daemon-reload');
  });

  it('reloads a changed config, and says when it is wrong', async () => {
    const pid = await mainPid();
    await machine.sh('cp /etc/linkd/linkd.yaml /root/linkd.yaml && echo nonsense: >> /etc/linkd/linkd.yaml');
    assert.notEqual((await machine.run('systemctl', ['reload', 'linkd'])).code, 0);
    await machine.sh("sed '/^  radio:/,$d' /root/linkd.yaml > /etc/linkd/linkd.yaml && systemctl reload linkd");
    assert.equal((await machine.run('linkctl', ['status', 'terminal'])).code, exitCodes.unknownLink);
    await machine.sh('cp /root/linkd.yaml /etc/linkd/linkd.yaml && systemctl reload linkd');
    await linkUp();
    assert.equal(await mainPid(), pid);
  });

  it('ends by itself when it is told to', async () => {
    await machine.must('systemctl', ['stop', 'linkd']);
    assert.equal(await machine.property('linkd.service', 'Result'), 'success');
    await machine.must('systemctl', ['start', 'linkd']);
  });

  it('is upgraded with the link kept, and the config', async () => {
    await machine.must('systemctl', ['restart', 'linkd']);
    await linkUp();
    const before = { pid: await mainPid(), index: await indexOf('branch'), runs: await runs() };
    const said = await install(machine, packages[1]);
    const pid = await mainPid();
    assert.match(said, new RegExp(`linkd runs as process ${pid} now`));
    assert.notEqual(pid, before.pid);
    assert.deepEqual({ pid: before.pid, index: await indexOf('branch'), runs: await runs() }, before);
    assert.equal(await machine.property('linkd.service', 'ActiveState'), 'active');
    assert.match(await linkctl('status'), new RegExp(`linkd 0\\.0\\.2, pid ${pid}`));
    assert.equal((await machine.run('test', ['-d', `/proc/${before.pid}`])).code, 1, 'the old process has ended');
    await linkUp();
    await machine.must('ping', ['-c', '1', '-W', '5', '10.0.0.2']);
  });

  it('does not start again and again with a config that is wrong', async () => {
    await machine.sh('cp /etc/linkd/linkd.yaml /root/linkd.yaml && echo nonsense: >> /etc/linkd/linkd.yaml');
    assert.notEqual((await machine.run('systemctl', ['restart', 'linkd'])).code, 0);
    assert.equal(await machine.property('linkd.service', 'ActiveState'), 'failed');
    assert.match(await log(), /linkd\.yaml:\d+:\d+: nonsense/);
    await machine.sh('cp /root/linkd.yaml /etc/linkd/linkd.yaml && systemctl restart linkd');
    await linkUp();
  });

  it('may use IP sockets with the drop-in that is shipped, put in force as documented', async () => {
    assert.match((await machine.run('linkctl', ['status', 'cable'])).stdout, /EAFNOSUPPORT/);
    await machine.sh(documented('## The service'));
    await linkUp();
    const refused = async (): Promise<boolean> =>
      (await machine.run('linkctl', ['status', 'cable'])).stdout.includes('connection was refused');
    await eventually(refused, patienceMs, 'the line over TCP is tried');
  });

  it('lets hooks become other users with the drop-in that is shipped', async () => {
    await machine.sh('ln -s /usr/share/linkd/systemd/hooks.conf /etc/systemd/system/linkd.service.d/');
    await machine.sh('systemctl daemon-reload && systemctl restart linkd');
    await linkUp();
    // CAP_SETGID, CAP_SETUID and CAP_NET_ADMIN.
    assert.match(await machine.sh('grep CapEff /proc/"$1"/status', await mainPid()), /00000000000010c0$/m);
    const change =
      'exec setpriv --reuid=nobody --regid=nogroup --init-groups --inh-caps=-all --ambient-caps=-all -- id -un';
    assert.match(await transient(change, '/usr/share/linkd/systemd/hooks.conf'), /^nobody$/m);
    assert.doesNotMatch(await transient(change), /^nobody$/m);
  });

  it('is saved and restored as documented', async () => {
    await machine.sh(`cd /root && ${documented('## Backup')}`);
    await machine.sh('systemctl stop linkd && rm -r /etc/linkd /var/lib/linkd');
    await machine.sh('cd /root && tar -C / -xzf linkd-backup.tar.gz && systemctl restart linkd');
    await linkUp();
  });

  it('is purged clean', async () => {
    const pid = await mainPid();
    await machine.must('apt-get', ['-y', 'purge', 'linkd'], { timeoutMs: 60_000 });
    await machine.sh('rm -r /etc/systemd/system/linkd.service.d');
    assert.equal((await machine.run('test', ['-d', `/proc/${pid}`])).code, 1, 'the daemon has ended');
    const left = await machine.sh(
      'find /etc /usr /var/lib /run -xdev -name "*linkd*" ! -path "/run/systemd/*" ! -path "*/dpkg/*"; ip -o link | grep ppp- || true',
    );
    assert.equal(left, '');
    assert.equal(await machine.property('linkd.service', 'LoadState'), 'not-found');
    assert.equal(peer?.running, true, 'another linkd is not touched');
  });

  async function untilActive(): Promise<void> {
    await eventually(
      async () => (await machine.property('linkd.service', 'ActiveState')) === 'active',
      patienceMs,
      'linkd.service is active',
    );
  }

  /** Which of all interfaces that there ever were it is. */
  async function indexOf(name: string): Promise<string | undefined> {
    return /^\d+/.exec(await machine.must('ip', ['-o', 'link', 'show', 'dev', name]))?.[0];
  }

  /** How often systemd has started the service. */
  async function runs(): Promise<string> {
    return machine.property('linkd.service', 'InvocationID');
  }

  /** Runs a line of shell with what the daemon sees and may do, as far as a process beside it can have it. */
  function asService(pid: string, script: string, ...args: readonly string[]): ReturnType<Machine['run']> {
    const rights = [
      '--reuid=linkd',
      '--regid=linkd',
      '--init-groups',
      '--no-new-privs',
      '--bounding-set=-all,+net_admin',
    ];
    const words = [...rights, '--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin'];
    return machine.run('nsenter', ['-t', pid, '-m', 'setpriv', ...words, 'sh', '-c', script, 'sh', ...args]);
  }

  /** Runs a command as a service under the unit's own restrictions, and gives what it complains of. */
  async function transient(command: string, dropIn = '/dev/null'): Promise<string> {
    const unit = `linkd-test-${++transients}.service`;
    const text = (await machine.sh('cat /usr/lib/systemd/system/linkd.service "$1"', dropIn))
      .replace(/^(?:Type|NotifyAccess|WatchdogSec|Restart|ExecReload|RuntimeDirectory|StateDirectory)\w*=.*\n/gm, '')
      .replace(/^ExecStart=.*$/m, `Type=oneshot\nExecStart=/bin/sh -c '${command} 2>&1'`);
    await machine.write(`/run/systemd/system/${unit}`, text);
    await machine.must('systemctl', ['daemon-reload']);
    await machine.run('systemctl', ['start', unit]);
    return machine.must('journalctl', ['-u', unit, '-o', 'cat', '--no-pager']);
  }
});

/** The first shell commands below a heading of docs/operations.md. */
function documented(heading: string): string {
  return commandsBelow('docs/operations.md', heading);
}

/** Returns the package's file. */
async function buildPackage(out: string, version: string): Promise<string> {
  const script = join(root, 'etc/debian/build.mjs');
  const args = [script, '--out', out, '--dist', dist, '--version', version];
  return (await must(process.execPath, args, { timeoutMs: 120_000 })).trim();
}

/** Installs the file that the machine shares with us; gives what was said. */
async function install(machine: Machine, file: string | undefined): Promise<string> {
  assert.ok(file !== undefined);
  const { code, stdout, stderr } = await machine.run(
    'dpkg',
    ['--force-unsafe-io', '--install', join('/run/share', basename(file))],
    {
      timeoutMs: 90_000,
      env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    },
  );
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}
