/**
 * Name servers taken over by the real resolvconf (openresolv's) and the real systemd-resolved, on a machine of its own: both
 * change /etc/resolv.conf as soon as they are installed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Machine } from '../support/machine.js';
import { must, run } from '../support/process.js';
import { root } from '../support/root.js';

/** The machine sees the project here; its own /tmp, where a clone may be, is emptied as it boots. */
const share = '/run/share';
const child = join(share, relative(root, import.meta.dirname), '../resolver/resolver-child.js');
const stateDir = '/var/lib/name-servers';

describe('name servers of the peer', () => {
  let packages: string;
  let machine: Machine;

  before(async () => {
    packages = await mkdtemp(join(root, 'dist/name-servers-'));
    await download(['openresolv', 'systemd-resolved'], packages);
    machine = await Machine.boot(root);
    await machine.sh(`mkdir -p ${stateDir} && ip tuntap add mode tun name branch && ip link set branch up`);
  });
  after(async () => {
    await machine.close();
    await rm(packages, { recursive: true });
  });

  const resolver = async (...args: readonly string[]): Promise<string> => {
    const [call = '', ...rest] = args;
    return (await machine.must(process.execPath, [child, call, stateDir, ...rest])).trim();
  };
  const install = (name: string): Promise<string> =>
    machine.sh(
      `DEBIAN_FRONTEND=noninteractive dpkg -i --force-depends ${share}/${relative(root, packages)}/${name}_*.deb`,
    );
  const resolvConf = (): Promise<string> => machine.sh('cat /etc/resolv.conf');

  it('are in /etc/resolv.conf by resolvconf, and out of it again', { timeout: 120_000 }, async () => {
    await install('openresolv');
    assert.equal(await resolver('take', 'branch', 'branch', '10.0.0.53', '2001:db8::53'), 'resolvconf');
    assert.match(await resolvConf(), /^nameserver 10\.0\.0\.53\nnameserver 2001:db8::53$/m);
    await resolver('release', 'branch');
    assert.doesNotMatch(await resolvConf(), /10\.0\.0\.53/);
    await resolver('take', 'branch', 'branch', '10.0.0.54');
    assert.match(await resolvConf(), /10\.0\.0\.54/);
    await resolver('sweep');
    assert.doesNotMatch(await resolvConf(), /10\.0\.0\.54/);
    await machine.sh('dpkg --purge --force-depends openresolv');
  });

  it('are those of the interface by systemd-resolved, and forgotten again', { timeout: 120_000 }, async () => {
    await install('systemd-resolved');
    await machine.sh('systemctl restart dbus && systemctl restart systemd-resolved');
    const status = (): Promise<string> => machine.sh('resolvectl dns branch && resolvectl domain branch');
    await eventually(async () => (await machine.run('resolvectl', ['status'])).code === 0, 30_000, 'resolved answers');
    const before = await status();
    assert.equal(await resolver('take', 'branch', 'branch', '10.0.0.53', '2001:db8::53'), 'systemd-resolved');
    assert.match(await status(), /\(branch\): 10\.0\.0\.53 2001:db8::53\n.*\(branch\): ~\.\n/);
    await resolver('release', 'branch');
    assert.equal(await status(), before);
    await resolver('take', 'branch', 'branch', '10.0.0.54');
    await resolver('sweep');
    assert.equal(await status(), before);
  });
});

/** Fetches packages without installing them; the lists may be too old for the mirror. */
async function download(packages: readonly string[], folder: string): Promise<void> {
  const options = { cwd: folder, timeoutMs: 120_000 };
  const { code } = await run('apt-get', ['download', '-qq', ...packages], options);
  if (code === 0) return;
  await must('apt-get', ['update', '-qq'], options);
  await must('apt-get', ['download', '-qq', ...packages], options);
}
