/** What no file may do to an import: make it throw, lose a line, or give a secret away. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Imported } from '../../src/import/import.js';
import { optionNames } from '../../src/import/pppd-table.js';
import { readSample, run, samples } from './support.js';
import { readdirSync } from 'node:fs';

type Texts = Readonly<Record<string, string>>;

/** Files in which every line that is no comment means something; of the others, structure and secrets aside. */
const optionFiles = ['/etc/ppp/options', '/etc/ppp/peers/one', '/etc/ppp/options.ttyS0', '/etc/wvdial.conf'] as const;
const scripts = ['/etc/ppp/ip-up', '/etc/ppp/ip-up.d/own', '/etc/ppp/ip-down.local', '/etc/ppp/ppp-on'] as const;
const others = ['/etc/network/interfaces', '/etc/ppp/pap-secrets', '/etc/hosts', '/etc/hostname'] as const;

const comment = /^\s*(?:[#;]|$)/;

/** The lines that mean something and of which the account does not tell. */
function lost(texts: Texts, { verdicts }: Imported): readonly string[] {
  const told = new Set(
    verdicts.flatMap(({ given: { file, line, lastLine } }) =>
      Array.from({ length: lastLine - line + 1 }, (_, i) => `${file}:${line + i}`),
    ),
  );
  return Object.entries(texts).flatMap(([file, text]) =>
    text
      .split('\n')
      .flatMap((line, i) => (comment.test(line) || told.has(`${file}:${i + 1}`) ? [] : [`${file}:${i + 1}: ${line}`])),
  );
}

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...optionNames()) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...['0', '5', '300', '115200', '10.0.0.1:10.0.0.2', ':', '/dev/ttyS0', 'ttyS1', '99999999999', '-1', '20a0000'],
      ...[
        '"chat \'\' ATZ OK"',
        "'chat -f /etc/ppp/options -T 5'",
        '/etc/ppp/ip-up',
        '"wvdial --chat x"',
        '"',
        "'",
        '\\',
      ],
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...[
        'if',
        'then',
        'else',
        'fi',
        'case',
        'in',
        'esac',
        ';;',
        '*)',
        '$1',
        '"$6"',
        '$(x',
        '`x',
        '[',
        ']',
        '||',
        '&&',
      ],
      ...[
        'exit 0',
        'route add -net 10.2.0.0 netmask 255.255.0.0',
        'dev ppp0',
        'gw $5',
        'ip route add 10.3.0.0/16',
        '|',
      ],
      ...['iptables -t nat -A POSTROUTING -o ppp0 -j MASQUERADE', 'A=b', '>', '<', '(', ')', '{', '}', 'while', 'done'],
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...['[Dialer Defaults]', '[Dialer x]', 'Phone = 5', 'Init1 = ATZ', 'Inherits = x', 'Password = p', '=', '[', ']'],
      ...[
        'iface ppp0 inet ppp',
        'auto ppp0',
        'provider one',
        'up route add default dev ppp0',
        'source *',
        'options mru 9',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

const anyText = fc
  .array(fc.tuple(word, fc.constantFrom(' ', '\n', '\n', '\t', '\\\n', '\n#')), { maxLength: 40 })
  .map((words) => words.flat().join(''));

const anySystem: fc.Arbitrary<Texts> = fc
  .uniqueArray(fc.constantFrom(...optionFiles, ...scripts, ...others))
  .chain((paths) => fc.tuple(...paths.map((path) => anyText.map((text): [string, string] => [path, text]))))
  .map((entries) => Object.fromEntries(entries));

describe('any files', () => {
  it('bring no character into the config that linkd refuses, or that a terminal obeys', () => {
    const { text, mistakes } = run({ '/etc/ppp/peers/one': '/dev/ttyS0 user "a\u009b31m\u202eb" password x' });
    assert.match(text, /user: "a\\u009b31m\\u202eb"/);
    assert.deepEqual(mistakes, []);
  });

  it('may hold text that is no UTF-8', () => {
    const { text, mistakes, links } = run({ '/etc/ppp/peers/one': '/dev/ttyS0 ipparam "b\ufffdro" b\ufffdro\n' });
    assert.deepEqual(mistakes, []);
    assert.equal(links.length, 1);
    assert.doesNotMatch(text, /\ufffd/);
  });

  it('are imported without an exception, and what comes out passes the check', () => {
    fc.assert(
      fc.property(anySystem, (texts) => {
        assert.deepEqual(run(texts).mistakes, []);
      }),
      { numRuns: 150 },
    );
  });

  it('lose no line of what pppd, wvdial and ifupdown are told', () => {
    const told: readonly string[] = [...optionFiles, '/etc/network/interfaces'];
    fc.assert(
      fc.property(anySystem, (texts) => {
        const imported = run(texts);
        const read = Object.fromEntries(
          Object.entries(texts).filter(
            ([path]) => told.includes(path) && imported.verdicts.some(({ given }) => given.file === path),
          ),
        );
        // Within quotes and behind backslashes, a line need not be what it looks like.
        const plain = Object.fromEntries(Object.entries(read).filter(([, text]) => !/["'\\]/.test(text)));
        assert.deepEqual(lost(plain, imported), []);
      }),
      { numRuns: 150 },
    );
  });

  it('lose no command of a script that runs for every link', () => {
    const peers = { '/etc/ppp/peers/one': '/dev/ttyS0\n10.0.0.1:10.0.0.2\nlocal\n' };
    const command = fc.constantFrom(
      'route add -net 10.2.0.0 netmask 255.255.0.0 gw 10.0.0.2',
      'route add -net 10.4.0.0 netmask 255.255.0.0 gw 10.0.0.9',
      'ip route add 10.3.0.0/16 dev $1',
      'ip rule add from all',
      '/usr/local/bin/whatever --now',
      'postqueue -f',
      '[ "$6" = other ] && ip route add 10.5.0.0/16 dev $1',
      'case $5 in',
      '10.0.0.2) route add -host 10.6.0.1 dev $1 ;;',
      'esac',
      'if true; then',
      'fi',
      'A=b',
      'iptables -t nat -A POSTROUTING -o ppp0 -j MASQUERADE',
      'cat <<EOF | mail root',
      'exit 0',
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (lines) => {
        const texts = { ...peers, '/etc/ppp/ip-up': lines.join('\n') };
        const structure = /^(?:case \$5 in|esac|fi)$/;
        assert.deepEqual(
          lost(texts, run(texts)).filter((line) => !structure.test(line.replace(/^\S+ /, ''))),
          [],
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe('the lines of the samples', () => {
  for (const name of readdirSync(samples)) {
    it(`of ${name} are all accounted for`, () => {
      const texts = readSample(name);
      const unread = /\/etc\/(?:hosts|hostname|ppp\/ppp_on_boot)$/;
      const structure = /^\S+: \s*(?:;;|esac|fi|\S+\)|case .* in)\s*$/;
      const read = Object.fromEntries(Object.entries(texts).filter(([path]) => !unread.test(path)));
      assert.deepEqual(
        lost(read, run(texts)).filter((line) => !structure.test(line)),
        [],
      );
    });
  }
});

describe('a secret', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9!%+.,_-]{8,20}$/).map((text) => `q${text}z`);
  const places: readonly [string, (secret: string) => Texts][] = [
    [
      'of pap-secrets',
      (s) => ({ '/etc/ppp/peers/one': '/dev/ttyS0 user ann\n', '/etc/ppp/pap-secrets': `ann * ${s} *\n` }),
    ],
    [
      'of chap-secrets, in quotes',
      (s) => ({ '/etc/ppp/peers/one': '/dev/ttyS0\n', '/etc/ppp/chap-secrets': `a b "${s} x"` }),
    ],
    [
      'of a line that is too short',
      (s) => ({ '/etc/ppp/peers/one': '/dev/ttyS0\n', '/etc/ppp/chap-secrets': `a ${s}` }),
    ],
    ['as an option', (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 user ann password ${s}\n` })],
    ['as an option twice', (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 password other password ${s}\npassword x` })],
    ['in a variable', (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 set KEY=${s}\n` })],
    ['in a chat script', (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 connect "chat '' AT ogin: ann word: ${s}"` })],
    [
      'in the second attempt of a chat script',
      (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 connect "chat '' AT word:-${s.replaceAll('-', '')}-word: ${s}"` }),
    ],
    [
      'in a command that is not understood',
      (s) => ({ '/etc/ppp/peers/one': `/dev/ttyS0 connect "dial --with ${s} | x"` }),
    ],
    [
      'in the file of a chat script',
      (s) => ({
        '/etc/ppp/peers/one': '/dev/ttyS0 connect "chat -f /etc/chat -U 5"',
        '/etc/chat': `'' ATZ\nOK AT+CPIN=${s}\nCONNECT ''\nassword: '${s}'\nmore "${s}`,
      }),
    ],
    [
      'in a script that starts pppd',
      (s) => ({
        '/etc/ppp/ppp-on': `#!/bin/sh\nPASSWORD="${s}"\nexec pppd /dev/ttyS0 connect "/etc/dial"\n`,
        '/etc/dial': '#!/bin/sh\nexec chat ogin: ann word: $PASSWORD\n',
      }),
    ],
    [
      'of wvdial',
      (s) => ({
        '/etc/wvdial.conf': `[Dialer Defaults]\nPhone = 5\nUsername = ann\nPassword = ${s}\nInit2 = AT+CPIN=${s}\n`,
      }),
    ],
    [
      'for the network of a mobile phone',
      (s) => ({
        '/etc/wvdial.conf': `[Dialer Defaults]\nPhone = *99#\nInit2 = AT+CGAUTH=1,1,"ann","${s}"\n`,
        '/etc/ppp/peers/one': `/dev/ttyS0 connect 'chat "" AT OK AT+CGAUTH=1,1,,${s} OK ATD*99#'`,
      }),
    ],
    ['of wvdial, where no section is', (s) => ({ '/etc/wvdial.conf': `Password = ${s}\n[Dialer x]\nPhone = 5\n` })],
    [
      'in a command of ip-up',
      (s) => ({
        '/etc/ppp/peers/one': '/dev/ttyS0 10.0.0.1:10.0.0.2\n',
        '/etc/ppp/ip-up': `route add -host 10.9.9.9 dev ppp0\npop -p ${s} a@b\nfetch --password=${s}\nget ftp://ann:${s}@x/\n`,
      }),
    ],
    [
      'among the options of a stanza',
      (s) => ({
        '/etc/network/interfaces': `iface ppp0 inet ppp\n  provider one\n  options user ann password ${s}\n`,
        '/etc/ppp/peers/one': '/dev/ttyS0\n',
      }),
    ],
  ];

  for (const [place, textsOf] of places) {
    it(`${place} is shown nowhere`, () => {
      fc.assert(
        fc.property(secret, (text) => {
          const texts = textsOf(text);
          const { text: config, notes, mistakes, verdicts, links } = run(texts);
          assert.ok(links.length > 0);
          const shown = [config, ...notes, ...mistakes, ...verdicts.map(({ given }) => given.text)].join('\n');
          assert.ok(!shown.includes(text), shown);
        }),
        { numRuns: 15 },
      );
    });
  }
});
