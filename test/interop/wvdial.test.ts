/**
 * The real wvdial dials, and linkd answers: wvdial recognises linkd's login prompt, or begins PPP at once ("Stupid Mode"). For
 * pppd, which needs a kernel with PPP, it is given `linkctl answer`: this hands wvdial's terminal to the linkd there.
 *
 *     routerA linkd ── linkctl answer ── wvdial ══ modem 100 ═══ exchange ═══ modem 200 ══ linkd routerB
 *
 * A pty has no modem lines: wvdial hangs up by closing it, and has to be told not to look for a carrier ("Carrier Check").
 * wvdial 1.61 of Debian 12 aborts in a third of its calls (an assertion in wvtask.cc, before linkd has any part in it), but
 * never without address space randomisation: so it is started by setarch -R.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { messageOf } from '../../src/base/errors.js';
import type { Daemon } from '../support/daemon.js';
import type { Exchange } from '../support/hayes-exchange.js';
import type { ModemPort } from '../support/hayes-pty.js';
import type { Child } from '../support/process.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';
import { overlaid } from './overlay.js';

const WAIT_MS = 60_000;
const OCTETS = 10_000;
const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
const quick = 'restart: {quick: 500ms, quick-max: 1s, slow: 500ms, slow-max: 1s}';
const password = 'Tr0ub4dor-right';

describe('linkd with wvdial', { timeout: 240_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let caller: ModemPort;
  let called: ModemPort;
  let a: Daemon;
  let b: Daemon;
  let wvdial: Child | undefined;

  before(async () => {
    routers = await TwoRouters.create();
    ({ exchange, caller, called } = connectByModems(routers));
    const accounts = routers.dir.file('accounts');
    await writeFile(accounts, `ann * ${password} *\n`, { mode: 0o600 });
    b = await routers.startB(`{serial: ${called.path}, flow: none}`, [
      'answer: {login: {banner: "Router B"}}',
      `auth: {require: pap, secrets: {pap: ${accounts}}}`,
      quick,
    ]);
    await writeFile(routers.dir.file('secret'), `${password}\n`, { mode: 0o600 });
    a = await routers.startA('{terminal: on}', [
      `auth: {user: ann, accept: pap, secret: {file: ${routers.dir.file('secret')}}}`,
      quick,
    ]);
    // It writes the secrets that pppd would read.
    await mkdir(routers.dir.file('ppp'));
    await mkdir(routers.dir.file('ppp/peers'));
    for (const name of ['pap-secrets', 'chap-secrets']) await writeFile(routers.dir.file(`ppp/${name}`), '');
    // pppd takes its standard input for the line; its standard output is wvdial's own.
    const instead = `#!/bin/sh\nexec ${process.execPath} ${linkctl} --control ${a.control} answer branch >&0\n`;
    await writeFile(routers.dir.file('pppd'), instead, { mode: 0o755 });
  });

  after(() => routers.close());

  const dials = async (...more: string[]): Promise<void> => {
    await a.until('branch', 'waits for a terminal', ({ state }) => state === 'opening', WAIT_MS);
    await b.until('branch', 'waits', ({ lines }) => lines[0]?.call === 'waiting for a call', WAIT_MS);
    const config = routers.dir.file('wvdial.conf');
    const settings = [
      '[Dialer Defaults]',
      `Modem = ${caller.path}`,
      'Phone = 200',
      'Username = ann',
      `Password = ${password}`,
      'Carrier Check = no',
      `PPPD Path = ${routers.dir.file('pppd')}`,
      'Auto DNS = off',
      'Check DNS = no',
      'Check Def Route = no',
      ...more,
    ];
    await writeFile(config, `${settings.join('\n')}\n`, { mode: 0o600 });
    const overlay = overlaid({ '/etc/ppp': routers.dir.file('ppp') });
    wvdial = routers.lans.routerA.spawn('env', [...overlay, 'setarch', '-R', 'wvdial', '-C', config]);
  };
  const bothUp = async (): Promise<void> => {
    try {
      await a.untilUp('branch', WAIT_MS);
      const { session } = await b.untilUp('branch', WAIT_MS);
      assert.equal(session?.peer_name, 'ann');
    } catch (error) {
      throw new Error(`${messageOf(error)}\nwvdial:\n${wvdial?.stdout}${wvdial?.stderr}`, { cause: error });
    }
    const { lab, lans } = routers;
    assert.equal((await lab.ping(lans.hostA, lans.hostB)).loss, 0, 'pings');
  };

  it('lets it in at the login prompt', async () => {
    await dials('Auto Reconnect = on');
    await bothUp();
    assert.match(
      wvdial?.stderr ?? '',
      /Looks like a login prompt[^]*Looks like a password prompt[^]*PPP negotiation detected/,
    );
    const { lines } = await b.link('branch');
    assert.match(lines[0]?.call ?? '', /answered a call at 33600.*login of "ann"/);
    await routers.carryTraffic(OCTETS);
  });

  it('notices a lost carrier, and is called anew', async () => {
    exchange.drop();
    await b.until('branch', 'waits for the next', ({ restarts }) => restarts > 0, WAIT_MS);
    await bothUp();
  });

  it('hangs up, which wvdial notices; it calls anew', async () => {
    await b.ctl('down', '--wait', 'branch');
    await b.ctl('up', 'branch');
    await bothUp();
  });

  it('notices that wvdial hangs up', async () => {
    wvdial?.signal('SIGINT');
    await wvdial?.exited(WAIT_MS);
    await b.until('branch', 'waits', ({ lines }) => lines[0]?.call === 'waiting for a call', WAIT_MS);
  });

  it('lets it in by AutoPPP, when it is told to begin PPP at once', async () => {
    await dials('Stupid Mode = on', 'Auto Reconnect = off');
    await bothUp();
    const { lines } = await b.link('branch');
    assert.doesNotMatch(lines[0]?.call ?? '', /login of/);
    await wvdial?.stop('SIGINT');
  });
});
