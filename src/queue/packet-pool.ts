/**
 * The memory in which packets wait: one array, cut into slots of equal size. A packet's slot is taken before it is read from
 * the TUN device, travels through the queue as a number, and is given back when the packet is on the line or dropped.
 */
export class PacketPool {
  /** Slot n is at `n * slotSize`. */
  readonly bytes: Uint8Array;
  readonly slots: number;
  /** Octets. */
  readonly slotSize: number;
  readonly #freeSlots: Int32Array;
  readonly #taken: Uint8Array;
  #free: number;

  /** In memory of the caller's, of `slots * slotSize` octets, or in its own. */
  constructor(slots: number, slotSize: number, bytes: Uint8Array = new Uint8Array(slots * slotSize)) {
    this.bytes = bytes;
    this.slots = slots;
    this.slotSize = slotSize;
    this.#freeSlots = Int32Array.from({ length: slots }, (_, i) => slots - 1 - i);
    this.#taken = new Uint8Array(slots);
    this.#free = slots;
  }

  /** How many slots can be taken. */
  get free(): number {
    return this.#free;
  }

  /** A slot of the caller's own until it is given back; -1 when there is none. */
  take(): number {
    if (this.#free === 0) return -1;
    const slot = this.#freeSlots[--this.#free]!;
    this.#taken[slot] = 1;
    return slot;
  }

  /** Throws when the slot isn't taken: it was given back twice, or is none. */
  give(slot: number): void {
    if (this.#taken[slot] !== 1) throw new RangeError(`slot ${slot} is not taken`);
    this.#taken[slot] = 0;
    this.#freeSlots[this.#free++] = slot;
  }
}
