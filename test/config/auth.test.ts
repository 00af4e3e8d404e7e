/** The keys of `auth`. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import { goodLink } from './support.js';

const usual = ['eap-mschap-v2', 'mschap-v2', 'eap-md5', 'chap'];

describe('auth', () => {
  it('asks nobody and accepts what there is a secret for, unless it says otherwise', () => {
    assert.deepEqual(goodLink('auth: {secrets: /etc/linkd/secrets}').auth, {
      require: [],
      accept: usual,
      name: undefined,
      user: undefined,
      remoteName: undefined,
      secret: undefined,
      peerSecret: undefined,
      papFiles: ['/etc/linkd/secrets'],
      chapFiles: ['/etc/linkd/secrets'],
      rechallengeMs: 0,
    });
    assert.equal(goodLink().auth, undefined);
  });

  it('has names, methods in order, secrets from files, programs and systemd', () => {
    const auth = {
      ...{ name: 'hq', user: 'hq-2', remotename: 'branch', rechallenge: '10m' },
      require: ['mschap-v2', 'eap', 'mschap-v2'],
      accept: 'none',
      secret: { program: '/usr/bin/secret-tool lookup branch' },
      'peer-secret': { credential: 'branch' },
      secrets: { pap: '/etc/ppp/pap-secrets', chap: ['/etc/ppp/chap-secrets', '/etc/linkd/more'] },
    };
    assert.deepEqual(goodLink(`auth: ${JSON.stringify(auth)}`).auth, {
      require: ['mschap-v2', 'eap-mschap-v2', 'eap-md5'],
      accept: [],
      name: 'hq',
      user: 'hq-2',
      remoteName: 'branch',
      secret: { kind: 'program', command: ['/usr/bin/secret-tool', 'lookup', 'branch'] },
      peerSecret: { kind: 'credential', name: 'branch' },
      papFiles: ['/etc/ppp/pap-secrets'],
      chapFiles: ['/etc/ppp/chap-secrets', '/etc/linkd/more'],
      rechallengeMs: 600_000,
    });
  });
});

describe('mistakes in auth', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a secret in the config', 'secret: hunter2', /auth\.secret: a secret has no place in this file/],
    ['one of the peer', 'peer-secret: hunter2', /auth\.peer-secret: a secret has no place in this file/],
    ['two sources', 'secret: {file: /a, credential: hunter2}', /not exactly one source/],
    ['no source', 'secret: {}', /not exactly one source/],
    ['a program without a path', 'secret: {program: "hunter2 hunter2"}', /absolute path/],
    ['a relative file', 'secrets: hunter2', /is not an absolute path/],
    ['an unknown method', 'require: [ms-chap-v2]', /did you mean `mschap-v2`/],
    [
      'nothing to prove the peer by',
      'require: chap',
      /auth\.require: there is no secret by which the peer could prove itself/,
    ],
    ['nothing to prove us by', 'accept: chap', /auth\.accept: there is no secret by which we could prove ourselves/],
    ['a name that is none', 'name: ""', /auth\.name: .* empty or too long/],
  ];
  for (const [what, text, expected] of cases) {
    it(what, () => {
      const head = 'links:\n  branch:\n    line: /dev/ttyS0\n    local: 10.0.0.1\n    remote: 10.0.0.2\n    auth:\n';
      const result = parseConfig([{ file: '/etc/linkd/linkd.yaml', text: `${head}      ${text}\n` }]);
      assert.ok(!result.ok);
      const said = result.errors.map(({ path, message, excerpt = '' }) => `${path}: ${message}\n${excerpt}`).join('\n');
      assert.match(said, expected);
      if (!what.includes('relative')) assert.doesNotMatch(said, /hunter2/);
    });
  }
});
