/**
 * Makes a fresh clone ready: the npm packages of the lock file, the Debian packages that tests and demo call, the build.
 * Whatever is there already is left alone. Used by `npm test`, `npm run demo` and `npm run bench`; needs nothing but Node itself.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const root = join(import.meta.dirname, '..');

const network = { ip: 'iproute2', ping: 'iputils-ping' };
const packaging = {
  'systemd-analyze': 'systemd',
  lintian: 'lintian',
  man: 'man-db',
  mandoc: 'mandoc',
  zsh: 'zsh',
  fish: 'fish',
};
const hooks = {
  postfix: 'postfix',
  fetchmail: 'fetchmail',
  chronyd: 'chrony',
  named: 'bind9',
  nsupdate: 'bind9-dnsutils',
  pppd: 'ppp',
  shellcheck: 'shellcheck',
};

/**
 * The commands that each kind of run calls beyond those of a minimal Debian, with the package that has them. A name with a
 * slash is a file that has to be there.
 */
export const tools = {
  // gcc alone has no C library's headers: they come with it only where apt installs what a package recommends.
  build: { make: 'make', cc: 'gcc', '/usr/include/stdio.h': 'libc6-dev' },
  demo: network,
  bench: {
    ...network,
    'linux.uml': 'user-mode-linux',
    pppd: 'ppp',
    busybox: 'busybox-static',
    iperf3: 'iperf3',
    socat: 'socat',
    'qemu-system-x86_64': 'qemu-system-x86',
    depmod: 'kmod',
  },
  unit: { ...network, ...packaging, nft: 'nftables', ps: 'procps', ss: 'iproute2', chat: 'ppp', ser2net: 'ser2net' },
  system: {
    ...network,
    ...packaging,
    ...hooks,
    nft: 'nftables',
    socat: 'socat',
    ser2net: 'ser2net',
    'dbus-daemon': 'dbus',
    script: 'bsdutils',
  },
  interop: {
    ...network,
    'linux.uml': 'user-mode-linux',
    pppd: 'ppp',
    busybox: 'busybox-static',
    mgetty: 'mgetty',
    wvdial: 'wvdial',
    login: 'login',
    pgrep: 'procps',
  },
};

/** Installs what package-lock.json names, unless it is there. Throws when that fails. */
export function installModules() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  step('npm packages (npm ci)');
  run('npm', ['ci', '--loglevel=error']);
}

/** Installs the Debian packages of those commands (and files) that are missing. Returns what is wrong when some stay missing. */
export function installTools(wanted) {
  const missing = missingTools(wanted);
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((command) => wanted[command]))].sort();
  const remedy = `missing: ${missing.join(', ')}; as root: apt-get install ${packages.join(' ')}`;
  if (process.getuid() !== 0) return remedy;
  step(`Debian packages (${packages.join(' ')})`);
  try {
    aptInstall(packages);
  } catch (error) {
    return `${remedy}\n${error.message}`;
  }
  return missingTools(wanted).length === 0 ? undefined : remedy;
}

/** Compiles the native addon and the TypeScript. Throws with the compilers' words when that fails. */
export function build() {
  const obstacle = installTools(tools.build);
  if (obstacle !== undefined) throw new Error(obstacle);
  step('build');
  run('npm', ['run', '--loglevel=error', 'build']);
}

/** Runs a command in the root of the project; throws with all it said when it fails. */
export function run(command, args) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 10 * 60_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status === 0) return;
  const why = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
  throw new Error(`${command} ${args.join(' ')}: ${why}\n${stdout ?? ''}${stderr ?? ''}`.trimEnd());
}

/** On standard error: what a run prints on standard output may be for machines. */
function step(what) {
  console.error(`set-up: ${what}`);
}

/** Package lists may be absent (a container) or too old for the mirror: then, and only then, they are fetched. */
function aptInstall(packages) {
  // On its installation it would look for modems on every serial port of this machine.
  if (packages.includes('wvdial')) {
    run('sh', ['-c', 'echo wvdial wvdial/wvdialconf boolean false | debconf-set-selections']);
  }
  const install = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...packages];
  if (havePackageLists()) {
    try {
      return withoutStartingServices(() => run('apt-get', install));
    } catch {
      step('package lists (apt-get update), the install did not work without');
    }
  }
  run('apt-get', ['update', '-qq']);
  withoutStartingServices(() => run('apt-get', install));
}

/** Tests start what they need for themselves: a mail or name server of this machine is none of their business. */
function withoutStartingServices(action) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return action();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return action();
  } finally {
    rmSync(policy);
  }
}

function havePackageLists() {
  const lists = '/var/lib/apt/lists';
  return existsSync(lists) && readdirSync(lists).some((name) => name.includes('_Packages'));
}

function missingTools(wanted) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const isThere = (name) =>
    name.includes('/') ? existsSync(name) : folders.some((folder) => isExecutable(join(folder, name)));
  return Object.keys(wanted).filter((name) => !isThere(name));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
