/**
 * The typed face of the native addon (`linkd.c`): TUN devices, pty pairs, socket pairs, netlink listeners, the peers of
 * sockets, and fast reads and writes on descriptors, for the main thread and for workers alike.
 */
import { createRequire } from 'node:module';
import { OpError } from '../base/errors.js';

/** What a watcher reports and what it is asked to watch for. */
export const READABLE = 1;
export const WRITABLE = 2;
export const HANGUP = 4;

/**
 * Calls back from the event loop of the thread that made it (uv_poll), level-triggered: again and again until what it
 * reports was dealt with. One watcher at a time for a descriptor; it makes the descriptor non-blocking.
 */
export interface Watcher {
  /**
   * Watches for READABLE | WRITABLE; 0 pauses. A hang-up is reported with either, at the latest when what came before it
   * was read. A descriptor that fails is reported as READABLE | HANGUP (read() names the errno) and pauses the watcher by
   * itself. Throws when it is closed.
   */
  watch(events: number): void;
  /** Ends the watching, and keeps the loop alive no longer; the descriptor stays open. Safe to call twice. */
  close(): void;
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups; `gid` may be among them or not. */
  readonly groups: readonly number[];
}

/**
 * Functions throw an Error with `code` (`EPERM`) and `errno` (-1); `read`, `write` and `readPackets` return -errno instead.
 * A caller's mistake (a wrong type, an offset beyond the array, a read of no octets) is a TypeError or a RangeError.
 */
export interface Binding {
  /**
   * Opens /dev/net/tun for an interface of that name, 1 to 15 octets and no `%` (IFF_TUN | IFF_NO_PI | IFF_VNET_HDR,
   * non-blocking, close-on-exec). Its packets are read and written by `readPackets` and `writePackets` alone. An interface that
   * is already there and persistent is taken over.
   */
  openTun(name: string): number;
  /** A pty pair: raw, non-blocking and close-on-exec, both ends. `path` is that of the slave. */
  openPty(): { readonly master: number; readonly slave: number; readonly path: string };
  /**
   * A connected pair of stream sockets, non-blocking, close-on-exec; `bufferBytes` roughly bounds what each holds (the
   * kernel counts its own overhead and has a least size; 0: the system's default).
   */
  socketPair(bufferBytes: number): readonly [number, number];
  /**
   * A netlink socket (non-blocking, close-on-exec) that gets the events of these multicast groups, a bit mask: bit n-1 for
   * group n. `bufferBytes` is the receive buffer (0: the system's default). Each read gives one datagram, which may hold
   * several messages; -ENOBUFS once when events were lost.
   */
  openNetlink(protocol: number, groups: number, bufferBytes: number): number;
  /** A second descriptor for the same open file, close-on-exec; makes that file (and so both) non-blocking. */
  duplicate(fd: number): number;
  /**
   * A stream socket takes no more from `write`, and is not writable, while it holds about so many octets that have not left
   * (TCP: TCP_NOTSENT_LOWAT) or that the peer has not read (Unix: SO_SNDBUF).
   */
  limitUnsent(fd: number, octets: number): void;
  close(fd: number): void;
  /** Raw mode (cfmakeraw) on a terminal. */
  makeRaw(fd: number): void;
  /** TIOCEXCL / TIOCNXCL. */
  setExclusive(fd: number, on: boolean): void;
  /** The settings of a terminal as the kernel keeps them (termios2: modes, characters, both speeds), for `setTerminal`. */
  getTerminal(fd: number): Uint8Array;
  /** Sets a terminal as it was when `getTerminal` gave these. */
  setTerminal(fd: number, settings: Uint8Array): void;
  /**
   * Sends one datagram to the Unix socket of that path (`@name`: of that abstract name), from a socket made for it. Waits
   * a second at most while the receiver's queue is full, then throws EAGAIN. sd_notify(3) speaks this way.
   */
  sendDatagram(path: string, text: string): void;
  /**
   * Who connected this Unix socket, as of that moment (SO_PEERCRED, SO_PEERGROUPS): nothing that the peer says of itself.
   * `pid` is 0 where the peer is in a pid namespace that can't be seen from here. Throws ENODATA for another kind of socket.
   */
  peerCredentials(fd: number): PeerCredentials;
  /**
   * TIOCOUTQ (for a socket SIOCOUTQ): octets written and not yet sent; 0 where the kernel can't tell (ptys). For a Unix
   * socket it is the memory that they take, which is more.
   */
  unsentBytes(fd: number): number;
  /** The number of octets; 0 at end of file, -errno on failure (-EAGAIN: nothing now). */
  read(fd: number, into: Uint8Array, offset: number, length: number): number;
  /** The number of octets taken, or -errno. */
  write(fd: number, from: Uint8Array, offset: number, length: number): number;
  /** What the next two keep of a TUN device (or of another descriptor that gives a packet a read); one for each reader. */
  packetState(fd: number): Uint8Array;
  /**
   * Reads packets until there are none or `slots` is full: packet i to `buffer` at `slots[i] * slotSize` (at most `slotSize`
   * octets), its length to `lengths[i]`. The number of packets, or -errno when there is none. TCP segments that the kernel
   * hands over as one are cut; some may be left, without the descriptor being readable, when `slots` is full.
   */
  readPackets(
    fd: number,
    state: Uint8Array,
    buffer: Uint8Array,
    slotSize: number,
    slots: Int32Array,
    lengths: Int32Array,
  ): number;
  /**
   * Writes `count` packets, packet i being the `lengths[i]` octets of `buffer` at `starts[i]`; TCP segments that follow each
   * other are handed over as one, for which their headers are changed in place. The number of packets that were taken; the
   * length of each other one is 0 afterwards.
   */
  writePackets(
    fd: number,
    state: Uint8Array,
    buffer: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    count: number,
  ): number;
  createWatcher(fd: number, callback: (events: number) => void): Watcher;
  /** `EIO` for 5: the name of an errno, with or without its minus sign. */
  errnoName(errno: number): string;
  /** Gives memory back to the system that malloc keeps for later, of all threads. malloc_trim(3) */
  trimMemory(): void;
  readonly EAGAIN: number;
}

function load(): Binding {
  let loaded: unknown;
  try {
    loaded = createRequire(import.meta.url)('./linkd.node');
  } catch (error) {
    throw new OpError('load', 'the native addon linkd.node', error, 'Build it: npm run build');
  }
  if (!isBinding(loaded)) throw new Error('linkd.node is not the addon of this version; run: npm run build');
  return loaded;
}

/** The addon is built from the same tree; this catches one left over from another version. */
function isBinding(value: unknown): value is Binding {
  return typeof value === 'object' && value !== null && 'createWatcher' in value && 'trimMemory' in value;
}

export const native: Binding = load();
