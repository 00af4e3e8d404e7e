/**
 * linkd called by another linkd: by modems over an exchange, with a login or AutoPPP, and on terminals that
 * `linkctl answer` brings.
 *
 *     hostA ── routerA ── modem 100 ═══ exchange ═══ modem 200 ── routerB ── hostB
 */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { WireLink } from '../../src/control/protocol.js';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import type { Exchange } from '../support/hayes-exchange.js';
import type { ModemPort } from '../support/hayes-pty.js';
import { run } from '../support/process.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';

const PATIENCE_MS = 30_000;
const quick = 'restart: {quick: 100ms, quick-max: 200ms, slow: 100ms, slow-max: 200ms}';
const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
const right = 'Tr0ub4dor-right';
const wrong = 'Tr0ub4dor-wrong';

async function secretFile(routers: TwoRouters, name: string, text: string): Promise<string> {
  const path = routers.dir.file(name);
  await writeFile(path, text);
  await chmod(path, 0o600);
  return path;
}

/** What a person reads of a link. */
const call = ({ lines }: WireLink): string => lines[0]?.call ?? '';

describe('linkd that is called', { timeout: 180_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let caller: ModemPort;
  let called: ModemPort;
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    ({ exchange, caller, called } = connectByModems(routers));
    const accounts = await secretFile(routers, 'accounts', `ann * ${right} *\n`);
    b = await routers.startB(`{serial: ${called.path}, flow: none}`, [
      'answer: {rings: 2, login: {banner: "Router B", attempts: 2}}',
      `auth: {require: pap, secrets: {pap: ${accounts}}}`,
      quick,
    ]);
  });

  after(() => routers.close());

  const dials = async (secret: string, more: readonly string[]): Promise<Daemon> => {
    await secretFile(routers, 'secret', `${secret}\n`);
    return routers.startA(`{serial: ${caller.path}, speed: 115200, flow: none}`, [...more, quick]);
  };
  const byLogin = (): string[] => [
    `dial: {number: 200, login: {user: ann, secret: {file: ${routers.dir.file('secret')}}}, redial: {login-refused: 1s, busy: 1s, no-carrier: 1s}}`,
  ];
  const byPpp = (): string[] => [
    'dial: {number: 200}',
    `auth: {user: ann, accept: pap, secret: {file: ${routers.dir.file('secret')}}}`,
  ];

  it('waits, and says so', async () => {
    const link = await b.until('branch', 'waits for a call', (now) => call(now) === 'waiting for a call', PATIENCE_MS);
    assert.equal(link.state, 'opening');
    assert.match((await b.ctl('status', 'branch')).stdout, /waiting for a call/);
  });

  it('lets nobody in by a wrong password, and waits for the next call', async () => {
    a = await dials(wrong, byLogin());
    await a.untilCause('branch', 'login-refused', PATIENCE_MS);
    await eventually(() => b.log.includes('a wrong password of \\"ann\\"'), PATIENCE_MS, 'it is logged');
    assert.equal((await b.link('branch')).state, 'opening');
  });

  it('lets the caller in by the right one, under the name of the login', async () => {
    await secretFile(routers, 'secret', `${right}\n`);
    await a.untilUp('branch', PATIENCE_MS);
    const up = await b.untilUp('branch', PATIENCE_MS);
    assert.equal(up.session?.peer_name, 'ann');
    assert.match(call(up), /answered a call at 33600.*login of "ann"/);
    assert.equal(up.line.speed_baud, 33_600);
    await routers.carryTraffic(20_000);
  });

  it('notices that the call is over, and takes the next one', async () => {
    exchange.drop();
    await b.until('branch', 'is up anew', ({ state, restarts }) => state === 'up' && restarts === 1, PATIENCE_MS);
    await a.untilUp('branch', PATIENCE_MS);
    await routers.carryTraffic(2000);
    assert.equal((await a.ctl('down', '--wait', 'branch')).code, 0);
    await b.until('branch', 'waits again', (now) => call(now) === 'waiting for a call', PATIENCE_MS);
    assert.equal(exchange.calls, 0);
    await a.stop();
  });

  it('starts PPP at once with a caller who does, who proves himself by PPP', async () => {
    a = await dials(right, byPpp());
    await a.untilUp('branch', PATIENCE_MS);
    const up = await b.untilUp('branch', PATIENCE_MS);
    assert.equal(up.session?.peer_name, 'ann');
    assert.doesNotMatch(call(up), /login of/);
    await routers.carryTraffic(2000);
    await a.stop();
  });

  it('lets nobody in who does not', async () => {
    await b.until('branch', 'waits again', (now) => call(now) === 'waiting for a call', PATIENCE_MS);
    a = await dials(wrong, byPpp());
    await b.untilCause('branch', 'peer-auth-failed', PATIENCE_MS);
    await a.stop();
  });

  it('has shown no secret to anybody', async () => {
    const outputs = [
      a.log,
      b.log,
      (await b.ctl('status', '--json')).stdout,
      (await b.ctl('log', 'branch')).stdout,
    ].join();
    assert.doesNotMatch(outputs, /Tr0ub4dor/);
  });
});

describe('linkctl answer', { timeout: 120_000 }, () => {
  let routers: TwoRouters;
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    b = await routers.startB('{terminal: on}', [quick, 'lcp: {restart: 300ms}']);
  });

  after(() => routers.close());

  const waits = (): Promise<unknown> => b.until('branch', 'waits', ({ state }) => state === 'opening', PATIENCE_MS);
  /** On a terminal of its own, with its exit code and the terminal's settings before and after. */
  const onTerminal = async (...args: string[]): Promise<{ code: string; output: string; restored: boolean }> => {
    const command = [process.execPath, linkctl, '--control', b.control, 'answer', ...args].join(' ');
    const { stdout } = await run('script', ['-qec', `stty -g; ${command}; echo code $?; stty -g`, '/dev/null']);
    const lines = stdout.split(/\r?\n/).filter((line) => line !== '');
    const code = /code (\d+)/.exec(stdout)?.[1] ?? '';
    return { code, output: stdout, restored: lines[0] === lines.at(-1) };
  };

  it('makes its terminal the line of the link, both LANs reach each other', async () => {
    await waits();
    const command = [process.execPath, linkctl, '--control', b.control, 'answer'];
    a = await routers.startA(`{exec: [${command.join(', ')}], pty: on}`, [quick]);
    const up = await b.untilUp('branch', PATIENCE_MS);
    assert.match(up.line.name, /^terminal of /);
    await a.untilUp('branch', PATIENCE_MS);
    await routers.carryTraffic(200_000);
  });

  it('is told when the link has a caller already', async () => {
    const { code, output, restored } = await onTerminal('branch');
    assert.equal(code, '7', output);
    assert.match(output, /waits for no caller now/);
    assert.ok(restored, output);
  });

  it('ends when the far end hangs up, and the link waits for the next', async () => {
    assert.equal((await a.ctl('down', '--wait', 'branch')).code, 0);
    await waits();
    await a.ctl('up', '--wait', 'branch');
    await b.untilUp('branch', PATIENCE_MS);
    await a.stop();
    await waits();
  });

  it('ends with the link, says why, and leaves the terminal as it was', async () => {
    const answering = onTerminal('branch');
    await b.until('branch', 'has a line', ({ state }) => state === 'negotiating', PATIENCE_MS);
    await b.ctl('down', '--wait', 'branch');
    const { code, output, restored } = await answering;
    assert.equal(code, '3', output);
    assert.match(output, /PPP did not come up: .*by command/);
    assert.ok(restored, output);
  });

  it('names the link that there is not', async () => {
    assert.equal((await onTerminal('nowhere')).code, '4');
  });
});
