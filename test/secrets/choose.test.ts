/** Lines of secrets, and pppd's rule for the best of them, compared with the rule as pppd applies it: one line after the other. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeText, encodeText } from '../../src/base/text.js';
import { parseIp4 } from '../../src/base/ip.js';
import { chooseOurs, choosePeers, type Choice } from '../../src/secrets/choose.js';
import { firstWord, parseAddresses, parseSecrets, type SecretLine } from '../../src/secrets/parse.js';

const file = encodeText(`
# client  server   secret      addresses
*         hq       everybody   -
branch    *        "to any"    10.0.0.2 !10.0.1.1 10.0.1.0/24 host.example
branch    hq       'to hq'     *
branch    hq       later       10.9.9.9
hq        branch   ours        -- mtu 296
hq        *        "ours too"
*         *        @/etc/linkd/rest
tooshort  line
`);
const lines = parseSecrets(file);

const secretOf = (choice: Choice | undefined): string | undefined => {
  const secret = choice?.line.secret;
  return secret?.kind === 'plain' ? decodeText(secret.value) : secret && `@${secret.path}`;
};
const table = (choices: readonly Choice[]) => new Map(choices.map((choice) => [choice.name ?? '*', secretOf(choice)]));

describe('lines', () => {
  it('have a client, a server and a secret; `*` is anybody, `@/path` another file', () => {
    assert.equal(lines.length, 7);
    assert.deepEqual([lines[0]?.client, lines[0]?.server], [undefined, 'hq']);
    assert.deepEqual(lines[6]?.secret, { kind: 'file', path: '/etc/linkd/rest' });
    assert.equal(decodeText(firstWord(encodeText('# c\n "the secret" x')) ?? new Uint8Array(0)), 'the secret');
    assert.equal(firstWord(encodeText('# nothing\n')), undefined);
  });

  it('allow addresses in order: one, a network, a host, all, none, and none of them', () => {
    const address = (text: string) => parseIp4(text);
    assert.deepEqual(lines[1]?.addresses, [
      { kind: 'allow', prefix: { address: address('10.0.0.2'), length: 32 } },
      { kind: 'deny', prefix: { address: address('10.0.1.1'), length: 32 } },
      { kind: 'allow', prefix: { address: address('10.0.1.0'), length: 24 } },
      { kind: 'allow', host: 'host.example', length: 32 },
    ]);
    assert.deepEqual(parseAddresses(['*', '10.0.0.1']), [{ kind: 'allow', prefix: { address: 0, length: 0 } }]);
    assert.deepEqual(parseAddresses(['-', '10.0.0.1']), []);
    assert.deepEqual(lines[4]?.addresses, []);
    for (const word of ['10.0.0.0/0', '10.0.0.0/33', '10.0.0.0/24+', '300.1.1.1', '!', '10.0.0', '1::2', '']) {
      assert.deepEqual(parseAddresses([word]), [{ kind: 'unreadable', word }], word);
    }
  });

  it('are read from anything without an exception', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseSecrets(bytes)));
  });
});

describe('the best line', () => {
  it('for a peer names it, then us; the first of equals counts', () => {
    const peers = table(choosePeers(lines, 'hq'));
    assert.equal(peers.get('branch'), 'to hq');
    assert.equal(peers.get('*'), 'everybody');
    assert.equal(peers.get('hq'), 'ours too');
    assert.equal(table(choosePeers(lines, 'elsewhere')).get('branch'), 'to any');
  });

  it('for us names us, then the peer', () => {
    const ours = table(chooseOurs(lines, 'hq'));
    assert.equal(ours.get('branch'), 'ours');
    assert.equal(ours.get('*'), 'ours too');
    assert.equal(table(chooseOurs(lines, 'nobody')).get('*'), '@/etc/linkd/rest');
  });

  it('is the only one where the config names the peer', () => {
    assert.deepEqual(chooseOurs(lines, 'hq', 'branch').map(secretOf), ['ours']);
    assert.deepEqual(choosePeers(lines, 'hq', 'branch').map(secretOf), ['to hq']);
    assert.deepEqual(choosePeers([], 'hq', 'branch'), []);
  });

  it('comes first where the peer gives no name, as with PAP', () => {
    assert.equal(secretOf(chooseOurs(lines, 'hq')[0]), 'ours');
  });

  it('is the one that pppd would find, for every client and server', () => {
    const name = fc.constantFrom('a', 'b', 'c', undefined);
    const line = fc.record({ client: name, server: name });
    const asLines = (pairs: readonly { readonly client: string | undefined; readonly server: string | undefined }[]) =>
      pairs.map((pair, i): SecretLine => ({
        ...pair,
        secret: { kind: 'plain', value: Uint8Array.of(i + 1) },
        addresses: [],
      }));
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('a', 'b', 'x'),
        fc.constantFrom('a', 'b', 'c', 'x'),
        (pairs, own, other) => {
          const all = asLines(pairs);
          const lookUp = (choices: readonly Choice[]) =>
            (choices.find((choice) => choice.name === other) ?? choices.find((choice) => choice.name === undefined))
              ?.line;
          assert.equal(lookUp(choosePeers(all, own)), scan(all, other, own));
          assert.equal(lookUp(chooseOurs(all, own)), scan(all, own, other));
          assert.equal(choosePeers(all, own, other)[0]?.line, scan(all, other, own));
        },
      ),
    );
  });
});

/** pppd's scan: a line replaces the one before when it is better, by client first and server second. */
function scan(all: readonly SecretLine[], client: string, server: string): SecretLine | undefined {
  const fitting = all.filter((line) => (line.client ?? client) === client && (line.server ?? server) === server);
  const rank = (line: SecretLine): string => `${line.client === undefined ? 0 : 1}${line.server === undefined ? 0 : 1}`;
  const most = fitting.map(rank).sort().at(-1);
  return fitting.find((line) => rank(line) === most);
}
