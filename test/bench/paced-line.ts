/**
 * A line of a given speed with a router at each end, as the benchmarks of slow lines see it: pings and bulk TCP from A to B. The
 * cable takes from each end only what the line has carried away by now (`null-modem.ts`).
 *
 *     host A ── router A ═ pty, null modem, pty ═ router B ── host B
 *
 * This one has linkd at both ends; `pppd-line.ts` has pppd.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Daemon } from '../support/daemon.js';
import { NullModem } from '../support/null-modem.js';
import { TwoRouters } from '../support/two-routers.js';

export interface Bulk {
  readonly flows: number;
  readonly seconds: number;
  readonly content: 'noise' | 'text';
  /** What is done meanwhile begins so long after the first connection. */
  readonly settleSeconds?: number;
}

/** What came on each connection: octets until then, at these milliseconds since the first one began. */
export type Arrivals = readonly (readonly (readonly [ms: number, octets: number])[])[];

export interface Transferred<T> {
  readonly arrivals: Arrivals;
  /** What came of that which was done meanwhile. */
  readonly seen: T;
}

export interface PacedLine {
  /**
   * Round trips of so many pings of 56 octets from A to B, in ms; what got lost is left out. They end when their time is over,
   * however slow they were sent.
   */
  ping(count: number, intervalMs: number): Promise<readonly number[]>;
  /** Bulk TCP from A to B, and what is done when it has begun. */
  bulk<T>(bulk: Bulk, meanwhile: () => Promise<T>): Promise<Transferred<T>>;
  close(): Promise<void>;
}

export interface LinkdLineOptions {
  readonly baud: number;
  /** Further lines of both links' config. */
  readonly more?: readonly string[];
}

const flow = join(import.meta.dirname, 'flow.js');
const port = '7001';
/** How long a dead peer may take to be noticed, and to be there again. */
export const deadMs = 120_000;
export const settleMs = 30_000;
/** linkd reckons how far a pty's line is: time that the cable loses would wait in the pty until the line is idle. */
export const catchUpMs = 1000;
/** A ping may wait so long; pppd's do. */
const pingWaitMs = 10_000;
const arrivalsOf = z.array(z.array(z.tuple([z.number(), z.number()])));

export class LinkdLine implements PacedLine {
  readonly #routers: TwoRouters;
  readonly modem: NullModem;
  readonly daemons: readonly [Daemon, Daemon];

  private constructor(routers: TwoRouters, modem: NullModem, daemons: readonly [Daemon, Daemon]) {
    this.#routers = routers;
    this.modem = modem;
    this.daemons = daemons;
  }

  /** Both ends are up. */
  static async open({ baud, more = [] }: LinkdLineOptions): Promise<LinkdLine> {
    const routers = await TwoRouters.create();
    try {
      const a = { kind: 'pty', link: routers.dir.file('tty-a') } as const;
      const b = { kind: 'pty', link: routers.dir.file('tty-b') } as const;
      const modem = new NullModem({ a, b, baud, catchUpMs });
      routers.atEnd(() => {
        modem.close();
      });
      const line = (device: string): string => `{serial: ${device}, speed: ${baud}, flow: none}`;
      const daemons = [await routers.startA(line(a.link), more), await routers.startB(line(b.link), more)] as const;
      await Promise.all(daemons.map((daemon) => daemon.untilUp('branch')));
      // What Linux, and so the guest with pppd, has unless someone has set another.
      await routers.lans.hostA.ip('route replace default via 10.1.0.1 congctl cubic');
      return new LinkdLine(routers, modem, daemons);
    } catch (error) {
      await routers.close();
      throw error;
    }
  }

  async ping(count: number, intervalMs: number): Promise<readonly number[]> {
    const { lab, lans } = this.#routers;
    return (await lab.ping(lans.hostA, lans.hostB, { count, intervalMs, timeoutMs: pingWaitMs })).rttsMs;
  }

  async bulk<T>(bulk: Bulk, meanwhile: () => Promise<T>): Promise<Transferred<T>> {
    const { hostA, hostB } = this.#routers.lans;
    const address = hostB.address ?? '';
    const sink = hostB.spawn(process.execPath, sinkWords(address, bulk));
    const sender = hostA.spawn(process.execPath, sendWords(address, bulk));
    try {
      await sink.printed(/^begun$/m, settleMs);
      await settle(bulk);
      const seen = await meanwhile();
      const { stdout } = await sink.exited(bulk.seconds * 1000 + settleMs);
      return { arrivals: arrivalsIn(stdout), seen };
    } finally {
      await Promise.all([sink.stop(), sender.stop()]);
    }
  }

  /** Waits until both ends have given the peer up. */
  async untilDead(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.untilCause('branch', 'peer-dead', deadMs)));
  }

  /** Waits for the first answer to a ping from A to B. */
  async untilPinged(): Promise<void> {
    const { hostA, hostB } = this.#routers.lans;
    await hostA.must('sh', ['-c', pingUntilAnswered(hostB.address ?? '')], { timeoutMs: deadMs });
  }

  close(): Promise<void> {
    return this.#routers.close();
  }
}

/** A shell script that pings until the first answer; it looks several times a second. */
export function pingUntilAnswered(address: string): string {
  return `until ping -n -c 1 -W 0.1 ${address} >/dev/null 2>&1; do sleep 0.02; done`;
}

/** Octets a second that came on a connection, from the last arrival before that time to the last of all. */
export function goodput(arrivals: Arrivals[number], fromSecond: number): number {
  const [firstMs, first] = arrivals.findLast(([ms]) => ms <= fromSecond * 1000) ?? [0, 0];
  const [lastMs, last] = arrivals.at(-1) ?? [0, 0];
  return lastMs === firstMs ? 0 : ((last - first) * 1000) / (lastMs - firstMs);
}

export function settle({ settleSeconds = 0 }: Bulk): Promise<void> {
  return sleep(settleSeconds * 1000);
}

export function sinkWords(address: string, { seconds }: Bulk): readonly string[] {
  return [flow, 'sink', address, port, `${seconds}`];
}

export function sendWords(address: string, { seconds, flows, content }: Bulk): readonly string[] {
  return [flow, 'send', address, port, `${seconds + 1}`, `${flows}`, content];
}

/** The last line of what the sink has printed. */
export function arrivalsIn(printed: string): Arrivals {
  return arrivalsOf.parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''));
}
