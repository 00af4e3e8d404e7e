/** The modem's part of a call against the Hayes emulator, in virtual time: every result, any chunking, echo or not, words or numbers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toOctets } from '../../src/chat/script.js';
import { encodeText } from '../../src/base/text.js';
import { lineSpeed } from '../../src/dial/dialed-line.js';
import { HangUpTalk } from '../../src/dial/hang-up.js';
import { compresses, readResult } from '../../src/dial/results.js';
import type { Tone } from '../support/hayes-exchange.js';
import { answering, atModem, conversation, Desk, dialOptions } from './rig.js';

describe('result codes', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['OK', { kind: 'ok' }],
    ['0', { kind: 'ok' }],
    ['RING', { kind: 'ring' }],
    ['2', { kind: 'ring' }],
    ['CONNECT', { kind: 'connect', speed: undefined, protocol: '' }],
    ['1', { kind: 'connect', speed: undefined, protocol: '' }],
    ['CONNECT 33600', { kind: 'connect', speed: 33600, protocol: '' }],
    ['CONNECT 28800/ARQ/V34/LAPM/V42BIS', { kind: 'connect', speed: 28800, protocol: 'ARQ/V34/LAPM/V42BIS' }],
    ['connect 9600 V.32', { kind: 'connect', speed: 9600, protocol: 'V.32' }],
    ['CONNECT 150000000', { kind: 'connect', speed: 150_000_000, protocol: '' }],
    ['10', { kind: 'connect', speed: 2400, protocol: '' }],
    ['17', { kind: 'connect', speed: undefined, protocol: '' }],
    ['CARRIER 28800', { kind: 'carrier', speed: 28800 }],
    ['COMPRESSION: NONE', { kind: 'compression', on: false }],
    ['COMPRESSION: V.42BIS', { kind: 'compression', on: true }],
    ['NO CARRIER', { kind: 'failed', code: 'call-no-carrier', text: 'NO CARRIER' }],
    ['3', { kind: 'failed', code: 'call-no-carrier', text: 'NO CARRIER' }],
    ['ERROR', { kind: 'error', text: 'ERROR' }],
    ['4', { kind: 'error', text: 'ERROR' }],
    ['+CME ERROR: 11', { kind: 'error', text: '+CME ERROR: 11' }],
    ['NO DIALTONE', { kind: 'failed', code: 'no-dialtone', text: 'NO DIALTONE' }],
    ['NO DIAL TONE', { kind: 'failed', code: 'no-dialtone', text: 'NO DIAL TONE' }],
    ['6', { kind: 'failed', code: 'no-dialtone', text: 'NO DIALTONE' }],
    ['BUSY', { kind: 'failed', code: 'number-busy', text: 'BUSY' }],
    ['7', { kind: 'failed', code: 'number-busy', text: 'BUSY' }],
    ['NO ANSWER', { kind: 'failed', code: 'call-unanswered', text: 'NO ANSWER' }],
    ['8', { kind: 'failed', code: 'call-unanswered', text: 'NO ANSWER' }],
    ['DELAYED 00:01:30', { kind: 'failed', code: 'call-delayed', text: 'DELAYED 00:01:30' }],
    ['24', { kind: 'failed', code: 'call-delayed', text: 'DELAYED' }],
    ['BLACKLISTED', { kind: 'failed', code: 'call-blacklisted', text: 'BLACKLISTED' }],
    ['32', { kind: 'failed', code: 'call-blacklisted', text: 'BLACKLISTED' }],
    ['ATDT5551234', undefined],
    ['CONNECTICUT', undefined],
    ['336', undefined],
    ['+CSQ: 17,99', undefined],
    ['OKAY', undefined],
  ];
  for (const [line, result] of cases)
    it(`"${line}"`, () => {
      assert.deepEqual(readResult(line), result);
    });

  it('reads anything', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        readResult(line);
      }),
    );
  });

  it('knows which protocols compress', () => {
    for (const protocol of ['ARQ/V34/LAPM/V42BIS', 'V.42bis', 'MNP5', 'V44']) assert.ok(compresses(protocol), protocol);
    for (const protocol of ['', 'ARQ/V34/LAPM', 'V42', 'NONE']) assert.ok(!compresses(protocol), protocol);
  });
});

describe('the speed of a dialed line', () => {
  const cases: readonly (readonly [number | undefined, number | undefined, boolean, number | undefined])[] = [
    [115200, 33600, false, 33600],
    [115200, 33600, true, 115200],
    [115200, undefined, false, 115200],
    [57600, 115200, false, 57600],
    [undefined, 33600, false, 33600],
    [undefined, undefined, false, undefined],
  ];
  for (const [port, speed, compressed, expected] of cases)
    it(`of a port at ${port ?? '?'} and a modem at ${speed ?? '?'}${compressed ? ', compressed' : ''}`, () => {
      assert.equal(lineSpeed(port, { speed, compressed, notes: [] }), expected);
    });
});

describe('a modem', () => {
  it('is woken, set up, dials, and hands on what comes behind CONNECT', () => {
    const { desk, exchange } = atModem(conversation(dialOptions('number: 200')), { protocol: '/ARQ/V34/LAPM' });
    answering(exchange, '200', '~first frame');
    desk.start();
    assert.deepEqual(desk.finish(), {
      kind: 'done',
      call: { speed: 33600, compressed: false, notes: ['connected to 200 at 33600/ARQ/V34/LAPM'] },
    });
    desk.scheduler.step();
    desk.scheduler.step();
    assert.equal(desk.rest, '~first frame');
    assert.equal(desk.sent, 'AT\rATZ\rATQ0V1E0S0=0X4&C1&D2\rATDT200\r');
    assert.deepEqual(desk.doing, ['waking the modem', 'dialing 200']);
  });

  const tones: readonly (readonly [Tone, string])[] = [
    ['busy', 'number-busy'],
    ['no-dialtone', 'no-dialtone'],
    ['ringing', 'call-unanswered'],
    ['silence', 'call-no-carrier'],
  ];
  for (const [tone, code] of tones) {
    for (const init of ['ATV1', 'ATV0', 'ATE0', 'ATV0E0']) {
      it(`names the cause of ${tone} (${init})`, () => {
        const options = dialOptions('number: 200', `init: [ATX4, ${init}]`, 'timeout: 2m');
        const { desk, exchange } = atModem(conversation(options));
        exchange.answerWith('200', tone);
        desk.start();
        assert.equal(desk.failure(), code, desk.everything);
      });
    }
  }

  it('is delayed, then blacklisted, by a modem that has to', () => {
    const options = dialOptions('number: 200', 'init: []');
    const approval = { delayed: 1, blacklisted: 2, delayMs: 60_000 };
    const { desk, exchange, modem } = atModem(conversation(options), { approval });
    exchange.answerWith('200', 'busy');
    desk.start();
    assert.equal(desk.failure(), 'number-busy');
    const again = (): string => {
      const next = new Desk(conversation(options), desk.scheduler);
      next.out = (octets) => {
        modem.fromTerminal(octets);
      };
      desk.hear = (octets) => {
        next.hear(octets);
      };
      next.start();
      return next.failure();
    };
    assert.equal(again(), 'call-delayed');
    for (let i = 0; i < 70; i++) desk.scheduler.after(i * 1000, () => undefined);
    while (desk.scheduler.step(1000));
    assert.equal(again(), 'number-busy');
    assert.equal(again(), 'call-blacklisted');
  });

  it('tries one number after the other, beginning with the one that it is told', () => {
    const options = dialOptions('number: [200, 201, 202]', 'init: [ATX4]');
    const call = conversation(options, { first: 1 });
    const { desk, exchange } = atModem(call);
    exchange.answerWith('201', 'busy');
    answering(exchange, '202');
    desk.start();
    assert.equal(desk.finish().kind, 'done');
    assert.deepEqual(exchange.dialed, ['201', '202']);
    assert.equal(call.numberIndex, 2);
  });

  it('gives up a call that takes too long, and says which', () => {
    const { desk, exchange } = atModem(conversation(dialOptions('number: 200', 'timeout: 10s')));
    exchange.answerWith('200', 'ringing');
    desk.start();
    assert.equal(desk.failure(), 'call-unanswered');
    assert.match(desk.everything, /no result in time/);
    assert.equal(exchange.calls, 0);
  });

  it('that does not answer is told from one that refuses', () => {
    const silent = new Desk(conversation(dialOptions('number: 200')));
    silent.start();
    assert.equal(silent.failure(), 'modem-silent');
    const { desk } = atModem(conversation(dialOptions('number: 200', 'init: [ATX9]')));
    desk.start();
    assert.equal(desk.failure(), 'modem-error');
    assert.match(desk.everything, /ATX9: ERROR/);
  });

  it('that is still in a call is brought back by the escape sequence with its guard time', () => {
    const first = atModem(conversation(dialOptions('number: 200', 'init: [ATS12=50]')));
    answering(first.exchange, '200');
    answering(first.exchange, '201');
    first.desk.start();
    first.desk.finish();
    assert.ok(first.modem.online);
    const second = new Desk(conversation(dialOptions('number: 201')), first.desk.scheduler);
    second.out = (octets) => {
      first.modem.fromTerminal(octets);
    };
    first.desk.hear = (octets) => {
      second.hear(octets);
    };
    second.start();
    assert.equal(second.finish().kind, 'done', second.everything);
    assert.match(second.sent, /\+\+\+ATQ0V1H0\r/);
  });

  it('is hung up by guard time, plus signs, guard time, ATH0', () => {
    const { desk, exchange, modem } = atModem(conversation(dialOptions('number: 200')));
    answering(exchange, '200');
    desk.start();
    desk.finish();
    desk.out(Buffer.from('last data'));
    const end = new Desk(new HangUpTalk(true), desk.scheduler);
    end.out = desk.out;
    desk.hear = (octets) => {
      end.hear(octets);
    };
    const started = end.scheduler.now();
    end.start();
    assert.equal(end.finish().kind, 'done');
    assert.equal(end.sent, '+++ATH0\r');
    assert.ok(end.endedAt - started < 2500, `${end.endedAt - started} ms`);
    assert.ok(!modem.online);
    assert.equal(exchange.calls, 0);
  });

  it('comes to the same whatever pieces its words come in, and with noise before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.boolean(), fc.string({ maxLength: 20 }), (chunk, echo, noise) => {
        const options = dialOptions('number: [200, 201]', `init: [ATX4, ATE${echo ? 1 : 0}]`);
        const { desk, exchange } = atModem(conversation(options));
        desk.chunk = chunk;
        exchange.answerWith('200', 'busy');
        answering(exchange, '201');
        desk.start();
        desk.hear(encodeText(`${noise.replace(/OK|\d/g, '')}\r\n`));
        const outcome = desk.finish();
        assert.ok(outcome.kind === 'done', desk.everything);
        assert.equal(outcome.call.speed, 33600);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a GSM modem', () => {
  const secret = toOctets(encodeText('2468'));
  const secrets = new Map([['pin', secret]]);
  const gsm = { pin: '2468', apns: ['internet'], signal: 17 };

  it('gets its PIN, finds its network, tells its signal, and dials', () => {
    const options = dialOptions('modem: gsm', 'apn: internet');
    const { desk, exchange } = atModem(conversation(options, { secrets }), { gsm });
    answering(exchange, '*99#');
    desk.start();
    assert.equal(desk.failure(), 'done: connected to *99# at 33600, signal -79 dBm');
    assert.ok(desk.doing.includes('dialing *99#, signal -79 dBm'));
    assert.ok(!desk.everything.includes('2468'), desk.everything);
    assert.match(desk.everything, /CPIN="\?{6}"/);
  });

  it('does not try a wrong PIN twice', () => {
    const options = dialOptions('modem: gsm', 'apn: internet');
    const { desk, modem } = atModem(conversation(options, { secrets }), { gsm: { ...gsm, pin: '1111' } });
    desk.start();
    assert.equal(desk.failure(), 'sim-refused');
    assert.equal(desk.sent.split('2468').length, 2);
    assert.ok(modem.gsm);
    assert.ok(!desk.everything.includes('2468'));
  });

  it('that wants a PIN, or its PUK, says so', () => {
    for (const [more, pattern] of [
      [{}, /asks for its PIN/],
      [{ tries: 0 }, /SIM PUK/],
    ] as const) {
      const { desk } = atModem(conversation(dialOptions('modem: gsm')), { gsm: { ...gsm, ...more } });
      desk.start();
      assert.equal(desk.failure(), 'sim-refused');
      assert.match(desk.everything, pattern);
    }
  });

  it('waits for its network, for a minute and more', () => {
    const options = dialOptions('modem: gsm', 'apn: internet');
    const { desk, modem, exchange } = atModem(conversation(options, { secrets }), { gsm: { ...gsm, registration: 2 } });
    answering(exchange, '*99#');
    desk.scheduler.after(20_000, () => {
      if (modem.gsm !== undefined) modem.gsm.registration = 5;
    });
    desk.start();
    assert.match(desk.failure(), /^done/, desk.everything);
    const lost = atModem(conversation(options, { secrets }), { gsm: { ...gsm, registration: 3 } });
    lost.desk.start();
    assert.equal(lost.desk.failure(), 'not-registered');
    assert.match(lost.desk.everything, /the network denies it/);
  });

  it('with a wrong access point brings no carrier', () => {
    const { desk } = atModem(conversation(dialOptions('modem: gsm', 'apn: wrong'), { secrets }), { gsm });
    desk.start();
    assert.equal(desk.failure(), 'call-no-carrier');
  });
});
