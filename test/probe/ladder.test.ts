/** The ladder in virtual time, against modems, PPP speakers, consoles, silence and garbage, at every speed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { usualSpeeds } from '../../src/probe/ladder.js';
import { lcpFrame, LadderDesk, plugConsole, plugModem, plugPpp } from './rig.js';

describe('a modem', () => {
  for (const speed of usualSpeeds) {
    it(`is found at ${speed} baud, and deaf at the other speeds`, () => {
      const desk = new LadderDesk();
      plugModem(desk, speed, { identity: 'Acme 56k' });
      const finding = desk.find();
      assert.ok(finding.kind === 'modem', JSON.stringify(finding));
      assert.equal(finding.speed, speed);
      assert.deepEqual(finding.identity.answers, [
        { command: 'ATI', lines: ['336'] },
        { command: 'ATI1', lines: ['Acme 56k'] },
      ]);
      assert.deepEqual([finding.inCall, finding.identity.gsm], [false, false]);
    });
  }

  it('that is set to say nothing is made to speak', () => {
    const desk = new LadderDesk();
    const { modem } = plugModem(desk, 9600);
    modem.fromTerminal(Buffer.from('ATQ1E0\r'));
    assert.deepEqual(kindAndSpeed(desk), ['modem', 9600]);
  });

  it('gets its echo back, if it had one', () => {
    const desk = new LadderDesk();
    plugModem(desk, 115200);
    desk.find();
    assert.match(desk.spokenText, /ATE1\r$/);
  });

  it('without echo is left without', () => {
    const desk = new LadderDesk();
    const { modem } = plugModem(desk, 115200);
    modem.fromTerminal(Buffer.from('ATE0\r'));
    desk.find();
    assert.doesNotMatch(desk.spokenText, /ATE1/);
  });

  it('of a mobile network tells of its SIM and its signal, and gets no PIN', () => {
    const desk = new LadderDesk();
    const { modem } = plugModem(desk, 115200, { gsm: { pin: '1234' } });
    const finding = desk.find();
    assert.ok(finding.kind === 'modem');
    const { gsm, sim, signal } = finding.identity;
    assert.deepEqual({ gsm, sim, signal }, { gsm: true, sim: 'SIM PIN', signal: undefined });
    assert.doesNotMatch(desk.spokenText, /CPIN=/);
    assert.equal(modem.gsm?.obey('+CPIN', '?').kind, 'ok');
  });

  it('of a mobile network tells of its signal where the SIM is open', () => {
    const desk = new LadderDesk();
    plugModem(desk, 115200, { gsm: { signal: 20 } });
    const finding = desk.find();
    assert.ok(finding.kind === 'modem');
    assert.deepEqual([finding.identity.sim, finding.identity.signal], ['READY', -73]);
  });

  it('in a call is brought back by the escape sequence, and hung up', () => {
    const desk = new LadderDesk({ mayBeInCall: true, speeds: [9600, 2400] });
    const { modem } = inCall(desk, 2400);
    const finding = desk.find();
    assert.ok(finding.kind === 'modem', JSON.stringify(finding));
    assert.deepEqual([finding.speed, finding.inCall], [2400, true]);
    assert.equal(modem.idle, true);
  });

  it('in a call is left alone where DCD says that there is none', () => {
    const desk = new LadderDesk({ mayBeInCall: false, speeds: [2400] });
    const { modem } = inCall(desk, 2400);
    assert.equal(desk.find().kind, 'silence');
    assert.equal(modem.online, true);
  });

  it('that rings is a modem', () => {
    const desk = new LadderDesk({ speeds: [9600] });
    const say = desk.plug({ speed: 9600, hear: () => undefined });
    desk.scheduler.after(50, () => {
      say(Buffer.from('\r\nRING\r\n'));
    });
    assert.deepEqual(kindAndSpeed(desk), ['modem', 9600]);
  });
});

describe('a PPP speaker', () => {
  /** MRU 1500, CHAP-MD5. */
  const wishes = [1, 4, 0x05, 0xdc, 3, 5, 0xc2, 0x23, 5];

  for (const speed of usualSpeeds) {
    it(`that waits is found at ${speed} baud, with what it wants`, () => {
      const desk = new LadderDesk();
      plugPpp(desk, speed, wishes);
      assert.deepEqual(desk.find(), {
        kind: 'ppp',
        speed,
        clean: true,
        waits: true,
        wishes: { mru: 1500, authentication: 'CHAP-MD5' },
      });
    });
  }

  it('that begins is found by listening, and nothing is sent to it', () => {
    const desk = new LadderDesk({ speeds: [19200, 9600] });
    const say = desk.plug({ speed: 9600, hear: () => undefined });
    for (let at = 0; at < 10_000; at += 350) {
      desk.scheduler.after(at, () => {
        say(lcpFrame(1, 1, [3, 4, 0xc0, 0x23]));
      });
    }
    const finding = desk.find();
    assert.ok(finding.kind === 'ppp');
    assert.deepEqual([finding.speed, finding.waits, finding.wishes?.authentication], [9600, false, 'PAP']);
  });

  it('on a line that loses the eighth bit is found, and that is told', () => {
    const desk = new LadderDesk({ speeds: [9600] });
    plugPpp(desk, 9600, wishes);
    desk.onItsWay = (octets) => octets.map((octet) => octet & 0x7f);
    const finding = desk.find();
    assert.deepEqual([finding.kind, finding.kind === 'ppp' && finding.clean], ['ppp', false]);
  });

  it('is the same however its octets come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (chunk) => {
        const desk = new LadderDesk({ speeds: [9600] });
        desk.chunk = chunk;
        plugPpp(desk, 9600, wishes);
        const finding = desk.find();
        assert.ok(finding.kind === 'ppp');
        assert.deepEqual([finding.clean, finding.wishes?.authentication], [true, 'CHAP-MD5']);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a prompt', () => {
  for (const speed of usualSpeeds) {
    it(`for a login is found at ${speed} baud, and gets returns and nothing else`, () => {
      const desk = new LadderDesk({ speeds: [speed] });
      plugConsole(desk, speed, () => '\r\nDebian GNU/Linux 12 depot ttyS0\r\n\r\ndepot login: ');
      const finding = desk.find();
      assert.ok(finding.kind === 'login', JSON.stringify(finding));
      assert.equal(finding.screen.at(-1), 'depot login:');
      assert.equal(desk.spokenText, '\r\r');
    });
  }

  it('is told from what it looks like at the speeds before', () => {
    const desk = new LadderDesk();
    plugConsole(desk, 9600, () => 'router> ');
    assert.deepEqual(kindAndSpeed(desk), ['console', 9600]);
  });

  it('with parity is read, and the parity told', () => {
    const desk = new LadderDesk({ speeds: [9600] });
    plugConsole(desk, 9600, () => 'depot login: ');
    desk.onItsWay = (octets) => octets.map((octet) => octet | ((ones(octet) % 2) << 7));
    const finding = desk.find();
    assert.ok(finding.kind === 'login');
    assert.deepEqual([finding.parity, finding.screen.at(-1)], ['even', 'depot login:']);
  });

  it('of somebody who is silent until a name comes is no reason to send a password', () => {
    const desk = new LadderDesk({ speeds: [9600] });
    plugConsole(desk, 9600, (line) => (line === '' ? '' : 'Password: '));
    assert.deepEqual(kindAndSpeed(desk), ['login', 9600]);
    assert.equal(desk.spokenText.match(/AT/g)?.length, 1);
  });
});

describe('what is none of these', () => {
  it('is silence where nothing comes', () => {
    const desk = new LadderDesk();
    assert.deepEqual(desk.find(), { kind: 'silence', speeds: [...usualSpeeds] });
  });

  it('is silence at the speeds that the driver knows', () => {
    const desk = new LadderDesk({ speeds: [9600, 1200, 300] }, [1200]);
    assert.deepEqual(desk.find(), { kind: 'silence', speeds: [9600, 300] });
  });

  it('is an echo where what we send comes back', () => {
    const desk = new LadderDesk();
    const say = desk.plug({
      speed: 9600,
      hear: (octets) => {
        say(octets);
      },
    });
    assert.deepEqual(desk.find(), { kind: 'echo', speed: 9600 });
  });

  it('is text where somebody speaks who asks for nothing', () => {
    const desk = new LadderDesk({ speeds: [19200, 4800] });
    const say = desk.plug({ speed: 4800, hear: () => undefined });
    for (let at = 0; at < 20_000; at += 300) {
      desk.scheduler.after(at, () => {
        say(Buffer.from('$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n'));
      });
    }
    assert.deepEqual(kindAndSpeed(desk), ['text', 4800]);
  });

  it('is noise where text comes at a speed that is not tried', () => {
    const desk = new LadderDesk({ speeds: [115200, 57600, 38400] });
    plugConsole(desk, 9600, () => 'depot login: ');
    const say = desk.plug({ speed: 14400, hear: () => undefined });
    for (let at = 0; at < 20_000; at += 300) {
      desk.scheduler.after(at, () => {
        say(Buffer.from('the quick brown fox jumps over the lazy dog\r\n'));
      });
    }
    const finding = desk.find();
    assert.ok(finding.kind === 'noise', JSON.stringify(finding));
    assert.deepEqual(finding.heardAt, [115200, 57600, 38400]);
    assert.ok(finding.sample.length > 0);
  });

  it('is Windows where it calls us CLIENT', () => {
    const desk = new LadderDesk({ speeds: [19200] });
    const say = desk.plug({ speed: 19200, hear: () => undefined });
    desk.scheduler.after(100, () => {
      say(Buffer.from('CLIENT'));
    });
    assert.deepEqual(desk.find(), { kind: 'windows', speed: 19200 });
  });

  it('never throws, and ends in time, whatever comes and whenever', () => {
    const octets = fc.uint8Array({ maxLength: 300 });
    const burst = fc.record({ at: fc.integer({ min: 0, max: 15_000 }), octets });
    fc.assert(
      fc.property(fc.array(burst, { maxLength: 30 }), (bursts) => {
        const desk = new LadderDesk({ speeds: [9600, 1200], mayBeInCall: true });
        const say = desk.plug({ speed: 9600, hear: () => undefined });
        for (const { at, octets: some } of bursts) {
          desk.scheduler.after(at, () => {
            say(some);
          });
        }
        assert.ok(['silence', 'noise', 'text', 'console', 'login'].includes(desk.find().kind));
      }),
      { numRuns: 100 },
    );
  });
});

function kindAndSpeed(desk: LadderDesk): [string, number | undefined] {
  const finding = desk.find();
  return [finding.kind, 'speed' in finding ? finding.speed : undefined];
}

function ones(octet: number): number {
  return Array.from({ length: 8 }, (_, i) => (octet >> i) & 1).reduce((a, b) => a + b, 0);
}

/** A modem that somebody left in a call. */
function inCall(desk: LadderDesk, speed: number): ReturnType<typeof plugModem> {
  const here = plugModem(desk, speed);
  const there = new LadderDesk();
  const { modem: far } = plugModem(there, speed);
  here.exchange.subscribe('200', far);
  far.fromTerminal(Buffer.from('ATS0=1\r'));
  here.modem.fromTerminal(Buffer.from('ATDT200\r'));
  for (let steps = 0; !here.modem.online && steps < 1000; steps++) desk.scheduler.step();
  assert.equal(here.modem.online, true);
  // What it says of the call is heard by nobody.
  while (desk.scheduler.step(100));
  return here;
}
