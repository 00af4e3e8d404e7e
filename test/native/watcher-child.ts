/**
 * What a watcher does to the process, or to the thread, that it lives in. Run by watcher.test.ts with a scenario's name,
 * as a program or as a worker; `ready` is said once the watchers stand.
 */
import assert from 'node:assert/strict';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { native, READABLE, WRITABLE } from '../../src/native/binding.js';

const octet = Uint8Array.of(1);

const scenarios: Readonly<Record<string, () => void>> = {
  /** Each exception is reported by itself, and the watcher goes on. */
  'throws, and the process survives'() {
    const { near, far } = sockets();
    let calls = 0;
    process.on('uncaughtException', (error: Error) => {
      say(`caught ${error.message}`);
    });
    const watcher = native.createWatcher(near, () => {
      calls += 1;
      queueMicrotask(() => {
        say('microtask');
      });
      if (calls === 3) watcher.close();
      throw new Error(`mistake ${calls}`);
    });
    watcher.watch(READABLE);
    native.write(far, octet, 0, 1);
  },

  'throws, and nobody catches it'() {
    const { near } = sockets();
    const watcher = native.createWatcher(near, () => {
      throw new Error('a mistake');
    });
    watcher.watch(WRITABLE);
    say('ready');
  },

  /** None of these keeps the loop alive. */
  'has closed and paused watchers only'() {
    const { near, far } = sockets();
    native.createWatcher(near, say);
    const watcher = native.createWatcher(far, say);
    watcher.watch(READABLE);
    watcher.watch(0);
    const { near: another } = sockets();
    const closed = native.createWatcher(another, say);
    closed.watch(READABLE | WRITABLE);
    closed.close();
    say('ready');
  },

  'exits with open watchers'() {
    const { near, far } = sockets();
    native.createWatcher(near, say).watch(READABLE);
    native.createWatcher(far, say).close();
    say('ready');
    process.exit(0);
  },

  'exits within a callback'() {
    const { near } = sockets();
    native
      .createWatcher(near, () => {
        process.exit(0);
      })
      .watch(WRITABLE);
    say('ready');
  },

  /** Needs --expose-gc. */
  'drops its watcher'() {
    const { near, far } = sockets();
    (() => {
      native
        .createWatcher(near, () => {
          say('called');
          process.exit(0);
        })
        .watch(READABLE);
    })();
    assert.ok(globalThis.gc !== undefined);
    for (let i = 0; i < 5; i++) globalThis.gc();
    native.write(far, octet, 0, 1);
  },

  'stays idle'() {
    const { near } = sockets();
    native.createWatcher(near, say).watch(READABLE);
    say('ready');
  },

  'is called all the time'() {
    for (let i = 0; i < 10; i++) {
      const { near } = sockets();
      const churn = (): void => {
        const watcher = native.createWatcher(near, () => {
          watcher.close();
          churn();
        });
        watcher.watch(WRITABLE);
      };
      churn();
    }
    say('ready');
  },

  'hangs within a callback'() {
    const { near } = sockets();
    native
      .createWatcher(near, () => {
        say('ready');
        for (;;);
      })
      .watch(WRITABLE);
  },
};

function sockets(): { readonly near: number; readonly far: number } {
  const [near, far] = native.socketPair(0);
  return { near, far };
}

function say(what: unknown): void {
  if (parentPort === null) console.log(what);
  else parentPort.postMessage(what);
}

const name: unknown = isMainThread ? process.argv[2] : workerData;
const scenario = scenarios[String(name)];
assert.ok(scenario !== undefined, `no scenario ${String(name)}`);
scenario();
