/**
 * A virtual machine of one CPU, in QEMU, with Debian's kernel, which has PPP; the host's file system is its root, read-only. It
 * runs one script and ends. The kernel is fetched once, into dist/bench, and installed nowhere.
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Child, must } from '../support/process.js';
import { TempDir } from '../support/daemon.js';
import { root } from '../support/root.js';

const cache = join(root, 'dist/bench/kernel');
const memory = '768';
const fetchTimeoutMs = 300_000;
/** What the guest's root and PPP need; what they depend on comes along. */
const modules = ['virtio_pci', '9pnet_virtio', '9p', 'tun', 'ppp_async'];
/** Where Debian's package has them. */
const moduleFolders = ['fs', 'net/9p', 'net/core', 'drivers/virtio', 'drivers/net/ppp', 'drivers/net/slip', 'lib'];

export interface GuestScript {
  /** A shell script of this file system. */
  readonly script: string;
  /** Its environment: words without spaces. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Boots, runs the script and gives the console's output. Throws when the script fails, or takes too long. */
export async function runInGuest({ script, parameters, timeoutMs }: GuestScript): Promise<string> {
  const kernel = await fetchedKernel();
  const dir = await TempDir.create();
  try {
    const initrd = await buildInitrd(kernel, dir);
    const words = Object.entries({ ...parameters, script }).map(([name, value]) => `${name}=${value}`);
    const guest = new Child('qemu-system-x86_64', [
      ...['-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', memory],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
      ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
      ...['-kernel', join(kernel, 'vmlinuz'), '-initrd', initrd],
      ...['-append', ['console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off', ...words].join(' ')],
    ]);
    try {
      const [, status] = await guest.printed(/^guest: done (\d+)/m, timeoutMs);
      if (status !== '0') throw new Error(`in the guest, exit status ${status}:\n${guest.stdout}`);
      return guest.stdout;
    } finally {
      await guest.stop('SIGKILL');
    }
  } finally {
    await dir.dispose();
  }
}

/** A folder with `vmlinuz` and `lib/modules`. */
async function fetchedKernel(): Promise<string> {
  const depends = await must('apt-cache', ['depends', 'linux-image-amd64']);
  const [, name] = /Depends: (linux-image-\S+)/.exec(depends) ?? [];
  if (name === undefined) throw new Error('apt knows no linux-image-amd64; apt-get update, and look at its sources');
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const fetched = `${folder}.new`;
  await rm(fetched, { recursive: true, force: true });
  await mkdir(fetched, { recursive: true });
  const options = ['-o', 'APT::Sandbox::User=root', '-qq'];
  await must('apt-get', [...options, 'download', name], { cwd: fetched, timeoutMs: fetchTimeoutMs });
  const [deb = ''] = await readdir(fetched);
  const parts = ['./boot/vmlinuz-*', ...moduleFolders.map((one) => `./lib/modules/*/kernel/${one}/*`)];
  const unpack =
    'dpkg-deb --fsys-tarfile "$1" | { shift; tar -x --wildcards "$@" ./lib/modules/*/modules.order ./lib/modules/*/modules.builtin; }';
  await must('sh', ['-c', unpack, 'sh', deb, ...parts, './lib/modules/*/kernel/drivers/net/tun.ko'], { cwd: fetched });
  const version = name.replace('linux-image-', '');
  await rename(join(fetched, `boot/vmlinuz-${version}`), join(fetched, 'vmlinuz'));
  await must('depmod', ['-b', fetched, version]);
  await rm(join(fetched, deb));
  await rename(fetched, folder);
  return folder;
}

/** busybox, the modules in the order of their loading, and what runs first. */
async function buildInitrd(kernel: string, dir: TempDir): Promise<string> {
  const tree = dir.file('initrd');
  for (const folder of ['bin', 'modules', 'proc', 'host']) await mkdir(join(tree, folder), { recursive: true });
  await copyFile((await must('sh', ['-c', 'command -v busybox'])).trim(), join(tree, 'bin/busybox'));
  const files = await moduleFiles(kernel);
  for (const file of files) await copyFile(file, join(tree, 'modules', basename(file)));
  const load = files.map((file) => `/bin/busybox insmod /modules/${basename(file)}`);
  await writeFile(join(tree, 'init'), ['#!/bin/busybox sh', ...load, ...firstSteps, ''].join('\n'));
  await chmod(join(tree, 'init'), 0o755);
  const image = dir.file('initrd.img');
  await must('sh', ['-c', 'cd "$1" && find . | busybox cpio -o -H newc >"$2"', 'sh', tree, image]);
  return image;
}

/** The host's file system becomes the root; what has to be writable is in memory. */
const firstSteps = [
  'b=/bin/busybox',
  '$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose host /host',
  '$b mount -t proc proc /host/proc && $b mount -t sysfs sysfs /host/sys && $b mount -t devtmpfs devtmpfs /host/dev',
  '$b mkdir -p /host/dev/pts /host/dev/net && $b mount -t devpts -o ptmxmode=666 devpts /host/dev/pts',
  '[ -e /host/dev/net/tun ] || $b mknod /host/dev/net/tun c 10 200',
  '[ -e /host/dev/ppp ] || $b mknod /host/dev/ppp c 108 0',
  'for folder in run var/log etc/ppp; do $b mount -t tmpfs tmpfs /host/$folder; done',
  '$b mkdir -p /host/run/lock /host/run/netns',
  'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run',
  `$b chroot /host /bin/sh -c 'exec sh "$script" </dev/null'`,
  'echo "guest: done $?"',
  '$b sleep 10',
];

/** Of `modules`, those that others need first. */
async function moduleFiles(kernel: string): Promise<readonly string[]> {
  const [version = ''] = await readdir(join(kernel, 'lib/modules'));
  const folder = join(kernel, 'lib/modules', version);
  const lines = (await readFile(join(folder, 'modules.dep'), 'utf8')).split('\n');
  const files = new Set<string>();
  for (const name of modules) {
    const line = lines.find((one) => basename(one.split(':')[0] ?? '').replaceAll('-', '_') === `${name}.ko`);
    // Not there: it is part of the kernel itself.
    const [file, needed = ''] = line?.split(':') ?? [];
    if (file === undefined) continue;
    for (const one of needed.trim().split(' ').reverse()) if (one !== '') files.add(join(folder, one));
    files.add(join(folder, file));
  }
  return [...files];
}
