/**
 * The real pppd behind a modem, in the virtual machine: it dials linkd with the real chat, and linkd dials a getty there (agetty,
 * mgetty), whose login(1) or AutoPPP starts it.
 *
 *     namespace linkd 10.0.0.1 ══ modem 100 ═══ exchange ═══ modem 200 ══ ttyS0 of the guest, pppd 10.0.0.2
 *
 * The guest's serial line has no modem lines. So pppd there hangs up by +++ and ATH0, and notices a lost carrier by its echoes.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { messageOf } from '../../src/base/errors.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { Daemon, TempDir } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Exchange } from '../support/hayes-exchange.js';
import { ModemPort } from '../support/hayes-pty.js';
import { Lab, type Namespace } from '../support/netns.js';
import { password, respawn, shadowLine } from './getty.js';
import { PppdGuest, type Pppd } from './pppd-guest.js';

const WAIT_MS = 60_000;
const OCTETS = 20_000;
const PORT = 7000;
const traffic = join(import.meta.dirname, 'traffic.js');

/** chat(8)'s scripts in the guest. The return ends what the modem has heard of PPP after the end of a call. */
const dialing = "ABORT BUSY ABORT 'NO CARRIER' TIMEOUT 20\n'' \\rATZ OK ATDT100 CONNECT \\c";
const scripts = {
  login: `${dialing}\nogin: ann word: ${password}\n`,
  auto: `${dialing}\n`,
  'hang-up': "TIMEOUT 2\n'' \\d\\d+++\\d\\c OK ATH0 OK\n",
};

/** /etc/ppp/options of the guest; a getty starts pppd without any of its own. */
const pppdOptions = `local noauth nodetach debug logfile /run/share/ppp.log
10.0.0.2:10.0.0.1
lcp-echo-interval 1 lcp-echo-failure 3 lcp-restart 1
`;

describe('linkd and pppd with modems', { timeout: 300_000 }, () => {
  /** What `before` made, the last first. */
  const ends: (() => Promise<void> | void)[] = [];
  let guest: PppdGuest;
  let lab: Lab;
  let dir: TempDir;
  let router: Namespace;
  let exchange: Exchange;
  let modem: ModemPort;
  let linkd: Daemon;

  before(async () => {
    lab = await Lab.create();
    ends.unshift(() => lab.close());
    dir = await TempDir.create();
    ends.unshift(() => dir.dispose());
    router = await lab.namespace('router');
    guest = await PppdGuest.boot();
    ends.unshift(() => guest.close());
    exchange = new Exchange(systemScheduler, { ringMs: 1000, trainingMs: 100 });
    modem = new ModemPort(dir.file('modem'), exchange, { hangUp: true, digitMs: 10 });
    const theirs = new ModemPort({ kind: 'fd', fd: guest.line }, exchange, { digitMs: 10 });
    ends.unshift(() => {
      modem.close();
      theirs.close();
    });
    exchange.subscribe('100', modem.modem);
    exchange.subscribe('200', theirs.modem);
    await writeFile(dir.file('secret'), `${password}\n`, { mode: 0o600 });
    await writeFile(dir.file('accounts'), `ann * ${password} *\n`, { mode: 0o600 });
    await guest.must(
      [
        ...Object.entries(scripts).map(([name, text]) => `cat >/run/${name} <<'END'\n${text}END`),
        `(umask 077; echo 'ann * ${password}' >/etc/ppp/pap-secrets)`,
        `'${process.execPath}' '${traffic}' serve :: ${PORT} >/run/traffic 2>&1 &`,
        'until grep -q serving /run/traffic; do sleep 0.05; done',
      ].join('\n'),
      WAIT_MS,
    );
  });

  after(async () => {
    for (const end of ends) await end();
  });

  const startLinkd = async (name: string, ...more: readonly string[]): Promise<void> => {
    const link = [
      `line: {serial: ${modem.path}, speed: 115200, flow: none}`,
      'local: 10.0.0.1',
      'remote: 10.0.0.2',
      'restart: {quick: 500ms, quick-max: 1s, slow: 500ms, slow-max: 1s}',
      'lcp: {echo: {interval: 1s, failures: 4}}',
      ...more,
    ];
    const config = ['links:', '  peer:', ...link.map((line) => `    ${line}`), ''].join('\n');
    linkd = await Daemon.start(router, dir, name, config);
    ends.unshift(() => linkd.stop());
  };
  const carryTraffic = async (): Promise<void> => {
    assert.equal((await lab.ping(router, '10.0.0.2', { timeoutMs: 10_000 })).loss, 0, 'pings to the guest');
    await guest.must('ping -n -c 2 -i 0.2 -W 10 10.0.0.1', WAIT_MS);
    const caller = router.spawn(process.execPath, [traffic, 'call', String(PORT)]);
    try {
      caller.write(`1 10.0.0.2 ${OCTETS} ${WAIT_MS}\n`);
      const [, result] = await caller.printed(/^1 (.*)$/m, WAIT_MS + 5000);
      assert.equal(result, 'intact', 'the transfer both ways');
    } finally {
      await caller.stop();
    }
  };
  const nobodyCalls = async (): Promise<void> => {
    await eventually(() => exchange.calls === 0, WAIT_MS, 'nobody holds the line');
  };

  describe('pppd dials linkd', () => {
    let pppd: Pppd;
    const options = [
      ...['10.0.0.2:10.0.0.1', 'user', 'ann', 'disconnect', 'chat -v -f /run/hang-up'],
      ...['lcp-echo-interval', '1', 'lcp-echo-failure', '3', 'lcp-restart', '1'],
    ];
    const dials = async (script: string, ...more: string[]): Promise<void> => {
      await linkd.until('peer', 'waits', ({ lines }) => lines[0]?.call === 'waiting for a call', WAIT_MS);
      pppd = await guest.startPppd([...options, 'connect', `chat -v -f /run/${script}`, ...more]);
    };
    const bothUp = async (): Promise<string> => {
      await pppd.untilUp(WAIT_MS);
      const { session, lines } = await linkd.untilUp('peer', WAIT_MS);
      assert.equal(session?.peer_name, 'ann');
      return lines[0]?.call ?? '';
    };

    before(() =>
      startLinkd(
        'answers',
        'answer: {rings: 1, login: {banner: Depot}}',
        `auth: {require: pap, secrets: {pap: ${dir.file('accounts')}}}`,
      ),
    );
    after(() => linkd.stop());

    it('logs in by chat, and carries traffic', async () => {
      await dials('login');
      assert.match(await bothUp(), /answered a call at 33600.*login of "ann"/);
      await carryTraffic();
    });

    it('hangs up, which linkd notices', async () => {
      assert.equal(await pppd.stop(), 5, 'ended by a signal');
      await nobodyCalls();
    });

    it('is known by its first frames, and proves itself by PAP', async () => {
      await dials('auto', 'persist', 'holdoff', '1', 'maxfail', '0');
      assert.doesNotMatch(await bothUp(), /login of/);
      await carryTraffic();
    });

    it('dials anew after the carrier is lost', async () => {
      const { restarts } = await linkd.link('peer');
      exchange.drop();
      await linkd.until('peer', 'is up anew', (now) => now.state === 'up' && now.restarts > restarts, WAIT_MS);
      await pppd.untilLogged(/^remote IP address[^]*^remote IP address/m, WAIT_MS);
      await carryTraffic();
    });

    it('is hung up by linkd', async () => {
      assert.equal((await linkd.ctl('down', '--wait', 'peer')).code, 0);
      await pppd.untilLogged(/rcvd \[LCP TermReq/, WAIT_MS);
      // It would dial anew, and its chat outlives it.
      await pppd.stop();
      await guest.must('while pgrep --runstates R,S,D -x chat >/dev/null; do sleep 0.1; done', WAIT_MS);
      await nobodyCalls();
    });
  });

  describe('linkd dials a getty that starts pppd', () => {
    before(() =>
      guest.must(
        [
          // Whoever logs in as ann gets PPP; the group may run pppd.
          `{ cat /etc/passwd; echo 'ann:x:4711:30::/:/run/shell'; } >/run/passwd`,
          `(umask 077; printf %s '${shadowLine}' >/run/shadow)`,
          `printf '#!/bin/sh\\nexec /usr/sbin/pppd\\n' >/run/shell && chmod 755 /run/shell`,
          'mount --bind /run/passwd /etc/passwd && mount --bind /run/shadow /etc/shadow',
          `cat >/etc/ppp/options <<'END'\n${pppdOptions}END`,
          'mkdir -p /run/mgetty /var/log/mgetty',
          // agetty has left the modem answering by itself.
          `printf '%s\\n' 'debug 5' 'data-only yes' 'init-chat "" ATZ OK ATE0 OK' >/run/mgetty/mgetty.config`,
          `printf '%s\\n' '/AutoPPP/ - - /usr/sbin/pppd' '* - - /bin/login @' >/run/mgetty/login.config`,
          'chmod 600 /run/mgetty/login.config && touch /run/mgetty/dialin.config',
          'mount --bind /run/mgetty /etc/mgetty',
        ].join('\n'),
      ),
    );

    /** What init does; until `stopGetty`. */
    const startGetty = async (...command: string[]): Promise<void> => {
      const words = command.map((word) => `'${word}'`).join(' ');
      await guest.must(
        [
          `cat >/run/respawn <<'END'\n${respawn}\nEND`,
          `sh /run/respawn ${words} </dev/null >/run/share/getty.log 2>&1 &`,
          'echo $! >/run/getty.pid',
        ].join('\n'),
      );
    };
    const stopGetty = async (): Promise<void> => {
      // What ends last resets the line. A dead child of the guest's init has no command line.
      await guest.must(
        'read -r pid </run/getty.pid; kill "$pid"; while grep -q . "/proc/$pid/cmdline"; do sleep 0.1; done',
      );
    };
    const gettyLog = (): Promise<string> =>
      guest.must('tail -n 60 /run/share/getty.log /run/share/ppp.log /var/log/mgetty/* 2>&1 || true');
    const isUp = async (): Promise<void> => {
      try {
        await linkd.untilUp('peer', WAIT_MS);
        await guest.must("until ip route | grep -q '10.0.0.1 dev ppp'; do sleep 0.1; done");
      } catch (error) {
        throw new Error(`${messageOf(error)}\nthe guest says:\n${await gettyLog()}`, { cause: error });
      }
    };
    const dial = (login = ''): string => `dial: {number: 200, redial: {no-carrier: 1s, no-answer: 1s}${login}}`;
    const byLogin = (): string => dial(`, login: {user: ann, secret: {file: ${dir.file('secret')}}}`);
    const goesDown = async (): Promise<void> => {
      assert.equal((await linkd.ctl('down', '--wait', 'peer')).code, 0);
      await nobodyCalls();
    };

    /** Whoever calls while agetty still sets the modem up, is cut off by that. */
    const agettyWaits = async (): Promise<void> => {
      await guest.must('until pgrep -x agetty >/run/agetty; do sleep 0.1; done; sleep 1');
    };

    it('logs in at agetty and login(1) without a script', async () => {
      // From now on the modem answers by itself, and says nothing: agetty knows of no modem.
      await startGetty('setsid', '-w', 'agetty', '-8', '-w', '-I', '\\015ATE0Q1S0=1\\015', '115200', 'ttyS0', 'vt100');
      await agettyWaits();
      await startLinkd('dials-agetty', byLogin());
      await isUp();
      await carryTraffic();
    });

    it('hangs up, and dials anew', async () => {
      await goesDown();
      await agettyWaits();
      assert.equal((await linkd.ctl('up', 'peer')).code, 0);
      await isUp();
      await goesDown();
      await linkd.stop();
      await stopGetty();
    });

    it('logs in at mgetty and login(1)', async () => {
      await startGetty('mgetty', 'ttyS0');
      await guest.must("until grep -q 'waiting\\.\\.\\.' /var/log/mgetty/mg_ttyS0.log; do sleep 0.1; done");
      await startLinkd('dials-mgetty', byLogin());
      await isUp();
      await carryTraffic();
    });

    it('notices a lost carrier, and dials anew', async () => {
      const { restarts } = await linkd.link('peer');
      exchange.drop();
      await linkd.until('peer', 'has noticed', (now) => now.restarts > restarts || now.state !== 'up', WAIT_MS);
      await isUp();
      await goesDown();
      await linkd.stop();
    });

    it('is served by mgetty’s AutoPPP', async () => {
      await startLinkd('dials-auto', dial());
      await isUp();
      await carryTraffic();
      await goesDown();
      await linkd.stop();
      await stopGetty();
    });
  });
});
