/**
 * The hooks of etc/hooks, each run by the runner against the real program that it speaks to, in a namespace where that needs
 * the network; and Debian's own /etc/ppp/ip-up. Needs root.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { HookMoment } from '../../src/hooks/options.js';
import type { HookResult } from '../../src/hooks/result.js';
import { facts, hook, isAlive, PATIENCE_MS, Rig } from '../hooks/rig.js';
import { eventually, within } from '../support/eventually.js';
import { Lab, type Namespace } from '../support/netns.js';
import { Pop3Server } from '../support/pop3-server.js';
import { must } from '../support/process.js';
import { root as project } from '../support/root.js';

const shipped = join(project, 'etc/hooks');

interface How {
  readonly inside?: Namespace;
  /** A command that runs the command behind it. */
  readonly through?: readonly string[];
  readonly user?: string;
}

/** A hook of etc/hooks, as it would be installed: a copy that belongs to root. */
class Shipped extends Rig {
  readonly #path: string;

  constructor(t: TestContext, name: string) {
    super(t);
    this.#path = this.path(name);
    copyFileSync(join(shipped, name), this.#path);
    chmodSync(this.#path, 0o755);
  }

  /** Runs it with these arguments, inside a namespace or not. */
  async at(moment: HookMoment, args: readonly string[], { inside, through = [], user }: How = {}): Promise<HookResult> {
    const entry = inside === undefined ? [] : ['/bin/ip', 'netns', 'exec', inside.name];
    const [program = this.#path, ...rest] = [...entry, ...through, this.#path, ...args];
    const about = { ...facts, control: this.path('control.sock') };
    const one = this.start(moment, [hook([program, ...rest], { user })], about);
    const [result] = await within(one.done, PATIENCE_MS, 'the end of the hook');
    assert.ok(result);
    return result;
  }

  async succeeds(...call: Parameters<Shipped['at']>): Promise<string> {
    const { outcome, output } = await this.at(...call);
    assert.deepEqual({ outcome, output }, { outcome: { kind: 'exit', code: 0 }, output });
    return output;
  }
}

/** Made before the rig, so that what runs inside has ended when the rig's folder is removed. */
async function namespace(t: TestContext): Promise<Namespace> {
  const lab = await Lab.create();
  t.after(() => lab.close());
  return lab.namespace('office');
}

describe('the shipped hooks', () => {
  const names = readdirSync(shipped).sort();

  it('are those that are tested here', () => {
    assert.deepEqual(names, ['chrony', 'extra-routes', 'fetch-mail', 'flush-mail', 'service-once', 'update-dns']);
  });

  it('can be executed, and change nothing but by their arguments', () => {
    for (const name of names) {
      assert.equal(statSync(join(shipped, name)).mode & 0o111, 0o111, name);
      assert.match(readFileSync(join(shipped, name), 'utf8'), /^#!\/bin\/sh\n# [A-Z][^]*\nset -eu\n/, name);
    }
  });

  it('are written with care: shellcheck has nothing to say', async () => {
    await must(
      'shellcheck',
      names.map((name) => join(shipped, name)),
    );
  });

  it('are all in docs/hooks.md', () => {
    const text = readFileSync(join(project, 'docs/hooks.md'), 'utf8');
    for (const name of names) assert.match(text, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
  });
});

describe('extra-routes', () => {
  it('adds routes of all kinds, and takes out no others', async (t) => {
    const inside = await namespace(t);
    const rig = new Shipped(t, 'extra-routes');
    for (const words of ['link add br0 type bridge', 'link set br0 up', 'address add 10.0.0.1/24 dev br0'])
      await inside.ip(words);
    await inside.ip('route add 10.8.0.0/16 dev br0');
    const args = ['10.9.0.0/16 metric 50', '10.10.0.0/16 mtu 1280 table 100', '10.11.0.0/16 via 10.0.0.2'];
    const before = await inside.ip('route show table all');

    await rig.succeeds('up', args, { inside });
    assert.match(await inside.ip('route show 10.9.0.0/16'), /^10\.9\.0\.0\/16 dev br0 .*metric 50/);
    assert.match(await inside.ip('route show table 100'), /^10\.10\.0\.0\/16 dev br0 .*mtu 1280/);
    assert.match(await inside.ip('route show 10.11.0.0/16'), /^10\.11\.0\.0\/16 via 10\.0\.0\.2 dev br0/);

    await rig.succeeds('down', args, { inside });
    assert.equal(await inside.ip('route show table all'), before);
    await rig.succeeds('down', args, { inside });
  });

  it('leaves a route of someone else, says so, and sets the others', async (t) => {
    const inside = await namespace(t);
    const rig = new Shipped(t, 'extra-routes');
    await inside.ip('link add br0 type bridge');
    await inside.ip('link set br0 up');
    await inside.ip('route add 10.9.0.0/16 dev lo');
    const { outcome, output } = await rig.at('up', ['10.9.0.0/16', '10.10.0.0/16'], { inside });
    assert.equal(outcome.kind === 'exit' && outcome.code !== 0, true);
    assert.match(output, /File exists/);
    assert.match(await inside.ip('route show 10.9.0.0/16'), /dev lo/);
    assert.match(await inside.ip('route show 10.10.0.0/16'), /dev br0/);
  });
});

describe('service-once', () => {
  it('starts the program unless it runs, and stops it', async (t) => {
    const rig = new Shipped(t, 'service-once');
    const args = ['sleeper', '/bin/sleep', '600'];
    const pid = (): number => Number(rig.written('sleeper.pid') ?? Number.NaN);
    t.after(async () => {
      await rig.at('down', args);
    });

    await rig.succeeds('up', args);
    const first = await eventually(() => pid() || undefined, PATIENCE_MS, 'the program has a pid');
    assert.ok(isAlive(first));
    await rig.succeeds('up', args);
    assert.equal(pid(), first);

    await rig.succeeds('down', args);
    assert.equal(isAlive(first), false);
    assert.equal(rig.written('sleeper.pid'), undefined);
    await rig.succeeds('down', args);
  });

  it('does not take the process of someone else for its own', async (t) => {
    const rig = new Shipped(t, 'service-once');
    writeFileSync(rig.path('sleeper.pid'), `${process.pid}\n`);
    await rig.succeeds('down', ['sleeper', '/bin/sleep', '600']);
    assert.ok(isAlive(process.pid));
  });

  it('takes no name that leads elsewhere', async (t) => {
    const { outcome } = await new Shipped(t, 'service-once').at('up', ['../x', '/bin/sleep', '600']);
    assert.deepEqual(outcome, { kind: 'exit', code: 2 });
  });
});

describe('chrony', () => {
  it('tells chronyd that its servers are there, and that they are gone', async (t) => {
    const inside = await namespace(t);
    const rig = new Shipped(t, 'chrony');
    const folder = rig.path('run');
    mkdirSync(folder, { mode: 0o700 });
    const socket = join(folder, 'chronyd.sock');
    const config = [
      ...['server 127.0.0.2 offline', 'server 127.0.0.3 offline', 'port 0', 'cmdport 0', 'user root'],
      ...[`bindcmdaddress ${socket}`, `pidfile ${folder}/chronyd.pid`],
    ];
    writeFileSync(rig.path('chrony.conf'), config.join('\n'));
    // -x: it does not touch the clock.
    const daemon = inside.spawn('chronyd', ['-x', '-d', '-f', rig.path('chrony.conf')]);
    const sources = async (): Promise<string> => {
      // Online, offline, and three kinds of in between.
      const { stdout } = await inside.run('chronyc', ['-h', socket, '-c', 'activity']);
      return stdout.trim();
    };
    await eventually(async () => (await sources()) === '0,2,0,0,0', PATIENCE_MS, `two sources: ${daemon.stderr}`);
    assert.match(await rig.succeeds('up', ['-h', socket], { inside }), /200 OK/);
    assert.equal(await sources(), '2,0,0,0,0');
    await rig.succeeds('down', ['-h', socket], { inside });
    assert.equal(await sources(), '0,2,0,0,0');
    await daemon.stop();
    assert.equal((await rig.at('up', ['-h', socket], { inside })).outcome.kind, 'exit');
  });
});

describe('update-dns', () => {
  const NAME = 'branch.example.net';

  it('gives the name our address, at the real name server, with the right key only', async (t) => {
    const inside = await namespace(t);
    const rig = new Shipped(t, 'update-dns');
    const key = await serveZone(rig, inside);
    const lookUp = async (): Promise<string> => inside.must('dig', ['+short', '@127.0.0.1', NAME, 'A']);
    const args = [key, '127.0.0.1', 'example.net', NAME];
    assert.equal(await lookUp(), '192.0.2.99\n');

    await rig.succeeds('up', args, { inside });
    assert.equal(await lookUp(), '10.0.0.1\n');
    await rig.succeeds('address-changed', [...args, '30'], { inside });
    assert.match(
      await inside.must('dig', ['@127.0.0.1', NAME, 'A']),
      /^branch\.example\.net\.\s+30\s+IN\s+A\s+10\.0\.0\.1$/m,
    );

    const wrong = rig.path('wrong.key');
    writeFileSync(wrong, await must('tsig-keygen', ['linkd']), { mode: 0o600 });
    const refused = await rig.at('up', [wrong, ...args.slice(1)], { inside });
    assert.deepEqual(refused.outcome, { kind: 'exit', code: 2 });
    assert.match(refused.output, /BADSIG/);
  });

  const mistakes = [
    { name: 'a key that others can read', mode: 0o640, rest: [], says: /others can read the key: chmod 600/ },
    {
      name: 'a zone that is no name',
      mode: 0o600,
      zone: 'example.net\nserver 192.0.2.1',
      says: /not names that DNS knows/,
    },
    { name: 'a time that is no number', mode: 0o600, ttl: '1 A 192.0.2.1', says: /not a number of seconds/ },
  ];
  for (const { name, mode, zone = 'example.net', ttl = '60', says } of mistakes) {
    it(`refuses ${name}`, async (t) => {
      const rig = new Shipped(t, 'update-dns');
      const key = rig.path('dns.key');
      writeFileSync(key, await must('tsig-keygen', ['linkd']));
      chmodSync(key, mode);
      const { outcome, output } = await rig.at('up', [key, '127.0.0.1', zone, NAME, ttl]);
      assert.deepEqual(outcome, { kind: 'exit', code: 2 });
      assert.match(output, says);
    });
  }

  /** BIND serves example.net, and lets the holder of the key change it; gives the key's file. */
  async function serveZone(rig: Rig, inside: Namespace): Promise<string> {
    const key = rig.path('dns.key');
    writeFileSync(key, await must('tsig-keygen', ['linkd']), { mode: 0o600 });
    const zone = `$TTL 60\n@ SOA ns hostmaster 1 60 60 600 60\n@ NS ns\nns A 127.0.0.1\nbranch A 192.0.2.99\n`;
    writeFileSync(rig.path('zone.db'), zone);
    const config = `
      options { directory "${rig.folder}"; listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no;
                dnssec-validation no; pid-file none; session-keyfile none; };
      controls {};
      include "${key}";
      zone "example.net" { type primary; file "zone.db"; allow-update { key linkd; }; };`;
    writeFileSync(rig.path('named.conf'), config);
    const daemon = inside.spawn('named', ['-g', '-n', '1', '-c', rig.path('named.conf')]);
    await daemon.printed(/\brunning$/m, PATIENCE_MS);
    return key;
  }
});

describe('flush-mail', () => {
  it("delivers what is in Postfix's queue", async (t) => {
    const inside = await namespace(t);
    const rig = new Shipped(t, 'flush-mail');
    const config = writePostfix(rig);
    const postfix = inside.spawn('postfix', ['-c', config, 'start-fg']);
    const log = (): string => rig.written('postfix/log') ?? '';
    await eventually(() => log().includes('daemon started'), PATIENCE_MS, 'Postfix runs');
    const queue = async (): Promise<string> => (await inside.run('postqueue', ['-c', config, '-p'])).stdout;
    const folder = rig.path('delivered');
    mkdirSync(folder);
    chmodSync(folder, 0o1777);
    const branch = inside.spawn('smtp-sink', ['-u', 'nobody', '-D', join(folder, 'mail'), '127.0.0.1:2525', '5']);
    await eventually(
      async () => (await inside.must('ss', ['-Hltn'])).includes('127.0.0.1:2525'),
      PATIENCE_MS,
      'the branch takes mail',
    );
    const delivered = (): string =>
      readdirSync(folder)
        .map((file) => readFileSync(join(folder, file), 'utf8'))
        .join('');

    const asThisMachines = [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount --bind "$1" /etc/postfix && shift && exec "$@"',
      'sh',
      config,
    ];
    const calls = [
      { words: 'as it is', args: [], through: asThisMachines },
      { words: 'with arguments', args: ['-q', '-C', config], through: [] },
    ];
    for (const { words, args, through } of calls) {
      const message = `From: a@office.example\nTo: b@branch.example\nSubject: waiting\n\nFlushed ${words}\n`;
      await inside.must('sendmail', ['-C', config, '-f', 'a@office.example', 'b@branch.example'], { input: message });
      await eventually(async () => (await queue()).includes('deferred transport'), PATIENCE_MS, 'the mail waits');
      assert.ok(!delivered().includes(words));

      await rig.succeeds('up', args, { inside, through });
      await eventually(() => delivered().includes(`Flushed ${words}`), PATIENCE_MS, 'the branch has the mail');
      await eventually(async () => (await queue()).includes('queue is empty'), PATIENCE_MS, 'the queue is empty');
    }
    await postfix.stop();
    await branch.stop();
  });

  /** A Postfix of its own, that sends everything to the branch, and only when told to. */
  function writePostfix(rig: Rig): string {
    const folder = rig.path('postfix');
    for (const path of [folder, join(folder, 'queue'), join(folder, 'data')]) mkdirSync(path);
    const { uid, gid } = userOf('postfix');
    chownSync(join(folder, 'data'), uid, gid);
    const main = {
      compatibility_level: '3.6',
      queue_directory: join(folder, 'queue'),
      data_directory: join(folder, 'data'),
      maillog_file: join(folder, 'log'),
      maillog_file_prefixes: folder,
      myhostname: 'office.example',
      mydestination: '',
      inet_interfaces: 'loopback-only',
      inet_protocols: 'ipv4',
      relayhost: '[127.0.0.1]:2525',
      defer_transports: 'smtp',
      smtp_tls_security_level: 'none',
      alias_maps: '',
    };
    writeFileSync(
      join(folder, 'main.cf'),
      Object.entries(main)
        .map((pair) => `${pair.join(' = ')}\n`)
        .join(''),
    );
    const services = [
      'pickup unix n - n 60 1 pickup',
      'cleanup unix n - n - 0 cleanup',
      'qmgr unix n - n 300 1 qmgr',
      'rewrite unix - - n - - trivial-rewrite',
      'bounce unix - - n - 0 bounce',
      'defer unix - - n - 0 bounce',
      'trace unix - - n - 0 bounce',
      'flush unix n - n 1000? 0 flush',
      'smtp unix - - n - - smtp',
      'showq unix n - n - - showq',
      'error unix - - n - - error',
      'retry unix - - n - - error',
      'postlog unix-dgram n - n - 1 postlogd',
    ];
    writeFileSync(join(folder, 'master.cf'), services.map((line) => `${line}\n`).join(''));
    return folder;
  }
});

describe('fetch-mail', () => {
  // It comes with fetchmail, and has a home.
  const user = 'fetchmail';

  it('fetches what waits, as the user, and finds nothing the next time', async (t) => {
    const rig = new Shipped(t, 'fetch-mail');
    const mailbox = ['From: b@branch.example\nSubject: one\n\nFirst', 'From: b@branch.example\nSubject: two\n\nSecond'];
    const server = await Pop3Server.listen('office', 'the password', mailbox);
    t.after(() => server.close());
    const { folder, file } = fetchmailrc(rig, server.port, 'the password');

    const output = await rig.succeeds('up', ['--fetchmailrc', file], { user });
    const inbox = readFileSync(join(folder, 'inbox'), 'utf8');
    assert.match(inbox, /Subject: one[^]*First[^]*Subject: two[^]*Second/);
    assert.equal(statSync(join(folder, 'inbox')).uid, userOf(user).uid);
    assert.deepEqual(mailbox, []);
    assert.doesNotMatch(output, /the password/);
    await rig.succeeds('up', ['--fetchmailrc', file], { user });
  });

  it('fails when the server does not let it in', async (t) => {
    const rig = new Shipped(t, 'fetch-mail');
    const server = await Pop3Server.listen('office', 'the password', []);
    t.after(() => server.close());
    const { file } = fetchmailrc(rig, server.port, 'another');
    const { outcome } = await rig.at('up', ['--fetchmailrc', file], { user });
    assert.deepEqual(outcome, { kind: 'exit', code: 3 });
  });

  /** The config of a user who keeps it to himself. */
  function fetchmailrc(rig: Rig, port: number, password: string): { readonly folder: string; readonly file: string } {
    const folder = rig.path('home');
    const file = join(folder, 'fetchmailrc');
    mkdirSync(folder, { mode: 0o700 });
    const { uid, gid } = userOf(user);
    const lines = [
      `set idfile "${folder}/ids"`,
      `set pidfile "${folder}/pid"`,
      `poll 127.0.0.1 service ${port} protocol POP3 auth password timeout 10 no envelope`,
      `user "office" password "${password}" sslproto "" mda "cat >>${folder}/inbox"`,
    ];
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    chownSync(folder, uid, gid);
    chownSync(file, uid, gid);
    return { folder, file };
  }
});

describe("Debian's /etc/ppp/ip-up and ip-down", () => {
  for (const { script, moment } of [
    { script: 'ip-up', moment: 'up' },
    { script: 'ip-down', moment: 'down' },
  ] as const) {
    it(`run what is in ${script}.d as pppd would`, async (t) => {
      const rig = new Rig(t);
      const parts = rig.path('parts');
      mkdirSync(parts);
      const print = `printf '%s|' "$0" "$@" "$PPP_IFACE" "$PPP_TTYNAME" "$PPP_IPPARAM" "$IPREMOTE" "$LINKNAME"; echo`;
      for (const name of ['10first', '20second'])
        writeFileSync(join(parts, name), `#!/bin/sh\n${print}\n`, { mode: 0o755 });
      // The folder is the script's own choice: ours is put in its place, for it alone.
      const inside = `mount --bind "$1" /etc/ppp/${script}.d && shift && exec /etc/ppp/${script} "$@"`;
      const command = ['/usr/bin/unshare', '-m', '/bin/sh', '-c', inside, 'sh', parts] as const;
      const one = rig.start(moment, [hook(command, { pppd: true })]);
      const [result] = await within(one.done, PATIENCE_MS, 'the end of the script');
      const told = 'br0|/dev/ttyS0|115200|10.0.0.1|10.0.0.2|office|br0|ttyS0|office|10.0.0.2|branch|';
      const expected = ['10first', '20second'].map((name) => `/etc/ppp/${script}.d/${name}|${told}\n`).join('');
      assert.deepEqual([result?.outcome, result?.output], [{ kind: 'exit', code: 0 }, expected]);
    });
  }
});

function userOf(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  assert.ok(uid !== undefined && gid !== undefined, `there is no user ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}
