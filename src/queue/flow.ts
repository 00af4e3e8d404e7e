/** One flow of the queue, and the lists that flows wait in for their turn (RFC 8290 §4). */
import { Codel } from './codel.js';

export class Flow {
  /** By what the packets of this flow are known. */
  hash = 0;
  /** Its packets, as slots; -1 when there is none. */
  head = -1;
  tail = -1;
  /** Octets of its packets. */
  bytes = 0;
  /** Octets that it may still send in its turn; below 0 it has sent more. */
  deficit = 0;
  /** The share (see FqCodel) up to which the deficit is reckoned, while it has no packets. */
  share = 0;
  /** The list that it is in, and its neighbours there. */
  list: FlowList | undefined = undefined;
  next: Flow | undefined = undefined;
  previous: Flow | undefined = undefined;
  readonly codel = new Codel();

  /** It has packets, or has had more than its share and goes on to be known. */
  get isActive(): boolean {
    return this.list !== undefined;
  }
}

/** First in, first out, linked through the flows themselves: a flow is in one list at most. */
export class FlowList {
  #first: Flow | undefined = undefined;
  #last: Flow | undefined = undefined;

  get first(): Flow | undefined {
    return this.#first;
  }

  push(flow: Flow): void {
    flow.list = this;
    flow.next = undefined;
    flow.previous = this.#last;
    if (this.#last === undefined) this.#first = flow;
    else this.#last.next = flow;
    this.#last = flow;
  }

  /** Takes a flow of this list out. */
  remove(flow: Flow): void {
    if (flow.previous === undefined) this.#first = flow.next;
    else flow.previous.next = flow.next;
    if (flow.next === undefined) this.#last = flow.previous;
    else flow.next.previous = flow.previous;
    flow.list = flow.next = flow.previous = undefined;
  }
}
