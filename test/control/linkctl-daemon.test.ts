/** linkctl's commands about the daemon, the network and the past: reload, diff, plan, routes, history, status --system. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'node:test';
import { OpError } from '../../src/base/errors.js';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { lookAtMachine, type Machine } from '../../src/bin/linkctl/machine.js';
import { createPaint } from '../../src/bin/linkctl/paint.js';
import { renderMachine } from '../../src/bin/linkctl/render-machine.js';
import { historyBody, planBody, reloadBody, routesBody, totalsBody } from '../../src/control/protocol.js';
import {
  monthRecords,
  reloadChanges,
  routeTable,
  sessionRecords,
  upLink,
  watchedLink,
} from '../support/fake-steering.js';
import { linkctl, serve, temporaryDirectory } from './rig.js';

const plain = { paint: createPaint(false), width: undefined };

describe('linkctl reload and diff', () => {
  it('say what changed, or would', async (t) => {
    const { path, steering } = await serve(t);
    const warnings = ['linkd.yaml:3:1: warning: links.old: it was useful once'];
    steering.outcome = () => Promise.resolve({ ok: true, changes: reloadChanges, warnings });
    const reload = await linkctl(t, ['--control', path, 'reload']);
    assert.deepEqual([reload.code, reload.stderr], [exitCodes.ok, `${warnings[0] ?? ''}\n`]);
    assert.equal(
      reload.stdout,
      `old: ended and removed
branch: changed, without touching its session
  net.networks: [] -> ["10.2.0.0/16"]
depot: changed and restarted
  line.speed: 9600 -> 115200
  quota: not set -> 5000000000
spare: added
`,
    );
    assert.deepEqual(steering.commands, ['reload']);
    const diff = await linkctl(t, ['--control', path, 'diff']);
    assert.equal(diff.code, exitCodes.ok);
    assert.equal(
      diff.stdout,
      `old: would be ended and removed
branch: would change, without touching its session
  net.networks: [] -> ["10.2.0.0/16"]
depot: would change and restart
  line.speed: 9600 -> 115200
  quota: not set -> 5000000000
spare: would be added
`,
    );
    assert.deepEqual(steering.commands, ['reload']);
  });

  it('say that nothing changed, or would', async (t) => {
    const { path } = await serve(t);
    assert.equal((await linkctl(t, ['--control', path, 'reload'])).stdout, 'nothing changed\n');
    assert.equal((await linkctl(t, ['--control', path, 'diff'])).stdout, 'nothing would change\n');
  });

  for (const command of ['reload', 'diff']) {
    it(`${command} names every mistake and exits with ${exitCodes.badConfig}, with --json too`, async (t) => {
      const { path, steering } = await serve(t);
      const errors = ['linkd.yaml:3:9: links.a.mtu: too large\n  mtu: 99999\n       ^\n', 'linkd.yaml:4:1: \x1b[2J'];
      steering.outcome = () => Promise.resolve({ ok: false, errors });
      const { code, stdout, stderr } = await linkctl(t, ['--control', path, command]);
      assert.deepEqual([code, stdout], [exitCodes.badConfig, '']);
      assert.equal(
        stderr,
        `linkd.yaml:3:9: links.a.mtu: too large
  mtu: 99999
       ^
linkd.yaml:4:1: \\x1b[2J
linkctl: the config has mistakes: nothing is changed, linkd goes on with the one it has.
`,
      );
      const json = await linkctl(t, ['--control', path, command, '--json']);
      assert.deepEqual([json.code, json.stderr], [exitCodes.badConfig, '']);
      assert.equal(reloadBody.parse(JSON.parse(json.stdout)).errors.length, 2);
    });
  }

  it('say what the system refused', async (t) => {
    const { path, steering } = await serve(t);
    const broken = new OpError('read', '/etc/linkd/linkd.yaml', new Error('too many open files'), 'Close some.');
    steering.outcome = () => Promise.reject(broken);
    const { code, stderr } = await linkctl(t, ['--control', path, 'reload']);
    assert.deepEqual(
      [code, stderr],
      [exitCodes.failed, 'linkctl: cannot read /etc/linkd/linkd.yaml: too many open files. Close some.\n'],
    );
  });
});

describe('linkctl plan', () => {
  it('prints the commands for a link, or for all under headings', async (t) => {
    const { path, steering } = await serve(t);
    steering.plans = (name) => Promise.resolve(name === 'depot' ? [] : [`ip route add 10.0.0.0/8 dev ppp-${name}`]);
    const one = await linkctl(t, ['--control', path, 'plan', 'branch']);
    assert.deepEqual([one.code, one.stdout], [exitCodes.ok, 'ip route add 10.0.0.0/8 dev ppp-branch\n']);
    assert.equal(
      (await linkctl(t, ['--control', path, 'plan'])).stdout,
      `# branch
ip route add 10.0.0.0/8 dev ppp-branch
# depot
# nothing to do
# spare
ip route add 10.0.0.0/8 dev ppp-spare
`,
    );
    const { stdout } = await linkctl(t, ['--control', path, 'plan', '--json']);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => planBody.parse(JSON.parse(line)).link),
      ['branch', 'depot', 'spare'],
    );
  });

  it('knows only the links that there are', async (t) => {
    const { path } = await serve(t);
    assert.equal((await linkctl(t, ['--control', path, 'plan', 'brnch'])).code, exitCodes.unknownLink);
  });
});

describe('linkctl routes', () => {
  it('shows which link each route comes from', async (t) => {
    const { path, steering } = await serve(t);
    steering.table = () => Promise.resolve(routeTable);
    const { code, stdout } = await linkctl(t, ['--control', path, 'routes']);
    assert.equal(code, exitCodes.ok);
    assert.equal(
      stdout,
      `DESTINATION              VIA        INTERFACE       METRIC  TABLE  PROTOCOL  LINK    FROM
default                  192.0.2.1  eth0                 0  main   dhcp      -       -
10.2.0.0/16              -          ppp-branch         100  main   linkd     branch  links.branch.networks[0]
unreachable 10.2.0.0/16  -          -           4294967295  100    linkd     branch  links.branch.unreachable
`,
    );
    const json = await linkctl(t, ['--control', path, 'routes', '--json']);
    assert.equal(routesBody.parse(JSON.parse(json.stdout)).routes.length, 3);
  });

  it('says that there are none', async (t) => {
    const { path } = await serve(t);
    assert.equal((await linkctl(t, ['--control', path, 'routes'])).stdout, 'there are no routes\n');
  });
});

describe('linkctl history', () => {
  const ended = sessionRecords.slice(1);

  it('shows the last sessions', async (t) => {
    const { path, steering } = await serve(t);
    steering.sessions = ended;
    const { code, stdout } = await linkctl(t, ['--control', path, 'history']);
    assert.equal(code, exitCodes.ok);
    assert.equal(
      stdout,
      `LINK    STARTED              LASTED     RX    TX  END
branch  2026-01-09 20:00:00  11h 59m  1 GB  5 kB  the carrier was lost (/dev/ttyUSB0)
gone    2025-12-31 23:59:50  20s       0 B  84 B  not known
`,
    );
  });

  it('shows one that goes on, of one link, as many as are wanted', async (t) => {
    const { path, steering } = await serve(t);
    // Half a unit away from the next one, so that the text holds for as long as the test may take.
    const startedAt = new Date(Date.now() - 100.5 * 3_600_000);
    steering.sessions = [
      { link: 'branch', startedAt, endedAt: undefined, rxBytes: 1, txBytes: 2, endCause: undefined },
      ...ended,
    ];
    const { stdout } = await linkctl(t, ['--control', path, 'history', 'branch', '--limit', '1']);
    assert.match(stdout, /^LINK .*\nbranch {2}[-\d]+ [:\d]+ {2}4d 4h +1 B +2 B +goes on\n$/);
    const json = await linkctl(t, ['--control', path, 'history', 'gone', '--json']);
    assert.deepEqual(
      historyBody.parse(JSON.parse(json.stdout)).sessions.map(({ link }) => link),
      ['gone'],
    );
  });

  it('shows the sums of each month', async (t) => {
    const { path, steering } = await serve(t);
    steering.months = monthRecords;
    const { stdout } = await linkctl(t, ['--control', path, 'history', '--months']);
    assert.equal(
      stdout,
      `LINK    MONTH         RX      TX  UP       SESSIONS
branch  2026-01  1.01 GB  993 kB  15h 59m         2
gone    2025-12      0 B    84 B  10s             1
`,
    );
    const json = await linkctl(t, ['--control', path, 'history', 'gone', '--months', '--json']);
    assert.equal(totalsBody.parse(JSON.parse(json.stdout)).months.length, 1);
  });

  it('says that there is none yet', async (t) => {
    const { path } = await serve(t);
    for (const args of [['history'], ['history', 'branch'], ['history', '--months']]) {
      assert.equal((await linkctl(t, ['--control', path, ...args])).stdout, 'there was no session yet\n');
    }
    assert.equal((await linkctl(t, ['--control', path, 'history', 'brnch'])).code, exitCodes.unknownLink);
  });
});

describe('linkctl status', () => {
  it('shows nothing that a terminal obeys, whatever a hook printed', async (t) => {
    const evil = '\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\nroot#\t\x08\r';
    const [hook] = watchedLink().hooks;
    assert.ok(hook !== undefined);
    const { path } = await serve(t, {
      links: [
        watchedLink({
          networkProblems: [evil],
          hooks: [{ ...hook, moment: evil, program: evil, outcome: evil, output: evil }],
          health: { state: 'failed', reason: evil },
        }),
      ],
    });
    for (const args of [
      ['status', 'branch'],
      ['status', '--brief'],
      ['status', 'branch', '--json'],
    ]) {
      const { stdout } = await linkctl(t, ['--control', path, ...args]);
      assert.ok(stdout.includes('pwned'), stdout);
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      assert.doesNotMatch(stdout, /^root#/m);
    }
  });

  it('of a link that is up but needs care still says that it is up', async (t) => {
    const { path } = await serve(t, { links: [watchedLink(), upLink({ name: 'other' })] });
    assert.equal((await linkctl(t, ['--control', path, 'status', 'branch'])).code, exitCodes.ok);
  });
});

describe('linkctl status --system', () => {
  it("shows this machine's health, with no linkd", async (t) => {
    const { code, stdout, stderr } = await linkctl(t, ['--control', '/nonexistent', 'status', '--system']);
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
    assert.match(stdout, /^this machine\n {2}load +\d+\.\d\d, .* on \d+ cores?, now \d+% busy$/m);
    assert.match(stdout, /^ {2}memory +[\d.]+ \wB of [\d.]+ \wB used \(\d+%\), (no swap|swap .*)$/m);
    assert.match(stdout, /^ {2}temperature +(there is no sensor|\d+.* C.*)$/m);
  });

  it('prints it as JSON', async (t) => {
    const { stdout } = await linkctl(t, ['status', '--system', '--json']);
    const machine: unknown = JSON.parse(stdout);
    assert.ok(typeof machine === 'object' && machine !== null);
    assert.deepEqual(Object.keys(machine), ['load', 'memory', 'disks', 'temperature']);
  });

  it('shows what there is, as text', () => {
    const machine: Machine = {
      load: { load_1min: 0.4, load_5min: 1, load_15min: 12.345, busy_percent: 37, cores: 2 },
      memory: {
        total_bytes: 8_000_000_000,
        available_bytes: 6_000_000_000,
        swap_total_bytes: 1_000_000_000,
        swap_used_bytes: 0,
      },
      disks: [
        { mount: '/', device: '/dev/sda1', type: 'ext4', size_bytes: 100e9, used_bytes: 85e9, available_bytes: 5e9 },
        { mount: '/boot', device: '/dev/sda2', type: 'vfat', size_bytes: 0, used_bytes: 0, available_bytes: 0 },
      ],
      temperature: { main_celsius: 48, max_celsius: 51.5 },
    };
    assert.equal(
      renderMachine(machine, plain),
      `this machine
  load         0.40, 1.00, 12.35 (1, 5, 15 minutes) on 2 cores, now 37% busy
  memory       2 GB of 8 GB used (25%), swap 0 B of 1 GB
  disk         / 85 GB of 90 GB used (94%), ext4 on /dev/sda1
  disk         /boot 0 B of 0 B used (0%), vfat on /dev/sda2
  temperature  48 C, 51.5 C at the hottest place
`,
    );
    const unknown: Machine = { load: null, memory: null, disks: null, temperature: null };
    assert.equal(renderMachine(unknown, plain).match(/could not be found out in time/g)?.length, 4);
  });

  it('waits for nothing that hangs, and shows what came before', async (t) => {
    const probe = join(await temporaryDirectory(t), 'probe.mjs');
    await writeFile(
      probe,
      `import { parentPort } from 'node:worker_threads';
      parentPort.postMessage({ temperature: { main_celsius: 48, max_celsius: null } });
      setInterval(() => undefined, 1000);`,
    );
    const machine = await lookAtMachine(pathToFileURL(probe), 2000);
    assert.deepEqual(machine, {
      load: null,
      memory: null,
      disks: null,
      temperature: { main_celsius: 48, max_celsius: null },
    });
  });

  it('says so when the thread fails', async (t) => {
    const probe = join(await temporaryDirectory(t), 'probe.mjs');
    await writeFile(probe, "throw new Error('no /proc');");
    await assert.rejects(lookAtMachine(pathToFileURL(probe)), /cannot look at this machine: no \/proc/);
  });

  for (const args of [['branch'], ['--watch'], ['--brief'], ['--full']]) {
    it(`goes with no ${args[0] ?? ''}`, async (t) => {
      assert.equal((await linkctl(t, ['status', '--system', ...args])).code, exitCodes.usage);
    });
  }
});
