/**
 * A line of a given speed with the real pppd at both ends: two guests of user-mode Linux, a kernel with PPP, and the same
 * null modem that linkd has.
 *
 *     guest A ═ ttyS, null modem, ttyS ═ guest B
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PppdGuest, type Pppd } from '../interop/pppd-guest.js';
import { NullModem } from '../support/null-modem.js';
import {
  arrivalsIn,
  catchUpMs,
  deadMs,
  pingUntilAnswered,
  sendWords,
  settle,
  settleMs,
  sinkWords,
  type Bulk,
  type PacedLine,
  type Transferred,
} from './paced-line.js';

export interface PppdLineOptions {
  readonly baud: number;
  /** Of both pppds, one word each. */
  readonly options?: readonly string[];
  /** The queue before ppp0; by default what the kernel gives it. */
  readonly queue?: 'pfifo_fast' | 'fq_codel';
}

const guestA = '10.9.0.1';
const guestB = '10.9.0.2';
const pingWaitMs = 10_000;
/** The least that a socket can hold. */
const leastBuffer = 1;
/** Between two looks at a log whose moment counts. */
const lookMs = 2;

export class PppdLine implements PacedLine {
  readonly #guests: readonly [PppdGuest, PppdGuest];
  readonly modem: NullModem;
  readonly #pppds: readonly Pppd[];

  private constructor(guests: readonly [PppdGuest, PppdGuest], modem: NullModem, pppds: readonly Pppd[]) {
    this.#guests = guests;
    this.modem = modem;
    this.#pppds = pppds;
  }

  /** Both ends are up. */
  static async open({ baud, options = [], queue }: PppdLineOptions): Promise<PppdLine> {
    return PppdLine.#prepare(baud, async ([a, b], modem) => {
      const pppds = [
        await a.startPppd([`${guestA}:${guestB}`, ...options]),
        await b.startPppd([`${guestB}:${guestA}`, ...options]),
      ];
      await Promise.all(pppds.map((pppd) => pppd.untilLogged(/^Connect:/m, settleMs)));
      modem.plug();
      await Promise.all(pppds.map((pppd) => pppd.untilUp(settleMs)));
      if (queue === 'fq_codel')
        for (const guest of [a, b]) await guest.must('busybox insmod "$modules/kernel/net/sched/sch_fq_codel.ko"');
      if (queue !== undefined) for (const guest of [a, b]) await guest.must(`tc qdisc replace dev ppp0 root ${queue}`);
      return new PppdLine([a, b], modem, pppds);
    });
  }

  /**
   * How long, in seconds, two pppds take from the first Configure-Request to IP at both ends. Their connect scripts end together;
   * each waits a second then for octets of the other, so the first to send wakes the other.
   */
  static async bringUp(baud: number): Promise<number> {
    let seconds = 0;
    const line = await PppdLine.#prepare(baud, async ([a, b], modem) => {
      const connect = ['connect', 'until [ -e /run/carrier ]; do sleep 0.02; done'];
      const pppds = [
        await a.startPppd([`${guestA}:${guestB}`, ...connect]),
        await b.startPppd([`${guestB}:${guestA}`, ...connect]),
      ];
      modem.plug();
      await Promise.all([a, b].map((guest) => guest.must('touch /run/carrier')));
      await until(() => pppds.some(({ log }) => log.includes('sent [LCP ConfReq')));
      const began = performance.now();
      await until(() => pppds.every(({ log }) => log.includes('remote IP address')));
      seconds = (performance.now() - began) / 1000;
      return new PppdLine([a, b], modem, pppds);
    });
    await line.close();
    return seconds;
  }

  /** Two guests and the cable between them, pulled; closed when what follows fails. */
  static async #prepare(
    baud: number,
    begin: (guests: readonly [PppdGuest, PppdGuest], modem: NullModem) => Promise<PppdLine>,
  ): Promise<PppdLine> {
    const a = await PppdGuest.boot({ lineBuffer: leastBuffer });
    let b: PppdGuest | undefined;
    let modem: NullModem | undefined;
    try {
      b = await PppdGuest.boot({ lineBuffer: leastBuffer });
      modem = new NullModem({ a: { kind: 'fd', fd: a.line }, b: { kind: 'fd', fd: b.line }, baud, catchUpMs });
      // The guest's kernel never reads what fills the socket before its port is opened.
      modem.pull();
      return await begin([a, b], modem);
    } catch (error) {
      modem?.close();
      await a.close();
      await b?.close();
      throw error;
    }
  }

  async ping(count: number, intervalMs: number): Promise<readonly number[]> {
    const { output } = await this.#guests[0].run(
      `ping -n -c ${count} -i ${intervalMs / 1000} -w ${Math.ceil((count * intervalMs) / 1000)} ${guestB}`,
      count * intervalMs + pingWaitMs + settleMs,
    );
    return Array.from(output.matchAll(/ time=([\d.]+) ms/g), ([, time]) => Number(time));
  }

  async bulk<T>(bulk: Bulk, meanwhile: () => Promise<T>): Promise<Transferred<T>> {
    const [a, b] = this.#guests;
    const timeoutMs = (bulk.seconds + 1) * 1000 + settleMs;
    const node = (words: readonly string[]): string =>
      [process.execPath, ...words].map((word) => `'${word}'`).join(' ');
    const sink = b.must(`${node(sinkWords(guestB, bulk))} >/run/sink; cat /run/sink`, timeoutMs);
    const sender = a.must(node(sendWords(guestB, bulk)), timeoutMs);
    const begun = b
      .must('until grep -q begun /run/sink; do sleep 0.1; done', settleMs)
      .then(() => settle(bulk))
      .then(meanwhile);
    const [printed, seen] = await Promise.all([sink, begun, sender]);
    await b.must('rm /run/sink');
    return { arrivals: arrivalsIn(printed), seen };
  }

  /** Waits until both ends have given the peer up. */
  async untilDead(): Promise<void> {
    await Promise.all(this.#pppds.map((pppd) => pppd.untilLogged(/Connection terminated/, deadMs)));
  }

  /** Waits for the first answer to a ping from A to B. */
  async untilPinged(): Promise<void> {
    await this.#guests[0].must(pingUntilAnswered(guestB), deadMs);
  }

  async close(): Promise<void> {
    this.modem.close();
    await Promise.all(this.#guests.map((guest) => guest.close()));
  }
}

/** Looks more often than tests do. */
async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + settleMs; !condition();) {
    if (performance.now() > deadline) throw new Error('pppd does not come up');
    await sleep(lookMs);
  }
}
