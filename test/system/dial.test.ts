/**
 * Two linkds with modems, and a telephone exchange between them:
 *
 *     hostA ── routerA ── modem 100 ═══ exchange ═══ modem 200 ── routerB ── hostB
 *
 * and one that logs in where a prompt stands before the other's PPP.
 */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemScheduler } from '../../src/link/scheduler.js';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { Exchange } from '../support/hayes-exchange.js';
import { ModemPort } from '../support/hayes-pty.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';

const PATIENCE_MS = 20_000;
const quick = 'restart: {quick: 100ms, quick-max: 200ms, slow: 100ms, slow-max: 200ms}';
const prompt = join(import.meta.dirname, '../support/login-prompt.js');

describe('linkd behind a modem', { timeout: 180_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let caller: ModemPort;
  let called: ModemPort;
  let a: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    ({ exchange, caller, called } = connectByModems(routers));
    exchange.answerWith('200', 'busy');
    called.modem.fromTerminal(Buffer.from('ATE0Q1S0=1&W\r'));
    await routers.startB(`{serial: ${called.path}, flow: none}`, ['lcp: {silent: on}', quick]);
    a = await routers.startA(`{serial: ${caller.path}, speed: 115200, flow: none}`, [
      'dial: {number: 200, redial: {busy: 1s}}',
      quick,
    ]);
  });

  after(() => routers.close());

  it('finds the number busy, and dials again', async () => {
    const { last_cause } = await a.untilCause('branch', 'number-busy', PATIENCE_MS);
    assert.match(last_cause?.detail ?? '', /^200: BUSY/);
    await eventually(() => exchange.dialed.length >= 3, PATIENCE_MS, 'it dials again and again');
  });

  it('gets through, carries the traffic of both LANs, and shows the call', async () => {
    exchange.answerWith('200', undefined);
    const up = await a.untilUp('branch', PATIENCE_MS);
    assert.equal(up.line.speed_baud, 33_600);
    assert.equal(up.lines[0]?.call, 'connected to 200 at 33600');
    await routers.carryTraffic(20_000);
    assert.match((await a.ctl('status', 'branch')).stdout, /call +connected to 200 at 33600/);
  });

  it('dials again when the carrier is lost', async () => {
    const calls = exchange.dialed.length;
    exchange.drop();
    await a.until('branch', 'is up anew', ({ state, restarts }) => state === 'up' && restarts === 1, PATIENCE_MS);
    assert.ok(exchange.dialed.length > calls);
    await routers.carryTraffic(2000);
  });

  it('hangs up when it is taken down', async () => {
    assert.equal(exchange.calls, 1);
    const { code, stdout } = await a.ctl('hangup', 'branch');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /hanging up/);
    assert.equal(exchange.calls, 0);
  });

  it('lets one hear how it dials', async () => {
    exchange.answerWith('200', 'busy');
    const failed = await a.ctl('dial', 'branch');
    assert.equal(failed.code, 3, failed.stdout + failed.stderr);
    assert.match(failed.stdout, /send \(ATDT200\^M\)[^]*BUSY/);
    assert.match(failed.stderr, /the number is busy/);
    exchange.answerWith('200', undefined);
    const { code, stdout } = await a.ctl('dial', 'branch');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /connected to 200 at 33600/);
  });

  it('tells the conversation in its log', async () => {
    const { stdout } = await a.ctl('log', 'branch');
    assert.match(stdout, /the conversation was: .*ATDT200/);
  });
});

describe('linkd before a login prompt', { timeout: 120_000 }, () => {
  const right = 'Tr0ub4dor-right';
  const wrong = 'Tr0ub4dor-wrong';
  let routers: TwoRouters;
  let secret: string;
  let a: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    secret = routers.dir.file('secret');
    const socket = routers.dir.file('ppp.sock');
    await writeFile(secret, `${wrong}\n`);
    await chmod(secret, 0o600);
    await routers.startB(`{unix-listen: ${socket}}`, [quick]);
    a = await routers.startA(`{exec: [${[process.execPath, prompt, socket, 'ann', right].join(', ')}]}`, [
      `dial: {login: {user: ann, secret: {file: ${secret}}}, redial: {login-refused: 1s}}`,
      quick,
    ]);
  });

  after(() => routers.close());

  it('says that it was refused', async () => {
    const { last_cause } = await a.untilCause('branch', 'login-refused', PATIENCE_MS);
    assert.match(last_cause?.detail ?? '', /\?{6}: Login incorrect/);
  });

  it('logs in once the secret is right, and carries traffic', async () => {
    await writeFile(secret, `${right}\n`);
    await a.untilUp('branch', PATIENCE_MS);
    await routers.carryTraffic(20_000);
  });

  it('has shown no secret to anybody', async () => {
    const outputs = [
      a.log,
      (await a.ctl('status', '--json')).stdout,
      (await a.ctl('log', 'branch')).stdout,
      (await a.ctl('history', 'branch')).stdout,
    ].join('\n');
    assert.match(outputs, /\?{6}/);
    assert.doesNotMatch(outputs, /Tr0ub4dor-wrong/);
    assert.doesNotMatch(outputs, /Tr0ub4dor-right/);
  });
});

describe("linkd on Windows' null modem, at both ends", { timeout: 60_000 }, () => {
  it('says and hears CLIENT and CLIENTSERVER, and carries traffic', async () => {
    const routers = await TwoRouters.create();
    try {
      const socket = routers.dir.file('com1.sock');
      await routers.startB(`{unix-listen: ${socket}}`, ['dial: {modem: windows-server}', quick]);
      const a = await routers.startA(`{unix: ${socket}}`, ['dial: {modem: windows}', quick]);
      await a.untilUp('branch', PATIENCE_MS);
      await routers.carryTraffic(2000);
      assert.match(a.log, /send \(CLIENT\)[^]*CLIENTSERVER/);
    } finally {
      await routers.close();
    }
  });
});

describe('linkd with a GSM stick', { timeout: 60_000 }, () => {
  it('gives the PIN, tells the access point, shows the signal, and does not try a wrong PIN again', async () => {
    const routers = await TwoRouters.create();
    try {
      const exchange = new Exchange(systemScheduler, { ringMs: 50, trainingMs: 50 });
      const gsm = { pin: '24682468', apns: ['internet'], signal: 20 };
      const stick = new ModemPort(routers.dir.file('stick'), exchange, { hangUp: true, digitMs: 10, gsm });
      const network = new ModemPort(routers.dir.file('network'), exchange, { hangUp: true });
      routers.atEnd(() => {
        stick.close();
        network.close();
      });
      exchange.subscribe('100', stick.modem);
      exchange.subscribe('*99#', network.modem);
      network.modem.fromTerminal(Buffer.from('ATE0Q1S0=1&W\r'));
      const pin = routers.dir.file('pin');
      await writeFile(pin, '13571357', { mode: 0o600 });
      await routers.startB(`{serial: ${network.path}, flow: none}`, ['lcp: {silent: on}', quick]);
      const a = await routers.startA(`{serial: ${stick.path}, flow: none}`, [
        `dial: {modem: gsm, apn: internet, pin: {file: ${pin}}}`,
        quick,
      ]);
      const refused = await a.until('branch', 'is down', ({ state }) => state === 'down', PATIENCE_MS);
      assert.equal(refused.last_cause?.code, 'sim-refused');
      await writeFile(pin, '24682468');
      assert.equal((await a.ctl('up', 'branch')).code, 0);
      const up = await a.untilUp('branch', PATIENCE_MS);
      assert.match(up.lines[0]?.call ?? '', /^connected to \*99# at \d+, signal -73 dBm$/);
      await routers.carryTraffic(2000);
      assert.doesNotMatch(a.log, /13571357|24682468/);
    } finally {
      await routers.close();
    }
  });
});
