/**
 * The real chat(8) on a pty, against the same partner and the same scripts: what goes out is the same octet for octet, and
 * so are the exit code, what is shown and reported, and what is left to be read.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fromOctets, toOctets } from '../../src/chat/script.js';
import { native } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import { cases, type Case } from './cases.js';
import { runCase, type Ending } from './run-case.js';

const PATIENCE_MS = 60_000;

/** Words as nobody would write them, sent after nothing: always the same ones. */
const odd: readonly Case[] = fc
  .sample(
    fc.array(fc.constantFrom(...Array.from('\\\\\\^$@"-cqprnstbNKTUxABC0147')), { minLength: 2, maxLength: 14 }),
    {
      seed: 5,
      numRuns: 60,
    },
  )
  .map((letters) => letters.join(''))
  .map((word) => ({ name: `sends ${word}`, script: ['', `.${word}`], variables: { A: '\\b^' }, sent: '', code: 0 }));

describe('chat(8) and ours', { concurrency: 6 }, () => {
  for (const one of [...cases, ...odd]) {
    it(one.name, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'linkd-chat-'));
      try {
        for (const [name, content] of Object.entries(one.files ?? {})) writeFileSync(join(folder, name), content);
        const ours = runCase(one, folder);
        assert.deepEqual(await new RealChat(one, folder).run(ours.rest.length), ours);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

class RealChat {
  readonly #case: Case;
  readonly #folder: string;
  readonly #pty = native.openPty();
  #sent = '';
  #heard = 0;
  #turn = 0;

  constructor(one: Case, folder: string) {
    this.#case = one;
    this.#folder = folder;
  }

  async run(restLength: number): Promise<Ending> {
    const { master, slave, path } = this.#pty;
    // A descriptor that blocks, as chat needs it; ours shares its file with nobody.
    const terminal = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    const child = spawn('/usr/sbin/chat', this.#arguments(), {
      stdio: [terminal, terminal, 'pipe'],
      env: { ...process.env, ...this.#case.variables },
    });
    closeSync(terminal);
    let shown = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (shown += text));
    let code: number | undefined;
    child.on('close', (status) => (code = status ?? -1));
    try {
      await eventually(
        () => {
          this.#serve();
          return code !== undefined;
        },
        PATIENCE_MS,
        'the end of chat',
      );
      const rest = await this.#rest(restLength);
      native.close(slave);
      await eventually(() => this.#serve() === 'over', PATIENCE_MS, 'the last of what chat sent');
      return { sent: this.#sent, code: code ?? -1, rest, shown, reports: this.#reports() };
    } finally {
      if (code === undefined) child.kill('SIGKILL');
      native.close(master);
    }
  }

  #arguments(): readonly string[] {
    const { script, timeout, echo, numbers, variables } = this.#case;
    const options = [
      '-S',
      ...['-r', join(this.#folder, 'reports')],
      ...(timeout === undefined ? [] : ['-t', String(timeout)]),
      ...(echo === true ? ['-e'] : []),
      ...(variables === undefined ? [] : ['-E']),
      ...Object.entries(numbers ?? {}).flatMap(([letter, number]) => [`-${letter}`, number]),
    ];
    if (typeof script !== 'string') return [...options, ...script];
    const file = join(this.#folder, 'script');
    writeFileSync(file, script.replaceAll('DIR', this.#folder));
    return [...options, '-f', file];
  }

  /** Reads what chat has sent and says what the partner says to that. */
  #serve(): 'over' | 'open' {
    const buffer = new Uint8Array(4096);
    let count = native.read(this.#pty.master, buffer, 0, buffer.length);
    for (; count > 0; count = native.read(this.#pty.master, buffer, 0, buffer.length)) {
      this.#sent += toOctets(buffer.subarray(0, count));
    }
    this.#speak();
    return count === -native.EAGAIN ? 'open' : 'over';
  }

  #speak(): void {
    const turn = this.#case.turns?.[this.#turn];
    if (turn === undefined) return;
    const found = turn.on === undefined ? this.#heard : this.#sent.indexOf(turn.on, this.#heard);
    if (found < 0) return;
    const octets = fromOctets(turn.say);
    assert.equal(native.write(this.#pty.master, octets, 0, octets.length), octets.length);
    this.#turn++;
    this.#heard = found + (turn.on?.length ?? 0);
    this.#speak();
  }

  /** What chat has left in the terminal, which strips the eighth bit while chat has it. */
  async #rest(length: number): Promise<string> {
    let rest = '';
    const buffer = new Uint8Array(4096);
    const readSome = (): boolean => {
      this.#serve();
      const count = native.read(this.#pty.slave, buffer, 0, buffer.length);
      if (count > 0) rest += toOctets(buffer.subarray(0, count));
      return rest.length >= length;
    };
    await eventually(readSome, PATIENCE_MS, `${length} octets that chat has not read`);
    return rest;
  }

  /** Without the date that chat writes before each. */
  #reports(): readonly string[] {
    const text = readFileSync(join(this.#folder, 'reports'), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^chat: {2}\w{3} \d\d \d\d:\d\d:\d\d /, ''));
  }
}
