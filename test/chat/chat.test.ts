/** The chat language run by the engine: the table of cases, any chunking, time, secrets, what the caller is asked for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChatEngine, type ChatOutput } from '../../src/chat/engine.js';
import { stepsOfEntries } from '../../src/chat/entries.js';
import type { ChatEntry } from '../../src/chat/options.js';
import { exitCodeOf, fromOctets, type Outcome } from '../../src/chat/script.js';
import { cases } from './cases.js';
import { runChat, script } from './rig.js';
import { runCase } from './run-case.js';

describe('a chat script', () => {
  for (const one of cases) {
    it(one.name, () => {
      const { sent, code, rest = '', shown = '', reports = [] } = one;
      for (const chunk of [undefined, 1, 2, 3, 7]) {
        assert.deepEqual(
          runCase(one, '/folder', chunk),
          { sent, code, rest, shown, reports },
          `chunks of ${chunk ?? 'all'}`,
        );
      }
    });
  }
});

describe('the time of a script', () => {
  it('is 45 s for what is expected, unless told otherwise', () => {
    assert.equal(runChat(script('ogin:')).durationMs, 45_000);
    assert.equal(runChat(script('TIMEOUT 10 ogin:')).durationMs, 10_000);
    assert.equal(runChat(script('TIMEOUT 10 TIMEOUT -3 ogin:')).durationMs, 45_000);
    assert.equal(runChat(script('ogin:'), { timeout: 2500 }).durationMs, 2500);
  });

  it('begins anew with each text, and not with each octet', () => {
    assert.equal(runChat(script('TIMEOUT 3 a-x-b-y-c')).durationMs, 9000);
    const engine = new ChatEngine(script('TIMEOUT 3 ogin:'));
    engine.start(0);
    engine.receive(fromOctets('log'), 2900);
    assert.equal(engine.nextTimeout(), 3000);
  });

  it('never ends without one', () => {
    const engine = new ChatEngine(script('ogin:'), { timeout: Infinity });
    engine.start(0);
    assert.equal(engine.nextTimeout(), undefined);
  });

  it('holds its pauses', () => {
    assert.deepEqual(runChat(script("'' a\\d\\pb\\d"), { typing: 0 }).times, [0, 1100, 2100]);
    assert.deepEqual(runChat(script("'' abc\\c"), { typing: 10 }).times, [10, 20, 30]);
    assert.deepEqual(runChat(script("'' a\\Kb\\c"), { typing: 0 }).times, [0, 0, 500]);
  });

  it('holds them when it is served late, too: a guard time is a least time', () => {
    const engine = new ChatEngine(script("'' a\\db\\c"), { typing: 0 });
    engine.start(0);
    engine.advance(1500);
    assert.equal(engine.nextTimeout(), undefined);
    const late = new ChatEngine(script("'' \\da\\db\\c"), { typing: 0 });
    late.start(0);
    late.advance(5000);
    assert.equal(late.nextTimeout(), 6000);
  });

  it('takes what came in time even when it is told of it late', () => {
    const engine = new ChatEngine(script('TIMEOUT 1 a'));
    engine.start(0);
    engine.receive(fromOctets('a'), 1500);
    assert.deepEqual(outcomeOf(engine), { kind: 'done' });
  });

  it('fails a send that takes longer, by what it has not sent', () => {
    const { outcome, sent } = runChat(script(`TIMEOUT 2 '' ${'x'.repeat(300)}`), { typing: 10 });
    assert.deepEqual(outcome, { kind: 'unable', detail: 'sending took longer than 2 s' });
    assert.equal(sent.length, 199);
  });
});

describe('the end of a script', () => {
  it('says why, with the exit code of chat', () => {
    const endings: readonly (readonly [string, string, Outcome, number])[] = [
      ["x ''", 'x', { kind: 'done' }, 0],
      ["'' @/none", '', { kind: 'unable', detail: '/none: there is none' }, 1],
      ['x y', 'z', { kind: 'timeout', expected: 'x' }, 3],
      ['ABORT A ABORT B x y', 'B', { kind: 'abort', text: 'B', index: 1 }, 5],
    ];
    for (const [text, say, outcome, code] of endings) {
      const story = runChat(script(text), { turns: [{ say }] });
      assert.deepEqual(story.outcome, outcome);
      assert.equal(exitCodeOf(outcome), code);
    }
  });

  it('is a hang-up, unless the script expects one', () => {
    const engine = new ChatEngine(script('a b HANGUP OFF c d HANGUP ON e f'));
    engine.start(0);
    engine.receive(fromOctets('a'), 0);
    engine.advance(10);
    engine.advance(20);
    engine.hungUp(30);
    assert.equal(engine.nextTimeout(), 45_020);
    engine.receive(fromOctets('c'), 40);
    engine.advance(50);
    engine.advance(60);
    engine.hungUp(70);
    engine.receive(fromOctets('e'), 80);
    engine.hungUp(90);
    const outcome = outcomeOf(engine);
    assert.deepEqual(outcome, { kind: 'hangup' });
    assert.equal(exitCodeOf(outcome), 2);
  });

  it('comes once, and nothing moves it any more', () => {
    const engine = new ChatEngine(script(''));
    engine.start(0);
    assert.deepEqual(outcomeOf(engine), { kind: 'done' });
    engine.hungUp(1);
    engine.receive(fromOctets('x'), 1);
    engine.advance(1);
    assert.equal(engine.poll(), undefined);
    assert.equal(engine.nextTimeout(), undefined);
    assert.throws(() => {
      engine.start(2);
    }, /once/);
  });

  it('keeps what came before the first wait, and after the last, up to 64 KiB', () => {
    const engine = new ChatEngine(script("'' \\d\\c"));
    engine.receive(new Uint8Array(65_530).fill(0xc1), 0);
    engine.start(0);
    engine.receive(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 10);
    engine.advance(1000);
    const outputs = drain(engine);
    const last = outputs.at(-1);
    assert.ok(last?.type === 'finished');
    assert.equal(last.rest.length, 65_536);
    assert.deepEqual([...last.rest.subarray(65_528)], [0xc1, 0xc1, 1, 2, 3, 4, 5, 6]);
    assert.match(JSON.stringify(outputs), /2 octets .* are lost/);
  });

  it('hands back what is not its own as it came, eighth bit and all', () => {
    const turns = [{ say: 'CONNECT 9600\r\n~\xff}#\xc0!' }];
    assert.equal(runChat(script('CONNECT \\c'), { turns }).rest, ' 9600\r\n~\xff}#\xc0!');
  });

  it('does not wait for ever for the end of a report', () => {
    const turns = [{ say: 'CONNECT ' + 'x'.repeat(5000) }];
    const story = runChat(script('REPORT CONNECT CONNECT \\c'), { turns });
    assert.equal(story.reports[0]?.length, 240);
    assert.ok(story.rest.length > 4000);
  });
});

describe('a secret', () => {
  const entries: readonly ChatEntry[] = [
    { echo: true },
    { report: ['motd'] },
    { expect: 'word:' },
    { secret: 'branch' },
    { expect: '$' },
  ];
  const partner = [{ say: 'Password:' }, { on: '\r', say: 's3cret$x\r\nmotd s3cret\r\ns3cr s3s3cret s3cre\r\n$ ' }];
  const contents = { branch: 's3cret$x' };

  it('goes out, and no log, echo or report shows it', () => {
    const story = runChat(stepsOfEntries(entries), { turns: partner, contents });
    assert.equal(story.sent, 's3cret$x\r');
    assert.ok(story.log.includes('send (??????^M)'));
    assert.doesNotMatch(JSON.stringify([story.log, story.shown, story.reports]), /s3cret\$x/);
  });

  it('is not shown in part when the text ends within it, however it is cut', () => {
    for (const chunk of [1, 2, 3, 5, 100]) {
      const steps = stepsOfEntries([{ echo: true }, { secret: 'branch' }, { timeout: 1000 }, { expect: 'never' }]);
      const story = runChat(steps, { turns: [{ on: '\r', say: 'ab s3cret$' }], contents, chunk });
      assert.equal(story.shown, 'ab ??????\n');
      assert.deepEqual(story.log.slice(-4), ['ab ', 'timeout', '??????', "failed: (never) didn't come in time"]);
    }
  });

  it('is a quiet text as well, and what is in a file', () => {
    for (const send of ['\\qs3cr\\det', '@/file']) {
      const turns = [{ on: 's3cret\r', say: 's3cret\r\nend' }];
      const story = runChat(script(`ECHO ON '' ${send} end`), { turns, contents: { '/file': 's3cret\n' } });
      assert.ok(story.log.includes('send (??????)'));
      assert.equal(story.shown, '??????\nend\n');
      assert.doesNotMatch(JSON.stringify(story.log), /s3cr/);
    }
  });

  it('is asked for when it is needed, and once', () => {
    const steps = stepsOfEntries([{ expect: 'word:' }, { secret: 'branch' }]);
    const engine = new ChatEngine(steps, { typing: 0 });
    engine.start(0);
    assert.deepEqual(drain(engine), [{ type: 'log', text: 'expect (word:)' }]);
    engine.receive(fromOctets('word:'), 1);
    assert.deepEqual(drain(engine).at(-1), { type: 'ask', wanted: { kind: 'secret', reference: 'branch' } });
    assert.equal(engine.nextTimeout(), undefined);
    engine.supply(fromOctets('a\\d^A\xff'), 60_000);
    const sent = drain(engine).find((output) => output.type === 'send');
    assert.deepEqual(sent, { type: 'send', octets: fromOctets('a\\d^A\xff\r') });
    assert.throws(() => {
      new ChatEngine(steps).supply(new Uint8Array(0), 0);
    }, /nothing was asked for/);
  });

  it('that cannot be had ends the script and is named', () => {
    const { outcome } = runChat(stepsOfEntries([{ secret: 'branch' }]));
    assert.deepEqual(outcome, { kind: 'unable', detail: 'the secret branch: there is none' });
  });
});

describe('the log', () => {
  it('tells the conversation', () => {
    const text = "ABORT BUSY '' ATZ OK ATD\\T\\p CONNECT \\K\\c";
    const turns = [
      { on: 'ATZ\r', say: 'ATZ\r\r\nOK\r\n' },
      { on: '555', say: '\x1b[1mCONNECT 9600' },
    ];
    assert.deepEqual(runChat(script(text), { turns, numbers: { T: '555' } }).log, [
      'abort on (BUSY)',
      'send (ATZ^M)',
      'expect (OK)',
      'ATZ',
      'OK',
      'got it',
      'send (ATD555\\p^M)',
      'expect (CONNECT)',
      '^[[1mCONNECT',
      'got it',
      'send (\\K)',
      'done',
    ]);
  });
});

function drain(engine: ChatEngine): ChatOutput[] {
  const outputs: ChatOutput[] = [];
  for (let output = engine.poll(); output !== undefined; output = engine.poll()) outputs.push(output);
  return outputs;
}

function outcomeOf(engine: ChatEngine): Outcome {
  const last = drain(engine).at(-1);
  assert.ok(last?.type === 'finished', JSON.stringify(last));
  return last.outcome;
}
