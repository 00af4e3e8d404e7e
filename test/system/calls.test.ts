/**
 * Calls that outlive linkd, and calls whose end a modem tells in words alone, for its DCD isn't wired:
 *
 *     hostA ── routerA ── modem 100 ═══ exchange ═══ modem 200 ── routerB ── hostB
 *               dials                                  answers
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import type { Exchange } from '../support/hayes-exchange.js';
import { SuccessiveDaemon } from '../support/succession.js';
import { connectByModems } from '../support/two-modems.js';
import { linkConfig, TwoRouters } from '../support/two-routers.js';

const PATIENCE_MS = 20_000;
const quick = 'restart: {quick: 100ms, quick-max: 200ms, slow: 100ms, slow-max: 200ms}';

describe('a call', { timeout: 120_000 }, () => {
  let routers: TwoRouters;
  let exchange: Exchange;
  let a: SuccessiveDaemon;
  let b: SuccessiveDaemon;

  before(async () => {
    routers = await TwoRouters.create();
    const modems = connectByModems(routers, { dcd: false });
    ({ exchange } = modems);
    const [accounts, secret] = [routers.dir.file('accounts'), routers.dir.file('secret')];
    await writeFile(accounts, 'ann * Tr0ub4dor *\n', { mode: 0o600 });
    await writeFile(secret, 'Tr0ub4dor\n', { mode: 0o600 });
    const { routerA, routerB } = routers.lans;
    const answers = linkConfig('b', `{serial: ${modems.called.path}, flow: none}`, [
      'answer: {rings: 1, login: {}}',
      `auth: {require: pap, secrets: {pap: ${accounts}}}`,
      quick,
    ]);
    const dials = linkConfig('a', `{serial: ${modems.caller.path}, flow: none}`, [
      `dial: {number: 200, login: {user: ann, secret: {file: ${secret}}}, redial: {no-carrier: 1s}}`,
      quick,
    ]);
    b = await SuccessiveDaemon.start(routerB, routers.dir, 'b', answers);
    const isWaiting = async (): Promise<boolean> => (await b.link('branch')).lines[0]?.call === 'waiting for a call';
    await eventually(isWaiting, PATIENCE_MS, 'B waits for a call');
    a = await SuccessiveDaemon.start(routerA, routers.dir, 'a', dials);
  });

  after(() => routers.close());

  const areUp = async (): Promise<void> => {
    await a.untilUp('branch');
    assert.equal((await b.untilUp('branch')).session?.peer_name, 'ann');
  };

  it('goes on when the linkd that has dialed is replaced', async () => {
    await areUp();
    const { code, stderr } = await a.ctl('restart-daemon');
    assert.equal(code, 0, stderr + a.log.slice(-4000));
    await areUp();
    await routers.carryTraffic(2000);
    assert.equal(exchange.dialed.length, 1);
  });

  it('goes on when the linkd that has answered is replaced, with the same caller', async () => {
    const { code, stderr } = await b.ctl('restart-daemon');
    assert.equal(code, 0, stderr + b.log.slice(-4000));
    await areUp();
    await routers.carryTraffic(2000);
    assert.equal(exchange.dialed.length, 1);
  });

  it('is over when the modems say so, and made anew', async () => {
    exchange.drop();
    for (const daemon of [a, b]) {
      const said = (): boolean => /the carrier was lost \([^)]*: NO CARRIER\)/.test(daemon.log);
      await eventually(said, PATIENCE_MS, 'the words are understood');
    }
    await eventually(() => exchange.dialed.length === 2, PATIENCE_MS, 'A dials again');
    await areUp();
    await routers.carryTraffic(2000);
  });
});
