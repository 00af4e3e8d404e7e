/**
 * Two linkd daemons on a line that has a carrier: each listens on a Unix socket, and the null modem between them calls both. Their
 * connections are the carrier: it comes to both ends at once, and when it goes, both see it at once.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../../src/native/binding.js';
import { descriptorOf } from '../../src/native/socket-descriptor.js';
import type { Daemon } from '../support/daemon.js';
import { within } from '../support/eventually.js';
import { NullModem } from '../support/null-modem.js';
import { TwoRouters } from '../support/two-routers.js';

const waitMs = 30_000;
/** A daemon that has just started is still at work on itself. */
const restMs = 2000;

/** Since the carrier came. */
export interface BringUp {
  readonly ipcpMs: number;
  readonly upMs: number;
}

export class CarrierLine {
  readonly routers: TwoRouters;
  readonly #daemons: readonly Daemon[];
  readonly #sockets: readonly [string, string];
  readonly #baud: number;
  #modem: NullModem | undefined;

  private constructor(
    routers: TwoRouters,
    daemons: readonly Daemon[],
    sockets: readonly [string, string],
    baud: number,
  ) {
    this.routers = routers;
    this.#daemons = daemons;
    this.#sockets = sockets;
    this.#baud = baud;
  }

  /** Both ends listen, and there is no carrier. */
  static async open(baud: number): Promise<CarrierLine> {
    const routers = await TwoRouters.create();
    try {
      const sockets = [routers.dir.file('a'), routers.dir.file('b')] as const;
      const line = (path: string): string => `{unix-listen: ${path}, speed: ${baud}}`;
      const daemons = [await routers.startA(line(sockets[0])), await routers.startB(line(sockets[1]))];
      await Promise.all(daemons.map((daemon) => daemon.until('branch', 'listens', ({ state }) => state === 'opening')));
      await sleep(restMs);
      const paced = new CarrierLine(routers, daemons, sockets, baud);
      routers.atEnd(() => {
        paced.drop();
      });
      return paced;
    } catch (error) {
      await routers.close();
      throw error;
    }
  }

  /** The carrier comes. */
  async raise(): Promise<void> {
    const [a, b] = await Promise.all(this.#sockets.map(call));
    if (a === undefined || b === undefined) throw new Error('two ends were called');
    this.#modem = new NullModem({ a: { kind: 'fd', fd: a }, b: { kind: 'fd', fd: b }, baud: this.#baud });
  }

  /** The carrier goes. */
  drop(): void {
    this.#modem?.close();
    this.#modem = undefined;
  }

  /** Waits until both ends are down again and listen. */
  async untilListening(): Promise<void> {
    await Promise.all(
      this.#daemons.map((daemon) => daemon.until('branch', 'listens again', ({ state }) => state === 'opening')),
    );
  }

  /** Raises the carrier, and tells how long after that both ends had IPCP open, and were up with addresses and routes. */
  async bringUp(): Promise<BringUp> {
    const watched = this.#daemons.map((daemon) => new Watched(daemon));
    await within(Promise.all(watched.map(({ begun }) => begun)), waitMs, 'the events begin');
    const began = performance.now();
    await this.raise();
    const moments = await within(Promise.all(watched.map(({ moments: found }) => found)), waitMs, 'both ends are up');
    return {
      ipcpMs: Math.max(...moments.map(({ ipcpAt }) => ipcpAt)) - began,
      upMs: Math.max(...moments.map(({ upAt }) => upAt)) - began,
    };
  }

  close(): Promise<void> {
    return this.routers.close();
  }
}

interface Moments {
  readonly ipcpAt: number;
  readonly upAt: number;
}

/** The events of one end until it is up. */
class Watched {
  /** Nothing can be missed any more. */
  readonly begun: Promise<void>;
  readonly moments: Promise<Moments>;

  constructor(daemon: Daemon) {
    let begin: () => void = () => undefined;
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    this.moments = follow(daemon, begin);
  }
}

async function follow(daemon: Daemon, begun: () => void): Promise<Moments> {
  let ipcpAt = Number.NaN;
  for await (const { body } of daemon.client.events('branch')) {
    if (body.type === 'begin') begun();
    if (body.type === 'log' && body.message.startsWith('IPCP opened')) ipcpAt = performance.now();
    if (body.type === 'state' && body.state === 'up') return { ipcpAt, upAt: performance.now() };
  }
  throw new Error('the events ended');
}

/** A descriptor of a connection. */
async function call(path: string): Promise<number> {
  const socket = connect(path);
  socket.pause();
  await once(socket, 'connect');
  try {
    return native.duplicate(descriptorOf(socket));
  } finally {
    socket.destroy();
  }
}
