/** One `Link` in virtual time: its line, worker, network and TUN are fakes that record what they are told. */
import { cause, type Cause, type CauseCode } from '../../src/base/cause.js';
import { parseIp4, parsePrefix, type Ip, type Ip4 } from '../../src/base/ip.js';
import type { QueueOptions } from '../../src/queue/options.js';
import type { Session } from '../../src/accounting/sessions.js';
import type { LinkConfig } from '../../src/config/types.js';
import { LineError, type Line } from '../../src/line/line.js';
import type { HandSource } from '../../src/dial/hand-source.js';
import type { LinkFacts } from '../../src/hooks/environment.js';
import type { HookMoment } from '../../src/hooks/options.js';
import { linesOf } from '../../src/link/handed.js';
import { Link } from '../../src/link/link.js';
import type { LinkNetwork } from '../../src/link/link-net.js';
import type { LinkWorker } from '../../src/link/link-io.js';
import type { FromWorker, ToWorker } from '../../src/link/messages.js';
import type { LinkEvent } from '../../src/link/types.js';
import type { AgreedNetwork } from '../../src/ppp/outputs.js';
import { AddressPools } from '../../src/pool/pools.js';
import { VirtualScheduler } from './virtual-scheduler.js';

export function address(text: string): Ip4 {
  const parsed = parseIp4(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
}

export const testConfig: LinkConfig = {
  name: 'branch',
  interface: 'branch',
  autostart: true,
  when: undefined,
  dial: undefined,
  answer: undefined,
  line: { kind: 'serial', device: '/dev/ttyS0', speed: 115_200, flow: 'rtscts', carrier: 'auto' },
  moreLines: [],
  multilink: undefined,
  queue: undefined,
  local: address('10.0.0.1'),
  remote: address('10.0.0.2'),
  ipcp: {
    acceptLocal: [],
    acceptRemote: [],
    dns: { ask: false, offer: [] },
    wins: { ask: false, offer: [] },
    vj: undefined,
    remoteFrom: undefined,
  },
  ipv6cp: undefined,
  mtu: 1500,
  lcp: {
    mru: 1500,
    asyncmap: 0,
    magic: true,
    pfc: true,
    acfc: true,
    restartMs: 3000,
    maxConfigure: 10,
    maxTerminate: 2,
    maxFailure: 5,
    passive: false,
    silent: false,
    echoIntervalMs: 5000,
    echoFailures: 4,
    lqr: undefined,
  },
  auth: undefined,
  ccp: undefined,
  escape: [],
  restart: { quickMs: 1000, quickMaxMs: 8000, slowMs: 5000, slowMaxMs: 60_000, stableMs: 30_000, maxAttempts: 0 },
  net: {
    local6: undefined,
    remote6: undefined,
    networks: [
      {
        prefix: parsePrefix('10.2.0.0/16') ?? { address: 0, length: 0 },
        metric: undefined,
        table: undefined,
        source: undefined,
      },
    ],
    defaultRoute: undefined,
    proxyArp: [],
    proxyNdp: [],
    masquerade: [],
    portForwards: [],
    mssClamp: 'auto',
    forward: undefined,
    firewall: undefined,
    antiSpoof: false,
    unreachable: true,
  },
  resolver: 'auto',
  hooks: { hooks: { 'pre-up': [], up: [], down: [], 'post-down': [], fail: [], 'address-changed': [] }, ipparam: '' },
  track: undefined,
  quota: undefined,
  steer: [],
};

/** What PPP agrees on for IPv4 alone. */
export function agreedNetwork(local: string, remote: string): AgreedNetwork {
  return {
    mtu: 1500,
    ip4: { local: address(local), remote: address(remote), dns: [], wins: [] },
    ip6: undefined,
  };
}

class FakeLine implements Line {
  readonly fd = 99;
  readonly name: string;
  readonly speed = 115_200;
  readonly ended: Promise<Cause>;
  end: (why: Cause) => void = () => undefined;
  closed = false;
  readonly #close: () => Promise<void>;

  constructor(number: number, close: () => Promise<void>) {
    this.name = `/dev/ttyS${number}`;
    this.#close = close;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  explain(): Promise<Cause> {
    return Promise.resolve(cause('line-hangup'));
  }

  close(): Promise<void> {
    this.closed = true;
    return this.#close();
  }
}

/** What the fakes do; change it before the act. */
export interface Behaviour {
  open: 'at-once' | 'never' | CauseCode;
  close: 'at-once' | 'never';
  install: 'at-once' | 'fail';
  /** What the worker does with `close`: the Terminate exchange succeeds, or the peer is dead. */
  terminate: 'at-once' | 'never';
  /** Whether the worker lets go of what it is asked for. */
  release: 'at-once' | 'never';
  tun: 'opens' | 'fails';
  /** What somebody does who takes the line by hand. */
  hand: 'leads' | 'hangs-up';
}

export class LinkRig {
  readonly scheduler = new VirtualScheduler();
  readonly behaviour: Behaviour = {
    open: 'at-once',
    close: 'at-once',
    install: 'at-once',
    terminate: 'at-once',
    release: 'at-once',
    tun: 'opens',
    hand: 'leads',
  };
  /** What becomes of lines of these numbers, instead. */
  readonly opens = new Map<number, Behaviour['open']>();
  readonly events: LinkEvent[] = [];
  /** Everything that was done, in order: `open`, `attach`, `install`, … */
  readonly acts: string[] = [];
  readonly lines: FakeLine[] = [];
  readonly link: Link;
  readonly pools: AddressPools;
  /** What hooks ran for, in order. */
  readonly hooked: { readonly moment: HookMoment; readonly facts: LinkFacts }[] = [];
  /** Those that the system has from the link. */
  nameServers: readonly Ip[] = [];
  /** Why the sessions of the ledger ended. */
  readonly sessionEnds: string[] = [];
  counted = { rxBytes: 0, txBytes: 0 };
  /** The links that are up, and well. */
  readonly well = new Set<string>();
  /** What the ledger knows of this month. */
  usedBytes = 0;
  /** The metrics of the routes as installed last. */
  metrics: readonly (number | undefined)[] = [];
  /** What the names of hosts stand for. */
  resolve: (host: string) => Promise<readonly string[]> = (host) => Promise.reject(new Error(`no such host: ${host}`));
  /** The peer's addresses that the worker was told. */
  /** What the worker was told of the queue, by a session's begin or by itself. */
  readonly queues: (QueueOptions | undefined)[] = [];
  readonly assigned: Ip4[] = [];
  openTuns = 0;
  installed = false;
  attached = false;
  /** The lines that the worker has. */
  readonly lent = new Set<number>();
  #caller: Promise<void> = Promise.resolve();
  #listener: Parameters<LinkWorker['listen']>[1] | undefined;

  constructor(config: LinkConfig = testConfig, pools = new AddressPools(), pastSessions: readonly Session[] = []) {
    this.pools = pools;
    this.link = new Link(config, {
      lines: linesOf(config).map((_, number) => this.#lineSource(number)),
      worker: this.#worker(),
      network: this.#network(),
      scheduler: this.scheduler,
      random: () => 0,
      pools: this.pools,
      resolve: (host) => this.resolve(host),
      control: '/run/linkd/control.sock',
      isWell: (link) => this.well.has(link),
      hooks: {
        run: (moment, _, facts) => {
          this.hooked.push({ moment, facts });
          return { done: Promise.resolve([]), cancel: () => Promise.resolve() };
        },
      },
      ledger: {
        begin: () => ({
          count: (rxBytes, txBytes) => (this.counted = { rxBytes, txBytes }),
          end: (why) => this.sessionEnds.push(why.code),
        }),
        usedBytes: () => this.usedBytes,
        history: () => [...pastSessions],
      },
      resolver: {
        take: (_, __, servers, option) => {
          this.nameServers = option === 'off' ? [] : servers;
          return Promise.resolve('file');
        },
        release: () => {
          this.nameServers = [];
          return Promise.resolve();
        },
      },
      openTun: (name) => {
        if (this.behaviour.tun === 'fails') throw new Error('no /dev/net/tun');
        this.openTuns += 1;
        return { name, fd: 98, close: () => (this.openTuns -= 1) };
      },
      emit: (event) => this.events.push(event),
    });
  }

  /** Lets the next line wait for its caller, who comes when the returned function is called. */
  holdOpen(): () => void {
    let come: () => void = () => undefined;
    this.#caller = new Promise((resolve) => (come = resolve));
    return () => {
      come();
    };
  }

  /** The last line that was opened. */
  get line(): FakeLine {
    const line = this.lines.at(-1);
    if (line === undefined) throw new Error('no line was opened yet');
    return line;
  }

  /** The states that the link went through. */
  get states(): string[] {
    return this.events.filter(({ type }) => type === 'state').map(({ state }) => state);
  }

  hear(message: FromWorker extends infer M ? (M extends { link: string } ? Omit<M, 'link'> : never) : never): void {
    this.#listener?.message({ link: 'branch', ...message });
  }

  workerDies(): void {
    this.attached = false;
    this.lent.clear();
    this.#listener?.died('test');
  }

  async comeUp(): Promise<void> {
    this.link.command('up');
    await this.scheduler.pass(1);
    this.networkUp();
    await this.scheduler.pass(1);
  }

  networkUp(): void {
    this.hear({ type: 'network-up', network: agreedNetwork('10.0.0.1', '10.0.0.2') });
  }

  #lineSource(number: number): HandSource {
    const source: HandSource = {
      openByHand: (_visit, signal) => {
        this.acts.push('by hand');
        if (this.behaviour.hand === 'leads') return source.open(signal);
        return Promise.reject(new LineError('talk on', 'the line', cause('by-hand', 'ann hung up'), new Error('no')));
      },
      open: (signal) => {
        this.acts.push('open');
        const open = this.opens.get(number) ?? this.behaviour.open;
        if (open === 'at-once') {
          const line = new FakeLine(number, () =>
            this.behaviour.close === 'at-once' ? Promise.resolve() : new Promise(() => undefined),
          );
          return this.#caller.then(() => {
            this.lines.push(line);
            return line;
          });
        }
        if (open !== 'never') return Promise.reject(new LineError('open', '/dev/ttyS0', cause(open), new Error('no')));
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        });
      },
      dispose: () => {
        this.acts.push('dispose');
        return Promise.resolve();
      },
      handable: (line) => line?.fd,
      handOver: (line) => {
        this.acts.push('hand over');
        return Promise.resolve({ kind: 'socket', fd: line?.fd ?? -1, name: 'line' });
      },
    };
    return source;
  }

  #worker(): LinkWorker {
    return {
      listen: (_, listener) => (this.#listener = listener),
      forget: () => (this.#listener = undefined),
      post: (message) => {
        this.acts.push(message.type);
        queueMicrotask(() => {
          this.#obey(message);
        });
      },
    };
  }

  #obey(message: ToWorker): void {
    switch (message.type) {
      case 'attach':
      case 'join':
        this.attached = true;
        if (message.type === 'attach') this.queues.push(message.options.queue);
        this.lent.add(message.type === 'attach' ? message.line : message.line.number);
        return;
      case 'close':
        if (this.attached && this.behaviour.terminate === 'at-once')
          this.hear({ type: 'finished', cause: message.cause });
        return;
      case 'detach':
        this.lent.delete(message.line);
        this.attached = this.lent.size > 0;
        if (this.behaviour.release === 'at-once') this.hear({ type: 'released', number: message.number });
        return;
      case 'remove':
        if (this.behaviour.release === 'at-once') this.hear({ type: 'released', number: message.number });
        return;
      case 'assign':
        this.assigned.push(message.remote);
        return;
      case 'queue':
        this.queues.push(message.options);
        return;
      case 'add':
      case 'probe':
      case 'ready':
      case 'watch':
        return;
    }
  }

  #network(): LinkNetwork {
    const down = (act: string) => (): Promise<void> => {
      this.acts.push(act);
      this.installed = false;
      return Promise.resolve();
    };
    return {
      up: (wanted) => {
        this.acts.push('install');
        this.metrics = wanted.routes.map(({ metric }) => metric);
        if (this.behaviour.install === 'fail') return Promise.reject(new Error('the route exists'));
        this.installed = true;
        return Promise.resolve({ refused: [], warnings: [] });
      },
      hold: () => {
        this.acts.push('hold');
        return Promise.resolve({ refused: [], warnings: [] });
      },
      down: down('uninstall'),
      release: down('release'),
    };
  }
}
