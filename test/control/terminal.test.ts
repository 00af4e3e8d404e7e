/** The paths that take over the connection, `answer` and `term`: what they refuse, and how linkctl says so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { errorBody, type ErrorBody } from '../../src/control/protocol.js';
import { terminalProtocol } from '../../src/control/wire.js';
import { restingLink, upLink } from '../support/fake-steering.js';
import { http, linkctl, sendRaw, serve, serveOthers, requestAs, waitUntil } from './rig.js';

const offer = { connection: 'Upgrade', upgrade: terminalProtocol };

function errorOf(text: string): ErrorBody['error'] {
  return errorBody.parse(JSON.parse(text)).error;
}

for (const path of ['answer', 'term'] as const) {
  describe(`POST /v1/links/NAME/${path}`, () => {
    const target = `/v1/links/branch/${path}`;

    it('wants the connection: 426, and what to change to', async (t) => {
      const rig = await serve(t);
      const { status, headers, text } = await http(rig.path, 'POST', target);
      assert.equal(status, 426);
      assert.equal(headers.upgrade, terminalProtocol);
      assert.equal(headers.connection, 'Upgrade');
      assert.equal(errorOf(text).code, 'bad-request');
      assert.match(errorOf(text).remedy ?? '', /linkctl answer, or linkctl term/);
    });

    it('knows one protocol to change to: 400', async (t) => {
      const rig = await serve(t);
      const { status, text } = await http(rig.path, 'POST', target, { headers: { ...offer, upgrade: 'websocket' } });
      assert.equal(status, 400);
      assert.match(errorOf(text).message, /no such protocol/);
    });

    it('takes nothing behind the headers before its answer: 400', async (t) => {
      const rig = await serve(t);
      const head = `POST ${target} HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: ${terminalProtocol}\r\n\r\n`;
      const answer = await sendRaw(rig.path, `${head}ATDT200\r`);
      assert.match(answer, /^HTTP\/1\.1 400 [^]*the terminal speaks too early/);
    });

    it('is for those who may steer the link: 403, which is logged', async (t) => {
      const { path: socket, infos } = await serveOthers(t, { group: 'games' });
      const [answer] = await requestAs({ uid: 1, gid: 1 }, socket, [`POST ${target}`], offer);
      assert.equal(answer?.status, 403);
      const { code, message, remedy } = errorOf(answer.text);
      assert.equal(code, 'forbidden');
      assert.equal(message, 'the user daemon may not steer the link "branch"');
      assert.match(remedy ?? '', /sudo/);
      await waitUntil('the refusal is logged', () => infos.length === 1);
      assert.match(infos[0] ?? '', new RegExp(`^refused from daemon \\(pid \\d+\\): POST ${target}$`));
    });

    it('names a link that there is not: 404', async (t) => {
      const rig = await serve(t);
      const { status, text } = await http(rig.path, 'POST', `/v1/links/brnch/${path}`, { headers: offer });
      assert.equal(status, 404);
      assert.equal(errorOf(text).code, 'unknown-link');
      const { code } = await linkctl(t, ['--control', rig.path, path, 'brnch']);
      assert.equal(code, exitCodes.unknownLink);
    });
  });
}

describe('a link that takes no terminal now', () => {
  it('waits for no caller, or runs on something else: 409', async (t) => {
    const { path, steering } = await serve(t);
    for (const [desk, message, remedy] of [
      ['not-waiting', /waits for no caller now/, /linkctl status/],
      ['no-terminal', /the line of the link "branch" is no terminal/, /line: \{terminal: on\}/],
    ] as const) {
      steering.desk = desk;
      const { status, text } = await http(path, 'POST', '/v1/links/branch/answer', { headers: offer });
      const error = errorOf(text);
      assert.deepEqual([status, error.code], [409, 'not-waiting']);
      assert.match(error.message, message);
      assert.match(error.remedy ?? '', remedy);
      const { code, stderr } = await linkctl(t, ['--control', path, 'answer', 'branch']);
      assert.equal(code, exitCodes.notWaiting);
      assert.match(stderr, message);
    }
  });

  it('has its line in use: 409, with the state and the way out', async (t) => {
    const { path } = await serve(t, { links: [upLink(), restingLink()] });
    const { status, text } = await http(path, 'POST', '/v1/links/branch/term', { headers: offer });
    const error = errorOf(text);
    assert.deepEqual([status, error.code], [409, 'line-in-use']);
    assert.equal(error.message, 'the line of the link "branch" is in use: it is up');
    assert.equal(error.remedy, 'Take it down first: linkctl down branch.');
    const { code } = await linkctl(t, ['--control', path, 'term', 'branch']);
    assert.equal(code, exitCodes.notWaiting);
  });

  it('is not found by linkctl answer without a name', async (t) => {
    const { path } = await serve(t);
    const { code, stderr } = await linkctl(t, ['--control', path, 'answer']);
    assert.equal(code, exitCodes.notWaiting);
    assert.match(stderr, /no link waits for a terminal/);
  });
});
