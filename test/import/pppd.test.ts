/** The options of pppd, each by what it becomes: a key of the config, nothing since linkd has no need of it, or a note. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findOption, optionNames } from '../../src/import/pppd-table.js';
import { linkText, run } from './support.js';

/** Every option that pppd(8) of version 2.4.9 has, in its order. */
const manual = `
asyncmap auth call connect crtscts defaultroute defaultroute-metric defaultroute6 replacedefaultroute disconnect
escape file init lock mru mtu passive +ipv6 ipv6 active-filter allow-ip allow-number bsdcomp ca cdtrcts cert
chap-interval chap-max-challenge chap-restart chap-timeout chapms-strip-domain child-timeout connect-delay crl
crl-dir debug default-asyncmap default-mru deflate demand domain dryrun dump enable-session endpoint eap-interval
eap-max-rreq eap-max-sreq eap-restart eap-timeout hide-password holdoff idle ipcp-accept-local ipcp-accept-remote
ipcp-max-configure ipcp-max-failure ipcp-max-terminate ipcp-restart ipparam ipv6cp-accept-local ipv6cp-accept-remote
ipv6cp-max-configure ipv6cp-max-failure ipv6cp-max-terminate ipv6cp-restart ipx ipx-network ipx-node ipx-router-name
ipx-routing ipxcp-accept-local ipxcp-accept-network ipxcp-accept-remote ipxcp-max-configure ipxcp-max-failure
ipxcp-max-terminate kdebug key ktune lcp-echo-adaptive lcp-echo-failure lcp-echo-interval lcp-max-configure
lcp-max-failure lcp-max-terminate lcp-restart linkname local logfd logfile login master_detach maxconnect maxfail
modem mp mppe-stateful mpshortseq mrru ms-dns ms-wins multilink name noaccomp need-peer-eap noauth nobsdcomp noccp
nocrtscts nocdtrcts nodefaultroute noreplacedefaultroute nodefaultroute6 nodeflate nodetach noendpoint noip noipv6
noipdefault noipx noktune nolock nolog nomagic nomp nomppe nomppe-40 nomppe-128 nomppe-stateful nompshortseq
nomultilink nopcomp nopersist nopredictor1 noproxyarp noremoteip notty novj novjccomp papcrypt pap-max-authreq
pap-restart pap-timeout pass-filter password persist plugin predictor1 privgroup proxyarp pty receive-all record
remotename remotenumber refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap refuse-pap require-chap require-mppe
require-mppe-40 require-mppe-128 require-mschap require-mschap-v2 require-eap require-pap set show-password silent
srp-interval srp-pn-secret srp-use-pseudonym stop-bits sync unit ifname unset updetach up_sdnotify usehostname
usepeerdns user vj-max-slots welcome xonxoff
`;

const peer = '/etc/ppp/peers/one';
const base = '/dev/ttyS0 115200 crtscts local 10.0.0.1:10.0.0.2\n';
const plain = linkText({ [peer]: base });

/** What these options add to the config of a link, in its order, and as one line. */
function added(options: string, files: Readonly<Record<string, string>> = {}): string {
  return linkText({ ...files, [peer]: base + options })
    .filter((line) => !plain.includes(line))
    .map((line) => line.trim())
    .join(' ');
}

/** Options, and what they add to the config. */
const carried: readonly [options: string, keys: string][] = [
  ['mru 296 mtu 576', 'mtu: 576 lcp: mru: 296'],
  ['asyncmap 200000 asyncmap a0000', 'lcp: asyncmap: 0x002a0000'],
  ['asyncmap 0', 'lcp: asyncmap: none'],
  ['default-asyncmap asyncmap 5', 'lcp: asyncmap: all'],
  ['escape 11,13,FF', 'lcp: escape: [0x11, 0x13, 0xff]'],
  ['nomagic nopcomp noaccomp', 'lcp: magic: off pfc: off acfc: off'],
  ['-mn -pc -ac -p', 'lcp: magic: off pfc: off acfc: off passive: on'],
  ['silent lcp-restart 2 lcp-max-configure 20', 'lcp: silent: on restart: 2s max-configure: 20'],
  ['lcp-max-terminate 3 lcp-max-failure 7', 'lcp: max-terminate: 3 max-failure: 7'],
  ['lcp-echo-interval 20 lcp-echo-failure 3', 'lcp: echo: interval: 20s failures: 3'],
  ['lcp-echo-failure 0', 'lcp: echo: interval: off'],
  ['novj novjccomp vj-max-slots 4', 'ipcp: vj: off'],
  ['novjccomp vj-max-slots 4', 'ipcp: vj: slot-compression: off slots: 4'],
  ['noccp deflate 15', 'compression: off'],
  ['nodeflate nobsdcomp', 'compression: off'],
  ['bsdcomp 0', 'compression: [deflate]'],
  ['deflate 12,12 bsdcomp 12', 'compression: [deflate, bsd]'],
  ['predictor1 nobsdcomp', 'compression: [deflate, predictor1]'],
  ['nodeflate', 'compression: send: off receive: [bsd]'],
  ['deflate 15', ''],
  ['usepeerdns ms-dns 10.0.0.53 ms-wins 10.0.0.9', 'ipcp: dns: ask: on offer: [10.0.0.53] wins: offer: [10.0.0.9]'],
  ['defaultroute', 'default-route: on'],
  ['defaultroute nodefaultroute', ''],
  ['defaultroute defaultroute-metric 5', 'default-route: metric: 5'],
  ['defaultroute replacedefaultroute', 'default-route: supersede: on'],
  ['defaultroute defaultroute-metric -1', 'default-route: on'],
  ['proxyarp', 'proxy-arp: [peer]'],
  ['ipcp-accept-remote', 'ipcp: accept-remote: any'],
  ['+ipv6', 'ipv6: on'],
  ['+ipv6 ipv6 ::1,::2', 'ipv6: local: "::1" remote: "::2"'],
  ['+ipv6 ipv6cp-use-ipaddr', 'ipv6: local: "::a00:1"'],
  ['unit 4', 'interface: ppp4'],
  ['ifname wan0', 'interface: wan0'],
  ['ipparam "two words"', 'hooks: ipparam: "two words"'],
  ['idle 600', 'when: idle: 600s'],
  ['demand idle 60', 'when: demand: on idle: 60s'],
  ['maxconnect 3600 holdoff 20 maxfail 0', 'when: longest: 3600s restart: quick: 20s max-attempts: 0'],
  ['multilink mrru 1600 mpshortseq', 'multilink: mrru: 1600 short-sequence: on'],
  ['mp', 'multilink: on'],
  ['linkname x nodetach debug lock persist noauth hide-password noipx', ''],
];

/** Options, and what is said of them. */
const noted: readonly [options: string, note: RegExp][] = [
  ['sync', /sync: linkd frames asynchronously; leave this line to pppd$/],
  ['active-filter "not icmp"', /does not read the language of tcpdump; say it by `when\.count`/],
  ['plugin /usr/lib/pppd/rp-pppoe.so', /PPPoE runs over Ethernet/],
  ['nic-eth1', /nic-eth1: PPPoE/],
  ['mru 64000', /linkd can't take this for `lcp\.mru`/],
  ['asyncmap zzz', /no map of 32 bits/],
  ['noremoteip', /needs an address of the peer/],
  ['frobnicate', /frobnicate: pppd's manual has no such option/],
  ['file /etc/ppp/nowhere', /there is no \/etc\/ppp\/nowhere/],
  ['call one', /one: pppd's manual|there is no|without end/],
  ['login', /does not know the accounts of the system/],
  ['papcrypt', /no crypted passwords/],
  ['welcome "echo hello there"', /welcome echo …: linkd runs nothing between dialing and PPP/],
  ['connect "a | b"', /connect a …: it takes a shell; write `dial`/],
  ['connect "chat -f script"', /script depends on where pppd is started/],
  ['connect "/usr/bin/wvdial --chat gone"', /wvdial\.conf has no section gone/],
];

describe('the table of options', () => {
  const names = manual.trim().split(/\s+/);

  it('has every option of the manual', () => {
    assert.ok(names.length > 180);
    assert.deepEqual(
      names.filter((name) => findOption(name) === undefined),
      [],
    );
  });

  it('leaves none of its options without a word', () => {
    const silent = optionNames().filter((name) => {
      const option = findOption(name);
      const { verdicts } = run({ [peer]: `${base}${name}${option?.takes === 1 ? ' 5' : ''}\n` });
      const told = verdicts.filter(({ given }) => given.line === 2);
      return (
        told.length === 0 ||
        told.some(({ outcome }) => outcome.kind === 'left' && outcome.why.includes('concerns none'))
      );
    });
    assert.deepEqual(silent, []);
  });
});

describe('options that are carried over', () => {
  for (const [options, keys] of carried) {
    it(`${options} → ${keys === '' ? 'nothing' : keys}`, () => {
      assert.equal(added(options), keys);
    });
  }

  it('override each other in the order in which pppd reads them', () => {
    const files = {
      '/etc/ppp/options': 'mru 1000 idle 60\n',
      '/etc/ppp/options.ttyS0': 'mru 900\n',
      '/etc/ppp/common': 'mru 800 xonxoff\n',
    };
    assert.equal(added('file ../common crtscts', files), 'when: idle: 60s lcp: mru: 800');
    const { text } = run({ ...files, [peer]: `${base}mru 700` });
    assert.match(text, /options\.ttyS0:1: mru 900: \/etc\/ppp\/peers\/one:2 says otherwise/);
  });
});

describe('options that are left', () => {
  for (const [options, note] of noted) {
    it(options, () => {
      const { notes } = run({ [peer]: `${base}${options}\n` });
      assert.ok(
        notes.some((line) => note.test(line)),
        notes.join('\n'),
      );
    });
  }
});

describe('the line', () => {
  const lines: readonly [options: string, line: string][] = [
    ['ttyS1 9600 xonxoff local', 'line: serial: /dev/ttyS1 speed: 9600 flow: xonxoff carrier: ignore'],
    ['/dev/ttyS1 nocrtscts modem', 'line: serial: /dev/ttyS1 flow: none carrier: require'],
    ['pty "ssh -t office pppd notty"', 'line: exec: [ssh, -t, office, pppd, notty] pty: on'],
    ['pty "a | b"', 'line: exec: [/bin/sh, -c, "a | b"] pty: on'],
    ['socket 192.0.2.1:7000', 'line: tcp: 192.0.2.1:7000'],
  ];
  for (const [options, line] of lines) {
    it(options, () => {
      const given = linkText({ [peer]: `${options} 10.0.0.1:10.0.0.2` }).map((text) => text.trim());
      assert.equal(given.slice(1, given.indexOf('local: 10.0.0.1')).join(' '), line);
    });
  }
});

describe('authentication', () => {
  const pap = { '/etc/ppp/pap-secrets': 'ann * hidden-pap\n*  one  hidden-too 10.0.0.2' };
  const chap = { '/etc/ppp/chap-secrets': 'ann hub hidden-chap\nhub ann hidden-other 10.0.0.2' };
  const cases: readonly [options: string, files: Readonly<Record<string, string>>, keys: string][] = [
    ['user ann noauth', pap, 'auth: user: ann secrets: pap: /etc/ppp/pap-secrets accept: [pap]'],
    ['name ann noauth', chap, 'auth: name: ann secrets: chap: /etc/ppp/chap-secrets'],
    ['name ann require-chap', chap, 'auth: name: ann secrets: chap: /etc/ppp/chap-secrets require: [chap]'],
    ['name ann remotename other', chap, 'auth: name: ann remotename: other'],
    [
      'user ann refuse-eap refuse-pap',
      { ...pap, ...chap },
      'auth: user: ann secrets: pap: /etc/ppp/pap-secrets chap: /etc/ppp/chap-secrets accept: [mschap-v2, chap]',
    ],
    ['name one auth', pap, 'auth: name: one secrets: pap: /etc/ppp/pap-secrets require: [pap] accept: [pap]'],
    ['+pap', {}, 'auth: require: [pap] peer-secret: file: /etc/linkd/one.peer-secret'],
    [
      'user ann password hidden-word',
      {},
      'auth: secret: file: /etc/linkd/one.secret user: ann accept: [eap, mschap-v2, chap, pap]',
    ],
    [
      '+ua /etc/ppp/ua',
      { '/etc/ppp/ua': 'ann\nhidden-ua\n' },
      'auth: secret: file: /etc/linkd/one.secret user: ann accept: [eap, mschap-v2, chap, pap]',
    ],
    [
      'name ann auth chap-interval 600',
      chap,
      'auth: name: ann secrets: chap: /etc/ppp/chap-secrets require: [eap, mschap-v2, chap] rechallenge: 600s',
    ],
    [
      'require-mppe-128 name ann',
      chap,
      'auth: name: ann secrets: chap: /etc/ppp/chap-secrets compression: mppe: required mppe-bits: [128]',
    ],
    [
      'mppe required,no40,stateless name ann',
      chap,
      'auth: name: ann secrets: chap: /etc/ppp/chap-secrets compression: mppe: required mppe-bits: [128]',
    ],
  ];
  for (const [options, files, keys] of cases) {
    it(`${options} with ${Object.keys(files).join(' and ') || 'no file'}`, () => {
      assert.equal(added(options, files), keys);
      const { text } = run({ ...files, [peer]: base + options });
      assert.doesNotMatch(text, /hidden/);
    });
  }
});
