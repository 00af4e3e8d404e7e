/** Peers that lie: garbage in every method, our own challenges sent back, other passwords behind a verdict, results too early. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { authMethods, type AuthMethod } from '../../src/ppp/auth/options.js';
import { challengeHash } from '../../src/ppp/auth/ms-chap-v2.js';
import { explainMsFailure } from '../../src/ppp/auth/ms-messages.js';
import { encodeText } from '../../src/base/text.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import { Session } from '../../src/ppp/session.js';
import { testMultilink } from '../support/bundle-pair.js';
import { LossyLine, cleanLine, type Frame } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, ScriptedPeer, SessionStation, sessionOptions, Wire } from '../support/session-pair.js';
import {
  alsoAnswering,
  alsoAsking,
  answering,
  asking,
  assertSecretsHidden,
  goodSecret,
  otherSecret,
} from './auth-support.js';
import { Bench, must, type Sent } from './bench.js';

const protocols = [Protocol.pap, Protocol.chap, Protocol.eap];
const values: Readonly<Record<AuthMethod, string>> = {
  pap: '03 04 c0 23',
  chap: '03 05 c2 23 05',
  mschap: '03 05 c2 23 80',
  'mschap-v2': '03 05 c2 23 81',
  'eap-md5': '03 04 c2 27',
  'eap-mschap-v2': '03 04 c2 27',
};

/** Our end both asks and answers, by the method. */
function bothWays(method: AuthMethod): Bench {
  const auth = alsoAnswering(asking([method]), [method], otherSecret);
  const bench = new Bench({ ...sessionOptions(), auth });
  bench.openLcp(values[method]);
  return bench;
}

/** What the bench sends as LCP opens, which `openLcp` gives back. */
function opened(
  auth: ReturnType<typeof asking>,
  method: AuthMethod,
  request = values[method],
): { bench: Bench; sent: Sent[] } {
  const bench = new Bench({ ...sessionOptions(), auth });
  return { bench, sent: bench.openLcp(request) };
}

describe('whatever a peer sends before it has proved itself', () => {
  for (const method of authMethods) {
    it(`opens nothing and throws nothing (${method})`, () => {
      const packet = fc.record({
        protocol: fc.constantFrom(...protocols, Protocol.ipcp, 0x80fd),
        code: fc.integer({ min: 0, max: 6 }),
        id: fc.integer({ min: 0, max: 255 }),
        data: fc.uint8Array({ maxLength: 80 }),
      });
      fc.assert(
        fc.property(fc.array(packet, { maxLength: 30 }), (packets) => {
          const bench = bothWays(method);
          for (const { protocol, code, id, data } of packets) bench.receive(protocol, code, id, formatHex(data));
          assert.equal(bench.station.ups, 0);
          assertSecretsHidden(bench.station, [goodSecret, otherSecret]);
        }),
        { numRuns: 60 },
      );
    });

    it(`mutated packets of a good peer either work or end with a cause (${method})`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 1 << 30 }), (seed) => {
          const left = alsoAnswering(asking([method]), [method], otherSecret);
          const right = alsoAsking(answering([method]), [method], otherSecret);
          const patient = { maxConfigure: 40, maxFailure: 40, echoFailures: 40 };
          const a = new SessionStation({ ...sessionOptions(patient), auth: left }, seed);
          const b = new SessionStation({ ...mirrored(patient), auth: right }, seed + 1);
          const line = new LossyLine({ ...cleanLine, corruptUnnoticed: 0.2 }, seededRandom(seed + 2));
          const wire = new Wire(line, a, b);
          wire.start();
          wire.run(60_000);
          line.faults = cleanLine;
          wire.run(600_000);
          for (const end of [a, b]) assert.ok(end.isUp || end.finished !== undefined, end.session.describe().phase);
        }),
        { numRuns: 15 },
      );
    });
  }
});

describe('our own challenge', () => {
  for (const method of ['chap', 'mschap', 'mschap-v2'] as const) {
    it(`sent back as the peer's gets no answer (${method}, RFC 1994 §7)`, () => {
      const { bench, sent } = opened(alsoAnswering(asking([method]), [method], goodSecret), method);
      const challenge = must(sent.find(({ protocol, code }) => protocol === Protocol.chap && code === 1));
      assert.deepEqual(bench.receive(Protocol.chap, 1, 99, formatHex(challenge.data)), []);
      assert.equal(bench.counter('reflected-challenge'), 1);
    });
  }

  it('sent back within EAP gets none either', () => {
    const { bench } = opened(alsoAnswering(asking(['eap-md5']), ['eap-md5'], goodSecret), 'eap-md5');
    const [identity] = bench.expire();
    const [request] = bench.receive(Protocol.eap, 2, must(identity).id, `01 ${formatHex(encodeText('branch'))}`);
    assert.deepEqual(bench.receive(Protocol.eap, 1, 7, formatHex(must(request).data)), []);
    assert.equal(bench.counter('reflected-challenge'), 1);
  });
});

describe('our own answer', () => {
  it('to MS-CHAP proves nothing as one of MS-CHAPv2, whose challenge was hidden in it', () => {
    const auth = alsoAnswering(asking(['mschap-v2']), ['mschap'], goodSecret);
    const { bench, sent } = opened(auth, 'mschap-v2', values.mschap);
    const { id, data } = must(sent.find(({ protocol, code }) => protocol === Protocol.chap && code === 1));
    const [name, peerChallenge] = [encodeText('branch'), new Uint8Array(16).fill(7)];
    const question = { id, challenge: data.slice(1, 17), name, secret: encodeText('unknown to the peer') };
    const lure = challengeHash(question, peerChallenge);
    const [answer] = bench.receive(Protocol.chap, 1, 99, `08 ${formatHex(lure)}`);
    const proof = must(answer).data.subarray(1 + 24, 1 + 48);
    const value = Uint8Array.of(49, ...peerChallenge, ...new Uint8Array(8), ...proof, 0, ...name);
    const [verdict] = bench.receive(Protocol.chap, 2, id, formatHex(value));
    assert.equal(must(verdict).code, 4);
    assert.match(must(bench.station.session.ending?.detail), /our own answer from "branch"/);
  });

  it('is not to be had on another line of the session either', () => {
    const auth = alsoAnswering(asking(['chap']), ['chap'], goodSecret);
    const session = new Session({ ...sessionOptions(), auth, multilink: testMultilink }, seededRandom(1));
    const challenges = new Map<number, Uint8Array>();
    const answers: Uint8Array[] = [];
    for (const line of [0, 1]) session.start(0, line);
    for (let output = session.poll(); output !== undefined; output = session.poll()) {
      if (output.type !== 'send') continue;
      const { protocol, packet, line = 0 } = output;
      if (protocol === Protocol.lcp && packet[0] === Code.configureRequest) {
        session.receive(protocol, Uint8Array.of(Code.configureAck, ...packet.subarray(1)), 0, line);
        const request = parseHex(`01 01 00 09 ${values.chap}`);
        session.receive(protocol, request, 0, line);
      } else if (protocol === Protocol.chap && packet[0] === 1) challenges.set(line, packet);
      else if (protocol === Protocol.chap) answers.push(packet);
    }
    session.receive(Protocol.chap, must(challenges.get(0)), 0, 1);
    for (let output = session.poll(); output !== undefined; output = session.poll())
      if (output.type === 'send' && output.protocol === Protocol.chap) answers.push(output.packet);
    assert.deepEqual(answers, []);
    assert.equal(session.counters['reflected-challenge'], 1);
  });
});

describe('a verdict', () => {
  it('of PAP stays what it is, whatever passwords follow (RFC 1334 §2.2.1)', () => {
    const { bench } = opened(asking(['pap']), 'pap', '05 06 11 22 33 44');
    const request = (password: string): string => {
      const [name, secret] = [encodeText('branch'), encodeText(password)];
      return formatHex(Uint8Array.of(name.length, ...name, secret.length, ...secret));
    };
    const codes = (sent: readonly Sent[]) =>
      sent.filter(({ protocol }) => protocol === Protocol.pap).map(({ code, id }) => [code, id]);
    assert.deepEqual(codes(bench.receive(Protocol.pap, 1, 1, request(goodSecret))), [[2, 1]]);
    assert.deepEqual(codes(bench.receive(Protocol.pap, 1, 2, request('another'))), [[2, 2]]);
  });

  it('of CHAP is repeated to the letter for a late answer, even a wrong one (RFC 1994 §4.2)', () => {
    const left = new SessionStation({ ...sessionOptions(), auth: asking(['mschap-v2']) }, 1);
    const right = new SessionStation({ ...mirrored(), auth: answering(['mschap-v2']) }, 2);
    const wire = new Wire(new LossyLine(cleanLine, seededRandom(3)), left, right);
    wire.start();
    wire.run(20_000, () => left.isUp && right.isUp);
    const sentBy = (station: SessionStation, code: number) =>
      station.outputs.flatMap((output) =>
        output.type === 'send' && output.protocol === Protocol.chap && output.packet[0] === code ? [output.packet] : [],
      );
    const [success] = sentBy(left, 3);
    const [response] = sentBy(right, 2);
    const wrong = must(response).slice();
    wrong[30] = must(wrong[30]) ^ 0xff;
    left.receive({ protocol: Protocol.chap, packet: wrong }, wire.now);
    assert.deepEqual(sentBy(left, 3), [success, success]);
    assert.ok(left.isUp);
  });

  it('in our favour without our having answered counts for nothing', () => {
    for (const method of authMethods) {
      const { bench } = opened(answering([method]), method);
      for (let id = 0; id < 256; id++) {
        if (method === 'pap') continue; // we have asked: any of our requests may be acknowledged
        bench.receive(method.startsWith('eap') ? Protocol.eap : Protocol.chap, 3, id, '');
      }
      assert.equal(bench.station.ups, 0);
      assert.equal(bench.station.session.describe().phase, 'authenticate');
    }
  });

  it('of MS-CHAPv2 without the proof that the authenticator has the secret ends the link (RFC 2759 §5)', () => {
    const { bench } = opened(answering(['mschap-v2']), 'mschap-v2');
    const [response] = bench.receive(Protocol.chap, 1, 5, `10 ${'42'.repeat(16)} ${formatHex(encodeText('hq'))}`);
    assert.equal(must(response).code, 2);
    bench.receive(Protocol.chap, 3, 5, formatHex(encodeText(`S=${'0'.repeat(40)} M=Welcome`)));
    assert.equal(bench.station.session.ending?.code, 'peer-auth-failed');
  });
});

describe('challenges', () => {
  it('that never come to a verdict end the link', () => {
    const { bench } = opened(answering(['chap']), 'chap');
    const isAsked = (): boolean => bench.station.session.ending === undefined && bench.now < 300_000;
    for (let second = 0; isAsked(); second++) {
      while (must(bench.station.nextTimeout()) <= second * 1000 && isAsked()) bench.expire();
      bench.now = second * 1000;
      const id = second % 256;
      const challenge = `10 ${id.toString(16).padStart(2, '0').repeat(16)} ${formatHex(encodeText('hq'))}`;
      if (isAsked()) assert.equal(bench.receive(Protocol.chap, 1, id, challenge).length, 1);
    }
    assert.equal(bench.station.session.ending?.code, 'auth-failed');
    assert.match(bench.station.session.ending.detail ?? '', /without an end/);
    assert.equal(bench.now, 90_000);
  });

  it('and their Identifiers are new each time (RFC 1994 §4.1)', () => {
    const { bench, sent } = opened(asking(['chap'], goodSecret), 'chap', '05 06 11 22 33 44');
    const challenges = sent.filter(({ protocol }) => protocol === Protocol.chap);
    for (let i = 0; i < 8; i++) challenges.push(...bench.expire().filter(({ protocol }) => protocol === Protocol.chap));
    assert.ok(challenges.length >= 3, `${challenges.length}`);
    assert.equal(new Set(challenges.map(({ id }) => id)).size, challenges.length);
    assert.equal(new Set(challenges.map(({ data }) => formatHex(data))).size, challenges.length);
  });

  for (const method of authMethods) {
    it(`that nobody answers end the link (${method})`, () => {
      const deaf = new ScriptedPeer(({ protocol, packet }: Frame) => {
        if (protocol !== Protocol.lcp || packet[0] !== Code.configureRequest) return [];
        const ack = packet.slice();
        ack[0] = Code.configureAck;
        return [
          { protocol, packet: ack },
          { protocol, packet: Uint8Array.of(Code.configureRequest, 1, 0, 4) },
        ];
      });
      const station = new SessionStation({ ...sessionOptions({ echoIntervalMs: 0 }), auth: asking([method]) });
      const wire = new Wire(new LossyLine(cleanLine, seededRandom(1)), station, deaf);
      wire.start();
      wire.run(120_000);
      assert.equal(station.finished?.code, 'peer-auth-failed');
      assert.equal(station.ups, 0);
    });
  }
});

describe('what MS-CHAP says to a failure', () => {
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    [
      'E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=Access denied',
      /^E=691: name or password is wrong \("Access denied"\)$/,
    ],
    ['E=691 R=1 C=0011 V=2', /^E=691: name or password is wrong$/],
    ['E=648 R=0 V=3', /^E=648: the password has expired; change it/],
    ['E=649 R=0', /dial in/],
    ['E=999 R=0 M=\u001b[2Jno', /^E=999: for a reason that linkd does not know \("\.\[2Jno"\)$/],
    ['Go away', /^"Go away"$/],
    ['', undefined],
  ];
  for (const [message, expected] of cases) {
    it(JSON.stringify(message), () => {
      const words = explainMsFailure(encodeText(message));
      if (expected === undefined) assert.equal(words, undefined);
      else assert.match(words ?? '', expected);
    });
  }

  it('shows in the cause', () => {
    const { bench } = opened(answering(['mschap-v2']), 'mschap-v2');
    bench.receive(Protocol.chap, 1, 5, `10 ${'42'.repeat(16)} ${formatHex(encodeText('hq'))}`);
    bench.receive(Protocol.chap, 4, 5, formatHex(encodeText('E=648 R=0 C=00 V=3 M=Too old')));
    assert.match(bench.station.session.ending?.detail ?? '', /E=648: the password has expired.*"Too old"/);
  });
});

describe('names that the peer gives itself', () => {
  it('are printable wherever they show', () => {
    const evil = 'x\u001b[2J\u0007\u202e';
    const theirs = [{ name: undefined, secret: encodeText(goodSecret), allowed: undefined }];
    for (const method of authMethods) {
      const left = asking([method], goodSecret, { theirs: { pap: theirs, chap: theirs }, name: evil });
      const a = new SessionStation({ ...sessionOptions(), auth: left }, 1);
      const b = new SessionStation({ ...mirrored(), auth: answering([method], goodSecret, { user: evil }) }, 2);
      const wire = new Wire(new LossyLine(cleanLine, seededRandom(3)), a, b);
      wire.start();
      wire.run(20_000, () => a.isUp && b.isUp);
      assert.ok(a.isUp && b.isUp);
      const shown = [a, b].flatMap((end) => [...end.notes, JSON.stringify(end.session.describe())]).join('');
      assert.ok(!/[^\x20-\x7e]/.test(shown), shown);
    }
  });
});
