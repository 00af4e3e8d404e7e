/**
 * Network namespaces for tests: a Lab makes them, joins them by veth pairs, runs programs inside, and takes everything
 * down again. Needs root. `ip netns` shows a lab's namespaces as `linkd-t-PID-LAB-LABEL`, PID being the test's process.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, must, run, type ChildOptions, type Exit, type RunOptions } from './process.js';

/** Where `ip netns` keeps its namespaces. */
const NETNS_DIR = '/run/netns';

/** One end of a cable: the namespace, the interface to make there, and its address with prefix length, if any. */
export interface End {
  readonly in: Namespace;
  readonly name: string;
  readonly address?: string;
}

export interface TwoLans {
  readonly hostA: Namespace;
  readonly routerA: Namespace;
  readonly routerB: Namespace;
  readonly hostB: Namespace;
}

export interface PingOptions {
  readonly count?: number;
  /** Between two requests; at least 2. */
  readonly intervalMs?: number;
  /** Octets of payload; 28 more make the IP packet. */
  readonly size?: number;
  /** How long the last reply is waited for. */
  readonly timeoutMs?: number;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** 0 (none lost) to 1. */
  readonly loss: number;
  /** Of each reply, in the order of arrival. */
  readonly rttsMs: readonly number[];
}

export interface TransferResult {
  readonly bytes: number;
  /** From the connection's start until the receiver has told its hash. */
  readonly seconds: number;
  /** True when both ends have the same SHA-256. */
  readonly intact: boolean;
}

/** A network namespace; made by `Lab.namespace`. */
export class Namespace {
  readonly name: string;
  readonly label: string;
  /** The first address that `Lab.connect` gave it, without the prefix length. */
  address: string | undefined;
  readonly #children: Child[] = [];

  constructor(name: string, label: string) {
    this.name = name;
    this.label = label;
  }

  /** Runs a program inside to its end. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Exit> {
    return run('ip', this.#inside(command, args), options);
  }

  /** As `run`, but throws when the exit code is not 0, and gives what it printed. */
  must(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
    return must('ip', this.#inside(command, args), options);
  }

  /** Starts a program inside that goes on running. Its pid is the program's own; the lab ends it at the latest. */
  spawn(command: string, args: readonly string[], options?: ChildOptions): Child {
    const child = new Child('ip', this.#inside(command, args), options);
    this.#children.push(child);
    return child;
  }

  /** `ip` with these words (separated by spaces), in this namespace: `ns.ip('link set lo up')`. */
  ip(words: string): Promise<string> {
    return must('ip', ['-n', this.name, ...words.split(' ')]);
  }

  /** As `ip`, for `show` commands: the parsed answer of `ip -j`. */
  async ipJson(words: string): Promise<unknown> {
    const answer = await must('ip', ['-n', this.name, '-j', ...words.split(' ')]);
    return JSON.parse(answer === '' ? '[]' : answer);
  }

  /** `ns.sysctl('net.ipv4.ip_forward', '1')` */
  async sysctl(key: string, value: string): Promise<void> {
    await this.must('sh', ['-c', 'printf %s "$2" > "$1"', 'sysctl', `/proc/sys/${key.replaceAll('.', '/')}`, value]);
  }

  /** Ends what runs inside and removes the namespace. */
  async remove(): Promise<void> {
    try {
      await Promise.all(this.#children.map((child) => child.stop()));
    } finally {
      await removeNamespace(this.name);
    }
  }

  #inside(command: string, args: readonly string[]): string[] {
    return ['netns', 'exec', this.name, command, ...args];
  }
}

export class Lab {
  readonly #prefix = `linkd-t-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #namespaces: Namespace[] = [];

  /** Also removes what killed test runs left behind. Call `close` in a `finally` or an `after`. */
  static async create(): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new Error('tests with network namespaces need root');
    await removeStaleNamespaces();
    return new Lab();
  }

  /** A new namespace with its loopback up. The label is unique within the lab. */
  async namespace(label: string): Promise<Namespace> {
    const namespace = new Namespace(`${this.#prefix}-${label}`, label);
    await must('ip', ['netns', 'add', namespace.name]);
    this.#namespaces.push(namespace);
    await namespace.ip('link set lo up');
    return namespace;
  }

  /** A cable between two namespaces: a veth pair, both ends up. */
  async connect(a: End, b: End): Promise<void> {
    await must('ip', [
      ...['link', 'add', a.name, 'netns', a.in.name, 'type', 'veth'],
      ...['peer', 'name', b.name, 'netns', b.in.name],
    ]);
    for (const { in: namespace, name, address } of [a, b]) {
      if (address !== undefined) {
        await namespace.ip(`address add ${address} dev ${name}`);
        namespace.address ??= address.replace(/\/.*/, '');
      }
      await namespace.ip(`link set ${name} up`);
    }
  }

  /**
   * Two LANs, each with a host and a router that forwards; between the routers is nothing yet.
   *
   *     hostA eth0 ──veth── lan0 routerA ══ ? ══ routerB lan0 ──veth── eth0 hostB
   *     10.1.0.2/16     10.1.0.1/16               10.2.0.1/16     10.2.0.2/16
   */
  async twoLans(): Promise<TwoLans> {
    const [hostA, routerA] = await this.#lan('a', '10.1.0');
    const [hostB, routerB] = await this.#lan('b', '10.2.0');
    return { hostA, routerA, routerB, hostB };
  }

  /** Echo requests from a namespace. What is unreachable is lost. */
  async ping(from: Namespace, to: Namespace | string, options: PingOptions = {}): Promise<PingResult> {
    const { count = 3, intervalMs = 200, size = 56, timeoutMs = 2000 } = options;
    const numbers = Object.entries({ c: count, i: intervalMs / 1000, s: size, W: timeoutMs / 1000 });
    const args = ['-n', ...numbers.flatMap(([letter, value]) => [`-${letter}`, String(value)]), addressOf(to)];
    const exit = await from.run('ping', args, {
      env: { LC_ALL: 'C' },
      timeoutMs: count * intervalMs + timeoutMs + 10_000,
    });
    const summary = /(\d+) packets transmitted, (\d+) received/.exec(exit.stdout);
    if (summary === null && !exit.stderr.includes('unreachable')) throw new Error(`ping: ${exit.stdout}${exit.stderr}`);
    const sent = Number(summary?.[1] ?? count);
    const received = Number(summary?.[2] ?? 0);
    const rttsMs = Array.from(exit.stdout.matchAll(/ time=([\d.]+) ms/g), (match) => Number(match[1]));
    return { sent, received, loss: 1 - received / sent, rttsMs };
  }

  /** Random octets over TCP, from one namespace to an address of another; the hashes of both ends are compared. */
  async tcpTransfer(
    from: Namespace,
    to: Namespace,
    bytes: number,
    timeoutMs = 60_000,
    address = addressOf(to),
  ): Promise<TransferResult> {
    const script = join(import.meta.dirname, 'tcp-transfer.js');
    const receiver = to.spawn(process.execPath, [script, 'receive', address, String(timeoutMs)]);
    try {
      const [port] = await receiver.printed(/^\d+$/m, timeoutMs);
      const args = [script, 'send', address, port, String(bytes), String(timeoutMs)];
      const printed = await from.must(process.execPath, args, { timeoutMs: timeoutMs + 10_000 });
      return readTransferResult(printed);
    } finally {
      await receiver.stop();
    }
  }

  /** Ends every program in the lab and removes the namespaces with all that is in them. Goes on when a part fails. */
  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.#namespaces.splice(0).map((namespace) => namespace.remove()));
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (failures.length > 0) throw new AggregateError(failures, `the lab ${this.#prefix} was not taken down`);
  }

  async #lan(side: string, net: string): Promise<[host: Namespace, router: Namespace]> {
    const host = await this.namespace(`host-${side}`);
    const router = await this.namespace(`router-${side}`);
    await this.connect(
      { in: host, name: 'eth0', address: `${net}.2/16` },
      { in: router, name: 'lan0', address: `${net}.1/16` },
    );
    await host.ip(`route add default via ${net}.1`);
    await router.sysctl('net.ipv4.ip_forward', '1');
    return [host, router];
  }
}

/** Removes the namespaces of labs whose process is no more. */
export async function removeStaleNamespaces(): Promise<void> {
  const names = existsSync(NETNS_DIR) ? await readdir(NETNS_DIR) : [];
  for (const name of names) {
    const pid = /^linkd-t-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeNamespace(name);
  }
}

/** Whatever runs in a namespace of ours was started by us. Two test runs may remove the same stale one at a time. */
async function removeNamespace(name: string): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter((line) => /^\d+$/.test(line))) killIfThere(Number(pid));
  const { code, stderr } = await run('ip', ['netns', 'delete', name]);
  if (code !== 0 && existsSync(join(NETNS_DIR, name))) throw new Error(`ip netns delete ${name}: ${stderr}`);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function addressOf(to: Namespace | string): string {
  const address = typeof to === 'string' ? to : to.address;
  if (address === undefined) throw new Error('the namespace was given no address by Lab.connect');
  return address;
}

function readTransferResult(printed: string): TransferResult {
  const value: unknown = JSON.parse(printed);
  if (typeof value === 'object' && value !== null && 'bytes' in value && 'seconds' in value && 'intact' in value) {
    const { bytes, seconds, intact } = value;
    if (typeof bytes === 'number' && typeof seconds === 'number' && typeof intact === 'boolean') {
      return { bytes, seconds, intact };
    }
  }
  throw new Error(`not a transfer's result: ${printed}`);
}
