/** Every path of the control API over a real socket, and every way in which it refuses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { errorBody, linkBody, logBody, statusBody } from '../../src/control/protocol.js';
import { upLink } from '../support/fake-steering.js';
import { about, http, serve } from './rig.js';

describe('the control server', () => {
  it('tells the status of the daemon and of all links', async (t) => {
    const { path } = await serve(t);
    const { status, headers, text } = await http(path, 'GET', '/v1/status');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    const body = statusBody.parse(JSON.parse(text));
    assert.deepEqual(body.daemon, { version: '0.1.0', pid: 4711, started_at: about.startedAt.toISOString() });
    assert.deepEqual(
      body.links.map(({ name, state }) => [name, state]),
      [
        ['branch', 'up'],
        ['depot', 'waiting'],
        ['spare', 'down'],
      ],
    );
  });

  it('tells everything of one link', async (t) => {
    const { path } = await serve(t);
    const { text } = await http(path, 'GET', '/v1/links/branch');
    assert.deepEqual(linkBody.parse(JSON.parse(text)).link, {
      name: 'branch',
      state: 'up',
      since: '2026-01-10T08:00:00.000Z',
      last_cause: {
        code: 'carrier-lost',
        summary: 'the carrier was lost',
        detail: '/dev/ttyUSB0',
        remedy: 'Check the cable and the device at the far end.',
      },
      last_cause_at: '2026-01-10T07:59:12.000Z',
      next_attempt_at: null,
      restarts: 2,
      line: { kind: 'serial', name: '/dev/ttyUSB0', speed_baud: 115_200, flow_control: 'rtscts' },
      lines: [
        {
          ...{ kind: 'serial', name: '/dev/ttyUSB0', speed_baud: 115_200, flow_control: 'rtscts' },
          ...{ state: 'open', call: null, last_cause: null, last_cause_at: null, next_attempt_at: null },
          ...{ line_rx_bytes: 0, line_tx_bytes: 0 },
        },
      ],
      interface: 'ppp-branch',
      local_address: '10.255.0.1',
      remote_address: '10.255.0.2',
      local_address6: 'fd00:255::1',
      remote_address6: 'fd00:255::2',
      networks: ['10.2.0.0/16', '192.168.7.0/24'],
      rx_packets: 10_250,
      rx_bytes: 12_345_678,
      tx_packets: 4_321,
      tx_bytes: 987_654,
      line_rx_bytes: 12_700_000,
      line_tx_bytes: 1_010_000,
      rx_bytes_per_second: 1234,
      tx_bytes_per_second: 310,
      errors: { fcs: 3, overrun: 1 },
      queue: {
        ...{ packets: 4321, bytes: 987_654, drops: 7, marks: 12, waiting_packets: 3, waiting_bytes: 4200, flows: 2 },
        ...{ delay_p50_ms: 14.3, delay_p95_ms: 227.4, classes: [] },
      },
      session: {
        phase: 'network',
        local_address: '10.255.0.1',
        remote_address: '10.255.0.2',
        dns: ['10.2.0.53'],
        local_ip6: 'fe80::1',
        remote_ip6: 'fe80::2',
        mtu_bytes: 1500,
        echo_rtt_ms: 12.34,
        peer_identification: 'linkd 0.1.0',
        peer_name: 'branch',
        options: { 'tx-accm': '0x00000000', 'rx-mru': '1500' },
      },
      network_problems: [],
      hooks: [],
      health: null,
      quota: null,
      dialing: null,
    });
  });

  it('says null where there is nothing to say', async (t) => {
    const { path } = await serve(t);
    const { link } = linkBody.parse(JSON.parse((await http(path, 'GET', '/v1/links/spare')).text));
    assert.deepEqual(
      [link.last_cause, link.last_cause_at, link.next_attempt_at, link.session, link.line.speed_baud],
      [null, null, null, null, null],
    );
  });

  for (const [command, state] of [
    ['up', 'opening'],
    ['down', 'closing'],
    ['restart', 'opening'],
  ] as const) {
    it(`takes the command ${command} and answers with the link as it is then`, async (t) => {
      const { path, steering } = await serve(t);
      const { status, text } = await http(path, 'POST', `/v1/links/depot/${command}`);
      assert.equal(status, 202);
      assert.equal(linkBody.parse(JSON.parse(text)).link.state, state);
      assert.deepEqual(steering.commands, [`${command} depot`]);
    });
  }

  it('takes an empty JSON object as a body', async (t) => {
    const { path } = await serve(t);
    const headers = { 'content-type': 'application/json' };
    assert.equal((await http(path, 'POST', '/v1/links/branch/up', { headers, body: ' { }\n' })).status, 202);
  });

  it('finds a link by its encoded name', async (t) => {
    const { path } = await serve(t, { links: [upLink({ name: 'a/b ü' })] });
    const { status } = await http(path, 'GET', `/v1/links/${encodeURIComponent('a/b ü')}`);
    assert.equal(status, 200);
  });

  it('gives the log of a link, oldest first', async (t) => {
    const { path, steering } = await serve(t);
    steering.enter('branch', 'closing', cause('carrier-lost', 'ttyUSB0'));
    steering.enter('depot', 'opening');
    steering.enter('branch', 'waiting');
    const { text } = await http(path, 'GET', '/v1/links/branch/log');
    const body = logBody.parse(JSON.parse(text));
    assert.equal(body.link, 'branch');
    assert.deepEqual(
      body.events.map(({ state, message, cause: why }) => [state, message, why?.code, why?.detail]),
      [
        ['closing', 'closing: the carrier was lost (ttyUSB0)', 'carrier-lost', 'ttyUSB0'],
        ['waiting', 'waiting', undefined, undefined],
      ],
    );
  });

  it('escapes what a terminal would obey, in the JSON itself', async (t) => {
    const { path } = await serve(t, { links: [upLink({ interface: 'x\x9b31m\u202e\x1b[2J' })] });
    const { text } = await http(path, 'GET', '/v1/links/branch');
    assert.ok(text.includes('x\\u009b31m\\u202e\\u001b[2J'));
  });

  it('survives a mistake inside linkd, and logs it', async (t) => {
    const { path, errors } = await serve(t, { links: [upLink({ since: new Date(Number.NaN) })] });
    const { status, text } = await http(path, 'GET', '/v1/status');
    assert.equal(status, 500);
    assert.equal(errorBody.parse(JSON.parse(text)).error.code, 'internal');
    assert.equal(errors.length, 1);
    assert.equal((await http(path, 'GET', '/v1/links/other')).status, 404);
  });
});

describe('what the control server refuses', () => {
  interface Refused {
    readonly method: string;
    readonly target: string;
    readonly body?: string;
    readonly status: number;
    readonly code: string;
    readonly says: RegExp;
  }
  const unknownPath = { status: 404, code: 'unknown-path', says: /control-api/ };
  const unknownLink = { status: 404, code: 'unknown-link', says: /The links are: branch, depot, spare\./ };
  const badRequest = { status: 400, code: 'bad-request' };
  const cases: readonly Refused[] = [
    { method: 'GET', target: '/', ...unknownPath },
    { method: 'GET', target: '/v1', ...unknownPath },
    { method: 'GET', target: '/v1/status/', ...unknownPath },
    { method: 'GET', target: '/v2/status', ...unknownPath },
    { method: 'GET', target: '//v1/status', ...unknownPath },
    { method: 'GET', target: '/v1/links/', ...unknownPath },
    { method: 'GET', target: '/v1/links/../status', ...unknownPath },
    { method: 'OPTIONS', target: '*', ...unknownPath },
    { method: 'POST', target: '/v1/links/branch/explode', ...unknownPath },
    { method: 'GET', target: '/v1/links/brnch', ...unknownLink },
    { method: 'GET', target: '/v1/links/__proto__', ...unknownLink },
    { method: 'GET', target: '/v1/links/brnch/log', ...unknownLink },
    { method: 'POST', target: '/v1/links/brnch/up', ...unknownLink },
    { method: 'GET', target: '/v1/events?link=brnch', ...unknownLink },
    { method: 'GET', target: `/v1/links/${'x'.repeat(5000)}`, ...unknownLink },
    { method: 'GET', target: '/v1/links/%', ...badRequest, says: /not encoded/ },
    { method: 'GET', target: '/v1/links/%ff', ...badRequest, says: /not encoded/ },
    { method: 'GET', target: '/v1/status?verbose=1', ...badRequest, says: /"verbose".*none/ },
    { method: 'GET', target: '/v1/events?lnk=branch', ...badRequest, says: /"lnk".*link/ },
    { method: 'GET', target: '/v1/events?link=branch&link=depot', ...badRequest, says: /more than one/ },
    { method: 'POST', target: '/v1/links/branch/up', body: '{"wait":true}', ...badRequest, says: /no body/ },
    { method: 'POST', target: '/v1/links/branch/up', body: '{', ...badRequest, says: /no body/ },
    {
      method: 'POST',
      target: '/v1/links/branch/up',
      body: 'x'.repeat(5000),
      status: 413,
      code: 'body-too-large',
      says: /4096/,
    },
  ];
  for (const { method, target, body, status, code, says } of cases) {
    it(`${method} ${target.slice(0, 60)}${body === undefined ? '' : ` with ${body.slice(0, 20)}`}: ${status}`, async (t) => {
      const { path, steering } = await serve(t);
      const answer = await http(path, method, target, body === undefined ? {} : { body });
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'], 'application/json');
      const { error } = errorBody.parse(JSON.parse(answer.text));
      assert.equal(error.code, code);
      assert.match(`${error.message} ${error.remedy ?? ''}`, says);
      assert.deepEqual(steering.commands, []);
    });
  }

  for (const [method, target, allow] of [
    ['POST', '/v1/status', 'GET'],
    ['DELETE', '/v1/links/branch', 'GET'],
    ['HEAD', '/v1/events', 'GET'],
    ['GET', '/v1/links/branch/up', 'POST'],
  ] as const) {
    it(`${method} ${target}: 405, allowed is ${allow}`, async (t) => {
      const { path } = await serve(t);
      const { status, headers } = await http(path, method, target);
      assert.equal(status, 405);
      assert.equal(headers.allow, allow);
    });
  }
});
