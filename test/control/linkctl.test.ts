/** linkctl as a process of its own, against a real control server with links that the test moves. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { cause } from '../../src/base/cause.js';
import { logBody, statusBody, streamLine } from '../../src/control/protocol.js';
import { upLink, waitingLink } from '../support/fake-steering.js';
import { about, http, leaveStaleSocket, linkctl, serve, startLinkctl, temporaryDirectory, waitUntil } from './rig.js';

const hour = 3_600_000;
/** Half a unit away from the next one, so that the text holds for as long as the test may take. */
const halfPast = (hours: number): Date => new Date(Date.now() - (hours + 0.5) * hour);
const asText = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');

describe('linkctl status', () => {
  it('prints text without colours into a pipe', async (t) => {
    const since = halfPast(76);
    const { path } = await serve(t, {
      startedAt: halfPast(100),
      links: [
        upLink({ since, lastCause: { cause: cause('carrier-lost'), at: halfPast(77) } }),
        waitingLink({ since: halfPast(28), nextAttempt: new Date(Date.now() + 25.5 * hour) }),
      ],
    });
    const { code, stdout, stderr } = await linkctl(t, ['--control', path, 'status']);
    assert.equal(stderr, '');
    assert.equal(code, exitCodes.ok);
    assert.equal(
      stdout,
      `linkd 0.1.0, pid ${about.pid}, running for 4d 4h: 2 links, 1 up

branch  up for 3d 4h, since ${asText(since)}
  line        serial /dev/ttyUSB0, 115200 baud, rtscts
  interface   ppp-branch, MTU 1500
  addresses   10.255.0.1 here, 10.255.0.2 at the peer; fd00:255::1 here, fd00:255::2 at the peer
  DNS         10.2.0.53
  peer        branch, authenticated
  networks    10.2.0.0/16, 192.168.7.0/24
  received    12.3 MB in 10250 packets, now 1.23 kB/s
  sent        988 kB in 4321 packets, now 310 B/s
  echo        12.3 ms
  errors      fcs 3, overrun 1
  restarts    2
  last cause  the carrier was lost, 3d 5h ago

depot  waiting for 1d 4h, next attempt in 1d 1h
  cause       the device does not exist (/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0)
  remedy      Plug it in, or correct \`line\`; \`ls -l /dev/serial/by-id\` lists the serial ports by their stable names.
  line        serial /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0, 9600 baud, no flow control
  interface   ppp-depot
  addresses   10.255.1.1 here, 10.255.1.2 at the peer
  networks    none
  received    0 B in 0 packets
  sent        84 B in 1 packet
  errors      none
  restarts    none
`,
    );
  });

  it("prints the API's answer with --json", async (t) => {
    const { path } = await serve(t);
    const { code, stdout } = await linkctl(t, ['status', '--json', '--control', path]);
    assert.equal(code, exitCodes.ok);
    const { time: ours, ...body } = statusBody.parse(JSON.parse(stdout));
    const { time: apis, ...same } = statusBody.parse(JSON.parse((await http(path, 'GET', '/v1/status')).text));
    assert.deepEqual(body, same);
    assert.ok(Date.parse(ours) <= Date.parse(apis));
    assert.equal(stdout.indexOf('\n'), stdout.length - 1);
  });

  it('takes the socket from LINKD_CONTROL, and --control before it', async (t) => {
    const { path } = await serve(t);
    assert.equal((await linkctl(t, ['status'], { LINKD_CONTROL: path })).code, exitCodes.ok);
    assert.equal((await linkctl(t, ['status', '--control', path], { LINKD_CONTROL: '/none' })).code, exitCodes.ok);
  });

  for (const [name, code] of [
    ['branch', exitCodes.ok],
    ['depot', exitCodes.notUp],
    ['spare', exitCodes.notUp],
    ['brnch', exitCodes.unknownLink],
  ] as const) {
    it(`of ${name} exits with ${code}, with --json too`, async (t) => {
      const { path } = await serve(t);
      for (const options of [[], ['--json']]) {
        const ended = await linkctl(t, ['--control', path, 'status', name, ...options]);
        assert.equal(ended.code, code);
        if (code === exitCodes.unknownLink) {
          assert.equal(ended.stdout, '');
          assert.equal(ended.stderr, 'linkctl: there is no link "brnch". The links are: branch, depot, spare.\n');
        } else {
          assert.ok(ended.stdout.includes(name));
        }
      }
    });
  }

  it('prints nothing that a terminal obeys, whatever the peer says of itself', async (t) => {
    const evil = '\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\nroot#';
    const session = {
      phase: 'network',
      localAddress: evil,
      remoteAddress: evil,
      dns: [evil],
      localIp6: evil,
      remoteIp6: evil,
      mtu: 1500,
      options: { [evil]: evil },
      echoRttMs: 1,
      peerIdentification: evil,
      peerName: evil,
    } as const;
    const { path, steering } = await serve(t, {
      links: [upLink({ session, lastCause: { cause: cause('peer-terminated', evil), at: new Date() } })],
    });
    steering.emit({
      time: new Date(),
      link: 'branch',
      type: 'log',
      level: 'warn',
      message: evil,
      state: 'up',
      cause: cause('peer-terminated', evil),
    });
    for (const args of [
      ['status', 'branch'],
      ['status'],
      ['status', '--json'],
      ['log', 'branch'],
      ['log', 'branch', '--json'],
    ]) {
      const { stdout } = await linkctl(t, ['--control', path, ...args]);
      assert.ok(stdout.includes('pwned'), stdout);
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      assert.doesNotMatch(stdout, /^root#/m);
    }
  });

  it('ends quietly when its reader has seen enough', async (t) => {
    const links = Array.from({ length: 500 }, (_, i) => upLink({ name: `link-${i}` }));
    const { path } = await serve(t, { links });
    const { child, ended } = startLinkctl(t, ['--control', path, 'status', '--full']);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
  });
});

describe('linkctl up, down and restart', () => {
  it('begin and return', async (t) => {
    const { path, steering } = await serve(t);
    for (const [command, link, state] of [
      ['up', 'spare', 'opening'],
      ['down', 'depot', 'closing'],
      ['restart', 'branch', 'closing'],
    ] as const) {
      const { code, stdout } = await linkctl(t, ['--control', path, command, link]);
      assert.deepEqual([code, stdout], [exitCodes.ok, `${link}: ${state}\n`]);
    }
    assert.deepEqual(steering.commands, ['up spare', 'down depot', 'restart branch']);
  });

  it('take several links, each once', async (t) => {
    const { path, steering } = await serve(t);
    const { code } = await linkctl(t, ['--control', path, 'down', 'branch', 'depot', 'branch']);
    assert.equal(code, exitCodes.ok);
    assert.deepEqual(steering.commands, ['down branch', 'down depot']);
  });

  it('do nothing at all when one of the links is unknown', async (t) => {
    const { path, steering } = await serve(t);
    const { code, stderr } = await linkctl(t, ['--control', path, 'down', 'branch', 'dpot']);
    assert.equal(code, exitCodes.unknownLink);
    assert.match(stderr, /^linkctl: there is no link "dpot"\. The links are: branch, depot, spare\.\n$/);
    assert.deepEqual(steering.commands, []);
  });

  it('wait until the links are up', async (t) => {
    const { path, steering } = await serve(t);
    const { ended } = startLinkctl(t, ['--control', path, 'up', '--wait', 'spare', 'depot']);
    await waitUntil('both commands came', () => steering.commands.length === 2);
    steering.enter('depot', 'up');
    steering.enter('spare', 'waiting', cause('no-answer'));
    steering.enter('spare', 'up');
    const { code, stdout } = await ended;
    assert.equal(code, exitCodes.ok);
    assert.match(stdout, /^spare: up after \d+s$/m);
    assert.match(stdout, /^depot: up after \d+s$/m);
  });

  it('wait until a link that is up has been restarted, not less', async (t) => {
    const { path, steering } = await serve(t);
    const { ended, stdout } = startLinkctl(t, ['--control', path, 'restart', 'branch', '--wait']);
    await waitUntil('the command came', () => steering.commands.length === 1);
    for (const state of ['closing', 'waiting', 'opening', 'negotiating'] as const) {
      steering.enter('branch', state, cause('restart-requested'));
      assert.equal(stdout(), '');
    }
    steering.enter('branch', 'up');
    assert.equal((await ended).code, exitCodes.ok);
  });

  it('wait until a link is down', async (t) => {
    const { path, steering } = await serve(t);
    const { ended } = startLinkctl(t, ['--control', path, 'down', 'branch', '--wait']);
    await waitUntil('the command came', () => steering.commands.length === 1);
    steering.enter('branch', 'down', cause('requested'));
    const { code, stdout } = await ended;
    assert.equal(code, exitCodes.ok);
    assert.match(stdout, /^branch: down after \d+s\n$/);
  });

  it('say that a link gave up, and why', async (t) => {
    const { path, steering } = await serve(t);
    const { ended } = startLinkctl(t, ['--control', path, 'up', 'spare', '--wait']);
    await waitUntil('the command came', () => steering.commands.length === 1);
    steering.enter('spare', 'down', cause('connection-refused', '192.0.2.7:7000'));
    const { code, stdout, stderr } = await ended;
    assert.deepEqual([code, stdout], [exitCodes.notUp, '']);
    assert.equal(
      stderr,
      'linkctl: spare: gave up, it is down: the connection was refused (192.0.2.7:7000). ' +
        'Start the listener at the far end, or correct the host and the port.\n',
    );
  });

  it('say that the time is over, and why it is not up yet', async (t) => {
    const { path } = await serve(t);
    const { code, stderr } = await linkctl(t, ['--control', path, 'up', 'depot', 'branch', '--timeout', '0.3']);
    assert.equal(code, exitCodes.timeout);
    assert.match(
      stderr,
      /^linkctl: depot: not up after 0\.3 seconds, it is opening: the device does not exist .*Plug it in/,
    );
  });

  it('say that linkd went away while they waited', async (t) => {
    const { path, server, steering } = await serve(t);
    const { ended } = startLinkctl(t, ['--control', path, 'up', 'depot', '--wait']);
    await waitUntil('the command came', () => steering.commands.length === 1);
    await server.close();
    const { code, stderr } = await ended;
    assert.equal(code, exitCodes.unreachable);
    assert.match(stderr, /^linkctl: cannot reach linkd at /);
  });
});

describe('linkctl events and log', () => {
  it('print events as they come, until linkd ends', async (t) => {
    const { path, server, steering } = await serve(t);
    const { ended, stdout } = startLinkctl(t, ['--control', path, 'events']);
    await waitUntil('it listens', () => steering.listeners === 1);
    const time = new Date('2026-01-10T12:00:00.000Z');
    steering.emit({
      time,
      link: 'branch',
      type: 'state',
      level: 'warn',
      message: 'closing: the peer is dead',
      state: 'closing',
      cause: undefined,
    });
    steering.emit({
      time,
      link: 'depot',
      type: 'log',
      level: 'info',
      message: 'looking around',
      state: 'waiting',
      cause: undefined,
    });
    await waitUntil('both are printed', () => stdout().split('\n').length === 3);
    await server.close();
    const { code, stdout: text, stderr } = await ended;
    assert.equal(
      text,
      '2026-01-10 12:00:00  branch  closing: the peer is dead\n2026-01-10 12:00:00  depot  looking around\n',
    );
    assert.deepEqual(
      [code, stderr],
      [exitCodes.unreachable, 'linkctl: linkd ended the stream: it was stopped or restarted.\n'],
    );
  });

  it("print the API's lines with --json, of one link if told so", async (t) => {
    const { path, steering } = await serve(t);
    const { stdout } = startLinkctl(t, ['--control', path, 'events', 'depot', '--json']);
    await waitUntil('it listens', () => steering.listeners === 1);
    steering.enter('branch', 'closing');
    steering.enter('depot', 'opening');
    await waitUntil('the event is printed', () => stdout().split('\n').length === 3);
    const lines = stdout()
      .trimEnd()
      .split('\n')
      .map((line) => streamLine.parse(JSON.parse(line)));
    assert.deepEqual(
      lines.map((line) => (line.type === 'state' ? [line.link, line.state] : line.type)),
      ['begin', ['depot', 'opening']],
    );
  });

  it('say that events were lost', async (t) => {
    const { path, steering } = await serve(t, { limits: { maxStreamBytes: 1000 } });
    const { ended } = startLinkctl(t, ['--control', path, 'events']);
    await waitUntil('it listens', () => steering.listeners === 1);
    steering.emit({
      time: new Date(),
      link: 'branch',
      type: 'log',
      level: 'info',
      message: 'x'.repeat(2000),
      state: 'up',
      cause: undefined,
    });
    const { code, stderr } = await ended;
    assert.equal(code, exitCodes.failed);
    assert.match(stderr, /^linkctl: events were lost/);
  });

  it('print the log of a link, or its JSON', async (t) => {
    const { path, steering } = await serve(t);
    steering.enter('branch', 'closing', cause('carrier-lost', 'ttyUSB0'));
    steering.enter('branch', 'waiting');
    const { code, stdout } = await linkctl(t, ['--control', path, 'log', 'branch']);
    assert.equal(code, exitCodes.ok);
    assert.match(
      stdout,
      /^[-\d]+ [:\d]+ {2}branch {2}closing: the carrier was lost \(ttyUSB0\)\n[-\d]+ [:\d]+ {2}branch {2}waiting\n$/,
    );
    const json = await linkctl(t, ['--control', path, 'log', 'branch', '--json']);
    assert.equal(logBody.parse(JSON.parse(json.stdout)).events.length, 2);
  });

  it('know only the links that there are', async (t) => {
    const { path } = await serve(t);
    for (const command of ['events', 'log']) {
      const { code, stderr } = await linkctl(t, ['--control', path, command, 'brnch']);
      assert.equal(code, exitCodes.unknownLink);
      assert.match(stderr, /there is no link "brnch"/);
    }
  });
});

describe('linkctl check', () => {
  const good = `links:
  branch:
    line: /dev/ttyUSB0
    local: 10.255.0.1
    remote: 10.255.0.2
    networks: [10.2.0.0/16]
`;

  it('says that a file is good', async (t) => {
    const file = join(await temporaryDirectory(t), 'linkd.yaml');
    await writeFile(file, good);
    const { code, stdout, stderr } = await linkctl(t, ['check', file]);
    assert.deepEqual([code, stdout, stderr], [exitCodes.ok, `${file}: 1 link, no mistakes\n`, '']);
  });

  it('names every mistake with its place, in drop-ins too', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'linkd.yaml');
    await writeFile(file, good.replace('10.255.0.2', '10.255.0.257').replace('networks', 'netwroks'));
    await mkdir(join(directory, 'links.d'));
    await writeFile(join(directory, 'links.d', 'depot.yaml'), 'links: [');
    const { code, stdout, stderr } = await linkctl(t, ['check', file]);
    assert.deepEqual([code, stdout], [exitCodes.badConfig, '']);
    assert.match(stderr, /linkd\.yaml:5:\d+: .*remote/);
    assert.match(stderr, /linkd\.yaml:6:\d+: .*netwroks/);
    assert.match(stderr, /depot\.yaml:\d+:\d+: /);
  });

  it('holds a good file against this machine, unless told to look at the file only', async (t) => {
    const file = join(await temporaryDirectory(t), 'linkd.yaml');
    const missing = 'proxy-arp: [{target: peer, interface: linkd-t-none}]';
    await writeFile(file, `links:\n  branch: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, ${missing}}\n`);
    const whole = await linkctl(t, ['check', file]);
    assert.equal(whole.code, exitCodes.badConfig);
    assert.match(whole.stderr, /this machine: branch: error: .*linkd-t-none/);
    const alone = await linkctl(t, ['check', '--file-only', file]);
    assert.deepEqual([alone.code, alone.stderr], [exitCodes.ok, '']);
  });

  it('says that there is no such file', async (t) => {
    const { code, stderr } = await linkctl(t, ['check', join(await temporaryDirectory(t), 'none.yaml')]);
    assert.equal(code, exitCodes.badConfig);
    assert.match(stderr, /none\.yaml: the file does not exist/);
  });
});

describe('linkctl without linkd', () => {
  for (const args of [['status'], ['status', 'branch', '--json'], ['up', 'branch'], ['events'], ['log', 'branch']]) {
    it(`${args.join(' ')}: says so, and exits with ${exitCodes.unreachable}`, async (t) => {
      const path = join(await temporaryDirectory(t), 'control.sock');
      const expected = `linkctl: cannot reach linkd at ${path}: `;
      const remedy =
        'linkd does not run, or its control socket is elsewhere: systemctl start linkd, or use --control.\n';
      const none = await linkctl(t, ['--control', path, ...args]);
      assert.deepEqual(
        [none.code, none.stdout, none.stderr],
        [exitCodes.unreachable, '', `${expected}there is no such socket. ${remedy}`],
      );
      leaveStaleSocket(path);
      const stale = await linkctl(t, ['--control', path, ...args]);
      assert.deepEqual(
        [stale.code, stale.stdout, stale.stderr],
        [exitCodes.unreachable, '', `${expected}nobody listens there. ${remedy}`],
      );
    });
  }
});

describe('linkctl, used wrongly', () => {
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /Usage: linkctl/],
    [['stauts'], /unknown command 'stauts'.*status/s],
    [['status', '--jsn'], /unknown option '--jsn'.*--json/s],
    [['status', 'a', 'b'], /too many arguments/],
    [['status', '--json', '--watch'], /cannot be used with/],
    [['status', '--brief', '--full'], /cannot be used with/],
    [['status', '--watch'], /--watch needs a terminal/],
    [['up'], /missing required argument 'link'/],
    [['log'], /missing required argument 'link'/],
    [['up', 'a', '--timeout', 'soon'], /number of seconds/],
    [['up', 'a', '--timeout', '-1'], /number of seconds/],
    [['history', '--limit', '0'], /number from 1 to 1000/],
    [['history', '--limit', '5', '--months'], /cannot be used with/],
    [['--control', '', 'status'], /path is needed/],
  ];
  for (const [args, says] of cases) {
    it(`${args.join(' ') || 'no command'}: exits with ${exitCodes.usage}`, async (t) => {
      const { code, stdout, stderr } = await linkctl(t, args);
      assert.deepEqual([code, stdout], [exitCodes.usage, '']);
      assert.match(stderr, says);
    });
  }

  it('helps, and tells its version', async (t) => {
    const help = await linkctl(t, ['--help']);
    assert.equal(help.code, exitCodes.ok);
    const commands = [
      'up',
      'down',
      'restart',
      'events',
      'log',
      'history',
      'reload',
      'diff',
      'plan',
      'routes',
      'check',
      'probe',
      'setup',
    ];
    for (const command of ['status', ...commands]) assert.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
    assert.match((await linkctl(t, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
