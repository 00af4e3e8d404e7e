/** A line that harms what it carries, frame by frame, as its seed decides: loses, corrupts, doubles, delays, reorders. */
import { fractions } from './random.js';

/** A PPP frame without its HDLC clothes. */
export interface Frame {
  readonly protocol: number;
  readonly packet: Uint8Array;
}

/** Probabilities between 0 and 1, and times in milliseconds. */
export interface Faults {
  readonly lose: number;
  /** Corrupted frames that the FCS notices: they are lost. */
  readonly corrupt: number;
  /** Corrupted frames that pass the FCS, which happens to one in 65536 on a real line. */
  readonly corruptUnnoticed: number;
  readonly duplicate: number;
  readonly latencyMs: number;
  /** Added to the latency at random: frames overtake each other. */
  readonly jitterMs: number;
}

export const cleanLine: Faults = {
  lose: 0,
  corrupt: 0,
  corruptUnnoticed: 0,
  duplicate: 0,
  latencyMs: 5,
  jitterMs: 0,
};

export interface Delivery {
  readonly afterMs: number;
  readonly frame: Frame;
}

export class LossyLine {
  readonly #fraction: () => number;
  faults: Faults;

  constructor(faults: Faults, random: () => number) {
    this.faults = faults;
    this.#fraction = fractions(random);
  }

  /** What arrives of a frame that is sent now: nothing, the frame, or more of it. */
  carry(frame: Frame): Delivery[] {
    const copies = this.#happens(this.faults.duplicate) ? 2 : 1;
    const deliveries: Delivery[] = [];
    for (let copy = 0; copy < copies; copy++) {
      if (this.#happens(this.faults.lose) || this.#happens(this.faults.corrupt)) continue;
      const afterMs = this.faults.latencyMs + this.#fraction() * this.faults.jitterMs;
      const arriving = this.#happens(this.faults.corruptUnnoticed) ? this.#corrupt(frame) : frame;
      deliveries.push({ afterMs, frame: { protocol: arriving.protocol, packet: arriving.packet.slice() } });
    }
    return deliveries;
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#fraction() < probability;
  }

  /** Some octet is another one; now and then the frame is cut short, or of another protocol. */
  #corrupt({ protocol, packet }: Frame): Frame {
    const kind = this.#fraction();
    if (kind < 0.1) return { protocol: Math.floor(this.#fraction() * 0x1_0000), packet };
    const copy = packet.slice(0, kind < 0.3 ? Math.floor(this.#fraction() * packet.length) : packet.length);
    if (copy.length > 0) copy[Math.floor(this.#fraction() * copy.length)] = Math.floor(this.#fraction() * 256);
    return { protocol, packet: copy };
  }
}
