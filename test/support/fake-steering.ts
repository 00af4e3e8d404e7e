/**
 * A manager of links without links, for the tests of the control server and of linkctl: it keeps states, takes commands
 * and says events as the real one does, and goes on only when the test says so.
 */
import { cause, describeCause, type Cause } from '../../src/base/cause.js';
import type { LinkChange } from '../../src/link/config-diff.js';
import type {
  DaemonSteering,
  LinkCommand,
  LinkEvent,
  LinkState,
  LinkStatus,
  MonthRecord,
  ReloadOutcome,
  RestartOutcome,
  RouteExplanation,
  SessionRecord,
} from '../../src/link/types.js';

export class FakeSteering implements DaemonSteering {
  /** Every command that was taken, as `up branch`. */
  readonly commands: string[] = [];
  /** What the daemon answers beyond its links. A test sets what it needs; a function may fail, or take its time. */
  outcome: () => Promise<ReloadOutcome> = () => Promise.resolve({ ok: true, changes: [], warnings: [] });
  successor: () => Promise<RestartOutcome> = () => Promise.resolve({ ok: true, pid: 4712 });
  plans: (name: string) => Promise<readonly string[]> = (name) => Promise.resolve([`# ${name}: nothing to do`]);
  table: () => Promise<readonly RouteExplanation[]> = () => Promise.resolve([]);
  sessions: readonly SessionRecord[] = [];
  months: readonly MonthRecord[] = [];
  /** Who may steer which link beside the socket's group, as `alice branch`. */
  stewards: readonly string[] = [];
  readonly #links: Map<string, LinkStatus>;
  readonly #events = new Map<string, LinkEvent[]>();
  readonly #listeners = new Set<(event: LinkEvent) => void>();

  constructor(links: readonly LinkStatus[]) {
    this.#links = new Map(links.map((link) => [link.name, link]));
  }

  /** Event streams and whoever else listens. */
  get listeners(): number {
    return this.#listeners.size;
  }

  names(): readonly string[] {
    return [...this.#links.keys()];
  }

  status(name: string): LinkStatus | undefined {
    return this.#links.get(name);
  }

  /** Begins what the command asks for: `opening`, or `closing`; a link at rest stays there. */
  command(name: string, command: LinkCommand): boolean {
    const link = this.#links.get(name);
    if (link === undefined) return false;
    this.commands.push(`${command} ${name}`);
    const isUp = link.state === 'up';
    if (command === 'up' && !isUp) this.enter(name, 'opening');
    if (command === 'down' && link.state !== 'down') this.enter(name, 'closing', cause('requested'));
    if (command === 'restart') this.enter(name, isUp ? 'closing' : 'opening', cause('restart-requested'));
    return true;
  }

  log(name: string): readonly LinkEvent[] | undefined {
    return this.#links.has(name) ? [...(this.#events.get(name) ?? [])] : undefined;
  }

  subscribe(listener: (event: LinkEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reload(): Promise<ReloadOutcome> {
    this.commands.push('reload');
    return this.outcome();
  }

  restart(): Promise<RestartOutcome> {
    this.commands.push('restart-daemon');
    return this.successor();
  }

  diff(): Promise<ReloadOutcome> {
    return this.outcome();
  }

  async plan(name: string): Promise<readonly string[] | undefined> {
    return this.#links.has(name) ? this.plans(name) : undefined;
  }

  routes(): Promise<readonly RouteExplanation[]> {
    return this.table();
  }

  history(link: string | undefined, limit: number): readonly SessionRecord[] {
    return this.sessions.filter((session) => link === undefined || session.link === link).slice(0, limit);
  }

  totals(link: string | undefined): readonly MonthRecord[] {
    return this.months.filter((month) => link === undefined || month.link === link);
  }

  /** What becomes of a terminal that is brought as the line of a link. */
  desk: 'not-waiting' | 'no-terminal' = 'not-waiting';

  bringTerminal(name: string): 'not-waiting' | 'no-terminal' | undefined {
    return this.#links.has(name) ? this.desk : undefined;
  }

  /** Every line is in use. */
  takeByHand(name: string): LinkState | undefined {
    return this.#links.get(name)?.state;
  }

  maySteer(name: string, user: string): boolean {
    return this.stewards.includes(`${user} ${name}`);
  }

  /** Changes what is known of a link. */
  set(name: string, change: Partial<LinkStatus>): void {
    const link = this.#links.get(name);
    if (link === undefined) throw new Error(`the test knows no link ${name}`);
    this.#links.set(name, { ...link, ...change });
  }

  /** A link goes into a state, with the event that tells so. */
  enter(name: string, state: LinkState, why?: Cause): void {
    const time = new Date();
    this.set(name, {
      state,
      since: time,
      nextAttempt: undefined,
      ...(why === undefined ? {} : { lastCause: { cause: why, at: time } }),
    });
    const message = why === undefined ? state : `${state}: ${describeCause(why)}`;
    this.emit({ time, link: name, type: 'state', level: 'info', message, state, cause: why });
  }

  emit(event: LinkEvent): void {
    this.#events.set(event.link, [...(this.#events.get(event.link) ?? []), event]);
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** A link that has been up for a while, every field filled in. `change` makes it another one. */
export function upLink(change: Partial<LinkStatus> = {}): LinkStatus {
  return {
    name: 'branch',
    state: 'up',
    since: new Date('2026-01-10T08:00:00.000Z'),
    lastCause: { cause: cause('carrier-lost', '/dev/ttyUSB0'), at: new Date('2026-01-10T07:59:12.000Z') },
    nextAttempt: undefined,
    restarts: 2,
    line: {
      options: { kind: 'serial', device: '/dev/ttyUSB0', speed: 115_200, flow: 'rtscts', carrier: 'auto' },
      name: '/dev/ttyUSB0',
      speed: 115_200,
    },
    lines: [
      {
        options: { kind: 'serial', device: '/dev/ttyUSB0', speed: 115_200, flow: 'rtscts', carrier: 'auto' },
        name: '/dev/ttyUSB0',
        speed: 115_200,
        state: 'open',
        lastCause: undefined,
        nextAttempt: undefined,
      },
    ],
    interface: 'ppp-branch',
    local: '10.255.0.1',
    remote: '10.255.0.2',
    local6: 'fd00:255::1',
    remote6: 'fd00:255::2',
    networks: [
      { address: 0x0a020000, length: 16 },
      { address: 0xc0a80700, length: 24 },
    ],
    counters: {
      rxPackets: 10_250,
      rxBytes: 12_345_678,
      txPackets: 4_321,
      txBytes: 987_654,
      lineRxBytes: 12_700_000,
      lineTxBytes: 1_010_000,
      errors: { fcs: 3, overrun: 1 },
    },
    queue: {
      packets: 4_321,
      bytes: 987_654,
      drops: 7,
      marks: 12,
      waitingPackets: 3,
      waitingBytes: 4_200,
      flows: 2,
      delayP50Ms: 14.3,
      delayP95Ms: 227.4,
      classes: [],
    },
    rxBytesPerSecond: 1234,
    txBytesPerSecond: 310,
    session: {
      phase: 'network',
      localAddress: '10.255.0.1',
      remoteAddress: '10.255.0.2',
      dns: ['10.2.0.53'],
      localIp6: 'fe80::1',
      remoteIp6: 'fe80::2',
      mtu: 1500,
      options: { 'tx-accm': '0x00000000', 'rx-mru': '1500' },
      echoRttMs: 12.34,
      peerIdentification: 'linkd 0.1.0',
      peerName: 'branch',
    },
    networkProblems: [],
    hooks: [],
    health: undefined,
    quota: undefined,
    dialing: undefined,
    ...change,
  };
}

/** A link whose device is not there. */
export function waitingLink(change: Partial<LinkStatus> = {}): LinkStatus {
  return upLink({
    name: 'depot',
    state: 'waiting',
    since: new Date('2026-01-10T11:59:48.000Z'),
    lastCause: {
      cause: cause('device-missing', '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0'),
      at: new Date('2026-01-10T11:59:48.000Z'),
    },
    nextAttempt: new Date('2026-01-10T12:00:03.000Z'),
    restarts: 0,
    line: {
      options: {
        kind: 'serial',
        device: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0',
        speed: 9600,
        flow: 'none',
        carrier: 'ignore',
      },
      name: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K2X7Z-if00-port0',
      speed: 9600,
    },
    interface: 'ppp-depot',
    local: '10.255.1.1',
    remote: '10.255.1.2',
    local6: undefined,
    remote6: undefined,
    networks: [],
    counters: {
      rxPackets: 0,
      rxBytes: 0,
      txPackets: 1,
      txBytes: 84,
      lineRxBytes: 0,
      lineTxBytes: 0,
      errors: {},
    },
    queue: {
      ...{ packets: 1, bytes: 84, drops: 0, marks: 0, waitingPackets: 0, waitingBytes: 0, flows: 0 },
      ...{ delayP50Ms: undefined, delayP95Ms: undefined, classes: [] },
    },
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    session: undefined,
    ...change,
  });
}

/** A link that nobody started yet, over TCP. */
export function restingLink(change: Partial<LinkStatus> = {}): LinkStatus {
  return waitingLink({
    name: 'spare',
    state: 'down',
    lastCause: undefined,
    nextAttempt: undefined,
    line: { options: { kind: 'tcp', host: '192.0.2.7', port: 7000 }, name: '192.0.2.7:7000', speed: undefined },
    interface: 'ppp-spare',
    local: '10.255.2.1',
    remote: '10.255.2.2',
    local6: undefined,
    remote6: undefined,
    networks: [{ address: 0x0a040000, length: 16 }],
    ...change,
  });
}

/** A link that is up and watched, and not all is well with it. */
export function watchedLink(change: Partial<LinkStatus> = {}): LinkStatus {
  return upLink({
    networkProblems: ['the route to 10.2.0.0/16 is hidden by one of metric 0 on eth1'],
    hooks: [
      {
        moment: 'up',
        program: '/etc/linkd/hooks/flush-mail',
        at: new Date('2026-01-10T08:00:01.000Z'),
        durationMs: 2345.6,
        ok: false,
        outcome: 'exit status 75',
        output: 'postqueue: warning:\tMail system is down\npostqueue: fatal: queue is not flushed\n',
      },
      {
        moment: 'up',
        program: '/etc/linkd/hooks/chrony',
        at: new Date('2026-01-10T08:00:02.000Z'),
        durationMs: 40,
        ok: true,
        outcome: 'exit status 0',
        output: '200 OK\n',
      },
    ],
    health: { state: 'failed', reason: '10.2.0.1 did not answer 3 times' },
    quota: { state: 'warn', usedBytes: 4_600_000_000, monthlyBytes: 5_000_000_000 },
    dialing: {
      waitsFor: undefined,
      becauseOf: { packet: 'tcp 10.1.0.5:49152 → 10.2.0.9:22', at: new Date('2026-01-10T07:59:58.000Z') },
      overridden: false,
      callsLastHour: 2,
      openTodayMs: 5_400_000,
    },
    ...change,
  });
}

/** A change of each kind. */
export const reloadChanges: readonly LinkChange[] = [
  { link: 'old', kind: 'remove', changes: [] },
  { link: 'branch', kind: 'apply', changes: [{ path: 'net.networks', from: '[]', to: '["10.2.0.0/16"]' }] },
  {
    link: 'depot',
    kind: 'restart',
    changes: [
      { path: 'line.speed', from: '9600', to: '115200' },
      { path: 'quota', from: undefined, to: '5000000000' },
    ],
  },
  { link: 'spare', kind: 'add', changes: [] },
];

export const routeTable: readonly RouteExplanation[] = [
  {
    destination: 'default',
    type: 'unicast',
    interface: 'eth0',
    gateway: '192.0.2.1',
    metric: 0,
    table: 254,
    protocol: 'dhcp',
    link: undefined,
    origin: undefined,
  },
  {
    destination: '10.2.0.0/16',
    type: 'unicast',
    interface: 'ppp-branch',
    gateway: undefined,
    metric: 100,
    table: 254,
    protocol: 'linkd',
    link: 'branch',
    origin: 'links.branch.networks[0]',
  },
  {
    destination: '10.2.0.0/16',
    type: 'unreachable',
    interface: undefined,
    gateway: undefined,
    metric: 4_294_967_295,
    table: 100,
    protocol: 'linkd',
    link: 'branch',
    origin: 'links.branch.unreachable',
  },
];

export const sessionRecords: readonly SessionRecord[] = [
  {
    link: 'branch',
    startedAt: new Date('2026-01-10T08:00:00.000Z'),
    endedAt: undefined,
    rxBytes: 12_345_678,
    txBytes: 987_654,
    endCause: undefined,
  },
  {
    link: 'branch',
    startedAt: new Date('2026-01-09T20:00:00.000Z'),
    endedAt: new Date('2026-01-10T07:59:12.000Z'),
    rxBytes: 1_000_000_000,
    txBytes: 5000,
    endCause: 'the carrier was lost (/dev/ttyUSB0)',
  },
  {
    link: 'gone',
    startedAt: new Date('2025-12-31T23:59:50.000Z'),
    endedAt: new Date('2026-01-01T00:00:10.000Z'),
    rxBytes: 0,
    txBytes: 84,
    endCause: undefined,
  },
];

export const monthRecords: readonly MonthRecord[] = [
  { link: 'branch', month: '2026-01', rxBytes: 1_012_345_678, txBytes: 992_654, seconds: 57_552, sessions: 2 },
  { link: 'gone', month: '2025-12', rxBytes: 0, txBytes: 84, seconds: 10, sessions: 1 },
];
