/** Logging in without a script, in virtual time: what is a prompt, what refuses, how PPP shows itself, any chunking. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../src/base/bytes.js';
import { encodeText } from '../../src/base/text.js';
import { toOctets } from '../../src/chat/script.js';
import { findPpp } from '../../src/dial/ppp-sign.js';
import { plainText, readPrompt, readRefusal } from '../../src/dial/prompts.js';
import { conversation, Desk, dialOptions } from './rig.js';

const lcp = Uint8Array.of(0x7e, 0xff, 0x7d, 0x23, 0xc0, 0x21, 0x7d, 0x21);
const plainLcp = Uint8Array.of(0x7e, 0xff, 0x03, 0xc0, 0x21, 0x01);
const withParity = (octets: Uint8Array, odd: boolean): Uint8Array =>
  octets.map((octet) => {
    const ones = Array.from((octet & 0x7f).toString(2)).filter((bit) => bit === '1').length;
    return (octet & 0x7f) | ((ones % 2 === 1) !== odd ? 0x80 : 0);
  });

describe('the first frame of PPP', () => {
  const forms: readonly (readonly [string, Uint8Array])[] = [
    ['escaped', lcp],
    ['plain', plainLcp],
    ['without its eighth bit', lcp.map((octet) => octet & 0x7f)],
    ['with even parity', withParity(lcp, false)],
    ['with odd parity', withParity(lcp, true)],
  ];
  for (const [name, octets] of forms) {
    it(`is found ${name}, behind any text`, () => {
      fc.assert(
        fc.property(fc.stringMatching(/^[ -}\r\n]{0,40}$/), (text) => {
          const before = encodeText(text);
          assert.deepEqual(findPpp(concatBytes([before, octets])), { kind: 'found', at: before.length });
        }),
      );
    });
  }

  it('is waited for while it may be one', () => {
    for (let length = 1; length < 4; length++)
      assert.deepEqual(findPpp(concatBytes([encodeText('ab'), lcp.subarray(0, length)])), { kind: 'open', at: 2 });
    assert.deepEqual(findPpp(encodeText('~ab')), { kind: 'open', at: 3 });
  });
});

describe('prompts', () => {
  const cases: readonly (readonly [string, ReturnType<typeof readPrompt>])[] = [
    ['login:', 'user'],
    ['isp-7 login: ', 'user'],
    ['Username:', 'user'],
    ['User ID:', 'user'],
    ['Enter your user name >', 'user'],
    ['Please enter your account:', 'user'],
    ['Password:', 'password'],
    ['Enter password> ', 'password'],
    ["ann's Password: ", 'password'],
    ['Passcode:', 'password'],
    ['ts1>', 'command'],
    ['ann@host:~$ ', 'command'],
    ['Your choice: ', 'command'],
    ['# ', 'command'],
    ['Last login: Tue', undefined],
    ['Last login:', undefined],
    ['Welcome to our service.', undefined],
    ['', undefined],
  ];
  for (const [line, prompt] of cases)
    it(`"${line}"`, () => {
      assert.equal(readPrompt(line), prompt);
    });

  it('are read behind colours', () => {
    assert.equal(plainText('\x1b[2J\x1b[1;32mlogin\x1b[0m:\x07 '), 'login: ');
    assert.equal(plainText('a\r\nb\rc\n\rd'), 'a\nb\nc\nd');
  });

  it('and refusals are told from history', () => {
    for (const text of [
      'Login incorrect',
      'Access denied.',
      '% Authentication failed',
      'Invalid password',
      'Permission denied, bye',
    ])
      assert.equal(readRefusal(`\n${text}\n`), text);
    for (const text of [
      'Last failed login: Sun Nov 22 on tty1',
      'There was 1 failed login attempt since the last successful login.',
      'Welcome',
      'Password:',
    ])
      assert.equal(readRefusal(text), undefined, text);
  });
});

/** A far end: says the first text, then each next one when it got a line. */
function farEnd(desk: Desk, texts: readonly (string | Uint8Array)[], delayMs = 50): string[] {
  const heard: string[] = [];
  let line = '';
  const left = [...texts];
  const speak = (): void => {
    const text = left.shift();
    if (text !== undefined) desk.scheduler.after(delayMs, () => { desk.hear(typeof text === 'string' ? Buffer.from(text, 'latin1') : text); }); // prettier-ignore
  };
  desk.out = (octets) => {
    line += toOctets(octets);
    if (!line.endsWith('\r')) return;
    heard.push(line.slice(0, -1));
    line = '';
    speak();
  };
  speak();
  return heard;
}

const secrets = new Map([['login', toOctets(encodeText('Tr0ub4dor'))]]);
const login = ['login:', '  user: ann', '  secret: {file: /etc/linkd/isp}'];

function desk(...more: readonly string[]): Desk {
  return new Desk(conversation(dialOptions(...login, ...more.map((line) => `  ${line}`)), { secrets }));
}

describe('a login', () => {
  it('answers prompts, and hands the first frame on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.boolean(), (chunk, echo) => {
        const call = desk();
        call.chunk = chunk;
        const banner = 'Debian GNU/Linux\r\n\r\nisp login: ';
        const heard = farEnd(call, [
          banner,
          echo ? 'ann\r\nPassword: ' : 'Password: ',
          concatBytes([encodeText('\r\nEntering PPP mode\r\n'), lcp]),
        ]);
        call.start();
        assert.equal(call.failure(), 'done: ');
        assert.deepEqual(heard, ['ann', 'Tr0ub4dor']);
        assert.equal(call.rest, toOctets(lcp));
        assert.ok(!call.everything.includes('Tr0ub4dor'));
      }),
      { numRuns: 40 },
    );
  });

  it('wakes a silent far end, picks from a menu, starts PPP, and begins it where nobody else does', () => {
    const call = desk('menu: [{expect: your choice, send: "2"}]', 'command: ppp default');
    const heard = farEnd(call, [
      '',
      'User: ',
      'Password: ',
      '\r\n1) telnet\r\n2) network\r\nYour choice: ',
      '\r\nts1> ',
      '\r\nStarting.\r\n',
    ]);
    call.start();
    assert.equal(call.failure(), 'done: ', call.everything);
    assert.deepEqual(heard, ['', 'ann', 'Tr0ub4dor', '2', 'ppp default']);
    assert.ok(call.doing.includes('starting PPP'));
  });

  it('is cut short by PPP at the prompt', () => {
    const call = desk();
    call.start();
    call.hearText('login: ');
    call.hear(lcp);
    assert.equal(call.failure(), 'done: ');
    assert.equal(call.sent, '');
    assert.equal(call.rest, toOctets(lcp));
  });

  it('reads what has parity in its eighth bit', () => {
    const call = desk();
    const heard = farEnd(call, [
      withParity(encodeText('login: '), false),
      withParity(encodeText('Password: '), false),
      withParity(lcp, false),
    ]);
    call.start();
    assert.equal(call.failure(), 'done: ');
    assert.deepEqual(heard, ['ann', 'Tr0ub4dor']);
  });

  const refusals: readonly (readonly [string, string])[] = [
    ['in words and by another prompt', '\r\nLogin incorrect\r\n\r\nlogin: '],
    ['in words alone', '\r\nAccess denied\r\n'],
    ['by another prompt alone', '\r\nlogin: '],
    ['by asking for the password again, echoing it', 'Tr0ub4dor\r\nPassword: '],
  ];
  for (const [how, text] of refusals) {
    it(`that is refused ${how} is not tried twice`, () => {
      const call = desk();
      const heard = farEnd(call, ['login: ', 'Password: ', text]);
      call.start();
      assert.equal(call.failure(), 'login-refused', call.everything);
      assert.deepEqual(heard, ['ann', 'Tr0ub4dor']);
      assert.ok(!call.everything.includes('Tr0ub4dor'), call.everything);
    });
  }

  it('gives its name twice and not more often', () => {
    const call = desk();
    const heard = farEnd(call, ['login: ', '\r\nlogin: ', '\r\nlogin: ', '\r\nlogin: ']);
    call.start();
    assert.equal(call.failure(), 'login-refused');
    assert.deepEqual(heard, ['ann', 'ann']);
  });

  it('takes no history for a refusal', () => {
    const call = desk();
    const history = '\r\nLast failed login: Sun Nov 22\r\nThere was 1 failed login attempt\r\nLast login: ';
    farEnd(call, ['login: ', 'Password: ', concatBytes([encodeText(`${history}Mon\r\n`), lcp])]);
    call.start();
    assert.equal(call.failure(), 'done: ', call.everything);
  });

  it('shows an unknown prompt in the cause', () => {
    const call = desk();
    farEnd(call, ['login: ', 'Password: ', '\r\nTerminal type? ']);
    call.start();
    assert.equal(call.failure(), 'login-failed');
    assert.match(JSON.stringify(call.outcome), /Terminal type\?/);
  });

  it('that gets no answer says so', () => {
    const call = desk();
    call.start();
    assert.equal(call.failure(), 'login-failed');
    assert.match(JSON.stringify(call.outcome), /it says nothing/);
  });

  it('ends, whatever the far end says', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 }), { maxLength: 12 }), (texts) => {
        const call = desk('command: ppp', 'timeout: 30s');
        farEnd(call, texts, 700);
        call.start();
        call.finish();
      }),
      { numRuns: 100 },
    );
  });
});

describe("Windows' null modem", () => {
  it('connects both sides', () => {
    const client = new Desk(conversation(dialOptions('modem: windows')));
    const server = new Desk(conversation(dialOptions('modem: windows-server')), client.scheduler);
    client.out = (octets) => {
      server.hear(octets);
    };
    server.out = (octets) => {
      client.hear(octets);
    };
    server.start();
    client.start();
    assert.equal(client.finish().kind, 'done');
    assert.equal(server.finish().kind, 'done');
    assert.deepEqual([client.sent, server.sent], ['CLIENT', 'CLIENTSERVER']);
  });

  it('takes PPP for an answer, calls again and again, and gives up in the end', () => {
    const early = new Desk(conversation(dialOptions('modem: windows-server')));
    early.start();
    early.hear(lcp);
    assert.equal(early.finish().kind, 'done');
    assert.equal(early.rest, toOctets(lcp));
    const lonely = new Desk(conversation(dialOptions('modem: windows', 'timeout: 10s')));
    lonely.start();
    assert.equal(lonely.failure(), 'no-answer');
    assert.equal(lonely.sent, 'CLIENT'.repeat(5));
  });
});
