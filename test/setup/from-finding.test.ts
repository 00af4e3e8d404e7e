/** What a probe found becomes a link that the config's own reader takes, without a mistake and without a warning. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import type { Finding, ModemIdentity } from '../../src/probe/finding.js';
import { renderLinks } from '../../src/setup/draft.js';
import { draftOf } from '../../src/setup/from-finding.js';

const identity: ModemIdentity = { answers: [], gsm: false, sim: undefined, signal: undefined };
const screen = { parity: 'none', screen: ['depot login:'] } as const;
const ppp = { kind: 'ppp', speed: 9600, clean: true, waits: false } as const;

const findings: readonly [string, Finding, RegExp][] = [
  [
    'a modem',
    { kind: 'modem', speed: 57600, inCall: false, identity },
    /autostart: false\n +dial: \{ number: "5551234" \}/,
  ],
  [
    'a modem of a mobile network',
    { kind: 'modem', speed: 115200, inCall: false, identity: { ...identity, gsm: true } },
    /dial: \{ modem: gsm, apn: internet \}/,
  ],
  [
    'a PPP speaker',
    { ...ppp, wishes: { mru: 1500, authentication: undefined } },
    /line: \{ serial: .*, speed: 9600, flow: none \}/,
  ],
  [
    'one that wants CHAP',
    { ...ppp, wishes: { mru: 1500, authentication: 'CHAP-MD5' } },
    /auth: \{ user: USER, secret: \{ file: \/etc\/linkd\/ttyS1.secret \} \}/,
  ],
  ['one that wants PAP', { ...ppp, wishes: { mru: 1500, authentication: 'PAP' } }, /accept: \[ pap \]/],
  ['one that told nothing', { ...ppp, wishes: undefined }, /local: from-peer/],
  ['a login', { kind: 'login', speed: 38400, ...screen }, /dial: \{ login: \{ user: USER, secret: /],
  ['a console with parity', { kind: 'console', speed: 1200, ...screen, parity: 'even' }, /even parity/],
  ['Windows', { kind: 'windows', speed: 19200 }, /dial: \{ modem: windows-server \}/],
];

const place = { name: 'ttyS1', device: '/dev/ttyS1', lines: undefined };

describe('the link of a finding', () => {
  for (const [what, finding, text] of findings) {
    it(`suits ${what}`, () => {
      const draft = draftOf(finding, place);
      assert.ok(draft);
      const config = renderLinks([draft], ['Found.']);
      assert.match(config, text);
      const parsed = parseConfig([{ file: 'x.yaml', text: config }]);
      assert.deepEqual(parsed.ok ? parsed.warnings : parsed.errors, [], config);
      assert.ok(parsed.ok);
      const [link] = parsed.config.links;
      assert.deepEqual(link?.name, 'ttyS1');
    });
  }

  it('has flow control by RTS and CTS where CTS is on', () => {
    const lines = { carrier: true, clearToSend: true };
    const draft = draftOf({ ...ppp, wishes: undefined }, { ...place, lines });
    assert.equal(draft?.flow, 'rtscts');
  });

  for (const finding of [
    { kind: 'silence', speeds: [9600] },
    { kind: 'noise', heardAt: [9600], sample: new Uint8Array(3) },
    { kind: 'echo', speed: 9600 },
    { kind: 'text', speed: 9600, ...screen },
  ] as const) {
    it(`is none for ${finding.kind}`, () => {
      assert.equal(draftOf(finding, place), undefined);
    });
  }
});

describe('several links', () => {
  it('stand in one file, each with its comments above it', () => {
    const drafts = findings.flatMap(([, finding], index) => {
      const name = `port${index}`;
      const draft = draftOf(finding, { ...place, name, device: `/dev/ttyS${index}` });
      return draft === undefined ? [] : [draft];
    });
    const text = renderLinks(drafts, []);
    for (const { name, comments } of drafts) {
      const block = text.slice(0, text.indexOf(`  ${name}:`));
      for (const comment of comments) assert.ok(block.includes(`# ${comment}`), `${name}: ${comment}\n${text}`);
    }
    const parsed = parseConfig([{ file: 'x.yaml', text }]);
    // That some take their address from the peer, and others do, is no mistake.
    assert.deepEqual(parsed.ok ? [] : parsed.errors, []);
  });
});
