/** The packets of a TUN interface as the packet worker sees them. `linux.ts` is the real one; tests have one in memory. */

export interface PacketPort {
  /**
   * Begins to call back: `readable` while there may be packets to read, `gone` once when somebody deleted the interface
   * (`EBADFD`) or the descriptor failed otherwise, with the system's code. `gone` comes on a stack of its own, never from
   * within a call to the port, and nothing is called after it. While the interface is down it is merely silent.
   */
  start(readable: () => void, gone: (code: string) => void): void;
  /**
   * Reads up to `slots.length` packets: packet i goes to `buffer` at `slots[i] * slotSize`, its length to `lengths[i]`.
   * Returns how many; a full batch means there may be more, and `readable` is called for it. 0 before `start`, after `stop` and when the port is gone.
   */
  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number;
  /** Hands one IP packet to the kernel; false when it was not taken: interface down, no memory, not IP, port not started. */
  write(buffer: Uint8Array, offset: number, length: number): boolean;
  /**
   * As `write`, for `count` packets at once: packet i is the `lengths[i]` octets of `buffer` at `starts[i]`, which may be changed.
   * Returns how many were taken; the length of each other one is 0 afterwards.
   */
  writeBatch(buffer: Uint8Array, starts: Int32Array, lengths: Int32Array, count: number): number;
  /** Stops calling back. The descriptor stays open: it is the Tun's. */
  stop(): void;
}

/** A TUN interface: made once for a link, kept while the link redials, gone with the process. */
export interface Tun {
  readonly name: string;
  readonly fd: number;
  /** Removes the interface, unless it is persistent. Safe to call twice; no port may be started on it by then. */
  close(): void;
}
