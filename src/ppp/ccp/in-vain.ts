/**
 * Tells Reset-Requests that follow a loss from those that nothing mends: a peer that can't expand any more asks for one after
 * the other, with hardly a packet between them. RFC 1962 §3.1
 *
 * pppd 2.4.9 becomes such a peer when it repeats EAP: each success opens CCP once more, for which it tries compressors out in
 * its kernel, and that leaves the decompressor that was in use switched off.
 */
import type { Millis } from '../../base/clock.js';

/** Requests in a row with no progress between them. */
const mostInVain = 5;
/**
 * Packets between two requests that are no progress, control packets among them: they went while the request was on its way.
 * A line that loses a tenth of what it carries comes to this as well, and is better off with plain packets, too.
 */
const fewPackets = 8;
/** So often does a new negotiation help, in such a time; a peer that needs it more often gets plain packets. */
const mostRenewals = 2;
const renewalsPer: Millis = 600_000;

/** `renew`: negotiate anew. `give-up`: compress no more. */
export type VainStep = 'renew' | 'give-up' | undefined;

export class ResetsInVain {
  #lastId: number | undefined;
  #sentBefore = 0;
  #inVain = 0;
  #renewals = 0;
  #renewedAt: Millis = -Infinity;

  /** A compressor begins: `sent` counts the packets that have gone by now. */
  begin(sent: number): void {
    this.#lastId = undefined;
    this.#sentBefore = sent;
    this.#inVain = 0;
  }

  /** A Reset-Request has come. One that is repeated is the same matter: its Identifier is. */
  requested(id: number, sent: number, now: Millis): VainStep {
    if (id === this.#lastId) return undefined;
    this.#lastId = id;
    this.#inVain = sent - this.#sentBefore <= fewPackets ? this.#inVain + 1 : 0;
    this.#sentBefore = sent;
    if (this.#inVain < mostInVain) return undefined;
    this.begin(sent);
    if (now - this.#renewedAt > renewalsPer) this.#renewals = 0;
    this.#renewedAt = now;
    return ++this.#renewals > mostRenewals ? 'give-up' : 'renew';
  }
}
