/**
 * A new linkd takes the place of the one that runs, on router A, under traffic from LAN to LAN: its interface, routes and
 * the connections through it stay. Whatever keeps the new one from taking over, the old one goes on.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { NullModem } from '../support/null-modem.js';
import { SuccessiveDaemon, descriptorsOf } from '../support/succession.js';
import { everyDuty, linkConfig, TwoRouters } from '../support/two-routers.js';

/** A session is negotiated anew in a fraction of a second; at 20 pings a second, few are under way at that moment. */
const mostLost = 20;
/** Open files whose number differs from process to process by chance (epoll, timers of the runtime). */
const slack = 4;
const closeOnExec = 0o2000000;

describe('a hand-over', () => {
  let routers: TwoRouters;
  let a: SuccessiveDaemon;
  let b: Daemon;
  let config: string;
  let lineA: string;
  /** What the first process got from whoever runs the tests. */
  let outside: readonly number[];

  before(async () => {
    routers = await TwoRouters.create();
    lineA = routers.dir.file('ttyA');
    const lineB = routers.dir.file('ttyB');
    const modem = new NullModem({ a: { kind: 'pty', link: lineA }, b: { kind: 'pty', link: lineB } });
    routers.atEnd(() => {
      modem.close();
    });
    const fast = (device: string): string => `{serial: ${device}, speed: 4000000, flow: none}`;
    config = linkConfig('a', fast(lineA), everyDuty);
    a = await SuccessiveDaemon.start(routers.lans.routerA, routers.dir, 'a', config);
    outside = inheritable(await a.pid());
    b = await routers.startB(fast(lineB));
    await a.untilUp('branch');
    await b.untilUp('branch');
  });
  after(() => routers.close());

  /** Does something under pings from LAN host to LAN host; how many of them were lost, none of them refused by A. */
  async function lostDuring(work: () => Promise<void>): Promise<number> {
    const { hostA } = routers.lans;
    const pings = hostA.run('ping', ['-n', '-i', '0.05', '-c', '120', '-W', '5', '10.2.0.2'], { env: { LC_ALL: 'C' } });
    await work();
    const { stdout } = await pings;
    assert.doesNotMatch(stdout, /nreachable/);
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
    return Number(sent) - Number(received);
  }

  /** All that linkd has in the system, as text. */
  async function system(): Promise<string> {
    const { routerA } = routers.lans;
    const parts = [
      await routerA.ip('-o link show dev branch'),
      await routerA.ip('-o address show dev branch'),
      await routerA.ip('route show table all proto 108'),
      await routerA.ip('neigh show proxy'),
      (await routerA.must('nft', ['list', 'ruleset'])).replace(/packets \d+ bytes \d+/g, ''),
      await routerA.must('cat', ['/proc/sys/net/ipv4/conf/branch/forwarding']),
    ];
    return parts.join('\n').replace(/ qlen \d+| state \w+/g, '');
  }

  async function processes(): Promise<readonly number[]> {
    const { name } = routers.lans.routerA;
    const { stdout } = await routers.lans.hostA.run('ip', ['netns', 'pids', name]);
    const pids = stdout.split('\n').filter((pid) => pid !== '');
    return pids.map(Number).filter((pid) => existsSync(`/proc/${pid}`) && commandOf(pid).includes('linkd.js'));
  }

  it('leaves pings and a transfer nearly undisturbed, and the system as it was', { timeout: 120_000 }, async () => {
    const { hostA, hostB, routerA } = routers.lans;
    const standing = await system();
    const pid = await a.pid();
    const monitor = routerA.spawn('ip', ['-o', 'monitor', 'link', 'address', 'route']);
    let transfer: ReturnType<typeof routers.lab.tcpTransfer> | undefined;
    const lost = await lostDuring(async () => {
      transfer = routers.lab.tcpTransfer(hostA, hostB, 2_000_000);
      await eventually(async () => (await a.link('branch')).tx_bytes > 100_000, 10_000, 'the transfer runs');
      const { code, stdout, stderr } = await a.ctl('restart-daemon');
      assert.equal(code, 0, stderr + a.log.slice(-4000));
      assert.match(stdout, /^linkd runs as process \d+ now\.$/m);
    });
    assert.deepEqual(await transfer, { ...(await transfer), intact: true });
    assert.ok(lost <= mostLost, `${lost} pings lost`);
    assert.equal(await system(), standing);
    assert.doesNotMatch(monitor.stdout, /Deleted/);
    await monitor.stop();
    await b.untilUp('branch');
    assert.equal((await b.link('branch')).last_cause, null, 'the line did not end for the peer');
    assert.notEqual(await a.pid(), pid);
    await eventually(() => !existsSync(`/proc/${pid}`), 5000, 'the old process has ended');
    assert.match(a.log, /taken from root \(pid \d+\): POST \/v1\/restart/);
  });

  it('ends the session in the history, and begins another', async () => {
    const { sessions } = (await a.client.history('branch')).body;
    const [now, before] = sessions;
    assert.equal(now?.ended_at, null);
    assert.match(before?.end_cause ?? '', /a new linkd took the place/);
    assert.ok((before?.tx_bytes ?? 0) > 100_000);
  });

  it('gives the new process the lock file of the serial port', async () => {
    const lock = readFileSync(`/run/lock/LCK..${basename(realpathSync(lineA))}`, 'utf8');
    assert.equal(Number(lock), await a.pid());
  });

  it('comes by SIGUSR2 as well', { timeout: 60_000 }, async () => {
    const pid = await a.pid();
    process.kill(pid, 'SIGUSR2');
    await a.successorOf(pid);
    await a.untilUp('branch');
  });

  it('does not happen with a broken config: not a packet is lost', { timeout: 60_000 }, async () => {
    const [pid, standing] = [await a.pid(), await system()];
    writeFileSync(a.configFile, `${config}nonsense: 1\n`);
    const lost = await lostDuring(async () => {
      const { code, stderr } = await a.ctl('restart-daemon');
      assert.equal(code, 1);
      assert.match(stderr, /a\.yaml:\d+:1: nonsense/);
    });
    writeFileSync(a.configFile, config);
    assert.deepEqual([lost, await a.pid(), await system()], [0, pid, standing]);
    assert.match(a.log, /the new linkd did not take over: this one goes on/);
  });

  it('does not happen when the new process dies at its start', { timeout: 60_000 }, async () => {
    const pid = await a.pid();
    const before = a.log.length;
    const lost = await lostDuring(async () => {
      const restart = a.ctl('restart-daemon');
      const successor = await eventually(
        () => /"successor":(\d+)/.exec(a.log.slice(before))?.[1],
        10_000,
        'a new process is starting',
      );
      process.kill(Number(successor), 'SIGKILL');
      assert.match((await restart).stderr, /SIGKILL/);
    });
    assert.deepEqual([lost, await a.pid()], [0, pid]);
  });

  it('is undone when the new process dies in the middle of it', { timeout: 60_000 }, async () => {
    const [pid, standing] = [await a.pid(), await system()];
    // The peer doesn't answer: so the new process has the links, and can't say yet that it goes on with them.
    b.signal('SIGSTOP');
    const restart = a.ctl('restart-daemon');
    const successor = await a.successorOf(pid);
    process.kill(successor, 'SIGKILL');
    b.signal('SIGCONT');
    assert.equal((await restart).code, 1);
    assert.equal(await eventually(() => a.pid(), 10_000, 'the old process answers'), pid);
    await a.untilUp('branch');
    assert.equal(await system(), standing);
    assert.deepEqual(await processes(), [pid]);
    await routers.carryTraffic(50_000);
  });

  it('can follow hand-over ten times, and nothing is left behind', { timeout: 180_000 }, async () => {
    const counts: number[] = [];
    for (let times = 0; times < 10; times++) {
      const { code, stderr } = await a.ctl('restart-daemon');
      assert.equal(code, 0, stderr);
      const pid = await a.pid();
      await eventually(async () => (await processes()).length === 1, 10_000, 'the old process has ended');
      counts.push(descriptorsOf(pid).length);
      assert.deepEqual(inheritable(pid), outside, 'descriptors that programs would inherit');
    }
    assert.ok(Math.max(...counts) - Math.min(...counts) <= slack, counts.join(' '));
    await routers.carryTraffic(50_000);
  });

  it('leaves nothing that the next start cannot sweep, when all is killed', { timeout: 60_000 }, async () => {
    const pid = await a.pid();
    process.kill(pid, 'SIGKILL');
    await eventually(async () => (await processes()).length === 0, 10_000, 'linkd is gone');
    await a.startAnew();
    await a.untilUp('branch');
    await routers.carryTraffic(50_000);
    process.kill(await a.pid(), 'SIGTERM');
    await eventually(async () => (await processes()).length === 0, 10_000, 'linkd has ended');
    const { routerA } = routers.lans;
    assert.equal(await routerA.ip('route show table all proto 108'), '');
    assert.doesNotMatch(await routerA.must('nft', ['list', 'ruleset']), /linkd/);
    assert.ok(!existsSync(`/run/lock/LCK..${basename(realpathSync(lineA))}`));
  });
});

interface Kind {
  readonly name: string;
  readonly lines: (file: string) => readonly [a: string, b: string];
  /** Whether the line itself goes on. */
  readonly goesOn: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'a pty', lines: (file) => [`{pty: ${file}}`, `{serial: ${file}, flow: none}`], goesOn: true },
  { name: 'a caller', lines: (file) => [`{unix-listen: ${file}}`, `{unix: ${file}}`], goesOn: true },
  { name: 'a call', lines: (file) => [`{unix: ${file}}`, `{unix-listen: ${file}}`], goesOn: true },
  {
    name: 'a program, which is started anew',
    lines: (file) => [`{exec: [socat, STDIO, "UNIX-CONNECT:${file}"]}`, `{unix-listen: ${file}}`],
    goesOn: false,
  },
];

describe('a hand-over of', () => {
  for (const { name, lines, goesOn } of kinds) {
    it(name, { timeout: 60_000 }, async () => {
      const routers = await TwoRouters.create();
      try {
        const hasty = ['restart: {quick: 50ms, quick-max: 100ms}'];
        const [lineA, lineB] = lines(routers.dir.file('line'));
        const b = await routers.startB(lineB, hasty);
        const { routerA } = routers.lans;
        const a = await SuccessiveDaemon.start(routerA, routers.dir, 'a', linkConfig('a', lineA, hasty));
        await a.untilUp('branch');
        await b.untilUp('branch');
        const lastEnd = (await b.link('branch')).last_cause_at;
        const device = await routerA.ip('-o link show dev branch');
        const { code, stderr } = await a.ctl('restart-daemon');
        assert.equal(code, 0, stderr + a.log.slice(-4000));
        await a.untilUp('branch');
        await b.untilUp('branch');
        const index = (text: string): string | undefined => /^\d+/.exec(text)?.[0];
        assert.equal(index(await routerA.ip('-o link show dev branch')), index(device));
        assert.equal((await b.link('branch')).last_cause_at === lastEnd, goesOn);
        assert.equal(a.log.includes('cannot be handed on'), !goesOn);
        await routers.carryTraffic(50_000);
      } finally {
        await routers.close();
      }
    });
  }
});

/** The descriptors that a program gets which this process starts. */
function inheritable(pid: number): readonly number[] {
  return descriptorsOf(pid)
    .filter(({ fd, flags }) => fd > 2 && (flags & closeOnExec) === 0)
    .map(({ fd }) => fd);
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}
