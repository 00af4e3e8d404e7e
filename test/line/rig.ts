/** What the tests of lines share: scratch folders, a log that remembers, ptys as serial ports, octets moved by descriptor. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { CauseCode } from '../../src/base/cause.js';
import type { LogFields, Logger } from '../../src/base/log.js';
import { LineError, type Line, type LineSource } from '../../src/line/line.js';
import { native } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';

/** How long anything here may take. */
export const PATIENCE_MS = 20_000;

/** A new folder, removed when the test ends. */
export function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'linkd-line-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

export class MemoryLog implements Logger {
  readonly entries: LogEntry[] = [];

  debug(fields: LogFields, message: string): void {
    this.entries.push({ level: 'debug', fields, message });
  }

  info(fields: LogFields, message: string): void {
    this.entries.push({ level: 'info', fields, message });
  }

  warn(fields: LogFields, message: string): void {
    this.entries.push({ level: 'warn', fields, message });
  }

  error(fields: LogFields, message: string): void {
    this.entries.push({ level: 'error', fields, message });
  }

  of(level: LogEntry['level']): readonly LogEntry[] {
    return this.entries.filter((entry) => entry.level === level);
  }
}

/** The far side of a pty that plays a serial port: nobody else has its slave open. */
export class FakePort {
  readonly master: number;
  readonly path: string;
  #plugged = true;

  constructor(t: TestContext) {
    const { master, slave, path } = native.openPty();
    native.close(slave);
    this.master = master;
    this.path = path;
    t.after(() => {
      this.unplug();
    });
  }

  unplug(): void {
    if (this.#plugged) native.close(this.master);
    this.#plugged = false;
  }
}

/** Opens a line and closes it when the test ends. */
export async function openLine(t: TestContext, source: LineSource, signal?: AbortSignal): Promise<Line> {
  const line = await within(source.open(signal ?? new AbortController().signal), PATIENCE_MS, 'the line opens');
  t.after(() => line.close());
  return line;
}

/** A source that is disposed of when the test ends. */
export function owned<T extends LineSource>(t: TestContext, source: T): T {
  t.after(() => source.dispose());
  return source;
}

/** Asserts that the line doesn't open, for this reason. */
export async function assertRefused(source: LineSource, code: CauseCode, detail: RegExp): Promise<void> {
  await assert.rejects(within(source.open(new AbortController().signal), PATIENCE_MS, 'the refusal'), (error) => {
    assert.ok(error instanceof LineError, String(error));
    assert.equal(error.reason.code, code, error.message);
    assert.match(error.reason.detail ?? '', detail);
    return true;
  });
}

/** Asserts that an abort ends the opening at once, with the abort's reason. */
export async function assertAborts(source: LineSource, when: (abort: () => void) => void): Promise<void> {
  const controller = new AbortController();
  const reason = new Error('enough');
  const opening = source.open(controller.signal);
  when(() => {
    controller.abort(reason);
  });
  await assert.rejects(within(opening, PATIENCE_MS, 'the abort'), (error) => error === reason);
}

export const everyOctet = Uint8Array.from({ length: 256 }, (_, i) => i);

/** Writes all of it, as there is room. */
export async function send(fd: number, octets: Uint8Array): Promise<void> {
  let at = 0;
  await eventually(
    () => {
      const count = native.write(fd, octets, at, octets.length - at);
      if (count > 0) at += count;
      else if (count !== -native.EAGAIN) throw new Error(native.errnoName(count));
      return at === octets.length;
    },
    PATIENCE_MS,
    'the octets are written',
  );
}

/** Reads that many octets. */
export async function receive(fd: number, length: number): Promise<Uint8Array> {
  const octets = new Uint8Array(length);
  let at = 0;
  await eventually(
    () => {
      const count = native.read(fd, octets, at, length - at);
      if (count > 0) at += count;
      return at === length;
    },
    PATIENCE_MS,
    `${length} octets are read`,
  );
  return octets;
}

/** Asserts that every octet passes unchanged from one descriptor to the other and back. */
export async function assertCarries(a: number, b: number): Promise<void> {
  await send(a, everyOctet);
  assert.deepEqual(await receive(b, 256), everyOctet);
  await send(b, everyOctet);
  assert.deepEqual(await receive(a, 256), everyOctet);
}

/** What read shows at the end of a descriptor: `eof` or an errno's name. */
export async function endOf(fd: number): Promise<string> {
  const buffer = new Uint8Array(256);
  return eventually(
    () => {
      const count = native.read(fd, buffer, 0, buffer.length);
      if (count > 0 || count === -native.EAGAIN) return undefined;
      return count === 0 ? 'eof' : native.errnoName(count);
    },
    PATIENCE_MS,
    'the end of the descriptor',
  );
}

/** Asserts that, after a first time, doing it over and over leaves no descriptor behind. */
export async function assertLeaksNothing(action: () => Promise<void>): Promise<void> {
  await action();
  const before = openDescriptors();
  for (let i = 0; i < 5; i++) await action();
  await eventually(() => openDescriptors() <= before, PATIENCE_MS, `no more than ${before} descriptors`);
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
