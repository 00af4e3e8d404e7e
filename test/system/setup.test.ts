/**
 * `linkctl setup` at both ends of a null modem, one by options, one by questions; then the link is up, and carries:
 *
 *     hostA ── routerA ── /dev/A ═══ null modem ═══ /dev/B ── routerB ── hostB
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { Daemon, TempDir } from '../support/daemon.js';
import type { Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import type { Exit } from '../support/process.js';
import { TwoRouters } from '../support/two-routers.js';

const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');

/** How long an answer may take. */
const patienceMs = 60_000;

/** A router with a folder of its own, as a machine has its /etc/linkd. */
class Site {
  readonly router: Namespace;
  readonly dir: TempDir;
  readonly daemon: Daemon;
  readonly #arguments: readonly string[];

  private constructor(router: Namespace, dir: TempDir, daemon: Daemon) {
    this.router = router;
    this.dir = dir;
    this.daemon = daemon;
    this.#arguments = ['--control', daemon.control, 'setup', '--config', dir.file('linkd.yaml')];
  }

  static async start(router: Namespace): Promise<Site> {
    const dir = await TempDir.create();
    return new Site(router, dir, await Daemon.start(router, dir, 'linkd', 'links:\n'));
  }

  setUp(...words: readonly string[]): Promise<Exit> {
    return this.router.run(process.execPath, [linkctl, ...this.#arguments, ...words]);
  }

  /** On a terminal, where somebody answers what it asks, each question in its turn. */
  async converse(dialogue: readonly (readonly [question: RegExp, answer: string])[]): Promise<Exit> {
    const command = [process.execPath, linkctl, ...this.#arguments].map((word) => `'${word}'`).join(' ');
    const child = this.router.spawn('script', ['-qec', command, '/dev/null'], { env: { NO_COLOR: '1' } });
    try {
      for (const [question, answer] of dialogue) {
        await child.printed(question, patienceMs);
        child.write(`${answer}\n`);
      }
      return await child.exited(patienceMs);
    } finally {
      await child.stop();
    }
  }

  /** The names of its drop-ins. */
  async links(): Promise<readonly string[]> {
    await mkdir(this.dir.file('links.d'), { recursive: true });
    return readdir(this.dir.file('links.d'));
  }

  async stop(): Promise<void> {
    await this.daemon.stop();
    await this.dir.dispose();
  }
}

describe('linkctl setup', { timeout: 180_000 }, () => {
  let routers: TwoRouters;
  let cable: NullModem;
  let a: Site;
  let b: Site;
  let ends: { readonly a: string; readonly b: string };

  before(async () => {
    routers = await TwoRouters.create();
    ends = { a: routers.dir.file('port-a'), b: routers.dir.file('port-b') };
    cable = new NullModem({ a: { kind: 'pty', link: ends.a }, b: { kind: 'pty', link: ends.b }, baud: 115_200 });
    routers.atEnd(() => {
      cable.close();
    });
    a = await Site.start(routers.lans.routerA);
    routers.atEnd(() => a.stop());
    b = await Site.start(routers.lans.routerB);
    routers.atEnd(() => b.stop());
  });

  after(() => routers.close());

  const here = ['--local', '10.0.0.1', '--remote', '10.0.0.2', '--network', '10.2.0.0/16', '--flow', 'none'];

  it('names what is missing where nobody can be asked, and does nothing', async () => {
    const { code, stderr } = await a.setUp('--device', ends.a, '--local', '10.0.0.1');
    assert.equal(code, exitCodes.usage);
    assert.match(stderr, /these are missing: --name, --remote, --yes/);
    assert.deepEqual(await a.links(), []);
  });

  it('names every option that can not be, and does nothing', async () => {
    const { code, stderr } = await a.setUp('--yes', '--name', 'to b', '--device', ends.a, ...here, '--speed', 'fast');
    assert.equal(code, exitCodes.usage);
    assert.match(stderr, /--name: .*\n.*--speed: /);
    assert.deepEqual(await a.links(), []);
  });

  it('writes nothing where the config would have mistakes', async () => {
    const taken = ['--yes', '--name', 'branch', '--device', ends.a, ...here, '--network', '10.0.0.2/32'];
    const { code, stderr } = await a.setUp(...taken);
    assert.equal(code, exitCodes.badConfig);
    assert.match(stderr, /nothing is written/);
    assert.deepEqual(await a.links(), []);
  });

  it('prints both ends on wish, and writes neither', async () => {
    const wish = ['--dry-run', '--print-peer', '--peer-device', '/dev/ttyS7', '--own-network', '10.1.0.0/16'];
    const { code, stdout } = await a.setUp('--yes', '--name', 'branch', '--device', ends.a, ...here, ...wish);
    assert.equal(code, exitCodes.ok);
    assert.match(stdout, /local: 10.0.0.1\n +remote: 10.0.0.2\n +networks: \[ 10.2.0.0\/16 \]/);
    assert.match(
      stdout,
      /serial: \/dev\/ttyS7.*\n +local: 10.0.0.2\n +remote: 10.0.0.1\n +networks: \[ 10.1.0.0\/16 \]/,
    );
    assert.deepEqual(await a.links(), []);
  });

  it('sets up one end by options: the config is right, the link tries, and why it is not up is told', async () => {
    await writeFile(a.dir.file('typed'), 'a long secret\n');
    const options = [
      '--yes',
      '--name',
      'branch',
      '--device',
      ends.a,
      ...here,
      '--peer-secret-file',
      a.dir.file('typed'),
    ];
    const { code, stdout, stderr } = await a.setUp(...options, '--timeout', '1');
    assert.equal(code, exitCodes.notUp, stderr);
    assert.match(stderr, /branch is not up after 1 s/);
    assert.match(stdout, /branch {2}(?:opening|negotiating|waiting)/);
    assert.deepEqual(await a.links(), ['branch.yaml']);
    const secret = await stat(a.dir.file('branch.peer-secret'));
    assert.equal(secret.mode & 0o777, 0o600);
    assert.equal(await readFile(a.dir.file('branch.peer-secret'), 'utf8'), 'a long secret\n');
    assert.doesNotMatch(stdout + stderr + a.daemon.log, /a long secret/);
  });

  it('is shown the port of the first as held, and the first itself as who is at the end of the other', async () => {
    const probe = (...words: readonly string[]): Promise<Exit> => a.daemon.ctl('probe', '--json', ...words);
    const held = await probe(ends.a);
    assert.equal(held.code, exitCodes.failed);
    assert.match(held.stdout, /"who":"linkd's link branch \(\w+\)","how":"link"/);
    const found = await probe(ends.b, '--speeds', '115200', '--patience', '3');
    assert.equal(found.code, exitCodes.ok, found.stdout);
    assert.match(found.stdout, /"kind":"ppp","speed_baud":115200,"clean":true,.*"authentication":"MS-CHAPv2"/);
  });

  it('overwrites nothing unasked', async () => {
    const { code, stderr } = await a.setUp('--yes', '--name', 'branch', '--device', ends.a, ...here);
    assert.equal(code, exitCodes.usage);
    assert.match(stderr, /--name: there is such a link already/);
  });

  it('sets up the other end by questions, the secret typed unseen, and waits until the link is up', async () => {
    const { code, stdout } = await b.converse([
      [/Which serial port\?/, ends.b],
      [/be called\?/, 'branch'],
      [/How is PPP reached\?/, '?'],
      [/direct: a cable, PPP at its end/, ''],
      [/How fast/, ''],
      [/Flow control\?/, 'none'],
      [/Our address/, '10.0.0.2'],
      [/The peer's address\?/, '10.0.0.300'],
      [/300 is not an IPv4 address.*\(\? tells more\)/, '10.0.0.1'],
      [/Which networks/, '10.1.0.0/16'],
      [/What are we called/, 'routerB'],
      [/Our password or secret\?/, 'a long secret'],
      [/by which the peer proves/, ''],
      [/Write this to .*\[yes\]/, ''],
    ]);
    assert.equal(code, exitCodes.ok, stdout);
    assert.match(stdout, /branch {2}up for \d+s/);
    assert.doesNotMatch(stdout, /a long secret/);
    assert.equal(await readFile(b.dir.file('branch.secret'), 'utf8'), 'a long secret\n');
    const { mode } = await stat(b.dir.file('branch.secret'));
    assert.equal(mode & 0o777, 0o600);
    await a.daemon.untilUp('branch');
    await routers.carryTraffic(20_000);
  });

  it('sets up anew by --force', async () => {
    const { code, stdout } = await b.setUp(
      ...['--yes', '--force', '--name', 'branch', '--device', ends.b, '--flow', 'none', '--speed', '57600'],
      ...['--local', '10.0.0.2', '--remote', '10.0.0.1', '--network', '10.1.0.0/16'],
      ...['--user', 'routerB', '--secret-file', b.dir.file('branch.secret')],
    );
    assert.equal(code, exitCodes.ok, stdout);
    assert.match(stdout, /57600 baud/);
  });
});
