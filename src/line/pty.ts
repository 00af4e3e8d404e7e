/**
 * A pty: linkd keeps the master and publishes the slave as a symbolic link, for a virtual machine, pppd or any program
 * that wants a serial port. It is a listener of a kind: a line opens when a program has opened the slave, and ends (EIO)
 * when the last one has closed it. Pair and link stay between two lines, so a program that stays finds itself served again.
 */
import { lstat, readlink, stat, symlink, unlink } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cause } from '../base/cause.js';
import { codeOf, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { HANGUP, READABLE, native } from '../native/binding.js';
import { DescriptorLine } from './descriptor-line.js';
import type { HandedPty } from './handed.js';
import { LineError, type Line, type LineSource } from './line.js';
import type { PtyOptions } from './options.js';
import { pause } from './wait.js';

/** The kernel doesn't report that a slave is opened: the master is looked at this often. */
const PERIOD_MS = 200;
/** More than the kernel holds in a pty. */
const STALE_LIMIT = 1024 * 1024;

interface Pair {
  readonly master: number;
  /** The slave. */
  readonly path: string;
}

export class PtySource implements LineSource {
  readonly #options: PtyOptions;
  readonly #log: Logger;
  #pair: Pair | undefined;

  /** `handed` is a pair that is published already. */
  constructor(options: PtyOptions, log: Logger, handed?: HandedPty) {
    this.#options = options;
    this.#log = log;
    if (handed !== undefined) this.#pair = { master: handed.fd, path: handed.path };
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const { link, speed } = this.#options;
    const { master } = await this.#publish();
    await slaveOpened(master, signal);
    signal.throwIfAborted();
    const fd = this.#duplicate(master);
    return new DescriptorLine({
      fd,
      name: link,
      speed,
      explain: (end) =>
        cause('line-hangup', end.kind === 'error' && end.code !== 'EIO' ? `${link}: ${end.code}` : link),
      release: () => {
        native.close(fd);
        // Not after dispose, when the number may be another's.
        if (this.#pair?.master === master) settle(master);
      },
    });
  }

  async dispose(): Promise<void> {
    const pair = this.#pair;
    if (pair === undefined) return;
    this.#pair = undefined;
    native.close(pair.master);
    if ((await targetOf(this.#options.link)) === pair.path) await unlink(this.#options.link);
  }

  handable(): number | undefined {
    return this.#pair?.master;
  }

  /** The pair goes on, and with it whoever has the slave open; the link stays. */
  handOver(line: Line | undefined): Promise<HandedPty> {
    const pair = this.#pair;
    if (pair === undefined) return Promise.reject(new Error('there is no pty to hand on'));
    this.#pair = undefined;
    // The line's descriptor is a second one of the master's.
    if (line !== undefined) native.close(line.fd);
    return Promise.resolve({ kind: 'pty', fd: pair.master, path: pair.path, link: this.#options.link });
  }

  /** Makes the pair and the link, where they aren't there (any more). */
  async #publish(): Promise<Pair> {
    const { link } = this.#options;
    try {
      const pair = (this.#pair ??= makePair());
      const present = await targetOf(link);
      if (present === pair.path) return pair;
      if (present !== undefined) {
        if (await exists(link)) throw new Error(`it leads to ${present}, which is not linkd's`);
        await unlink(link);
      }
      await symlink(pair.path, link);
      this.#log.info({ link, device: pair.path }, 'the pty waits for a program to open it');
      return pair;
    } catch (thrown) {
      throw new LineError('publish a pty as', link, cause('listen-failed', `${link}: ${messageOf(thrown)}`), thrown);
    }
  }

  #duplicate(master: number): number {
    const { link } = this.#options;
    try {
      return native.duplicate(master);
    } catch (thrown) {
      throw new LineError('open', link, cause('device-failed', `${link}: ${messageOf(thrown)}`), thrown);
    }
  }
}

/** A pair whose slave nobody has open. */
function makePair(): Pair {
  const { master, slave, path } = native.openPty();
  native.close(slave);
  return { master, path };
}

/** Where a symbolic link leads; undefined when there is nothing. Throws when there is something else. */
async function targetOf(link: string): Promise<string | undefined> {
  try {
    if (!(await lstat(link)).isSymbolicLink()) throw new Error('it exists and is not a symbolic link');
    return await readlink(link);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

/** Waits until a program has the slave open. An abort throws `signal.reason`. */
async function slaveOpened(master: number, signal: AbortSignal): Promise<void> {
  // A user who stays is served at once.
  if (!settle(master)) return;
  let hungUp = true;
  const watcher = native.createWatcher(master, (events) => {
    hungUp = (events & HANGUP) !== 0;
    watcher.watch(0);
  });
  try {
    while (hungUp) {
      await pause(PERIOD_MS, signal);
      hungUp = false;
      watcher.watch(READABLE);
      // We are behind the loop's timers here, and a hang-up is reported before its immediates.
      await nextTurn();
      signal.throwIfAborted();
    }
  } finally {
    watcher.close();
  }
}

/**
 * Throws away what came in between two lines, which belongs to neither. True when nobody has the slave open; the next
 * program then finds the terminal raw, whatever the last one left behind.
 */
function settle(master: number): boolean {
  const buffer = new Uint8Array(4096);
  let total = 0;
  let count = 0;
  while (total < STALE_LIMIT && (count = native.read(master, buffer, 0, buffer.length)) > 0) total += count;
  const hungUp = count < 0 && native.errnoName(count) === 'EIO';
  if (hungUp) native.makeRaw(master);
  return hungUp;
}
