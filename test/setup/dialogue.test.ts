/** The dialogue without a terminal: what is asked, what is suggested, what is refused, and the link that comes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../src/config/parse.js';
import type { Finding } from '../../src/probe/finding.js';
import { Dialogue, type DialogueOptions } from '../../src/setup/dialogue.js';
import { renderLinks } from '../../src/setup/draft.js';
import { keys, questions, ways, type Key } from '../../src/setup/questions.js';

const port = '/dev/serial/by-id/usb-one';

function dialogue(given: Partial<Record<Key, string>> = {}, options: Partial<DialogueOptions> = {}): Dialogue {
  const known = keys.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]] as const]));
  const circumstances = { freePorts: [port], takenNames: ['branch'] };
  return new Dialogue({ given: new Map(known), circumstances, quick: false, ...options });
}

/** Answers every question by this table, and by a return where it has nothing. What was asked, in order. */
function complete(one: Dialogue, answers: Partial<Record<Key, string>>): Key[] {
  const asked: Key[] = [];
  for (let question = one.question; question !== undefined; question = one.question) {
    asked.push(question.key);
    const verdict = one.answer(answers[question.key] ?? '');
    assert.ok(verdict.ok, `${question.key}: ${verdict.ok ? '' : verdict.problem}`);
    assert.ok(asked.length < 50, 'it goes on and on');
  }
  return asked;
}

function configOf(one: Dialogue): string {
  const text = renderLinks([one.plan('/etc/linkd').draft], []);
  const parsed = parseConfig([{ file: 'x', text }]);
  assert.deepEqual(parsed.ok ? [] : parsed.errors, [], text);
  return text;
}

const cable = { name: 'depot', local: '10.0.0.1', remote: '10.0.0.2' };
const fast = { local: '10.0.0.1', remote: '10.0.0.2' };

describe('the dialogue', () => {
  it('needs for a cable no more than a name and two addresses', () => {
    const one = dialogue();
    const asked = complete(one, { ...cable, probe: 'no' });
    assert.deepEqual(asked, [
      'device',
      'probe',
      'name',
      'way',
      'speed',
      'flow',
      'local',
      'remote',
      'networks',
      'user',
      'peer-secret',
    ]);
    assert.equal(
      configOf(one),
      [
        'links:',
        '  depot:',
        `    line: { serial: ${port}, speed: 115200 }`,
        '    local: 10.0.0.1',
        '    remote: 10.0.0.2',
        '',
      ].join('\n'),
    );
  });

  it('asks nothing that options said', () => {
    const one = dialogue({
      device: port,
      probe: 'no',
      way: 'direct',
      speed: '9600',
      flow: 'none',
      networks: '10.2.0.0/16',
      user: '',
      'peer-secret': '',
      ...cable,
    });
    assert.equal(one.question, undefined);
    assert.match(configOf(one), /speed: 9600, flow: none.*networks: \[ 10.2.0.0\/16 \]/s);
  });

  it('in haste asks only what has no default, and names it', () => {
    const one = dialogue({ device: port }, { quick: true });
    assert.deepEqual(one.missing, ['--name', '--local', '--remote']);
    assert.deepEqual(complete(one, cable), ['name', 'local', 'remote']);
    assert.deepEqual(one.missing, []);
    configOf(one);
  });

  for (const [way, more, text] of [
    ['dial', { number: '5551234' }, /dial: \{ number: "5551234" \}/],
    ['gsm', { apn: 'web.example' }, /dial: \{ modem: gsm, apn: web.example \}/],
    [
      'login',
      { login: 'ann', secret: 'x y', command: 'ppp' },
      /login: \{ user: ann, secret: \{ file: \/etc\/linkd\/depot.secret \}, command: ppp \}/,
    ],
    ['answer', {}, /answer: \{\s*\}/],
    ['direct', { user: 'us', secret: 'x y' }, /auth: \{ user: us, secret: \{ file: \/etc\/linkd\/depot.secret \} \}/],
    [
      'direct',
      { 'peer-secret': 'z' },
      /auth: \{ require: \[ mschap-v2, chap \], peer-secret: \{ file: \/etc\/linkd\/depot.peer-secret \} \}/,
    ],
  ] as const) {
    it(`leads to a right config by the way ${way} with ${Object.keys(more).join(', ') || 'nothing more'}`, () => {
      const one = dialogue();
      complete(one, { ...cable, probe: 'no', way, ...more });
      assert.match(configOf(one), text);
    });
  }

  it('keeps secrets out of the config, and hands them on for their files', () => {
    const one = dialogue();
    complete(one, { ...cable, probe: 'no', user: 'us', secret: ' s3cret ', 'peer-secret': 'th3irs' });
    const { secrets } = one.plan('/etc/linkd');
    assert.deepEqual(secrets, [
      { path: '/etc/linkd/depot.secret', secret: ' s3cret ' },
      { path: '/etc/linkd/depot.peer-secret', secret: 'th3irs' },
    ]);
    assert.doesNotMatch(configOf(one), /s3cret|th3irs/);
  });

  for (const [key, wrong, problem] of [
    ['name', 'branch', /there is such a link/],
    ['name', 'a b', /letters, digits/],
    ['local', '', /there has to be an answer/],
    ['way', 'somehow', /it is one of direct, dial/],
    ['probe', 'perhaps', /yes or no/],
    ['speed', '7', /allowed: 50 to/],
    ['flow', 'dtr', /one of rtscts, xonxoff, none/],
    ['local', '10.0.0.256', /10.0.0.1/],
    ['local', '127.0.0.1', /loopback/i],
    ['networks', '10.2.0.1/16', /host bits|10\.2\.0\.0/],
    ['device', 'ttyS0', /path/],
    ['peer-secret', 'two\nlines', /one line/],
  ] as const) {
    it(`refuses ${JSON.stringify(wrong)} as ${key}, and asks again`, () => {
      const one = dialogue();
      const before: Partial<Record<Key, string>> = { ...cable, probe: 'no' };
      while (one.question?.key !== key) assert.ok(one.answer(before[one.question?.key ?? 'name'] ?? '').ok);
      const verdict = one.answer(wrong);
      assert.ok(!verdict.ok);
      assert.match(verdict.problem, problem);
      assert.equal(one.question.key, key);
      assert.ok(one.mistakes.length === 0);
    });
  }

  it('suggests a name that is free, and shows the ports that are', () => {
    const one = dialogue({}, { circumstances: { freePorts: [port, '/dev/ttyS0'], takenNames: ['link1'] } });
    assert.deepEqual([one.question?.choices, one.question?.fallback], [[port, '/dev/ttyS0'], undefined]);
    assert.ok(one.answer(port).ok && one.answer('no').ok);
    assert.deepEqual([one.question?.key, one.question?.fallback], ['name', 'link2']);
  });

  it('names options that say what can not be, all at once', () => {
    const one = dialogue({ speed: 'fast', local: 'here', remote: '10.0.0.2' });
    assert.deepEqual(
      one.mistakes.map((mistake) => mistake.split(':')[0]),
      ['--speed', '--local'],
    );
  });

  it('takes no address for both ends', () => {
    const one = dialogue({ ...fast, remote: '10.0.0.1' });
    assert.deepEqual(one.mistakes, ['--remote: it is our own address']);
  });

  it('helps with every question, and every option is one of a kind', () => {
    assert.deepEqual(
      questions.map(({ key }) => key),
      [...keys],
    );
    assert.equal(new Set(questions.map(({ option }) => option)).size, keys.length);
    for (const { help } of questions) assert.match(help, /\.$/);
  });

  it('ends with a right config, or asks on, whatever is answered', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('', 'yes', 'no', '10.0.0.1', '10.0.0.2', '9600', 'x', ...ways));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
        const one = dialogue();
        for (const answer of texts) if (one.question !== undefined) one.answer(answer);
        if (one.question === undefined) configOf(one);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a probe', () => {
  const answered = (finding: Finding, lines: { carrier: boolean; clearToSend: boolean } | undefined): Dialogue => {
    const one = dialogue({ device: port, probe: 'yes' });
    assert.equal(one.wantsProbe, true);
    one.learn({ finding, lines });
    assert.equal(one.wantsProbe, false);
    return one;
  };
  const fallbacks = (one: Dialogue): Record<string, string | undefined> => {
    const found: Record<string, string | undefined> = {};
    for (let question = one.question; question !== undefined; question = one.question) {
      found[question.key] = question.fallback;
      const answer = { ...cable, number: '1', login: 'ann', user: 'us', secret: 's' }[question.key as string];
      assert.ok(one.answer(question.fallback ?? answer ?? '').ok);
    }
    return found;
  };
  const identity = { answers: [], gsm: false, sim: undefined, signal: undefined };

  it('is wished only where the port is known, and once', () => {
    const one = dialogue();
    assert.equal(one.wantsProbe, false);
    assert.ok(one.answer('').ok && one.answer('yes').ok);
    assert.equal(one.wantsProbe, true);
    one.giveUpProbe();
    assert.equal(one.wantsProbe, false);
  });

  it('is not offered for a port that somebody holds', () => {
    const one = dialogue({ device: '/dev/ttyS9' });
    assert.equal(one.question?.key, 'name');
  });

  it('that finds a modem suggests to dial at its speed', () => {
    const found = fallbacks(
      answered({ kind: 'modem', speed: 57600, inCall: false, identity }, { carrier: false, clearToSend: true }),
    );
    assert.deepEqual([found['way'], found['speed'], found['flow']], ['dial', '57600', 'rtscts']);
  });

  it('that finds a modem of a mobile network suggests what suits one', () => {
    const finding: Finding = { kind: 'modem', speed: 115200, inCall: false, identity: { ...identity, gsm: true } };
    const found = fallbacks(answered(finding, undefined));
    assert.deepEqual(
      [found['way'], found['apn'], found['local'], found['remote']],
      ['gsm', 'internet', 'from-peer', 'from-peer'],
    );
  });

  it('that finds a PPP speaker who asks for PAP leads to what that needs', () => {
    const wishes = { mru: 1500, authentication: 'PAP' };
    const one = answered({ kind: 'ppp', speed: 9600, clean: true, waits: true, wishes }, undefined);
    const found = fallbacks(one);
    assert.deepEqual(
      [found['way'], found['speed'], found['flow'], found['user']],
      ['direct', '9600', 'none', undefined],
    );
    assert.match(configOf(one), /accept: \[ pap \]/);
  });

  it('that finds a login suggests to log in', () => {
    const found = fallbacks(answered({ kind: 'login', speed: 38400, parity: 'none', screen: [] }, undefined));
    assert.deepEqual([found['way'], found['speed']], ['login', '38400']);
  });
});
