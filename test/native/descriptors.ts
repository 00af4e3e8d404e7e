/** Descriptors and watchers that a test opens: closed when it ends, however it ends. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { native, type Watcher } from '../../src/native/binding.js';

export class Descriptors {
  readonly #open = new Set<number>();
  readonly #watchers: Watcher[] = [];

  constructor(test: TestContext) {
    test.after(() => {
      for (const watcher of this.#watchers) watcher.close();
      for (const fd of this.#open) native.close(fd);
    });
  }

  /** Takes care of a descriptor. */
  own(fd: number): number {
    this.#open.add(fd);
    return fd;
  }

  pty(): { readonly master: number; readonly slave: number; readonly path: string } {
    const pty = native.openPty();
    this.own(pty.master);
    this.own(pty.slave);
    return pty;
  }

  sockets(bufferBytes = 0): readonly [number, number] {
    const [near, far] = native.socketPair(bufferBytes);
    return [this.own(near), this.own(far)];
  }

  close(fd: number): void {
    this.#open.delete(fd);
    native.close(fd);
  }

  watcher(fd: number, callback: (events: number) => void): Watcher {
    const watcher = native.createWatcher(fd, callback);
    this.#watchers.push(watcher);
    return watcher;
  }
}

/** Lets the event loop look at its descriptors so many times: what would call back over and over, does. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn();
}

/** Writes all of it, which must fit. */
export function writeAll(fd: number, octets: Uint8Array): void {
  const count = native.write(fd, octets, 0, octets.length);
  if (count !== octets.length) throw new Error(`wrote ${count} of ${octets.length} octets`);
}

/** Reads what there is; the octets, or the name of the errno. */
export function readSome(fd: number, most = 65_536): Uint8Array | string {
  const buffer = new Uint8Array(most);
  const count = native.read(fd, buffer, 0, most);
  return count < 0 ? native.errnoName(count) : buffer.slice(0, count);
}
