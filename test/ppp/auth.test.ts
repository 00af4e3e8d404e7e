/** Two sessions that prove to each other who they are, in virtual time: every method, either side and both, good and bad. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthMethod, AuthOptions } from '../../src/ppp/auth/options.js';
import { authMethods } from '../../src/ppp/auth/options.js';
import type { SessionOptions } from '../../src/ppp/options.js';
import { cleanLine, LossyLine, type Faults } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, SessionStation, sessionOptions, Wire } from '../support/session-pair.js';
import { ip } from '../support/session-pair.js';
import {
  alsoAnswering,
  alsoAsking,
  answering,
  asking,
  assertSecretsHidden,
  goodSecret,
  otherSecret,
  secretOf,
} from './auth-support.js';

interface Pair {
  readonly a: SessionStation;
  readonly b: SessionStation;
  readonly wire: Wire;
}

function pair(left: AuthOptions, right: AuthOptions, faults: Partial<Faults> = {}, seed = 1): Pair {
  const patient = { maxConfigure: 60, maxFailure: 50, echoFailures: 50 };
  const with_ = (options: SessionOptions, auth: AuthOptions): SessionOptions => ({ ...options, auth });
  const a = new SessionStation(with_(sessionOptions(patient), left), seed);
  const b = new SessionStation(with_(mirrored(patient), right), seed + 1);
  const wire = new Wire(new LossyLine({ ...cleanLine, ...faults }, seededRandom(seed + 2)), a, b);
  return { a, b, wire };
}

function run(left: AuthOptions, right: AuthOptions, faults: Partial<Faults> = {}, seed = 1): Pair {
  const made = pair(left, right, faults, seed);
  made.wire.start();
  made.wire.run(
    300_000,
    () => (made.a.isUp && made.b.isUp) || (made.a.finished !== undefined && made.b.finished !== undefined),
  );
  assertSecretsHidden(made.a, [goodSecret, otherSecret]);
  assertSecretsHidden(made.b, [goodSecret, otherSecret]);
  return made;
}

const bad = 'wr0ng-Password';

for (const method of authMethods) {
  describe(method, () => {
    it('proves who the peer is', () => {
      const { a, b } = run(asking([method]), answering([method]));
      assert.ok(a.isUp && b.isUp);
      assert.equal(a.session.describe().peerName, 'branch');
      assert.equal(b.session.describe().peerName, undefined);
      assert.ok(a.session.describe().options['peer-auth'], 'the status names the method');
    });

    it('proves both ends at once, by secrets of their own', () => {
      const left = alsoAnswering(asking([method]), [method], otherSecret);
      const right = alsoAsking(answering([method]), [method], otherSecret);
      const { a, b } = run(left, right);
      assert.ok(a.isUp && b.isUp);
      assert.equal(a.session.describe().peerName, 'branch');
      assert.equal(b.session.describe().peerName, 'hq');
    });

    it('lets nobody in with a wrong secret: both ends say so', () => {
      const { a, b } = run(asking([method]), answering([method], bad));
      assert.equal(a.ups + b.ups, 0);
      assert.equal(a.finished?.code, 'peer-auth-failed', a.finished?.detail);
      assert.match(a.finished.detail ?? '', /"branch"/);
      assert.equal(b.finished?.code, 'auth-failed', b.finished?.detail);
      assertSecretsHidden(a, [bad]);
      assertSecretsHidden(b, [bad]);
    });

    it('lets nobody in whom it has no secret for', () => {
      const { a, b } = run(asking([method]), answering([method], goodSecret, { user: 'stranger' }));
      assert.equal(a.finished?.code, 'peer-auth-failed');
      assert.match(a.finished.detail ?? '', /no secret for "stranger"/);
      assert.equal(b.finished?.code, 'auth-failed');
    });

    it('knows the peer by the name of the config where there is one', () => {
      const right = answering([method], goodSecret, { user: 'somebody' });
      const { a, b } = run(asking([method], goodSecret, { remoteName: 'branch' }), right);
      assert.ok(a.isUp && b.isUp);
    });

    it('says that there is no secret to answer with', () => {
      const none = { pap: [secretOf(goodSecret, 'other')], chap: [secretOf(goodSecret, 'other')] };
      const { b } = run(asking([method]), answering([method], goodSecret, { ours: none, remoteName: 'hq' }));
      assert.equal(b.finished?.code, 'auth-no-secret', b.finished?.detail);
    });

    for (const seed of [1, 2, 3, 4, 5, 6]) {
      it(`comes through a line that loses, doubles and delays (${seed})`, () => {
        const faults = { lose: 0.25, duplicate: 0.3, latencyMs: 200, jitterMs: 2500 };
        const left = alsoAnswering(asking([method]), [method], otherSecret);
        const right = alsoAsking(answering([method]), [method], otherSecret);
        const { a, b } = run(left, right, faults, 100 * seed);
        assert.ok(a.isUp && b.isUp, `${JSON.stringify(a.finished)} ${JSON.stringify(b.finished)}`);
        const refused = run(asking([method]), answering([method], bad), faults, 100 * seed);
        assert.equal(refused.a.ups + refused.b.ups, 0);
      });
    }
  });
}

describe('what LCP agrees on', () => {
  const cases: readonly (readonly [string, readonly AuthMethod[], readonly AuthMethod[], string | undefined])[] = [
    [
      'what is wanted most, where the peer takes it',
      ['mschap-v2', 'chap', 'pap'],
      [...authMethods],
      'CHAP with MS-CHAPv2',
    ],
    ['the next, where the peer does not', ['mschap-v2', 'chap', 'pap'], ['pap', 'chap'], 'PAP'],
    ['what the peer prefers of what is wanted', ['mschap-v2', 'chap', 'pap'], ['chap', 'pap'], 'CHAP with MD5'],
    ['a method of EAP that the peer chooses within EAP', ['eap-mschap-v2', 'eap-md5'], ['eap-md5'], 'EAP with MD5'],
    ['EAP after CHAP was refused', ['chap', 'eap-md5'], ['eap-md5'], 'EAP with MD5'],
    ['nothing, where no method suits both', ['mschap-v2'], ['chap'], undefined],
    ['nothing within EAP, where no method suits both', ['eap-mschap-v2'], ['eap-md5'], undefined],
    ['nothing, where the peer is never to answer', ['chap'], [], undefined],
  ];
  for (const [what, wanted, accepted, agreed] of cases) {
    it(what, () => {
      const { a, b } = run(asking(wanted), answering(accepted));
      if (agreed === undefined) {
        assert.equal(a.ups + b.ups, 0);
        assert.equal(a.finished?.code, 'peer-auth-failed', a.finished?.detail);
      } else {
        assert.ok(a.isUp && b.isUp, JSON.stringify(a.finished));
        assert.equal(a.session.describe().options['peer-auth'], agreed);
        assert.equal(b.session.describe().options['our-auth'], agreed);
      }
    });
  }

  it('says whose fault it is, at the peer as well', () => {
    const { b } = run(asking(['mschap-v2']), answering(['chap']));
    assert.equal(b.finished?.code, 'auth-unsupported', b.finished?.detail);
  });
});

describe('the phase', () => {
  it('is seen between LCP and the networks, whose packets are dropped and counted until then', () => {
    const { a, b, wire } = pair(asking(['chap']), answering(['chap']), { latencyMs: 100 });
    wire.start();
    wire.run(10_000, () => a.session.describe().phase === 'authenticate');
    assert.equal(a.session.describe().phase, 'authenticate');
    const { carriesIp4 } = a.session;
    assert.equal(carriesIp4, false);
    wire.inject(a, { protocol: 0x8021, packet: Uint8Array.of(1, 1, 0, 4) });
    wire.run(wire.now + 50);
    assert.equal(a.session.counters['not-open'], 1);
    wire.run(20_000, () => a.isUp && b.isUp);
    assert.equal(a.session.describe().phase, 'network');
  });

  it('begins anew when the peer starts LCP over', () => {
    const { a, b, wire } = pair(asking(['mschap-v2']), answering(['mschap-v2']));
    wire.start();
    wire.run(20_000, () => a.isUp && b.isUp);
    // A Configure-Request as of a peer that was restarted.
    wire.inject(a, { protocol: 0xc021, packet: Uint8Array.of(1, 200, 0, 4) });
    wire.run(wire.now + 60_000, () => a.ups === 2);
    assert.equal(a.ups, 2);
    assert.equal(a.notes.filter((note) => note.includes('has proved to be')).length, 2);
  });

  it('asks again at intervals, and lets the link go on', () => {
    const { a, b, wire } = pair(asking(['chap'], goodSecret, { rechallengeMs: 60_000 }), answering(['chap']));
    wire.start();
    wire.run(10 * 60_000 + 5000);
    assert.ok(a.isUp && b.isUp);
    assert.equal(a.notes.filter((note) => note.endsWith('still')).length, 10);
    assert.deepEqual([a.downs, b.downs], [0, 0]);
  });

  for (const method of ['chap', 'mschap', 'mschap-v2', 'eap-md5', 'eap-mschap-v2'] as const) {
    it(`ends the link when the peer answers no more (${method})`, () => {
      const { a, b, wire } = pair(asking([method], goodSecret, { rechallengeMs: 60_000 }), answering([method]));
      wire.start();
      wire.run(30_000);
      assert.ok(a.isUp);
      const mute = {
        start: () => undefined,
        receive: () => undefined,
        nextTimeout: () => undefined,
        timeout: () => undefined,
        take: () => [],
      };
      const alone = new Wire(new LossyLine(cleanLine, seededRandom(1)), a, mute);
      alone.now = wire.now;
      // Only the challenge counts here: a sign of life holds off the echoes.
      for (let at = wire.now; at < 500_000 && a.finished === undefined; at += 5000) {
        a.session.heard(at);
        alone.run(at);
      }
      assert.equal(a.finished?.code, 'peer-auth-failed');
      assert.ok(b.isUp);
    });
  }

  it('gives the networks what the secret allows: another address is not given', () => {
    const allowed = [{ kind: 'allow', prefix: { address: ip('10.0.0.0'), length: 30 } }] as const;
    const rules = (list: typeof allowed | []) => {
      const theirs = [{ ...secretOf(goodSecret, 'branch'), allowed: list }];
      return asking(['chap'], goodSecret, { theirs: { pap: theirs, chap: theirs } });
    };
    const fine = run(rules(allowed), answering(['chap']));
    assert.ok(fine.a.isUp && fine.b.isUp);
    const refused = run(rules([]), answering(['chap']));
    assert.equal(refused.a.ups, 0);
    assert.match(refused.a.finished?.detail ?? '', /secret does not allow/);
  });
});
