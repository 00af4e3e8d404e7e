/** What `dial` of the config comes to: defaults by the kind of modem, the forms of a chat script, secrets by reference. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stepsOfEntries } from '../../src/chat/entries.js';
import { good, goodLink } from './support.js';

const pathOf = (name: string): string => `/etc/linkd/${name}`;

describe('dial', () => {
  it('is not, unless it is written', () => {
    const { dial, restart } = goodLink();
    assert.equal(dial, undefined);
    assert.equal(restart.redial, undefined);
  });

  it('has defaults by what dials', () => {
    const hayes = goodLink('dial: {number: 5551234}').dial;
    assert.deepEqual(
      { ...hayes, redial: {} },
      {
        modem: 'hayes',
        init: ['ATZ', 'ATQ0V1E0S0=0X4&C1&D2'],
        numbers: ['5551234'],
        prefix: 'ATDT',
        pin: undefined,
        apn: undefined,
        timeoutMs: 60_000,
        chat: undefined,
        login: undefined,
        hangup: 'auto',
        redial: {},
      },
    );
    const gsm = goodLink('dial:', '  modem: gsm', '  pin: {credential: sim}').dial;
    assert.deepEqual([gsm?.numbers, gsm?.prefix, gsm?.init], [['*99#'], 'ATD', ['ATZ', 'ATQ0V1E0']]);
    assert.deepEqual(gsm?.pin, { kind: 'credential', name: 'sim' });
    assert.equal(goodLink('dial: {login: {user: ann}}').dial?.modem, 'none');
    assert.equal(goodLink('dial: {chat: "ogin: ann"}').dial?.modem, 'none');
  });

  it('has pauses of its own for what becomes of calls', () => {
    const { redial } = goodLink('dial: {number: 1, redial: {busy: 5s, blacklisted: never}}').restart;
    assert.deepEqual(redial, {
      'number-busy': 5000,
      'call-unanswered': 60_000,
      'call-no-carrier': 30_000,
      'no-dialtone': 60_000,
      'call-delayed': 120_000,
      'call-blacklisted': 'never',
      'login-refused': 900_000,
    });
  });

  it('takes a chat script as text, from a file, and as steps with secrets', () => {
    const text = goodLink('dial:', '  chat: |', '    ABORT BUSY', "    '' ATZ OK \\c").dial?.chat;
    assert.deepEqual(text, { kind: 'text', text: "ABORT BUSY\n'' ATZ OK \\c\n" });
    const file = goodLink('dial: {chat: {file: /etc/chatscripts/isp}}').dial?.chat;
    assert.deepEqual(file, { kind: 'file', path: '/etc/chatscripts/isp' });
    const steps = goodLink(
      'dial:',
      '  chat:',
      '    - timeout: 30s',
      '    - abort: [BUSY, NO CARRIER]',
      '    - {expect: "ogin:", retry: "", timeout: 5s}',
      '    - send: ann',
      '    - expect: "word:"',
      `    - secret: {file: ${pathOf('isp')}}`,
      '    - say: done',
    ).dial?.chat;
    assert.ok(steps?.kind === 'steps');
    assert.deepEqual(steps.secrets, { 'chat 1': { kind: 'file', path: pathOf('isp') } });
    assert.deepEqual(
      stepsOfEntries(steps.steps).map(({ kind }) => kind),
      ['timeout', 'abort', 'abort', 'timeout', 'expect', 'timeout', 'send', 'expect', 'send', 'say'],
    );
  });

  it('may be on every kind of line on which something can be said', () => {
    const unix = 'line: {unix-listen: /run/vm/com1}';
    assert.equal(goodLink(unix, 'dial: {modem: windows-server}').dial?.modem, 'windows-server');
    assert.equal(goodLink('line: {tcp: "10.1.1.1:23"}', 'dial: {login: {user: ann}}').dial?.login?.user, 'ann');
  });

  it('keeps the config frozen and plain', () => {
    const [link] = good(
      'links:\n  a:\n    line: /dev/ttyS0\n    local: 10.0.0.1\n    remote: 10.0.0.2\n    dial: {number: 1}\n',
    ).links;
    assert.deepEqual(JSON.parse(JSON.stringify(link?.dial?.numbers)), ['1']);
    assert.ok(Object.isFrozen(link?.dial));
  });
});
