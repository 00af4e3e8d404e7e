/** Being called, in virtual time: rings, the answer, the login prompt with its editing keys, AutoPPP in any chunking, parity. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeText } from '../../src/base/text.js';
import { toOctets } from '../../src/chat/script.js';
import type { LoginPromptOptions } from '../../src/dial/options.js';
import { PromptTalk, type LoginCheck } from '../../src/dial/prompt.js';
import { RingTalk, type RingOptions } from '../../src/dial/ring.js';
import { loginCheck } from '../../src/link/callers.js';
import { Modem } from '../support/hayes.js';
import { atModem, Desk } from './rig.js';

const lcp = Uint8Array.of(0x7e, 0xff, 0x7d, 0x23, 0xc0, 0x21, 0x7d, 0x21, 0x7d, 0x20);
const withParity = (octets: Uint8Array, odd: boolean): Uint8Array =>
  octets.map((octet) => {
    const ones = Array.from((octet & 0x7f).toString(2)).filter((bit) => bit === '1').length;
    return (octet & 0x7f) | ((ones % 2 === 1) !== odd ? 0x80 : 0);
  });

describe('a modem that waits for a call', () => {
  const usual: RingOptions = { rings: 1, by: 'linkd', timeoutMs: 60_000 };

  function waiting(options: Partial<RingOptions>, setup = 'AT&C1'): ReturnType<typeof atModem> & { caller: Modem } {
    const at = atModem(new RingTalk({ ...usual, ...options }));
    const caller = new Modem({ write: () => undefined, room: () => 4096, carrier: () => undefined }, at.exchange);
    at.exchange.subscribe('200', caller);
    at.modem.fromTerminal(encodeText(`${setup}\r`));
    at.desk.start();
    return { ...at, caller };
  }

  for (const rings of [1, 2, 4]) {
    it(`is told to answer at ring ${rings}`, () => {
      const { desk, caller, modem } = waiting({ rings });
      caller.fromTerminal(encodeText('ATDT100\r'));
      assert.equal(desk.finish().kind, 'done');
      assert.equal(desk.sent, 'ATA\r');
      assert.equal(desk.log.filter((line) => line.startsWith('RING')).length, rings);
      assert.ok(modem.online);
      assert.deepEqual(
        desk.doing.map((text) => text.replace(/ \(\d+\)/, '')),
        ['waiting for a call', ...Array.from({ length: rings }, () => 'it rings'), 'answering a call'],
      );
      assert.ok(desk.outcome?.kind === 'done');
      assert.equal(desk.outcome.call.speed, 33_600);
    });
  }

  it('may answer by itself', () => {
    const { desk, caller } = waiting({ rings: 2, by: 'modem' }, 'ATS0=2');
    caller.fromTerminal(encodeText('ATDT100\r'));
    assert.equal(desk.finish().kind, 'done');
    assert.equal(desk.sent, '');
  });

  it('takes no notice of rings that stopped', async () => {
    const { desk, caller } = waiting({ rings: 3 });
    caller.fromTerminal(encodeText('ATDT100\r'));
    await desk.scheduler.pass(9000);
    caller.fromTerminal(encodeText('\r'));
    await desk.scheduler.pass(30_000);
    assert.match(desk.log.join('\n'), /the ringing has stopped/);
    assert.equal(desk.doing.at(-1), 'waiting for a call');
    caller.fromTerminal(encodeText('ATDT100\r'));
    assert.equal(desk.finish().kind, 'done');
    assert.equal(desk.log.filter((line) => line.startsWith('RING')).length, 2 + 3);
  });

  it('goes on waiting when the caller is gone before there is a connection', async () => {
    const { desk, caller } = waiting({});
    caller.fromTerminal(encodeText('ATDT100\r'));
    await desk.scheduler.pass(2000);
    caller.fromTerminal(encodeText('\r'));
    await desk.scheduler.pass(60_000);
    assert.equal(desk.outcome, undefined);
    assert.equal(desk.doing.at(-1), 'waiting for a call');
    caller.fromTerminal(encodeText('ATDT100\r'));
    assert.equal(desk.finish().kind, 'done');
  });

  it('is asked for a sign of life now and then, and given up when it has none', async () => {
    const { desk } = waiting({});
    await desk.scheduler.pass(59 * 60_000);
    assert.equal(desk.outcome, undefined);
    assert.equal(desk.sent, 'AT\r'.repeat(3));
    desk.out = () => undefined;
    assert.equal(desk.failure(), 'modem-silent');
  });

  it('understands results in numbers, and the rate that is told before', () => {
    for (const [words, speed] of [
      ['2\r1\r', undefined],
      ['\r\nRING\r\n\r\nCARRIER 28800\r\n\r\nCONNECT 115200/V34\r\n', 28_800],
    ] as const) {
      const desk = new Desk(new RingTalk(usual));
      desk.start();
      desk.hearText(words);
      assert.ok(desk.outcome?.kind === 'done');
      assert.equal(desk.outcome.call.speed, speed);
    }
  });
});

const login: LoginPromptOptions = {
  banner: 'Branch router\n',
  prompt: 'login: ',
  attempts: 3,
  timeMs: 60_000,
  asksAgain: false,
};
const accounts = loginCheck([
  { name: 'ann', secret: encodeText('sesame'), allowed: undefined },
  { name: 'bøb', secret: encodeText('påss'), allowed: undefined },
]);

interface At {
  readonly desk: Desk;
  readonly talk: PromptTalk;
}

function atPrompt(change: { check?: LoginCheck; autoPpp?: boolean; callerBegins?: boolean } = {}): At {
  const talk = new PromptTalk({ login, check: accounts, autoPpp: true, callerBegins: false, ...change });
  const desk = new Desk(talk);
  desk.start();
  return { desk, talk };
}

describe('the login prompt', () => {
  it('asks, lets in who knows the password, and shows no password', () => {
    const { desk, talk } = atPrompt();
    assert.equal(desk.sent, '\r\nBranch router\r\nlogin: ');
    desk.hearText('ann\rsesame\r');
    assert.ok(desk.outcome?.kind === 'done');
    assert.equal(talk.caller?.name, 'ann');
    assert.equal(desk.sent, '\r\nBranch router\r\nlogin: ann\r\nPassword: \r\nPPP begins.\r\n');
    assert.match(desk.everything, /login of "ann"/);
    assert.doesNotMatch(desk.everything, /sesame/);
  });

  const typed: readonly (readonly [string, string, string | undefined])[] = [
    ['line feeds', 'ann\nsesame\n', 'ann'],
    ['returns with line feeds', 'ann\r\nsesame\r\n', 'ann'],
    ['a backspace', 'anb\bn\rsesamy\x7fe\r', 'ann'],
    ['a backspace over an octet more than there is', '\b\bann\rsesame\r', 'ann'],
    ['a line taken back', 'bob\x15ann\rwrong\x18sesame\r', 'ann'],
    ['an interrupt', 'bob\x03ann\rsesa\x03ann\rsesame\r', 'ann'],
    ['empty names', '\r\r\nann\rsesame\r', 'ann'],
    ['a tilde, which also begins a frame', '~\x7f~\x7fann\rsesame\r', 'ann'],
    ['names in UTF-8', toOctets(encodeText('bøø\bb\rpåss\r')), 'bøb'],
    ['control characters', 'a\x01n\x1bn\rses\x00ame\r', 'ann'],
    ['even parity', toOctets(withParity(encodeText('ann\rsesame\r'), false)), 'ann'],
    ['odd parity', toOctets(withParity(encodeText('ann\rsesame\r'), true)), 'ann'],
    ['goodbye', '\x04', undefined],
  ];
  for (const [name, text, who] of typed) {
    it(`understands ${name}, however it is cut`, () => {
      for (const chunk of [1, 2, 3, Infinity]) {
        const { desk, talk } = atPrompt();
        desk.chunk = chunk;
        desk.hearText(text);
        assert.equal(talk.caller?.name, who, JSON.stringify(desk.sent));
        assert.ok(desk.outcome !== undefined);
      }
    });
  }

  it('is slower after each wrong password, and hangs up in the end', () => {
    const { desk } = atPrompt();
    const began = desk.scheduler.now();
    for (let i = 0; i < 3; i++) {
      desk.hearText('ann\rwrong-one\r');
      desk.hearText('typed ahead\r');
      for (let steps = 0; steps < 100 && desk.outcome === undefined; steps++) {
        desk.scheduler.step();
        if (desk.sent.endsWith('login: ')) break;
      }
    }
    assert.equal(desk.failure(), 'caller-refused');
    assert.equal(desk.endedAt - began, 2000 + 4000 + 6000);
    assert.equal(desk.sent.split('Login incorrect').length - 1, 3);
    assert.match(desk.everything, /a wrong password of "ann"/);
    assert.doesNotMatch(desk.everything, /wrong-one|typed ahead/);
  });

  it('says no name that may be a password', () => {
    const { desk } = atPrompt();
    desk.hearText('sesame\r\r');
    assert.match(desk.log.join('\n'), /a login of somebody unknown/);
    assert.doesNotMatch(desk.everything, /sesame/);
  });

  it('ends when it takes too long', () => {
    const { desk } = atPrompt();
    desk.hearText('ann\r');
    assert.equal(desk.failure(), 'caller-refused');
    assert.equal(desk.scheduler.now() - 1_000_003, login.timeMs);
  });

  it('notices the modem say that the caller is gone', () => {
    for (const chunk of [1, 5, Infinity]) {
      const { desk } = atPrompt();
      desk.chunk = chunk;
      desk.hearText('ann\r');
      desk.hearText('\r\nNO CARRIER\r\n');
      assert.equal(desk.failure(), 'carrier-lost');
    }
  });

  it('bounds what is typed', () => {
    const { desk, talk } = atPrompt();
    desk.hearText(`${'x'.repeat(100_000)}\r`);
    assert.ok(desk.sent.length < 101_000);
    desk.hearText('\x03ann\rsesame\r');
    assert.equal(talk.caller?.name, 'ann');
  });

  it('waits on a direct line for the caller to begin, as long as it takes', async () => {
    const { desk, talk } = atPrompt({ callerBegins: true });
    await desk.scheduler.pass(3_600_000);
    assert.equal(desk.sent, '');
    assert.deepEqual(desk.doing, ['waiting for a call']);
    desk.hearText('\r');
    desk.hearText('ann\rsesame\r');
    assert.equal(talk.caller?.name, 'ann');
  });

  it('never fails over what it hears', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
        const { desk } = atPrompt({ check: () => ({ kind: 'wrong', known: false }) });
        for (const piece of pieces) desk.hear(piece);
        desk.finish();
      }),
    );
  });
});

describe('AutoPPP', () => {
  const forms: readonly (readonly [string, Uint8Array])[] = [
    ['as it is', lcp],
    ['without its eighth bit', lcp.map((octet) => octet & 0x7f)],
    ['with even parity', withParity(lcp, false)],
    ['with odd parity', withParity(lcp, true)],
  ];
  for (const [name, frame] of forms) {
    for (const before of ['', 'an', 'ann\r', 'ann\rses', 'x\ry\r']) {
      it(`takes a frame ${name} behind ${JSON.stringify(before)}, and hands all of it on`, () => {
        for (const callerBegins of before === '' ? [true, false] : [false]) {
          for (let chunk = 1; chunk <= frame.length; chunk++) {
            const { desk, talk } = atPrompt({ callerBegins });
            desk.chunk = chunk;
            desk.hearText(before);
            desk.hear(frame);
            assert.equal(desk.outcome?.kind, 'done');
            assert.equal(talk.caller, undefined);
            assert.equal(desk.rest, toOctets(frame));
          }
        }
      });
    }
  }

  it('can be left out', () => {
    const { desk } = atPrompt({ autoPpp: false });
    desk.hear(lcp);
    assert.equal(desk.outcome, undefined);
  });

  it('without a login, PPP has the first octet', () => {
    const at = (callerBegins: boolean): Desk => {
      const desk = new Desk(new PromptTalk({ login: undefined, check: accounts, autoPpp: true, callerBegins }));
      desk.start();
      return desk;
    };
    assert.equal(at(false).outcome?.kind, 'done');
    const desk = at(true);
    assert.equal(desk.outcome, undefined);
    desk.hear(lcp);
    assert.equal(desk.rest, toOctets(lcp));
  });
});

describe('accounts', () => {
  const open = loginCheck([{ name: undefined, secret: encodeText('all'), allowed: [] }]);
  const single = loginCheck([{ name: 'ann', secret: encodeText('sesame'), allowed: undefined }], 'ann');
  const judged = (check: LoginCheck, user: string, password: string): unknown =>
    check(encodeText(user), encodeText(password));

  it('are those of the secrets', () => {
    assert.deepEqual(judged(accounts, 'ann', 'sesame'), { kind: 'right', caller: { name: 'ann', allowed: undefined } });
    assert.deepEqual(judged(accounts, 'ann', 'sesam'), { kind: 'wrong', known: true });
    assert.deepEqual(judged(accounts, 'eve', 'sesame'), { kind: 'wrong', known: false });
    assert.deepEqual(judged(accounts, 'eve', ''), { kind: 'wrong', known: false });
    assert.deepEqual(judged(loginCheck([]), 'eve', ''), { kind: 'wrong', known: false });
  });

  it('of a secret for everybody, the name is what is typed', () => {
    assert.deepEqual(judged(open, 'eve', 'all'), { kind: 'right', caller: { name: 'eve', allowed: [] } });
    assert.deepEqual(judged(open, 'eve', 'no'), { kind: 'wrong', known: false });
  });

  it('of a link whose peer is known, nobody else gets in', () => {
    assert.deepEqual(judged(single, 'ann', 'sesame'), { kind: 'right', caller: { name: 'ann', allowed: undefined } });
    assert.deepEqual(judged(single, 'bob', 'sesame'), { kind: 'wrong', known: false });
  });
});
