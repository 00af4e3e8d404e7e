/** `answer` as the config has it: its defaults by the kind of line, the login, who is let in by PPP. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkConfig } from '../../src/config/types.js';
import { good } from './support.js';

function answering(line: string, ...more: readonly string[]): LinkConfig {
  const keys = [`line: ${line}`, 'local: 10.0.0.1', 'remote: 10.0.0.2', ...more];
  const [link] = good(`links:\n  branch:\n${keys.map((key) => `    ${key}\n`).join('')}`).links;
  assert.ok(link);
  return link;
}

const accounts = 'auth: {secrets: /etc/linkd/accounts}';
const asking = 'auth: {require: chap, secrets: /etc/linkd/accounts}';

describe('answer', () => {
  it('is not there unless it is written, and may be empty', () => {
    assert.equal(answering('/dev/ttyS0').answer, undefined);
    assert.deepEqual(answering('/dev/ttyS0', 'answer:').answer, {
      modem: 'hayes',
      init: ['ATZ', 'ATQ0V1E0X4&C1&D2'],
      rings: 1,
      by: 'linkd',
      timeoutMs: 60_000,
      login: undefined,
      autoPpp: false,
      hangup: 'auto',
      callerBegins: false,
    });
  });

  it('has a modem on serial ports, and greets where the line is a caller already', () => {
    const facts = (line: string, more = ''): unknown[] => {
      const { answer } = answering(line, `answer: {login: {}${more}}`, accounts);
      return [answer?.modem, answer?.callerBegins];
    };
    assert.deepEqual(facts('/dev/ttyS0'), ['hayes', false]);
    assert.deepEqual(facts('{rfc2217: 192.0.2.1:7000}'), ['hayes', false]);
    assert.deepEqual(facts('/dev/ttyS0', ', modem: none'), ['none', true]);
    assert.deepEqual(facts('{serial: /dev/ttyS0, carrier: require}', ', modem: none'), ['none', false]);
    assert.deepEqual(facts('{tcp: 192.0.2.1:7000}'), ['none', true]);
    assert.deepEqual(facts('{tcp-listen: 7000}'), ['none', false]);
    assert.deepEqual(facts('{terminal: on}'), ['none', false]);
  });

  it('has a login with defaults, and as it is written', () => {
    const of = (login: string): unknown => answering('/dev/ttyS0', `answer: {login: ${login}}`, accounts).answer?.login;
    const usual = { banner: '', prompt: 'login: ', attempts: 3, timeMs: 60_000, asksAgain: false };
    assert.deepEqual(of('{}'), usual);
    assert.equal(of('off'), undefined);
    assert.deepEqual(of('{banner: "a\\nb", prompt: "name> ", attempts: 1, time: 30s, ask-again: on}'), {
      banner: 'a\nb',
      prompt: 'name> ',
      attempts: 1,
      timeMs: 30_000,
      asksAgain: true,
    });
  });

  it('lets PPP in without a login where PPP asks, unless it is told otherwise', () => {
    const of = (answer: string, auth: string): unknown =>
      answering('/dev/ttyS0', `answer: ${answer}`, auth).answer?.autoPpp;
    assert.equal(of('{login: {}}', accounts), false);
    assert.equal(of('{login: {}}', asking), true);
    assert.equal(of('{login: {}, auto-ppp: off}', asking), false);
    assert.equal(of('{login: {}, auto-ppp: on}', asking), true);
  });

  it('makes no caller wait for what another one brought about', () => {
    const pauses = answering('/dev/ttyS0', 'answer:').restart.redial;
    assert.deepEqual([pauses?.['peer-terminated'], pauses?.['peer-auth-failed']], [1000, 3000]);
    assert.equal(pauses?.['modem-silent'], undefined);
    assert.equal(answering('/dev/ttyS0').restart.redial, undefined);
  });
});
