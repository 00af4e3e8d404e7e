/** The other end of a link, as a config that suits the first. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import { renderLinks, type DialDraft, type LinkDraft } from '../../src/setup/draft.js';
import { mirrorOf } from '../../src/setup/mirror.js';

const here: LinkDraft = {
  name: 'branch',
  device: '/dev/ttyUSB0',
  speed: 9600,
  flow: 'none',
  local: '10.0.0.1',
  remote: '10.0.0.2',
  networks: ['10.2.0.0/16'],
  autostart: true,
  dial: undefined,
  answer: undefined,
  auth: undefined,
  comments: ['Ours.'],
};
const there = { device: '/dev/ttyS0', networks: ['10.1.0.0/16'] };
const noDial: DialDraft = { modem: 'none', number: undefined, apn: undefined, login: undefined };
const secret = { user: 'us', secretFile: '/etc/linkd/branch.secret', accept: undefined, peerSecretFile: undefined };
const login = { user: 'ann', secretFile: '/etc/linkd/branch.secret', command: undefined };

function mirrored(draft: LinkDraft): LinkDraft {
  const result = mirrorOf(draft, there);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  const text = renderLinks([result.draft], []);
  const parsed = parseConfig([{ file: 'x', text }]);
  assert.deepEqual(parsed.ok ? [] : parsed.errors, [], text);
  return result.draft;
}

describe('the other end', () => {
  it('has the addresses the other way round, its own port, and our networks', () => {
    const { comments, ...draft } = mirrored(here);
    assert.deepEqual(comments, []);
    const { comments: ours, ...same } = here;
    assert.deepEqual(ours, ['Ours.']);
    assert.deepEqual(draft, { ...same, ...there, local: '10.0.0.2', remote: '10.0.0.1' });
  });

  it('of the other end is this one', () => {
    const twice = mirrorOf(mirrored(here), { device: here.device, networks: here.networks });
    assert.deepEqual(twice, { ok: true, draft: { ...here, comments: [] } });
  });

  it('answers where this one calls, and calls where it answers', () => {
    const dialed = mirrored({ ...here, dial: { ...noDial, modem: 'hayes', number: '200' } });
    assert.deepEqual([dialed.answer, dialed.dial], [{ modem: 'hayes', login: false }, undefined]);
    const called = mirrored({ ...here, answer: { modem: 'hayes', login: false } });
    assert.deepEqual([called.answer, called.dial?.modem, called.autostart], [undefined, 'hayes', false]);
  });

  it('asks for the secret that this one gives', () => {
    const { auth } = mirrored({ ...here, auth: secret });
    assert.deepEqual(auth, {
      user: undefined,
      secretFile: undefined,
      accept: undefined,
      peerSecretFile: '/etc/linkd/branch.secret',
    });
  });

  it('gives the secret that this one asks for', () => {
    const peerSecretFile = '/etc/linkd/branch.peer-secret';
    const { auth } = mirrored({ ...here, auth: { ...secret, user: undefined, secretFile: undefined, peerSecretFile } });
    assert.equal(auth?.secretFile, peerSecretFile);
    assert.equal(auth.peerSecretFile, undefined);
  });

  it('has a login where this one logs in', () => {
    const { answer, auth } = mirrored({ ...here, dial: { ...noDial, login } });
    assert.deepEqual([answer, auth?.peerSecretFile], [{ modem: 'none', login: true }, '/etc/linkd/branch.secret']);
  });

  for (const [what, draft] of [
    ['a mobile network', { ...here, dial: { ...noDial, modem: 'gsm' } }],
    ['an address that the peer gives', { ...here, local: 'from-peer' }],
  ] as const) {
    it(`is none for ${what}`, () => {
      assert.equal(mirrorOf(draft, there).ok, false);
    });
  }
});
