/** What goes wrong on a line, with real parts: each fault has its named cause, and the link comes back by itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { Daemon, TempDir } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Lab, type Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import { linkConfig, TwoRouters } from '../support/two-routers.js';

/** Quick enough for a test, and slow enough for a busy machine. */
const quick = ['lcp: {echo: {interval: 500ms, failures: 3}, restart: 500ms}', 'restart: {quick: 200ms, quick-max: 1s}'];

describe('a null modem between two routers', () => {
  let routers: TwoRouters;
  let modem: NullModem;
  let a: Daemon;
  let b: Daemon;
  let lineA: string;
  let lineB: string;

  before(async () => {
    routers = await TwoRouters.create();
    [lineA, lineB] = [routers.dir.file('ttyA'), routers.dir.file('ttyB')];
    modem = new NullModem({ a: { kind: 'pty', link: lineA }, b: { kind: 'pty', link: lineB }, baud: 115_200 });
    routers.atEnd(() => {
      modem.close();
    });
    a = await routers.startA(lineA, quick);
    b = await routers.startB(lineB, quick);
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
  });
  after(() => routers.close());

  it(
    'a pulled cable is noticed by echo at both ends, and the link is back when it is plugged',
    { timeout: 60_000 },
    async () => {
      modem.pull();
      await Promise.all([a.untilCause('branch', 'peer-dead'), b.untilCause('branch', 'peer-dead')]);
      assert.match(
        await routers.lans.routerA.ip('route show 10.2.0.0/16'),
        /^unreachable /,
        'the route outlived the link',
      );
      modem.plug();
      await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
      await routers.carryTraffic(5000);
      assert.equal((await a.link('branch')).restarts, 1);
    },
  );

  it('a cable pulled for a moment is not even noticed', { timeout: 60_000 }, async () => {
    const { restarts, since } = await a.link('branch');
    modem.pull();
    await new Promise((resolve) => setTimeout(resolve, 400));
    modem.plug();
    // What the pull has swallowed may have been compressed: the next packet shows it, and is lost while the history is mended.
    const { hostA, hostB } = routers.lans;
    await routers.lab.ping(hostA, '10.2.0.2', { count: 1 });
    await routers.lab.ping(hostB, '10.1.0.2', { count: 1 });
    await routers.carryTraffic(2000);
    const now = await a.link('branch');
    assert.deepEqual([now.restarts, now.since], [restarts, since]);
  });

  it('an unplugged adapter is waited for, and found again', { timeout: 60_000 }, async () => {
    modem.hangUp('a');
    await a.until('branch', 'waits for its device', ({ last_cause }) => last_cause?.code === 'device-missing');
    modem.replug('a');
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
    await routers.carryTraffic(2000);
  });

  it('bit errors are counted, dropped, and survived', { timeout: 90_000 }, async () => {
    const { hostA, hostB } = routers.lans;
    modem.disturb({ damage: 1e-4 });
    assert.equal((await routers.lab.tcpTransfer(hostA, hostB, 40_000)).intact, true);
    modem.disturb({ damage: 0 });
    const { errors } = await b.until('branch', 'has counted an error', ({ errors: { fcs = 0 } }) => fcs > 0);
    assert.ok((errors['fcs'] ?? 0) < 1000);
  });

  it('a killed peer is noticed, and taken up again when it is back', { timeout: 60_000 }, async () => {
    await b.stop('SIGKILL');
    await a.until('branch', 'has noticed', ({ state }) => state !== 'up');
    b = await routers.startB(lineB, quick);
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
    await routers.carryTraffic(2000);
  });

  it('a restarted peer says goodbye, and is taken up again', { timeout: 60_000 }, async () => {
    await b.stop('SIGTERM');
    await a.untilCause('branch', 'peer-terminated');
    b = await routers.startB(lineB, quick);
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
    await routers.carryTraffic(2000);
  });

  it('a deleted TUN is made anew', { timeout: 60_000 }, async () => {
    const { restarts } = await b.link('branch');
    await routers.lans.routerA.ip('link delete branch');
    await a.untilCause('branch', 'tun-deleted');
    await a.untilUp('branch');
    await b.until('branch', 'is up again', (link) => link.restarts > restarts && link.state === 'up');
    await routers.carryTraffic(2000);
  });

  it('ends within five seconds with a dead peer, and exits with 0', { timeout: 60_000 }, async () => {
    modem.pull();
    const asked = performance.now();
    a.signal('SIGTERM');
    const { code } = await a.exited(5000);
    assert.equal(code, 0);
    assert.ok(performance.now() - asked < 5000);
    assert.equal((await routers.lans.routerA.ip('route show proto 108')).trim(), '');
  });
});

describe('a lone end', () => {
  let lab: Lab;
  let dir: TempDir;
  let router: Namespace;
  let daemons = 0;
  before(async () => {
    lab = await Lab.create();
    dir = await TempDir.create();
    router = await lab.namespace('router');
  });
  after(async () => {
    await lab.close();
    await dir.dispose();
  });

  async function withDaemon(
    line: string,
    more: readonly string[],
    check: (daemon: Daemon) => Promise<void>,
  ): Promise<void> {
    const daemon = await Daemon.start(router, dir, `lone-${daemons++}`, linkConfig('a', line, more));
    try {
      await check(daemon);
    } finally {
      await daemon.stop();
    }
  }

  const short = ['lcp: {restart: 200ms, max-configure: 4}'];
  const causes: readonly [name: string, line: string, cause: string][] = [
    ['a looped line', '{exec: [cat]}', 'loopback'],
    ['a peer that shows a login prompt', `{exec: [sh, -c, "printf 'login: '; cat > /dev/null"]}`, 'not-ppp'],
    ['a silent peer', '{exec: [sleep, "60"]}', 'no-answer'],
    ['a program that ends', '{exec: [sh, -c, "exit 3"]}', 'program-exited'],
    ['a program that is not there', '{exec: [/does/not/exist]}', 'program-failed'],
    ['a device that is not there', '/dev/does-not-exist', 'device-missing'],
    ['a device that is no terminal', '/dev/null', 'device-failed'],
    ['a port where nobody listens', '{tcp: "127.0.0.1:9"}', 'connection-refused'],
    ['a socket that is not there', '{unix: /does/not/exist}', 'connection-refused'],
    ['an address of another machine', '{tcp-listen: "192.0.2.9:7000"}', 'listen-failed'],
  ];
  for (const [name, line, code] of causes) {
    it(`${name}: ${code}`, { timeout: 60_000 }, () =>
      withDaemon(line, short, async (daemon) => {
        const { last_cause } = await daemon.untilCause('branch', code);
        assert.match(last_cause?.remedy ?? '', /\.$/);
      }),
    );
  }

  it('a line that is not 8-bit clean', { timeout: 60_000 }, async () => {
    // An LCP Configure-Request whose eighth bits were cut off: ~\x7f}#@!}!}!} }. ...
    const stripped = dir.file('stripped');
    await writeFile(stripped, Buffer.from('7e7f7d23402021217d217d207d347d227d267d207d207d207d20417e', 'hex'));
    await withDaemon(`{exec: [sh, -c, "cat ${stripped}; sleep 60"]}`, short, async (daemon) => {
      await daemon.untilCause('branch', 'not-8-bit-clean');
    });
  });

  it('what the program of a line says is in the log of its link', { timeout: 60_000 }, () =>
    withDaemon('{exec: [sh, -c, "echo no route to the exchange >&2; sleep 60"]}', short, async (daemon) => {
      await eventually(
        async () => (await daemon.ctl('log', 'branch')).stdout.includes('no route to the exchange'),
        10_000,
        'linkctl log shows it',
      );
    }),
  );

  it('a hostile peer: a megabyte of garbage, and linkd goes on', { timeout: 60_000 }, () =>
    withDaemon(
      '{exec: [sh, -c, "head -c 1000000 /dev/urandom; exit 0"]}',
      [...short, 'restart: {quick: 100ms, quick-max: 200ms}'],
      async (daemon) => {
        await daemon.until('branch', 'has seen three calls', ({ line_rx_bytes }) => line_rx_bytes > 2_900_000);
        const { errors } = await daemon.link('branch');
        assert.ok(
          (errors['fcs'] ?? 0) + (errors['overrun'] ?? 0) + (errors['runt'] ?? 0) > 100,
          JSON.stringify(errors),
        );
        assert.equal(daemon.running, true);
        assert.doesNotMatch(daemon.log, /internal error/);
      },
    ),
  );
});
