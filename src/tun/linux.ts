/**
 * TUN on Linux: the interface, opened on the main thread (`openTun`), and its packets, read and written by the packet
 * worker through the descriptor (`LinuxPacketPort`). Addresses, routes and the MTU are set by netlink, in the room `net`.
 */
import { codeOf, OpError } from '../base/errors.js';
import { HANGUP, native, READABLE, type Watcher } from '../native/binding.js';
import type { PacketPort, Tun } from './tun.js';

/**
 * Makes the TUN interface of that name, or takes over a persistent one (`ip tuntap add`), which needs no right of its own
 * if it belongs to the user. Throws an OpError.
 */
export function openTun(name: string): Tun {
  let fd: number;
  try {
    fd = native.openTun(name);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error; // Not the system's refusal: the name can't be one.
    throw new OpError('open the TUN interface', name, error, remedies[code]);
  }
  return inheritTun(name, fd);
}

/** The TUN interface behind a descriptor that another process opened, and handed on. */
export function inheritTun(name: string, fd: number): Tun {
  let open = true;
  return {
    name,
    fd,
    close() {
      if (open) native.close(fd);
      open = false;
    },
  };
}

export class LinuxPacketPort implements PacketPort {
  readonly #fd: number;
  readonly #state: Uint8Array;
  /** Of the one packet that `write` is given. */
  readonly #start = new Int32Array(1);
  readonly #length = new Int32Array(1);
  /** Present while the port is started and well. Without it the descriptor is not touched: it may be another's by now. */
  #watcher: Watcher | undefined;
  #gone: ((code: string) => void) | undefined;
  /** The last batch was full: there may be packets of which the descriptor says nothing. */
  #wasFull = false;
  /** Reads on for that reason; one at a time, lest in a flood each turn of the loop reads more than the one before. */
  #again: NodeJS.Immediate | undefined;

  /** The descriptor of a Tun; it stays the Tun's. */
  constructor(fd: number) {
    this.#fd = fd;
    this.#state = native.packetState(fd);
  }

  start(readable: () => void, gone: (code: string) => void): void {
    if (this.#watcher !== undefined) throw new Error('the packet port is started already');
    const read = (): void => {
      if (this.#watcher === undefined) return;
      readable();
      if (this.#wasFull && this.#again === undefined) this.#again = setImmediate(readOn);
    };
    const readOn = (): void => {
      this.#again = undefined;
      read();
    };
    this.#watcher = native.createWatcher(this.#fd, (events) => {
      read();
      // A TUN fails only when its interface is gone. Whoever read has met that by now; whoever did not is told all the same.
      if ((events & HANGUP) !== 0) this.#fail('EBADFD');
    });
    this.#watcher.watch(READABLE);
    this.#gone = gone;
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    this.#wasFull = false;
    if (this.#watcher === undefined) return 0;
    const count = native.readPackets(this.#fd, this.#state, buffer, slotSize, slots, lengths);
    this.#wasFull = count === slots.length;
    if (count >= 0) return count;
    if (count !== -native.EAGAIN) this.#fail(native.errnoName(count));
    return 0;
  }

  write(buffer: Uint8Array, offset: number, length: number): boolean {
    this.#start[0] = offset;
    this.#length[0] = length;
    return this.writeBatch(buffer, this.#start, this.#length, 1) === 1;
  }

  writeBatch(buffer: Uint8Array, starts: Int32Array, lengths: Int32Array, count: number): number {
    // Any errno is about its packet only (EIO: the interface is down). If the interface is gone, the watcher tells.
    if (this.#watcher !== undefined) return native.writePackets(this.#fd, this.#state, buffer, starts, lengths, count);
    lengths.fill(0, 0, count);
    return 0;
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#gone = undefined;
  }

  #fail(code: string): void {
    if (this.#watcher === undefined) return;
    this.#watcher.close();
    this.#watcher = undefined;
    const gone = this.#gone;
    queueMicrotask(() => {
      if (this.#gone === gone) gone?.(code); // Unless stopped in between.
    });
  }
}

const noDriver = 'Load the driver (modprobe tun), or pass the device /dev/net/tun into the container.';

/** What to do about the system's refusals to open a TUN interface. */
const remedies: Readonly<Partial<Record<string, string>>> = {
  ENOENT: noDriver,
  ENODEV: noDriver,
  ENXIO: noDriver,
  EACCES: 'Let the user that runs linkd read and write /dev/net/tun.',
  EPERM: 'Give linkd CAP_NET_ADMIN (AmbientCapabilities= in its systemd unit), or run it as root.',
  EBUSY: 'Another program holds the interface of this name (a second linkd?): end it, or choose another name.',
  EINVAL:
    'An interface of this name exists and is not a TUN interface, or the kernel takes no such name: choose another.',
};
