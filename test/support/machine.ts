/**
 * A machine of its own for tests: systemd as the first process of its own namespaces (mounts, processes, network, cgroups),
 * its disk an overlay over this machine's. What is installed and configured in it is gone with it. Needs root and cgroup2.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { TempDir } from './daemon.js';
import { eventually } from './eventually.js';
import { Child, must, run, type ChildOptions, type Exit, type RunOptions } from './process.js';
import { root } from './root.js';

const BOOT_TIMEOUT_MS = 60_000;

export class Machine {
  readonly #dir: TempDir;
  readonly #cgroup: string;
  readonly #unshare: Child;
  readonly #children: Child[] = [];
  #pid: string | undefined;

  private constructor(dir: TempDir, cgroup: string, share: string) {
    this.#dir = dir;
    this.#cgroup = cgroup;
    // unshare is put into the cgroup first: the namespace's root is where its maker is.
    const script =
      'echo $$ > "$1/cgroup.procs" && exec unshare -m -u -i -n -p -C --fork --kill-child sh "$2" "$3" "$4"';
    const init = join(root, 'test/support/machine-init.sh');
    this.#unshare = new Child('sh', ['-c', script, 'sh', cgroup, init, dir.path, share]);
  }

  /**
   * Boots, and waits until systemd takes commands; also removes what killed test runs left behind. The machine sees the
   * folder `share` as /run/share and can read it.
   */
  static async boot(share: string): Promise<Machine> {
    const cgroups = await findCgroups();
    await removeStaleMachines(cgroups);
    const cgroup = join(cgroups, `linkd-test-${process.pid}-${randomBytes(3).toString('hex')}`);
    await mkdir(cgroup);
    const machine = new Machine(await TempDir.create(), cgroup, share);
    try {
      await eventually(() => machine.#isUp(), BOOT_TIMEOUT_MS, 'systemd runs in namespaces of its own');
      return machine;
    } catch (error) {
      await machine.close();
      throw new Error(`${String(error)}\n${machine.#unshare.stdout}${machine.#unshare.stderr}`, { cause: error });
    }
  }

  /** Runs a program in the machine to its end. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Exit> {
    return run('nsenter', this.#inside(command, args), options);
  }

  /** As `run`, but throws when the exit code is not 0, and gives what it printed. */
  must(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
    return must('nsenter', this.#inside(command, args), options);
  }

  /** Runs a line of shell, as `must`. */
  sh(script: string, ...args: readonly string[]): Promise<string> {
    return this.must('sh', ['-c', script, 'sh', ...args]);
  }

  /** Starts a program in the machine that goes on running; it ends with the machine at the latest. */
  spawn(command: string, args: readonly string[], options?: ChildOptions): Child {
    const child = new Child('nsenter', this.#inside(command, args), options);
    this.#children.push(child);
    return child;
  }

  /** Writes a file in the machine, its folder being made. */
  async write(path: string, content: string): Promise<void> {
    await this.must('sh', ['-c', 'mkdir -p "$1" && cat > "$2"', 'sh', dirname(path), path], { input: content });
  }

  /** A property of a unit, as systemd has it now. */
  async property(unit: string, name: string): Promise<string> {
    return (await this.must('systemctl', ['show', '--value', '-p', name, unit])).trim();
  }

  /** The package linkd wants Node as the Debian package `nodejs`. Where Node came another way, the machine gets one that says so. */
  async provideNode(): Promise<void> {
    const wanted = /"node": ">=([\d.]+)"/.exec(await readFile(join(root, 'package.json'), 'utf8'))?.[1] ?? '';
    const { stdout } = await this.run('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Version}', 'nodejs']);
    const [status, version = ''] = stdout.split(' ');
    const newer = await this.run('dpkg', ['--compare-versions', version, 'ge', wanted]);
    if (status === 'installed' && newer.code === 0) return;
    const control = [
      ...['Package: nodejs', `Version: ${process.versions.node}`, 'Architecture: all'],
      ...['Maintainer: linkd <linkd@localhost>', 'Description: stands for the Node that this machine has', ''],
    ];
    await this.write('/tmp/nodejs/DEBIAN/control', control.join('\n'));
    await this.sh('dpkg-deb --build /tmp/nodejs && dpkg --force-unsafe-io --install /tmp/nodejs.deb');
    if (process.execPath === '/usr/bin/node') return;
    await this.must('install', ['-m', '755', process.execPath, '/usr/bin/node']);
  }

  /** Ends everything in the machine and removes it. */
  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    // Its first process ends with unshare, and with that process all others.
    await this.#unshare.stop('SIGKILL');
    await eventually(() => removeCgroup(this.#cgroup), 20_000, `${this.#cgroup} is removed`);
    await this.#dir.dispose();
  }

  async #isUp(): Promise<boolean> {
    if (!this.#unshare.running) throw new Error('unshare has ended');
    const pid = String(this.#unshare.pid);
    this.#pid ??= /\d+/.exec(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))?.[0];
    if (this.#pid === undefined) return false;
    const { stdout } = await this.run('systemctl', ['is-active', 'machine.target']);
    return stdout.trim() === 'active';
  }

  #inside(command: string, args: readonly string[]): string[] {
    if (this.#pid === undefined) throw new Error('the machine has not been booted');
    return ['-t', this.#pid, '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w', command, ...args];
  }
}

/** Where this machine keeps its cgroups of version 2. */
async function findCgroups(): Promise<string> {
  for (const line of (await readFile('/proc/self/mounts', 'utf8')).split('\n')) {
    const [, path, kind] = line.split(' ');
    if (kind === 'cgroup2' && path !== undefined) return path;
  }
  throw new Error('no cgroup2 is mounted: systemd cannot run in a namespace here');
}

/** Ends and removes the machines whose test process is no more. */
async function removeStaleMachines(cgroups: string): Promise<void> {
  for (const name of await readdir(cgroups)) {
    const pid = /^linkd-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const cgroup = join(cgroups, name);
    await writeFile(join(cgroup, 'cgroup.kill'), '1');
    await eventually(() => removeCgroup(cgroup), 20_000, `${cgroup} is removed`);
  }
}

/** True when it is gone; the kernel may take a moment to let its last process go. */
async function removeCgroup(path: string): Promise<boolean> {
  if (!existsSync(path)) return true;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  }
  await rmdir(path);
  return true;
}
