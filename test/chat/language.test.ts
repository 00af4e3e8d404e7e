/** The readers and the printer of chat scripts: any text, any steps, the YAML form, mistakes with their places. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stepsOfEntries } from '../../src/chat/entries.js';
import type { ChatEntry } from '../../src/chat/options.js';
import { parseArguments, parseChat } from '../../src/chat/parse.js';
import { printChat } from '../../src/chat/print.js';
import { ChatEngine } from '../../src/chat/engine.js';
import { exitCodeOf } from '../../src/chat/script.js';
import { cases } from './cases.js';
import { runChat, script } from './rig.js';
import { stepsOf } from './run-case.js';

/** Texts made of what the language is made of. */
const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(' ', '\t', '\n', "'", '"', '\\', '-', '^', '@', '#', '$', '\0', 'é', '\r'),
      fc.constantFrom('ABORT', 'CLR_ABORT', 'REPORT', 'TIMEOUT', 'ECHO', 'SAY', 'HANGUP', 'EOT', 'BREAK', 'ON', 'OFF'),
      fc.constantFrom(
        ' ',
        '\n',
        ' ',
        "''",
        '\\c',
        '\\q',
        '\\d',
        '\\T',
        '\\U',
        '\\K',
        '\\N',
        '\\101',
        '\\0',
        '--',
        '10',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

describe('the reader', () => {
  it('never throws, and what it reads can be run', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, withVariables) => {
        const parsed = parseChat(text, withVariables ? { variables: (name) => name } : {});
        if (parsed.kind === 'mistakes') {
          assert.ok(parsed.mistakes.every(({ line, column }) => line >= 1 && column >= 1));
          return;
        }
        const { outcome } = runChat(parsed.script, { turns: [{ say: 'OK-login:' }], numbers: { T: '5\\d5' } });
        assert.ok(exitCodeOf(outcome) >= 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('and what is said in pieces is what is said at once', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 9 }), (text, chunk) => {
        const parsed = parseChat(`ECHO ON REPORT OK ABORT '${text.replace(/[^a-z]/gi, '')}x' ${text}`);
        fc.pre(parsed.kind === 'script');
        const options = {
          turns: [{ say: 'OK-login: ABORT\r\nTIMEOUT 101\nOFF' }, { on: '\r', say: text }],
          contents: {},
        };
        assert.deepEqual(runChat(parsed.script, { ...options, chunk }), runChat(parsed.script, options));
      }),
      { numRuns: 1000 },
    );
  });

  it('takes any octets, and any arguments', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        parseChat(octets);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        parseArguments(words);
      }),
    );
  });

  it('gives plain data, which can be cloned', () => {
    const steps = script("ABORT BUSY '' \\qATZ\\d OK-@/file-OK");
    assert.deepEqual(structuredClone(steps), steps);
  });

  it('reads octets as they are', () => {
    assert.deepEqual(script(Uint8Array.of(0x27, 0x27, 0x20, 0xfc)), script("'' \\374"));
  });

  for (const [text, mistakes] of [
    ["'ATZ", [[1, 1]]],
    ["'' ATZ\n'a b' \"OK", [[2, 7]]],
    [
      "é 'ATZ\nOK 'a\\'",
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ["# it's a comment\n'", [[2, 1]]],
  ] as const) {
    it(`names the place of a quote that isn't closed: ${JSON.stringify(text)}`, () => {
      const parsed = parseChat(text);
      assert.ok(parsed.kind === 'mistakes');
      assert.deepEqual(
        parsed.mistakes.map(({ line, column }) => [line, column]),
        mistakes,
      );
      assert.match(parsed.mistakes[0]?.message ?? '', /^the quote .* isn't closed on this line$/);
    });
  }
});

describe('the printer', () => {
  it('prints what reads as the same steps, whatever they are', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseChat(text);
        fc.pre(parsed.kind === 'script');
        const printed = printChat(parsed.script);
        assert.deepEqual(script(printed), parsed.script, printed);
        assert.equal(printChat(script(printed)), printed);
      }),
      { numRuns: 3000 },
    );
  });

  it('prints every case of the table', () => {
    for (const one of cases) {
      if (one.variables !== undefined || typeof one.script !== 'string') continue;
      const steps = stepsOf(one, '/folder');
      if (steps !== undefined) assert.deepEqual(script(printChat(steps)), steps, one.name);
    }
  });

  it('prints a line for each step', () => {
    const text = "ABORT 'NO CARRIER' TIMEOUT 60 '' ATZ ogin:--ogin: \\qppp $ \"@my file\" SAY 'well, then\\n\\c' end";
    assert.equal(
      printChat(script(text)),
      "ABORT NO\\sCARRIER\nTIMEOUT 60\n'' ATZ\nogin:--ogin: \\qppp\n\\$ '@my file'\nSAY well,\\sthen\\n\\c\nend\n",
    );
  });

  it('prints no secret, and no send without an expect before it', () => {
    const steps = stepsOfEntries([{ send: 'a' }, { expect: 'b' }, { expect: 'c' }, { secret: 'branch' }]);
    assert.equal(printChat(steps), "'' a\nb \\c\nc ??????\n");
  });
});

describe('the YAML form', () => {
  it('becomes the steps of the language', () => {
    const entries: readonly ChatEntry[] = [
      { abort: ['BUSY', 'NO CARRIER'] },
      { report: ['CONNECT'] },
      { timeout: 60_000 },
      { hangup: 'ignored' },
      { send: 'ATDT\\T' },
      { expect: 'CONNECT', timeout: 90_000 },
      { 'clear-abort': ['BUSY'] },
      { 'clear-report': ['CONNECT'] },
      { echo: true },
      { say: 'log in\\c' },
      { expect: 'ogin:', retry: '' },
      { send: 'ppp-user' },
      { expect: 'a-b', retry: '+++\\c', retries: 2 },
      { hangup: 'fatal' },
    ];
    const text = `ABORT BUSY ABORT 'NO CARRIER' REPORT CONNECT TIMEOUT 60 HANGUP OFF
      '' ATDT\\T TIMEOUT 90 CONNECT
      TIMEOUT 60 CLR_ABORT BUSY CLR_REPORT CONNECT ECHO ON SAY 'log in\\c'
      ogin:--ogin: ppp-user a\\-b-+++\\c-a\\-b-+++\\c-a\\-b`;
    const options = {
      numbers: { T: '555' },
      turns: [
        { on: '555\r', say: 'CONNECT 9600\r\nBUSY' },
        { on: '\r', say: 'login:' },
        { on: 'user\r', say: '?' },
        { on: '++++++', say: 'a-b' },
      ],
    };
    const { log: yamlLog, ...yaml } = runChat(stepsOfEntries(entries), options);
    const { log, ...chat } = runChat(script(text.replace('CONNECT\n', 'CONNECT \\c\n')), options);
    assert.deepEqual(yaml, chat);
    assert.deepEqual(
      yamlLog,
      log.filter((line) => line !== 'send ()' && line !== 'expect ()'),
    );
    assert.equal(yaml.sent, 'ATDT555\r\rppp-user\r++++++');
    assert.deepEqual(yaml.reports, ['CONNECT 9600']);
  });

  it('says what it says: nothing in its texts is a keyword, a file or a dash', () => {
    const entries: readonly ChatEntry[] = [{ expect: 'ABORT' }, { send: '@/file' }, { expect: 'x-y' }, { send: 'EOT' }];
    const turns = [{ say: 'ABORT' }, { on: '\r', say: 'x-y' }];
    assert.equal(runChat(stepsOfEntries(entries), { turns }).sent, '@/file\rEOT\r');
    assert.deepEqual(script(printChat(stepsOfEntries(entries))), stepsOfEntries(entries));
  });

  it('lets a script wait for ever, and one text for a time', () => {
    const engine = new ChatEngine(stepsOfEntries([{ expect: 'a', timeout: 1000 }, { expect: 'b' }], Infinity), {
      timeout: Infinity,
    });
    engine.start(0);
    assert.equal(engine.nextTimeout(), 1000);
    engine.receive(Uint8Array.of(0x61), 1);
    assert.equal(engine.nextTimeout(), undefined);
  });
});
