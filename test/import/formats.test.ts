/** Chat scripts as pppd's commands, wvdial.conf and interfaces(5): each form that people wrote, and what it becomes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unknownTargets } from '../../src/import/import.js';
import { filesOf, linkText, run } from './support.js';

const peer = '/etc/ppp/peers/one';
const base = '/dev/ttyS0 115200 crtscts 10.0.0.1:10.0.0.2\n';
const start = linkText({ [peer]: base });

/** What a command of pppd adds to the config, a line for each. */
function dial(options: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  return linkText({ ...files, [peer]: base + options })
    .filter((line) => !start.includes(line) && !line.includes('autostart'))
    .map((line) => line.trim());
}

describe('connect', () => {
  it('with words becomes their script', () => {
    assert.deepEqual(dial(`connect "chat -v -t 60 ABORT 'NO CARRIER' '' ATZ OK-AT-OK ATDT5 CONNECT '\\\\d\\\\c'"`), [
      'dial:',
      'chat: |',
      'TIMEOUT 60',
      'ABORT NO\\sCARRIER',
      "'' ATZ",
      'OK-AT-OK ATDT5',
      'CONNECT \\d\\c',
    ]);
  });

  it('with a number fills it in', () => {
    assert.deepEqual(dial(`connect "chat -T 555 -U777 '' 'ATDT\\\\T' OK '\\\\U'"`).slice(2), ["'' ATDT555", 'OK 777']);
  });

  it('with a file names it, and its number', () => {
    const file = { '/etc/chat': 'ABORT BUSY\n"" ATDT\\T\nCONNECT ""\n' };
    assert.deepEqual(dial('connect "exec chat -f /etc/chat -T 0W,5551234"', file), [
      'dial:',
      'modem: none',
      'number: "0W,5551234"',
      'chat:',
      'file: /etc/chat',
    ]);
    assert.deepEqual(dial('connect "chat -f /etc/chat -T internet.example"', file).slice(2, 5), [
      'ABORT BUSY',
      "'' ATDTinternet.example",
      "CONNECT ''",
    ]);
  });

  it('with passwords names files for them', () => {
    const words = dial(`connect "chat '' AT ogin:--ogin: ann ssword: tops3cret PIN: 9876543"`);
    assert.deepEqual(words.slice(2), [
      "'' AT",
      'ogin:--ogin: ann',
      'ssword: @/etc/linkd/one.secret',
      'PIN: @/etc/linkd/one.secret2',
    ]);
  });

  it('has a file for each of several secrets', () => {
    const words = dial(`connect "chat '' AT ssword: tops3cret" password other-one user ann`);
    assert.deepEqual(words.slice(2), [
      "'' AT",
      'ssword: @/etc/linkd/one.secret',
      'auth:',
      'secret:',
      'file: /etc/linkd/one.secret2',
      'user: ann',
      'accept: [eap, mschap-v2, chap, pap]',
    ]);
  });

  it('that waits for a ring answers', () => {
    assert.deepEqual(dial(`connect "chat '' AT OK '' RING ATA CONNECT ''" require-chap`).slice(0, 2), [
      'answer:',
      'rings: 1',
    ]);
  });

  it('is known for the cable of Windows, both ways', () => {
    assert.deepEqual(dial(`connect "chat CLIENT 'CLIENTSERVER\\\\c'"`), ['dial:', 'modem: windows-server']);
    assert.deepEqual(dial(`connect "chat '' CLIENT CLIENTSERVER ''"`), ['dial:', 'modem: windows']);
  });

  it('by wvdial takes the section of wvdial.conf', () => {
    const conf = '[Dialer Defaults]\nInit1 = ATZ\n[Dialer isp]\nPhone = 5551234\nStupid Mode = 1\n';
    const { text } = run({ [peer]: `${base}connect "/usr/bin/wvdial --chat isp"`, '/etc/wvdial.conf': conf }, 'one');
    assert.match(text, /number: \[5551234\] # \/etc\/wvdial\.conf:4\n {6}init: \[ATZ\]/);
  });

  it('that does nothing is not needed', () => {
    assert.deepEqual(dial('connect /bin/true'), []);
  });

  it('with disconnect says how to hang up, and init how to answer', () => {
    const connect = `connect "chat '' ATDT5"`;
    assert.ok(dial(`${connect} disconnect "chat '' '\\\\d+++\\\\d\\\\c' OK ATH0"`).includes('hangup: escape'));
    assert.deepEqual(dial(`init "chat '' ATZ OK ATS0=2 OK"`).slice(0, 2), ['answer:', 'init: [ATZ, ATS0=2]']);
  });
});

describe('wvdial.conf', () => {
  const link = (conf: string): string =>
    linkText({ '/etc/wvdial.conf': conf })
      .map((line) => line.trim())
      .join(' ');

  it('has what wvdial takes for granted', () => {
    assert.equal(
      link('[Dialer Defaults]\nPhone = 555-4242\nStupid Mode = yes\n'),
      'wvdial: line: serial: /dev/modem speed: 57600 flow: rtscts local: from-peer remote: from-peer ipcp: dns: ask: on default-route: on autostart: off dial: number: [555-4242]',
    );
  });

  it('logs in where wvdial does', () => {
    assert.match(
      link('[Dialer Defaults]\nPhone=5\nUsername=ann\nPassword=hidden-one\nDefault Reply=start ppp\n'),
      /login: user: ann secret: file: \/etc\/linkd\/wvdial\.secret command: "start ppp" auth: secret: file: \/etc\/linkd\/wvdial\.secret user: ann accept: \[eap, mschap-v2, chap, pap\]$/,
    );
  });

  it('inherits, over the defaults, and not in a circle', () => {
    const conf =
      '[Dialer Defaults]\nInit1=ATZ\n[Dialer a]\nInherits=b\nPhone=1\n[Dialer b]\nInherits=a\nInit1=ATX3\nInit2=ATM0\n';
    assert.match(link(conf), /a: .*dial: number: \[1\] init: \[ATX3, ATM0\]/);
  });

  it('knows mobile networks', () => {
    const conf = '[Dialer Defaults]\nInit2=AT+CPIN="1234"\nInit3=AT+CGDCONT=1,"IP","web.example"\nPhone=*99***1#\n';
    assert.match(
      link(conf),
      /dial: modem: gsm number: \["\*99\*\*\*1#"\] pin: file: \/etc\/linkd\/wvdial\.pin apn: web\.example$/,
    );
  });
});

describe('interfaces(5)', () => {
  const interfaces = '/etc/network/interfaces';
  const dialed = { [peer]: `${base}connect "chat '' ATDT5"\n` };

  it('says what starts with the machine', () => {
    const stanza = 'iface ppp0 inet ppp\n provider one\n';
    assert.ok(linkText({ ...dialed, [interfaces]: stanza }).includes('    autostart: off'));
    assert.ok(!linkText({ ...dialed, [interfaces]: `auto ppp0\n${stanza}` }).includes('    autostart: off'));
  });

  it('is read through what it sources, once', () => {
    const texts = {
      ...dialed,
      [interfaces]: 'source interfaces.d/*.cfg\nsource-directory interfaces.d\nsource interfaces\n',
      '/etc/network/interfaces.d/a.cfg': 'iface ppp0 inet ppp\n provider one\n unit 5\n',
    };
    assert.ok(linkText(texts).includes('    interface: ppp5'));
    assert.equal(run(texts).links.length, 1);
  });

  it('has commands of the link alone, also when there are others', () => {
    const texts = {
      ...dialed,
      '/etc/ppp/peers/two': '/dev/ttyS1 10.0.1.1:10.0.1.2\n',
      [interfaces]:
        'iface ppp0 inet ppp\n provider one\n up route add -net 10.7.0.0/16 dev $IFACE\n up /bin/say "it is up"\n',
    };
    const { text } = run(texts);
    assert.match(text, /networks: \[10\.7\.0\.0\/16\] # \/etc\/network\/interfaces:3/);
    assert.match(text, /up: \[\{ run: \[\/bin\/say, "it is up"\] \}\] # \/etc\/network\/interfaces:4/);
  });
});

describe('the name of a link', () => {
  const names: readonly [file: string, name: string][] = [
    ['010', '"010"'],
    ['null', 'null'],
    ['yes', 'yes'],
    ['user@isp.example', 'user-isp-example'],
    ['--x--', 'x'],
    ['a-name-that-goes-on-for-ever-and-longer', 'a-name-that-goes-on-for-ever-and'],
  ];
  for (const [file, name] of names) {
    it(`of ${file} is ${name}`, () => {
      const { links, mistakes } = run({ [`/etc/ppp/peers/${file}`]: base });
      assert.deepEqual(links, [{ name: name.replaceAll('"', ''), isActive: true }]);
      assert.deepEqual(mistakes, []);
    });
  }

  it('is never that of another', () => {
    const texts = { '/etc/ppp/peers/a@b': base, '/etc/ppp/peers/A-b': '/dev/ttyS1 10.0.1.1:10.0.1.2' };
    assert.deepEqual(
      run(texts).links.map(({ name }) => name),
      ['A-b', 'a-b-2'],
    );
  });
});

describe('what makes no link', () => {
  it('is not taken for a peer', () => {
    const texts = {
      '/etc/ppp/pap-secrets': 'a b c',
      '/etc/ppp/ip-up': '#!/bin/sh\nexit 0',
      '/tmp/on': '#!/bin/sh\npppd ttyS0',
    };
    const files = filesOf(texts);
    assert.deepEqual(unknownTargets(files, [...Object.keys(texts), 'nobody']), [
      '/etc/ppp/pap-secrets',
      '/etc/ppp/ip-up',
      'nobody',
    ]);
  });
});

describe('links that can not stand beside each other', () => {
  it('are commented out, and the first one stays', () => {
    const imported = run({ [peer]: base, '/etc/ppp/peers/two': base.replace('10.0.0.2', '10.0.0.3') });
    assert.deepEqual(imported.links, [
      { name: 'one', isActive: true },
      { name: 'two', isActive: false },
    ]);
    assert.match(imported.text, /# - .*is already used by link `one`.*\n(?: {2}#.*\n)*# {2}two:\n# {4}line:\n/);
    assert.deepEqual(imported.mistakes, []);
  });

  it('lose what linkd would not take of them, and no more', () => {
    const script =
      'ip route add 224.0.0.0/4 dev $1\nip route add 10.5.0.0/16 dev $1\nip route add 10.5.0.0/16 dev $1 metric 3\n';
    const { links, text, notes } = run({ [peer]: base, '/etc/ppp/ip-up': script });
    assert.deepEqual(links, [{ name: 'one', isActive: true }]);
    assert.match(text, /^ {4}networks: \[10\.5\.0\.0\/16\] #/m);
    assert.match(
      text,
      /Left out, since linkd would not take it:\n {2}# - links\.one\.networks\[0\]: .*; it was "224\.0\.0\.0\/4" \(\/etc\/ppp\/ip-up:1/,
    );
    assert.equal(notes.length, 2);
  });

  it('get default routes in an order', () => {
    const two = { [peer]: `${base}defaultroute`, '/etc/ppp/peers/two': '/dev/ttyS1 10.0.1.1:10.0.1.2 defaultroute' };
    assert.match(run(two).text, /default-route:\n {6}metric: 10 # behind/);
  });
});
