/** The paths of the control API that are about the daemon and the system: reload, diff, plan, routes, history, totals. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpError } from '../../src/base/errors.js';
import {
  errorBody,
  historyBody,
  linkBody,
  planBody,
  reloadBody,
  routesBody,
  totalsBody,
} from '../../src/control/protocol.js';
import {
  monthRecords,
  reloadChanges,
  restingLink,
  routeTable,
  sessionRecords,
  upLink,
  watchedLink,
} from '../support/fake-steering.js';
import { http, serve, waitUntil } from './rig.js';

async function ask(path: string, method: string, target: string): Promise<unknown> {
  const { status, text } = await http(path, method, target);
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

async function refusal(path: string, method: string, target: string) {
  const { status, text } = await http(path, method, target);
  return { status, ...errorBody.parse(JSON.parse(text)).error };
}

describe('a reload', () => {
  for (const [method, target, commands] of [
    ['POST', '/v1/reload', ['reload']],
    ['GET', '/v1/diff', []],
  ] as const) {
    it(`tells what changes: ${method} ${target}`, async (t) => {
      const { path, steering } = await serve(t);
      const warnings = ['linkd.yaml:3:1: warning: links.old: it was useful once'];
      steering.outcome = () => Promise.resolve({ ok: true, changes: reloadChanges, warnings });
      const { time, ...body } = reloadBody.parse(await ask(path, method, target));
      assert.ok(Date.parse(time) > 0);
      assert.deepEqual(body, {
        version: 1,
        ok: true,
        changes: [
          { link: 'old', kind: 'remove', changes: [] },
          { link: 'branch', kind: 'apply', changes: [{ path: 'net.networks', from: '[]', to: '["10.2.0.0/16"]' }] },
          {
            link: 'depot',
            kind: 'restart',
            changes: [
              { path: 'line.speed', from: '9600', to: '115200' },
              { path: 'quota', from: null, to: '5000000000' },
            ],
          },
          { link: 'spare', kind: 'add', changes: [] },
        ],
        warnings,
        errors: [],
      });
      assert.deepEqual(steering.commands, commands);
    });

    it(`tells every mistake of a bad config, lines kept: ${method} ${target}`, async (t) => {
      const { path, steering } = await serve(t);
      const errors = ['linkd.yaml:3:9: links.a.mtu: too large\n  mtu: 99999\n       ^', 'linkd.yaml:4:1: \x1b[2J'];
      steering.outcome = () => Promise.resolve({ ok: false, errors });
      const body = reloadBody.parse(await ask(path, method, target));
      assert.deepEqual([body.ok, body.changes, body.warnings], [false, [], []]);
      assert.deepEqual(body.errors, [errors[0], 'linkd.yaml:4:1: \\x1b[2J']);
    });
  }
});

describe('a plan', () => {
  it('is a list of commands', async (t) => {
    const { path, steering } = await serve(t);
    steering.plans = (name) => Promise.resolve([`ip route add 10.2.0.0/16 dev ppp-${name}`]);
    const body = planBody.parse(await ask(path, 'GET', '/v1/links/depot/plan'));
    assert.deepEqual([body.link, body.commands], ['depot', ['ip route add 10.2.0.0/16 dev ppp-depot']]);
    assert.equal((await refusal(path, 'GET', '/v1/links/dpot/plan')).code, 'unknown-link');
  });
});

describe('the routes', () => {
  it('come with their links', async (t) => {
    const { path, steering } = await serve(t);
    steering.table = () => Promise.resolve(routeTable);
    const { routes } = routesBody.parse(await ask(path, 'GET', '/v1/routes'));
    assert.deepEqual(
      routes.map((route) => [route.type, route.destination, route.gateway, route.interface, route.link, route.origin]),
      [
        ['unicast', 'default', '192.0.2.1', 'eth0', null, null],
        ['unicast', '10.2.0.0/16', null, 'ppp-branch', 'branch', 'links.branch.networks[0]'],
        ['unreachable', '10.2.0.0/16', null, null, 'branch', 'links.branch.unreachable'],
      ],
    );
  });
});

describe('history and totals', () => {
  it('tell sessions, newest first, of all links or of one', async (t) => {
    const { path, steering } = await serve(t);
    steering.sessions = sessionRecords;
    const get = async (query: string) =>
      historyBody.parse(await ask(path, 'GET', `/v1/history${query}`)).sessions.map((one) => [one.link, one.ended_at]);
    const all = [
      ['branch', null],
      ['branch', '2026-01-10T07:59:12.000Z'],
      ['gone', '2026-01-01T00:00:10.000Z'],
    ];
    assert.deepEqual(await get(''), all);
    assert.deepEqual(await get('?limit=1'), all.slice(0, 1));
    assert.deepEqual(await get('?limit=1000&link=gone'), all.slice(2));
    assert.deepEqual(await get('?link=depot'), [], 'a link without a session');
    const [first] = historyBody.parse(await ask(path, 'GET', '/v1/history')).sessions;
    assert.deepEqual(first, {
      link: 'branch',
      started_at: '2026-01-10T08:00:00.000Z',
      ended_at: null,
      rx_bytes: 12_345_678,
      tx_bytes: 987_654,
      end_cause: null,
    });
  });

  it('tell the sums of each month', async (t) => {
    const { path, steering } = await serve(t);
    steering.months = monthRecords;
    const { months } = totalsBody.parse(await ask(path, 'GET', '/v1/totals?link=gone'));
    const december = { link: 'gone', month: '2025-12', rx_bytes: 0, tx_bytes: 84, up_seconds: 10, sessions: 1 };
    assert.deepEqual(months, [december]);
    assert.equal(totalsBody.parse(await ask(path, 'GET', '/v1/totals')).months.length, 2);
  });

  for (const [target, code, says] of [
    ['/v1/history?limit=0', 'bad-request', /from 1 to 1000/],
    ['/v1/history?limit=1001', 'bad-request', /from 1 to 1000/],
    ['/v1/history?limit=ten', 'bad-request', /from 1 to 1000/],
    ['/v1/history?limit=', 'bad-request', /from 1 to 1000/],
    ['/v1/history?limit=1&limit=2', 'bad-request', /more than one limit/],
    ['/v1/history?since=yesterday', 'bad-request', /link, limit/],
    ['/v1/history?link=brnch', 'unknown-link', /branch, depot, spare/],
    ['/v1/totals?link=brnch', 'unknown-link', /branch, depot, spare/],
    ['/v1/totals?limit=3', 'bad-request', /"limit"/],
  ] as const) {
    it(`GET ${target}: ${code}`, async (t) => {
      const { path } = await serve(t);
      const error = await refusal(path, 'GET', target);
      assert.equal(error.code, code);
      assert.match(`${error.message} ${error.remedy ?? ''}`, says);
    });
  }
});

describe('what watches over a link', () => {
  it('is told with the link', async (t) => {
    const { path } = await serve(t, { links: [watchedLink()] });
    const { link } = linkBody.parse(await ask(path, 'GET', '/v1/links/branch'));
    assert.deepEqual(link.network_problems, ['the route to 10.2.0.0/16 is hidden by one of metric 0 on eth1']);
    assert.deepEqual(link.health, { state: 'failed', reason: '10.2.0.1 did not answer 3 times' });
    assert.deepEqual(link.quota, { state: 'warn', used_bytes: 4_600_000_000, monthly_bytes: 5_000_000_000 });
    assert.deepEqual(link.hooks[0], {
      moment: 'up',
      program: '/etc/linkd/hooks/flush-mail',
      at: '2026-01-10T08:00:01.000Z',
      duration_ms: 2346,
      ok: false,
      outcome: 'exit status 75',
      output: 'postqueue: warning: Mail system is down\npostqueue: fatal: queue is not flushed\n',
    });
  });

  it('may be missing: an older linkd, still running after an upgrade, tells nothing of it', async (t) => {
    const { path } = await serve(t);
    const { text } = await http(path, 'GET', '/v1/links/branch');
    const old = text.replace(/,"network_problems".*"quota":null/, '');
    assert.notEqual(old, text);
    assert.deepEqual(linkBody.parse(JSON.parse(old)), linkBody.parse(JSON.parse(text)));
  });
});

describe('an answer that takes its time', () => {
  it('holds up nobody else, and is asked for once however many ask', async (t) => {
    const { path, steering } = await serve(t, { links: [upLink(), restingLink()], limits: { idleTimeoutMs: 1500 } });
    const waiting: (() => void)[] = [];
    steering.plans = (name) =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve([`# ${name}`]);
        });
      });
    const answers = ['branch', 'branch', 'spare', 'branch'].map((name) => http(path, 'GET', `/v1/links/${name}/plan`));
    await waitUntil('both plans are being made', () => waiting.length === 2);
    for (let i = 0; i < 3; i++) assert.equal((await http(path, 'GET', '/v1/status')).status, 200);
    // Longer than a connection may be idle.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (const finish of waiting) finish();
    for (const answer of answers) assert.equal((await answer).status, 200);
    assert.equal(waiting.length, 2);
    const again = http(path, 'GET', '/v1/links/branch/plan');
    await waitUntil('a later question is asked anew', () => waiting.length === 3);
    waiting[2]?.();
    assert.equal((await again).status, 200);
  });

  it('is not waited for without end', async (t) => {
    const { path, steering, errors } = await serve(t, { limits: { answerTimeoutMs: 200 } });
    let finish = (): void => undefined;
    steering.table = () =>
      new Promise(
        (resolve) =>
          (finish = () => {
            resolve([]);
          }),
      );
    const error = await refusal(path, 'GET', '/v1/routes');
    assert.deepEqual([error.status, error.code, error.message], [409, 'failed', 'no answer within 0.2 seconds']);
    finish();
    await waitUntil('the next one is answered', async () => {
      steering.table = () => Promise.resolve([]);
      return (await http(path, 'GET', '/v1/routes')).status === 200;
    });
    assert.deepEqual(errors, []);
  });

  it('says what the system refused, and what to do', async (t) => {
    const { path, steering, errors } = await serve(t);
    const broken = new OpError('read', 'the routing table', new Error('EPERM'), 'Give linkd CAP_NET_ADMIN.');
    steering.table = () => Promise.reject(broken);
    steering.outcome = () => Promise.reject(new Error('a mistake'));
    assert.deepEqual(await refusal(path, 'GET', '/v1/routes'), {
      status: 409,
      code: 'failed',
      message: 'cannot read the routing table: EPERM',
      remedy: 'Give linkd CAP_NET_ADMIN.',
    });
    assert.deepEqual(errors, []);
    assert.equal((await refusal(path, 'POST', '/v1/reload')).code, 'internal');
    assert.equal(errors.length, 1);
  });
});
