/** The packets of a TUN interface as the packet worker sees them. `linux.ts` is the real one; tests have one in memory. */

export interface PacketPort {
  /** Calls back while there may be packets to read. */
  start(readable: () => void): void;
  /**
   * Reads up to `slots.length` packets: packet i goes to `buffer` at `slots[i] * slotSize`, its length to `lengths[i]`.
   * Returns how many; a full batch means there may be more.
   */
  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number;
  /** Hands one IP packet to the kernel; false when the kernel refused it (interface down). */
  write(buffer: Uint8Array, offset: number, length: number): boolean;
  /** Stops calling back. The descriptor stays open: it is the Tun's. */
  stop(): void;
}

/** A TUN interface: made once for a link, kept while the link redials, gone with the process. */
export interface Tun {
  readonly name: string;
  readonly fd: number;
  close(): void;
}
