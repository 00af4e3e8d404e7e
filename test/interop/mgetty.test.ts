/**
 * linkd dials, and the real mgetty answers: on a pty, with the modem emulator behind it. It hands its terminal to the linkd
 * there, by `linkctl answer`: at PPP's first frame (AutoPPP), and by login(1) with a password.
 *
 *     routerA linkd ══ modem 100 ═══ exchange ═══ modem 200 ══ mgetty ── linkctl answer ── linkd routerB
 *
 * A pty has no modem lines. mgetty says so in its log (TIOCMGET, TIOCMBIC) and goes on: it hangs up by closing the terminal,
 * and the kernel tells it of a lost carrier by a hang-up, as with a serial port.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { messageOf } from '../../src/base/errors.js';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import type { Exchange } from '../support/hayes-exchange.js';
import type { ModemPort } from '../support/hayes-pty.js';
import { must } from '../support/process.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';
import { password, respawn, shadowLine } from './getty.js';
import { overlaid } from './overlay.js';

const WAIT_MS = 60_000;
const OCTETS = 10_000;
const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
const quick = 'restart: {quick: 500ms, quick-max: 1s, slow: 500ms, slow-max: 1s}';

describe('linkd with mgetty', { timeout: 240_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let caller: ModemPort;
  let called: ModemPort;
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    // Before it answers, mgetty waits for a pause of half a second in what the modem says.
    ({ exchange, caller, called } = connectByModems(routers, { ringMs: 1000 }));
    b = await routers.startB('{terminal: on}', [quick]);
    const overlay = await writeFiles(routers, `${process.execPath} ${linkctl} --control ${b.control} answer branch`);
    // Its argument is a path below /dev.
    const device = `../${called.path}`;
    const mgetty = routers.lans.routerB.spawn('env', [...overlay, 'sh', '-c', respawn, 'sh', 'mgetty', device]);
    routers.atEnd(() => mgetty.stop());
  });

  after(() => routers.close());

  const waits = async (): Promise<void> => {
    await b.until('branch', 'waits for a terminal', ({ state }) => state === 'opening', WAIT_MS);
  };
  const dials = async (more: string): Promise<void> => {
    await waits();
    a = await routers.startA(`{serial: ${caller.path}, speed: 115200, flow: none}`, [more, quick]);
  };
  const byLogin = async (secret: string): Promise<string> => {
    const path = routers.dir.file('secret');
    await writeFile(path, `${secret}\n`, { mode: 0o600 });
    return `dial: {number: 200, login: {user: ann, secret: {file: ${path}}}}`;
  };
  const bothUp = async (): Promise<void> => {
    try {
      await a.untilUp('branch', WAIT_MS);
      const { line } = await b.untilUp('branch', WAIT_MS);
      assert.match(line.name, /^terminal of /);
    } catch (error) {
      throw new Error(`${messageOf(error)}\nmgetty's log:\n${await mgettyLog()}`, { cause: error });
    }
    const { lab, lans } = routers;
    assert.equal((await lab.ping(lans.hostA, lans.hostB)).loss, 0, 'pings');
  };
  const mgettyLog = async (): Promise<string> => {
    const texts = (await readdir(routers.dir.file('log'))).map((name) =>
      readFile(routers.dir.file(`log/${name}`), 'utf8'),
    );
    return (await Promise.all(texts)).join('').slice(-8000);
  };

  it('is served by AutoPPP', async () => {
    await dials('dial: {number: 200}');
    await bothUp();
    await routers.carryTraffic(OCTETS);
  });

  it('hangs up, which mgetty’s end notices, and is served anew', async () => {
    assert.equal((await a.ctl('down', '--wait', 'branch')).code, 0);
    await waits();
    assert.equal(exchange.calls, 0);
    assert.equal((await a.ctl('up', 'branch')).code, 0);
    await bothUp();
  });

  it('notices a lost carrier at either end, and dials again', async () => {
    const ends = [a, b];
    const before = await Promise.all(ends.map((end) => end.link('branch')));
    exchange.drop();
    for (const [index, end] of ends.entries()) {
      const restarts = before[index]?.restarts ?? 0;
      await end.until('branch', 'is up anew', (now) => now.state === 'up' && now.restarts > restarts, WAIT_MS);
    }
    await bothUp();
  });

  it('notices that the other side hangs up, and dials again', async () => {
    assert.equal((await b.ctl('down', '--wait', 'branch')).code, 0);
    await a.untilCause('branch', 'peer-terminated', WAIT_MS);
    assert.equal((await b.ctl('up', 'branch')).code, 0);
    await bothUp();
    await a.stop();
  });

  it('logs in by login(1), with a password, as a user whose shell is linkctl answer', async () => {
    await dials(await byLogin(password));
    await bothUp();
    assert.doesNotMatch(a.log + b.log, new RegExp(password));
    await a.stop();
  });

  it('is told by login(1) that a password is wrong', async () => {
    await dials(await byLogin('not-the-password'));
    await a.untilCause('branch', 'login-refused', WAIT_MS);
    await eventually(() => exchange.calls === 0, WAIT_MS, 'it hangs up');
  });
});

/** mgetty's config, and the accounts of login(1). */
async function writeFiles(routers: TwoRouters, answer: string): Promise<string[]> {
  const file = (name: string): string => routers.dir.file(name);
  await mkdir(file('mgetty'));
  await mkdir(file('log'));
  await writeFile(file('mgetty/mgetty.config'), 'debug 5\nspeed 115200\ndata-only yes\n');
  const logins = [`/AutoPPP/ - - ${answer}`, '* - - /bin/login @', ''];
  await writeFile(file('mgetty/login.config'), logins.join('\n'), { mode: 0o600 });
  await writeFile(file('mgetty/dialin.config'), '');
  await writeFile(file('shell'), `#!/bin/sh\nexec ${answer}\n`, { mode: 0o755 });
  const accounts = `${await readFile('/etc/passwd', 'utf8')}ann:x:0:0::/:${file('shell')}\n`;
  await writeFile(file('passwd'), accounts);
  await writeFile(file('shadow'), shadowLine, { mode: 0o600 });
  await must('sh', ['-n', file('shell')]);
  return overlaid({
    '/etc/mgetty': file('mgetty'),
    '/var/log/mgetty': file('log'),
    '/etc/passwd': file('passwd'),
    '/etc/shadow': file('shadow'),
  });
}
