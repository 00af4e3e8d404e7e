/** One flow of the queue, and the lists that flows wait in for their turn (RFC 8290 §4). */
import { Codel } from './codel.js';

export class Flow {
  /** Its packets, as slots; -1 when there is none. */
  head = -1;
  tail = -1;
  /** Octets of its packets. */
  bytes = 0;
  /** Octets that it may still send in this round; below 0 it has sent more. */
  deficit = 0;
  /** Whether it is in one of the lists, and the flow behind it there. */
  active = false;
  next: Flow | undefined = undefined;
  readonly codel = new Codel();
}

/** First in, first out, linked through the flows themselves: a flow is in one list at most. */
export class FlowList {
  #first: Flow | undefined = undefined;
  #last: Flow | undefined = undefined;

  get first(): Flow | undefined {
    return this.#first;
  }

  push(flow: Flow): void {
    flow.next = undefined;
    if (this.#last === undefined) this.#first = flow;
    else this.#last.next = flow;
    this.#last = flow;
  }

  /** Takes the first flow out. */
  shift(): void {
    this.#first = this.#first?.next;
    if (this.#first === undefined) this.#last = undefined;
  }
}
