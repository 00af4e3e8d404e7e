/**
 * A manager of links without links, for the tests of the control server and of linkctl: it keeps states, takes commands
 * and says events as the real one does, and goes on only when the test says so.
 */
import { cause, describeCause, type Cause } from '../../src/base/cause.js';
import type { LinkCommand, LinkEvent, LinkState, LinkStatus, LinkSteering } from '../../src/link/types.js';

export class FakeSteering implements LinkSteering {
  /** Every command that was taken, as `up branch`. */
  readonly commands: string[] = [];
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
    interface: 'ppp-branch',
    local: '10.255.0.1',
    remote: '10.255.0.2',
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
    rxBytesPerSecond: 1234,
    txBytesPerSecond: 310,
    session: {
      phase: 'network',
      localAddress: '10.255.0.1',
      remoteAddress: '10.255.0.2',
      mtu: 1500,
      options: { 'tx-accm': '0x00000000', 'rx-mru': '1500' },
      echoRttMs: 12.34,
      peerIdentification: 'linkd 0.1.0',
    },
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
    networks: [{ address: 0x0a040000, length: 16 }],
    ...change,
  });
}
