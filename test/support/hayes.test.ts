/** The modem emulator in virtual time: commands, calls and their ends, the escape, registers, GSM, noise and rates. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAtLine } from './hayes-commands.js';
import { Exchange, type ExchangeOptions } from './hayes-exchange.js';
import { Modem, type ModemOptions, type Terminal } from './hayes.js';
import { VirtualScheduler } from './virtual-scheduler.js';

/** A person at a terminal: what the modem says since it was asked last, as text. */
class Person implements Terminal {
  readonly modem: Modem;
  readonly #scheduler: VirtualScheduler;
  carriers = '';
  #said = '';
  space = Infinity;

  constructor(scheduler: VirtualScheduler, exchange: Exchange, options?: ModemOptions) {
    this.#scheduler = scheduler;
    this.modem = new Modem(this, exchange, options);
  }

  write(octets: Uint8Array): void {
    this.#said += Buffer.from(octets).toString('latin1');
  }

  room(): number {
    return this.space;
  }

  carrier(on: boolean): void {
    this.carriers += on ? '+' : '-';
  }

  type(text: string): void {
    this.modem.fromTerminal(Buffer.from(text, 'latin1'));
  }

  /** What was said, without the empty lines around results. */
  get said(): string {
    const said = this.#said;
    this.#said = '';
    return said.replace(/\r\n/g, '|').replace(/\|+/g, '|').replace(/\r\|/g, '\r');
  }

  /** A command line, and what came back within so many ms. */
  async ask(line: string, ms = 0): Promise<string> {
    this.type(`${line}\r`);
    await this.#scheduler.pass(ms);
    return this.said;
  }
}

interface Stage {
  readonly scheduler: VirtualScheduler;
  readonly exchange: Exchange;
  readonly a: Person;
  readonly b: Person;
}

/** Two modems, 100 and 200, that don't echo. */
async function stage(options: ExchangeOptions = {}, a: ModemOptions = {}, b: ModemOptions = {}): Promise<Stage> {
  const scheduler = new VirtualScheduler();
  const exchange = new Exchange(scheduler, options);
  const people = [new Person(scheduler, exchange, a), new Person(scheduler, exchange, b)] as const;
  exchange.subscribe('100', people[0].modem);
  exchange.subscribe('200', people[1].modem);
  for (const person of people) assert.match(await person.ask('ATE0'), /OK/);
  return { scheduler, exchange, a: people[0], b: people[1] };
}

/** The same, with a call from 100 to 200 that was answered. */
async function call(options: ExchangeOptions = {}, a: ModemOptions = {}, b: ModemOptions = {}): Promise<Stage> {
  const made = await stage(options, a, b);
  made.b.type('ATS0=1\r');
  made.a.type('ATDT200\r');
  await made.scheduler.pass(10_000);
  assert.ok(made.a.modem.online && made.b.modem.online);
  assert.match(made.a.said, /CONNECT/);
  assert.match(made.b.said, /OK.*RING.*CONNECT/s);
  return made;
}

describe('a command line', () => {
  it('is taken apart', () => {
    assert.deepEqual(parseAtLine('e1 v &c1s7=60s0?+cgdcont=1,"IP","My apn; x";+CSQ;\\N3dt 123,4'), [
      { kind: 'plain', name: 'E', value: 1 },
      { kind: 'plain', name: 'V', value: 0 },
      { kind: 'plain', name: '&C', value: 1 },
      { kind: 'register', register: 7, value: 60 },
      { kind: 'register', register: 0, value: undefined },
      { kind: 'extended', name: '+CGDCONT', argument: '=1,"IP","My apn; x"' },
      { kind: 'extended', name: '+CSQ', argument: '' },
      { kind: 'plain', name: '\\N', value: 3 },
      { kind: 'dial', text: 'T123,4' },
    ]);
  });

  const answers: readonly (readonly [string, string])[] = [
    ['AT', '|OK|'],
    ['at e0 v1 q0', '|OK|'],
    ['noise AT', '|OK|'],
    ['B', ''],
    ['ATE7', '|ERROR|'],
    ['AT?', '|ERROR|'],
    ['ATS0=5S0?', '|005|OK|'],
    ['ATS0=256', '|ERROR|'],
    ['ATI', '|336|OK|'],
    ['ATI3', '|linkd test modem|OK|'],
    ['AT&F&C1&D2X4E0', '|OK|'],
    ['ATV0', '0\r'],
    ['ATV0E9', '4\r'],
    ['ATQ1', ''],
    ['ATX\bX3', '|OK|'],
    ['ATS12?S7?S2?S3?S4?S5?S10?', '|050|050|043|013|010|008|014|OK|'],
    ['AT&V', '|E0 V1 Q0 X4 &C1 &D2 M1 L1|OK|'],
    ['AT+CSQ', '|ERROR|'],
    ['ATH', '|OK|'],
    ['ATO', '|ERROR|'],
  ];
  for (const [line, answer] of answers) {
    it(`${JSON.stringify(line)} → ${JSON.stringify(answer)}`, async () => {
      const { a } = await stage();
      assert.equal(await a.ask(line), answer);
    });
  }

  it('is echoed, repeated by A/, and taken back by ATZ', async () => {
    const { a } = await stage();
    assert.equal(await a.ask('ATE1'), '|OK|');
    assert.equal(await a.ask('ATI'), 'ATI\r336|OK|');
    a.type('A/');
    assert.equal(a.said, 'A/|336|OK|');
    assert.match(await a.ask('ATS7=9&W'), /OK/);
    await a.ask('ATS7=1');
    assert.match(await a.ask('ATZ'), /OK/);
    assert.match(await a.ask('ATS7?'), /009/);
    assert.match(await a.ask('AT&FS7?'), /050/);
  });
});

describe('a call', () => {
  it('rings at intervals, is answered by ATA, and connects both', async () => {
    const { scheduler, a, b } = await stage({}, { maxRate: 14_400, protocol: '/ARQ' });
    a.type('ATDT200\r');
    await scheduler.pass(13_000);
    assert.equal(b.said, '|RING|RING|RING|');
    assert.ok(b.modem.ri);
    assert.equal(a.said, '');
    assert.equal(await b.ask('ATA', 2900), '');
    assert.ok(!a.modem.dcd);
    await scheduler.pass(200);
    assert.equal(a.said, '|CONNECT 14400/ARQ|');
    assert.equal(b.said, '|CONNECT 14400|');
    assert.deepEqual([a.modem.dcd, b.modem.dcd, a.carriers, b.carriers], [true, true, '+', '+']);
    a.type('hello');
    b.type('~\xff}#');
    await scheduler.pass(100);
    assert.deepEqual([a.said, b.said], ['~\xff}#', 'hello']);
  });

  it('is answered after the rings of S0', async () => {
    const { scheduler, a, b } = await stage();
    await b.ask('ATS0=3');
    a.type('ATDP200\r');
    await scheduler.pass(16_000);
    assert.equal(b.said, '|RING|RING|RING|CONNECT 33600|');
    assert.equal(a.said, '|CONNECT 33600|');
    assert.match(await b.ask('+++AT'), /^$/);
  });

  it('is not answered by a modem whose terminal is not ready', async () => {
    const { scheduler, a, b } = await stage();
    await b.ask('ATS0=1');
    b.modem.setDtr(false);
    a.type('ATDT200\r');
    await scheduler.pass(60_000);
    assert.equal(a.said, '|NO ANSWER|');
    assert.doesNotMatch(b.said, /CONNECT/);
  });

  for (const [name, prepare, level, results] of [
    ['busy', 'busy', 4, '|BUSY|'],
    ['busy, and not told so', 'busy', 2, '|NO CARRIER|'],
    ['without a dial tone', 'no-dialtone', 4, '|NO DIALTONE|'],
    ['without a dial tone, and not told so', 'no-dialtone', 3, '|NO CARRIER|'],
    ['that nobody answers', 'ringing', 4, '|NO ANSWER|'],
    ['that a person answers', 'silence', 4, '|NO CARRIER|'],
  ] as const) {
    it(`${name}: ${results}`, async () => {
      const { exchange, a } = await stage();
      exchange.answerWith('200', prepare);
      assert.equal(await a.ask(`ATX${level}S7=30DT200`, 40_000), results);
      assert.deepEqual(exchange.dialed, ['200']);
      exchange.answerWith('200', undefined);
      assert.match(await a.ask('ATDT200', 1000), /^$/);
    });
  }

  it('to a wrong number, to a modem that is in use, and from a dead line', async () => {
    const { scheduler, exchange, a, b } = await call();
    const third = new Person(scheduler, exchange, { noDialTone: 'NO DIAL TONE' });
    third.type('ATE0DT200\r');
    await scheduler.pass(1000);
    assert.match(third.said, /BUSY/);
    third.type('ATS7=5DT999\r');
    await scheduler.pass(7000);
    assert.equal(third.said, '|NO CARRIER|');
    exchange.working = false;
    third.type('ATDT200\r');
    await scheduler.pass(1000);
    assert.equal(third.said, '|NO DIAL TONE|');
    assert.ok(a.modem.online && b.modem.online);
  });

  it('is given up at the touch of a key, and by a hang-up of the other side meanwhile', async () => {
    const { scheduler, exchange, a, b } = await stage();
    a.type('ATDT200\r\n');
    await scheduler.pass(5000);
    assert.equal(a.said, '');
    a.type('x');
    assert.equal(a.said, '|NO CARRIER|');
    await scheduler.pass(20_000);
    assert.equal(b.said, '|RING|');
    assert.equal(exchange.calls, 0);
    a.type('ATDT200\r');
    await scheduler.pass(1000);
    b.type('ATA\r');
    await scheduler.pass(1000);
    b.type('x');
    assert.match(b.said, /NO CARRIER/);
    assert.match(a.said, /NO CARRIER/);
  });

  it('ends for the other side, after S10, when one hangs up', async () => {
    const { scheduler, a, b } = await call();
    await scheduler.pass(2000);
    a.type('+++');
    await scheduler.pass(1100);
    assert.equal(a.said, '|OK|');
    assert.ok(a.modem.dcd && !a.modem.online);
    assert.equal(b.said, '+++');
    assert.equal(await a.ask('ATH0'), '|OK|');
    await scheduler.pass(1300);
    assert.equal(b.said, '');
    await scheduler.pass(200);
    assert.equal(b.said, '|NO CARRIER|');
    assert.deepEqual([a.carriers, b.carriers], ['+-', '+-']);
    assert.deepEqual([a.modem.dcd, b.modem.dcd, a.modem.idle, b.modem.idle], [false, false, true, true]);
  });

  it('ends for both when the line is cut', async () => {
    for (const cut of [
      (one: Stage) => {
        one.exchange.drop();
      },
      (one: Stage) => {
        one.b.modem.dropCarrier();
      },
    ]) {
      const one = await call();
      cut(one);
      await one.scheduler.pass(1500);
      assert.deepEqual([one.a.said, one.b.said], ['|NO CARRIER|', '|NO CARRIER|']);
      assert.equal(one.exchange.calls, 0);
    }
  });

  it('ends when the terminal takes DTR away, as &D says', async () => {
    for (const [level, online] of [
      [0, true],
      [1, false],
      [2, false],
      [3, false],
    ] as const) {
      const { scheduler, a, b } = await stage();
      await a.ask(`AT&D${level}S7=20`);
      await b.ask('ATS0=1');
      await a.ask('ATDT200', 5000);
      a.modem.setDtr(false);
      a.modem.setDtr(true);
      await scheduler.pass(3000);
      assert.equal(a.modem.online, online, `&D${level}`);
      assert.equal(a.modem.dcd, level < 2);
      assert.equal(b.modem.online, level < 2);
      if (level === 3) assert.match(await a.ask('ATS7?'), /050/);
    }
  });

  it('shows a carrier that is not there with &C0', async () => {
    const { a } = await stage();
    await a.ask('AT&C0');
    assert.ok(a.modem.dcd);
  });

  it('tells DELAYED, then BLACKLISTED, of a number that fails again and again', async () => {
    const approval = { delayed: 2, blacklisted: 3, delayMs: 60_000 };
    const { scheduler, exchange, a } = await stage({}, { approval });
    exchange.answerWith('200', 'busy');
    assert.equal(await a.ask('ATDT200', 1000), '|BUSY|');
    assert.equal(await a.ask('ATDT200', 1000), '|BUSY|');
    assert.equal(await a.ask('ATDL', 1000), '|DELAYED|');
    await scheduler.pass(60_000);
    assert.equal(await a.ask('ATDT200', 1000), '|BUSY|');
    assert.equal(await a.ask('ATDT200', 1000), '|BLACKLISTED|');
    await a.ask('AT&F E0');
    assert.equal(await a.ask('ATDT200', 1000), '|BUSY|');
  });

  it('says CONNECT without a rate after ATX0, and 1 after ATV0', async () => {
    const { a, b } = await stage();
    await b.ask('ATS0=1');
    assert.equal(await a.ask('ATX0DT200', 5000), '|CONNECT|');
    a.modem.setDtr(false);
    a.modem.setDtr(true);
    await a.ask('', 5000);
    assert.equal(await a.ask('ATV0DT200', 5000), '1\r');
    assert.ok(b.modem.online);
  });
});

describe('the escape', () => {
  const tries: readonly (readonly [string, readonly (string | number)[], boolean])[] = [
    ['with silence on both sides', [1100, '+++', 1100], true],
    ['typed slowly', [1100, '+', 300, '+', 300, '+', 1100], true],
    ['typed too slowly', [1100, '+', 1100, '+', 1100, '+', 1100], false],
    ['without silence before', [1100, 'x', 200, '+++', 1100], false],
    ['without silence behind', [1100, '+++', 200, 'x', 1100], false],
    ['with one too many', [1100, '++++', 1100], false],
    ['within data', [1100, 'a+++', 1100], false],
    ['with one too many, and again', [1100, '++++', 1100, '+++', 1100], true],
  ];
  for (const [name, steps, escapes] of tries) {
    it(`${name}: ${escapes ? 'OK' : 'nothing'}`, async () => {
      const { scheduler, a, b } = await call();
      for (const step of steps) {
        if (typeof step === 'string') a.type(step);
        else await scheduler.pass(step);
      }
      assert.equal(a.said, escapes ? '|OK|' : '');
      assert.equal(a.modem.online, !escapes);
      assert.equal(b.said, steps.filter((step) => typeof step === 'string').join(''));
    });
  }

  it('has the guard time of S12 and the character of S2, or is not there', async () => {
    for (const [setting, octets, pause, escapes] of [
      ['S12=10', '+++', 250, true],
      ['S12=0', '+++', 10, true],
      ['S2=42', '***', 1100, true],
      ['S2=128', '+++', 1100, false],
    ] as const) {
      const { scheduler, a, b } = await stage();
      await b.ask('ATS0=1');
      await a.ask(`AT${setting}DT200`, 6000);
      a.type(octets);
      await scheduler.pass(pause);
      assert.equal(a.modem.online, !escapes, setting);
    }
  });

  it('leads back by ATO, and what came meanwhile was kept', async () => {
    const { scheduler, a, b } = await call();
    await scheduler.pass(1100);
    a.type('+++');
    await scheduler.pass(1100);
    b.type('meanwhile');
    await scheduler.pass(1000);
    assert.equal(a.said, '|OK|');
    assert.equal(await a.ask('ATO', 100), '|CONNECT 33600|meanwhile');
  });
});

describe('a circuit', () => {
  it('takes its time, and holds its sender back', async () => {
    const { scheduler, a, b } = await call({ rate: 9600, paced: true });
    a.type('x'.repeat(3000));
    assert.equal(a.modem.takes(), 1096);
    await scheduler.pass(1000);
    const arrived = b.said.length;
    assert.ok(Math.abs(arrived - 960) < 60, `${arrived} octets in the first second`);
    await scheduler.pass(3000);
    assert.equal(b.said.length, 3000 - arrived);
    assert.equal(a.modem.takes(), 4096);
  });

  it('waits for a terminal that takes nothing', async () => {
    const { scheduler, a, b } = await call();
    b.space = 0;
    a.type('x'.repeat(100));
    await scheduler.pass(500);
    assert.equal(b.said, '');
    b.space = Infinity;
    await scheduler.pass(500);
    assert.equal(b.said.length, 100);
  });

  it('has noise, in calls that are there and in later ones', async () => {
    const { scheduler, exchange, a, b } = await call();
    exchange.disturb({ damage: 0.5, loss: 0.1 });
    a.type('x'.repeat(1000));
    await scheduler.pass(100);
    const { length } = b.said;
    assert.ok(length > 800 && length < 1000, `${length} of 1000 octets`);
  });
});

describe('a GSM modem', () => {
  it('wants its PIN, a context, and a network', async () => {
    const { scheduler, exchange, a, b } = await stage({}, { gsm: { pin: '1234', apns: ['internet'] } });
    exchange.subscribe('*99#', b.modem);
    await b.ask('ATS0=1');
    assert.equal(await a.ask('AT+CPIN?'), '|+CPIN: SIM PIN|OK|');
    assert.equal(await a.ask('AT+CSQ'), '|ERROR|');
    assert.equal(await a.ask('AT+CMEE=1;+CSQ'), '|+CME ERROR: 11|');
    assert.equal(await a.ask('AT+CPIN="9999"'), '|+CME ERROR: 16|');
    assert.equal(await a.ask('AT+CMEE=2'), '|OK|');
    assert.equal(await a.ask('ATD*99#', 2000), '|NO CARRIER|');
    assert.equal(await a.ask('AT+CPIN=1234'), '|OK|');
    assert.equal(await a.ask('AT+CPIN?'), '|+CPIN: READY|OK|');
    assert.equal(await a.ask('AT+CSQ;+CREG?'), '|+CSQ: 17,99|+CREG: 0,1|OK|');
    assert.equal(await a.ask('ATD*99#', 2000), '|NO CARRIER|');
    assert.equal(await a.ask('AT+CGDCONT=2,"IP","internet"'), '|OK|');
    assert.equal(await a.ask('AT+CGDCONT?'), '|+CGDCONT: 2,"IP","internet","",0,0|OK|');
    assert.equal(await a.ask('ATD*99#', 2000), '|NO CARRIER|');
    a.modem.gsm!.registration = 3;
    assert.equal(await a.ask('ATD*99***2#', 2000), '|NO CARRIER|');
    a.modem.gsm!.registration = 5;
    assert.equal(await a.ask('ATD*99***2#', 6000), '|CONNECT 33600|');
    a.type('hi');
    await scheduler.pass(10);
    assert.match(b.said, /hi$/);
  });

  it('wants its PUK when the PIN was wrong too often', async () => {
    const { a } = await stage({}, { gsm: { pin: '1234', tries: 2 } });
    await a.ask('AT+CMEE=2');
    assert.equal(await a.ask('AT+CPIN="1"'), '|+CME ERROR: incorrect password|');
    assert.equal(await a.ask('AT+CPIN="2"'), '|+CME ERROR: SIM PUK required|');
    assert.equal(await a.ask('AT+CPIN="1234"'), '|+CME ERROR: SIM PUK required|');
    assert.equal(await a.ask('AT+CPIN?'), '|+CPIN: SIM PUK|OK|');
  });
});
