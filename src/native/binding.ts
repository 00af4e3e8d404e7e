/**
 * The typed face of the native addon (`linkd.c`): TUN devices, pty pairs, socket pairs and fast reads and writes on
 * descriptors, for the main thread and for workers alike.
 */
import { createRequire } from 'node:module';

/** What a watcher reports and what it is asked to watch for. */
export const READABLE = 1;
export const WRITABLE = 2;
export const HANGUP = 4;

/** Calls back from the event loop of the thread that made it (uv_poll). */
export interface Watcher {
  /** Watches for READABLE | WRITABLE; 0 pauses. A hang-up is reported with either. */
  watch(events: number): void;
  /** Ends the watching, and keeps the loop alive no longer; the descriptor stays open. Safe to call twice. */
  close(): void;
}

/** Functions throw an Error with `code` (`EPERM`) and `errno`; hot-path ones return -errno instead. */
export interface Binding {
  /** Opens /dev/net/tun for an interface of that name (IFF_TUN | IFF_NO_PI, non-blocking, close-on-exec). */
  openTun(name: string): number;
  /** A pty pair: raw, non-blocking master, close-on-exec on both. */
  openPty(): { readonly master: number; readonly slave: number; readonly path: string };
  /** A connected pair of stream sockets, close-on-exec; `bufferBytes` bounds what each holds (0: the system's default). */
  socketPair(bufferBytes: number): readonly [number, number];
  /** A second descriptor for the same open file, non-blocking, close-on-exec. */
  duplicate(fd: number): number;
  close(fd: number): void;
  /** Raw mode (cfmakeraw) on a terminal. */
  makeRaw(fd: number): void;
  /** TIOCEXCL / TIOCNXCL. */
  setExclusive(fd: number, on: boolean): void;
  /** TIOCOUTQ (for a socket SIOCOUTQ): octets written and not yet sent; 0 where the kernel can't tell. */
  unsentBytes(fd: number): number;
  /** The number of octets; 0 at end of file, -errno on failure (-EAGAIN: nothing now). */
  read(fd: number, into: Uint8Array, offset: number, length: number): number;
  /** The number of octets taken, or -errno. */
  write(fd: number, from: Uint8Array, offset: number, length: number): number;
  /**
   * Reads packets one by one until there are none or `slots` is full: packet i to `buffer` at `slots[i] * slotSize` (at
   * most `slotSize` octets), its length to `lengths[i]`. The number of packets, or -errno when the first read failed.
   */
  readBatch(fd: number, buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number;
  createWatcher(fd: number, callback: (events: number) => void): Watcher;
  /** `EIO` for 5: the name of an errno, with or without its minus sign. */
  errnoName(errno: number): string;
  readonly EAGAIN: number;
}

function load(): Binding {
  const loaded: unknown = createRequire(import.meta.url)('./linkd.node');
  if (!isBinding(loaded)) throw new Error('linkd.node is not the addon of this version; run: npm run build');
  return loaded;
}

/** The addon is built from the same tree; this catches one left over from another version. */
function isBinding(value: unknown): value is Binding {
  return typeof value === 'object' && value !== null && 'createWatcher' in value && 'readBatch' in value;
}

export const native: Binding = load();
