/** The scripts around pppd: what is understood of a shell, for which link a command runs, and what it becomes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { understand } from '../../src/import/network-commands.js';
import { expand, readTokens } from '../../src/import/shell-words.js';
import { readScript } from '../../src/import/shell.js';
import { linkText, run } from './support.js';

const peers = {
  '/etc/ppp/peers/office': '/dev/ttyS0 115200 crtscts local 10.0.0.1:10.0.0.2 ipparam office ifname ppp7',
  '/etc/ppp/peers/home': '/dev/ttyS1 115200 crtscts local 10.0.0.1:10.0.1.2 ipparam home',
};

/** The keys of the network that a script gives to a link, in one line each. */
function network(name: string, script: string, file = '/etc/ppp/ip-up'): string {
  const lines = linkText({ ...peers, [file]: script }, name);
  const at = lines.findIndex((line) =>
    /^ {4}(?:networks|masquerade|default-route|hooks|proxy-arp|mss-clamp|port)/.test(line),
  );
  const keys = at < 0 ? [] : lines.slice(at).map((line) => line.trim());
  return keys.filter((line) => !/^(?:interface|ipparam|hooks):/.test(line)).join(' ');
}

/** What a script gives to both links, when both are imported. */
function both(script: string): readonly string[] {
  const { text } = run({ ...peers, '/etc/ppp/ip-up': script });
  return [...text.matchAll(/^ {2}(\w+):$|^ {4}(networks|masquerade|up): (.*?) #|^ {6}(up): (.*?) #/gm)].map(
    ([, link, key, value, hook, command]) => link ?? `${key ?? hook ?? ''}: ${value ?? command ?? ''}`,
  );
}

describe('commands', () => {
  const cases: readonly [command: string, becomes: string][] = [
    ['route add -net 10.2.0.0 netmask 255.255.0.0 gw 10.0.0.2', 'networks: [10.2.0.0/16]'],
    ['/sbin/route add -net 10.2.0.0/16 metric 3 dev ppp7', 'networks: [{ network: 10.2.0.0/16, metric: 3 }]'],
    ['route add -net 192.168.5.0 gw 10.0.0.2', 'networks: [192.168.5.0/24]'],
    ['route add -host 10.9.9.9 ppp7', 'networks: [10.9.9.9/32]'],
    ['route add 10.9.9.8 dev $1', 'networks: [10.9.9.8/32]'],
    ['route add default gw $5', 'default-route: on'],
    ['route add -net default dev ppp0 metric 7', 'default-route: { metric: 7 }'],
    [
      'ip route add 10.2.0.0/16 dev "$PPP_IFACE" src 10.1.0.1',
      'networks: [{ network: 10.2.0.0/16, source: 10.1.0.1 }]',
    ],
    ['ip route replace 10.2.0.0/16 via $PPP_REMOTE table 42', 'networks: [{ network: 10.2.0.0/16, table: 42 }]'],
    ['ip -4 r add default dev ${IFNAME}', 'default-route: on'],
    ['ip route add 10.2.3.4/16 via 10.0.0.2', 'networks: [10.2.0.0/16]'],
    ['ip route add 10.2.0.0/16 via 10.9.9.9', ''],
    ['route add -host $5 dev $1', ''],
    ['ip route add 10.0.0.2 dev $1', ''],
    ['route del -net 10.2.0.0 netmask 255.255.0.0', ''],
    ['iptables -t nat -A POSTROUTING -o ppp7 -j MASQUERADE', 'masquerade: [link]'],
    [
      'iptables -t nat -I POSTROUTING -s 10.1.0.0/16 -o ppp+ -j SNAT --to 10.0.0.1',
      'masquerade: [{ out: link, from: [10.1.0.0/16] }]',
    ],
    ['ipchains -A forward -s 10.1.0.0/16 -i ppp0 -j MASQ', 'masquerade: [{ out: link, from: [10.1.0.0/16] }]'],
    [
      'iptables -t nat -A PREROUTING -p udp --dport 53 -i $1 -j DNAT --to-destination 10.1.0.5',
      'port-forwards: ["udp 53 to 10.1.0.5"]',
    ],
    ['iptables -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu', 'mss-clamp: on'],
    ['ip neigh add proxy 10.0.0.2 dev eth0', 'proxy-arp: [{ target: peer, interface: eth0 }]'],
    ['sendmail -q', 'up: ["/usr/sbin/sendmail -q"]'],
    ['/usr/lib/postfix/sbin/postqueue -f &', 'up: ["/usr/lib/postfix/sbin/postqueue -f"]'],
    ['fetchmail -d0', 'up: [{ run: /etc/ppp/ip-up, pppd: on }]'],
    ['logger "$1 is up"; exit 0', ''],
  ];
  for (const [command, becomes] of cases) {
    it(`${command} → ${becomes === '' ? 'nothing' : becomes}`, () => {
      assert.equal(network('office', `#!/bin/sh\n${command}\n`), becomes);
    });
  }

  it('that are no command of a network are not taken for one', () => {
    for (const words of [
      [],
      ['route', 'add'],
      ['ip', 'route', 'add'],
      ['iptables'],
      ['route', 'add', '-net', 'x', 'netmask', '255.0.255.0'],
    ])
      assert.ok(['unknown', 'firewall', 'nothing'].includes(understand(words, []).kind), words.join(' '));
  });
});

describe('conditions', () => {
  const route = 'ip route add 10.2.0.0/16 dev $1';
  const cases: readonly [script: string, office: string][] = [
    [`case "$5" in\n10.0.0.2) ${route} ;;\nesac`, 'networks: [10.2.0.0/16]'],
    [`case "$5" in\n10.0.1.2) ${route} ;;\nesac`, ''],
    [`case $6 in home|office)\n${route}\n;;\n*) exit 1;; esac`, 'networks: [10.2.0.0/16]'],
    [`case $6 in off*) ${route};; esac`, 'networks: [10.2.0.0/16]'],
    [`if [ "$6" = office ]; then\n${route}\nelse\nroute add default dev $1\nfi`, 'networks: [10.2.0.0/16]'],
    [
      `if [ "$6" = home ]; then\n${route}\nelif [ x$6 = xoffice ]; then\nroute add default dev $1\nfi`,
      'default-route: on',
    ],
    [`if test $4 != 10.0.0.1\nthen ${route}\nfi`, ''],
    [`[ "$PPP_IPPARAM" = "office" ] && ${route}`, 'networks: [10.2.0.0/16]'],
    [`[ "$6" = home ] || ${route}`, 'networks: [10.2.0.0/16]'],
    [`[ "$1" = ppp7 ] || exit 0\n${route}`, 'networks: [10.2.0.0/16]'],
    [`[ "$1" = ppp3 ] || exit 0\n${route}`, ''],
    [`if [ "$6" = office ]; then exit 0; fi\n${route}`, ''],
    [`[ -x /sbin/ip ] && ${route}`, 'networks: [10.2.0.0/16]'],
    [`[ -x /sbin/ip ] || exit 0\n${route}`, 'networks: [10.2.0.0/16]'],
    [`NET=10.2.0.0/16\nVIA="$5"\nip route add "$NET" \\\n  via $VIA`, 'networks: [10.2.0.0/16]'],
    [`if ping -c1 $5; then ${route}; fi`, ''],
    [`for n in 2 3; do ip route add 10.$n.0.0/16 dev $1; done`, 'up: [{ run: /etc/ppp/ip-up, pppd: on }]'],
    [`exit 0\n${route}`, ''],
  ];
  for (const [script, office] of cases) {
    it(script.replaceAll('\n', ' ⏎ '), () => {
      assert.equal(network('office', script), office);
    });
  }

  it('that are not understood are said to be so', () => {
    const { notes } = run({ ...peers, '/etc/ppp/ip-up': `if ping -c1 $5; then ${route}; fi` }, 'office');
    assert.ok(notes.some((note) => /ip-up:1: .*: it stands under a condition that is not understood/.test(note)));
  });
});

describe('several links', () => {
  it('get what is meant for each of them', () => {
    const script =
      'case $6 in\nhome) ip route add 10.3.0.0/16 dev $1;;\noffice) ip route add 10.2.0.0/16 dev $1;;\nesac';
    assert.deepEqual(both(script), ['home', 'networks: [10.3.0.0/16]', 'office', 'networks: [10.2.0.0/16]']);
  });

  it('get a route by its gateway, or by an interface that is called so', () => {
    assert.deepEqual(both('route add -net 10.3.0.0/16 gw 10.0.1.2\nroute add -net 10.2.0.0/16 dev ppp7'), [
      'home',
      'networks: [10.3.0.0/16]',
      'office',
      'networks: [10.2.0.0/16]',
    ]);
  });

  it('get nothing that could be meant for any of them', () => {
    const script = 'ip route add 10.3.0.0/16 dev $1\nsendmail -q';
    assert.deepEqual(both(script), ['home', 'office']);
    const { notes } = run({ ...peers, '/etc/ppp/ip-up': script });
    assert.deepEqual(notes, [
      '/etc/ppp/ip-up:1: ip route add 10.3.0.0/16 dev $1: several links may be meant; write `networks: [10.3.0.0/16]` at the one that is',
      '/etc/ppp/ip-up:2: sendmail -q: several links may be meant; write `hooks.up` at the one that is',
    ]);
  });
});

const segment = fc.oneof(
  fc.stringMatching(/^[a-z0-9./:%,@+=-]{1,4}$/),
  fc.stringMatching(/^[ -~]$/).map((character) => `\\${character}`),
  fc.stringMatching(/^[ -&(-~]{0,6}$/).map((text) => `'${text}'`),
  fc
    .array(
      fc.oneof(fc.stringMatching(/^[ !#%-[\]-_a-~]$/), fc.constantFrom('\\\\', '\\"', '\\$', '\\`', '\\n', '$A')),
      { maxLength: 5 },
    )
    .map((parts) => `"${parts.join('')}"`),
  fc.constantFrom('$A', '${B}', '"$B"', '\\\n'),
);
const commandLine = fc
  .array(
    fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `w${parts.join('')}`),
    { minLength: 1, maxLength: 4 },
  )
  .map((words) => words.join(' '));

describe('the words of a shell', () => {
  it('are those that sh(1) makes of them', () => {
    const lines = fc.sample(commandLine, 200);
    const values: Readonly<Record<string, string>> = { A: 'one', B: 'two' };
    const script = `A=one\nB=two\n${lines.map((line) => `printf '%s\\001' ${line}\nprintf '\\002'\n`).join('')}`;
    const real = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\u0002').slice(0, -1);
    const ours = lines.map((line) =>
      readTokens(line)
        .map((token) =>
          token.kind === 'word' ? `${expand(token.word, (name) => values[name] ?? '')}\u0001` : 'operator',
        )
        .join(''),
    );
    assert.equal(real.length, lines.length);
    assert.deepEqual(ours, real);
  });
});

describe('a shell script', () => {
  it('is read as its commands, whatever it holds', () => {
    const text = `a 'b c' "d $e" \\\n f # no\ng; h && i | j > k 2>&1\nfoo() {\n l\n}\nwhile read x; do m; done < n\n`;
    assert.deepEqual(
      readScript(text).map(
        ({ words, line, lastLine }) => `${line}-${lastLine} ${words.map((word) => word.text).join('·')}`,
      ),
      ['1-2 a·b c·d $e·f', '3-3 g', '3-3 h', '3-3 i', '3-3 j', '4-4 foo', '5-5 l', '7-7 read·x', '7-7 m'],
    );
  });
});
