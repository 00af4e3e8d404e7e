/** Chat scripts as a part of a call: aborts become causes, passwords stay secret, the next part goes on with the rest. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeText } from '../../src/base/text.js';
import { stepsOfEntries } from '../../src/chat/entries.js';
import { parseChat } from '../../src/chat/parse.js';
import { toOctets, type Script } from '../../src/chat/script.js';
import { answering, atModem, conversation, Desk, dialOptions } from './rig.js';

function script(text: string): Script {
  const parsed = parseChat(text);
  assert.ok(parsed.kind === 'script');
  return parsed.script;
}

const dialing = "ABORT BUSY ABORT 'NO CARRIER' '' ATZ OK ATX4DT\\T CONNECT ''";

describe('a chat script', () => {
  it('may do the dialing, with the number', () => {
    const options = dialOptions('modem: none', 'number: 200', `chat: "${dialing.replaceAll('\\', '\\\\')}"`);
    const { desk, exchange } = atModem(conversation(options, { script: script(dialing) }));
    answering(exchange, '200');
    desk.start();
    assert.equal(desk.finish().kind, 'done', desk.everything);
    assert.deepEqual(exchange.dialed, ['200']);
  });

  it('that is aborted by a result of the modem has its cause', () => {
    const options = dialOptions('modem: none', 'number: 200', 'chat: {file: /x}');
    const { desk, exchange } = atModem(conversation(options, { script: script(dialing) }));
    exchange.answerWith('200', 'busy');
    desk.start();
    assert.equal(desk.failure(), 'number-busy');
  });

  it('that waits in vain says for what', () => {
    const desk = new Desk(conversation(dialOptions('chat: {file: /x}'), { script: script('TIMEOUT 3 ogin: ann') }));
    desk.start();
    assert.equal(desk.failure(), 'chat-failed');
    assert.match(desk.everything, /\(ogin:\) didn't come in time/);
  });

  it('shows no password, be it written in the script or named', () => {
    const written = script('ogin: ann word: Tr0ub4dor > ppp');
    const named = stepsOfEntries([
      { expect: 'ogin:' },
      { send: 'ann' },
      { expect: 'word:' },
      { secret: 'chat 1' },
      { expect: '>' },
      { send: 'ppp' },
    ]);
    for (const steps of [written, named]) {
      const secrets = new Map([['chat 1', toOctets(encodeText('Tr0ub4dor'))]]);
      const desk = new Desk(conversation(dialOptions('chat: {file: /x}'), { script: steps, secrets }));
      desk.start();
      desk.hearText('login: ');
      while (desk.scheduler.step(500));
      desk.hearText('Password: ');
      while (desk.scheduler.step(500));
      desk.hearText('Tr0ub4dor\r\n> ');
      assert.equal(desk.finish().kind, 'done', desk.everything);
      assert.match(desk.sent, /^ann\rTr0ub4dor\rppp\r$/);
      assert.ok(!desk.everything.includes('Tr0ub4dor'), desk.everything);
    }
  });

  it('leaves the rest to the login behind it', () => {
    const options = dialOptions('chat: {file: /x}', 'login: {user: ann}');
    const desk = new Desk(conversation(options, { script: script('Annex: \\c') }));
    desk.start();
    desk.hearText('Annex: login: ');
    while (desk.scheduler.step(1000));
    assert.equal(desk.sent, 'ann\r');
  });
});
