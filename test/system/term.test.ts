/**
 * A line in somebody's hands: he dials, the other linkd answers, and PPP comes up on the very line that he has led there.
 *
 *     hostA ── routerA ── modem 100 ═══ exchange ═══ modem 200 ── routerB ── hostB
 *                 │
 *           linkctl term
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import type { Exchange } from '../support/hayes-exchange.js';
import { Child, run } from '../support/process.js';
import { connectByModems } from '../support/two-modems.js';
import { TwoRouters } from '../support/two-routers.js';

const PATIENCE_MS = 20_000;
const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
const quick = 'restart: {quick: 100ms, quick-max: 200ms, slow: 100ms, slow-max: 200ms}';

describe('linkctl term', { timeout: 120_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    routers = await TwoRouters.create();
    const modems = connectByModems(routers);
    ({ exchange } = modems);
    b = await routers.startB(`{serial: ${modems.called.path}, flow: none}`, ['answer: {rings: 1}', quick]);
    a = await routers.startA(`{serial: ${modems.caller.path}, speed: 115200, flow: none}`, ['autostart: off', quick]);
    await b.until('branch', 'waits', ({ lines }) => lines[0]?.call === 'waiting for a call', PATIENCE_MS);
  });

  after(() => routers.close());

  const term = (): Child => {
    const child = new Child(process.execPath, [linkctl, '--control', a.control, 'term', 'branch']);
    routers.atEnd(() => child.stop('SIGKILL'));
    return child;
  };
  const isDown = (): Promise<unknown> => a.until('branch', 'is down', ({ state }) => state === 'down', PATIENCE_MS);

  it('leads the line to PPP, which both LANs use', async () => {
    const hand = term();
    await hand.printed(/Ctrl-\] opens the menu/, PATIENCE_MS);
    await hand.printed(/On the line: .*, 115200 baud/, PATIENCE_MS);
    const held = await a.link('branch');
    assert.equal(held.state, 'opening');
    assert.equal(held.last_cause?.code, 'by-hand');
    assert.match(held.lines[0]?.call ?? '', /^in the hands of \w+$/);
    hand.write('ATDT200\r');
    hand.endInput();
    await hand.printed(/CONNECT 33600/, PATIENCE_MS);
    await hand.printed(/PPP from the far end/, PATIENCE_MS);
    const { code, stdout, stderr } = await hand.exited(PATIENCE_MS);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /branch: up/);
    const up = await a.untilUp('branch', PATIENCE_MS);
    assert.equal(up.line.speed_baud, 33_600);
    assert.equal(up.lines[0]?.call, 'connected by hand at 33600');
    await b.untilUp('branch', PATIENCE_MS);
    assert.deepEqual(exchange.dialed, ['200']);
    await routers.carryTraffic(5000);
  });

  it('is told that the line is in use', async () => {
    const { code, stderr } = await a.ctl('term', 'branch');
    assert.equal(code, 7, stderr);
    assert.match(stderr, /in use: it is up\. Take it down first: linkctl down branch/);
  });

  it('leaves the link down when the session is over', async () => {
    exchange.drop();
    await isDown();
    assert.equal(exchange.dialed.length, 1);
  });

  it('leaves the line as it is, for whoever goes on', async () => {
    const first = term();
    await first.printed(/On the line/, PATIENCE_MS);
    first.write('ATDT200\r');
    await first.printed(/CONNECT/, PATIENCE_MS);
    first.write('\x1dl');
    assert.equal((await first.exited(PATIENCE_MS)).code, 0, first.stdout + first.stderr);
    await a.untilUp('branch', PATIENCE_MS);
    assert.equal((await a.ctl('down', '--wait', 'branch')).code, 0);
    assert.equal(exchange.calls, 0);
  });

  it('hangs up on wish', async () => {
    const hand = term();
    await hand.printed(/On the line/, PATIENCE_MS);
    hand.write('\x1dq');
    assert.equal((await hand.exited(PATIENCE_MS)).code, 0, hand.stdout + hand.stderr);
    await isDown();
  });

  it('gives a terminal its settings back', async () => {
    const command = [process.execPath, linkctl, '--control', a.control, 'term', 'branch'].join(' ');
    const typed = 'AT\r\x1dq';
    const script = ['-qec', `stty -g; ${command}; echo code $?; stty -g`, '/dev/null'];
    const { stdout } = await run('script', script, { input: typed });
    assert.match(stdout, /code 0/);
    const settings = stdout.match(/[\da-f]+(?::[\da-f]+){10,}/g);
    assert.equal(settings?.length, 2, stdout);
    assert.equal(settings[0], settings[1]);
  });

  it('hangs up when its terminal is gone', async () => {
    const hand = term();
    await hand.printed(/On the line/, PATIENCE_MS);
    hand.write('AT\r');
    await hand.printed(/OK/, PATIENCE_MS);
    await hand.stop('SIGKILL');
    await isDown();
    assert.match((await a.link('branch')).last_cause?.detail ?? '', /is gone$/);
  });
});
