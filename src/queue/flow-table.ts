/**
 * Flows by their hash. Two flows that meet in one queue would share one turn, and among 16 flows in 256 queues that happens to
 * some in every third case. So a hash does not name a queue but a set of eight, in which a flow takes a place of its own
 * for as long as it is active, as CAKE does it; only a ninth one has to share.
 */
import { Flow } from './flow.js';

const WAYS = 8;

export class FlowTable {
  /** Each is made when it is needed: most links have few. */
  readonly #flows: (Flow | undefined)[];
  readonly #sets: number;

  /** For so many flows; a multiple of eight is made of it. */
  constructor(flows: number) {
    this.#sets = Math.max(1, Math.ceil(flows / WAYS));
    this.#flows = Array.from({ length: this.#sets * WAYS }, () => undefined);
  }

  /** The flow of this hash, 32 bits. It is nobody else's, unless the set is full. */
  get(hash: number): Flow {
    const set = (hash % this.#sets) * WAYS;
    let free: Flow | undefined;
    for (let at = set; at < set + WAYS; at++) {
      const flow = this.#flows[at];
      if (flow === undefined) return free === undefined ? this.#make(at, hash) : take(free, hash);
      if (flow.hash === hash) return flow;
      if (free === undefined && !flow.isActive) free = flow;
    }
    return free === undefined ? this.#flows[set + ((hash >>> 16) % WAYS)]! : take(free, hash);
  }

  /** Those that have packets or had some, in no order. */
  all(): readonly Flow[] {
    return this.#flows.filter((flow) => flow !== undefined);
  }

  /** The flow with most octets waiting; undefined when nothing waits. */
  fattest(): Flow | undefined {
    let fattest: Flow | undefined;
    for (const flow of this.#flows) {
      if (flow !== undefined && flow.head !== -1 && (fattest === undefined || flow.bytes > fattest.bytes))
        fattest = flow;
    }
    return fattest;
  }

  #make(at: number, hash: number): Flow {
    const flow = new Flow();
    this.#flows[at] = flow;
    return take(flow, hash);
  }
}

/** A place for another flow: nothing of the one before holds. */
function take(flow: Flow, hash: number): Flow {
  flow.hash = hash;
  flow.codel.forget();
  return flow;
}
