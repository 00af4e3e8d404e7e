/** Steers a Network that runs inside a namespace, as a program of its own (`driver-main.ts`): a thread can't change its. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { WantedInterface } from '../../src/net/wanted.js';
import { eventually } from '../support/eventually.js';
import type { Namespace } from '../support/netns.js';
import type { Child } from '../support/process.js';

const ANSWER_TIMEOUT_MS = 30_000;

export type DriverCall =
  | { readonly call: 'up'; readonly wanted: WantedInterface }
  | { readonly call: 'down'; readonly name: string }
  | { readonly call: 'sweep'; readonly names: readonly string[] };

export interface DriverAnswer {
  /** What was changed since the last answer, as `ip` commands. */
  readonly commands: readonly string[];
  readonly warnings: readonly string[];
  readonly error?: DriverError;
}

export interface DriverError {
  readonly message: string;
  readonly code?: string;
  readonly remedy?: string;
}

export class Driver {
  readonly #child: Child;
  #calls = 0;

  /** `through` is a command that runs another, such as setpriv with its options. */
  constructor(namespace: Namespace, through: readonly string[] = []) {
    const program = join(import.meta.dirname, 'driver-main.js');
    this.#child = namespace.spawn('env', [...through, process.execPath, program]);
  }

  /** Answers come in the order of the calls; a call may be made before the last is answered. */
  async call(call: DriverCall): Promise<DriverAnswer> {
    const number = this.#calls++;
    this.#child.write(`${JSON.stringify(call)}\n`);
    const line = await eventually(() => this.#line(number), ANSWER_TIMEOUT_MS, `the answer to ${JSON.stringify(call)}`);
    const answer: unknown = JSON.parse(line);
    assert.ok(isAnswer(answer), line);
    return answer;
  }

  /** `up` that must succeed. */
  up(wanted: WantedInterface): Promise<DriverAnswer> {
    return this.#mustCall({ call: 'up', wanted });
  }

  /** `down` that must succeed. */
  down(name: string): Promise<DriverAnswer> {
    return this.#mustCall({ call: 'down', name });
  }

  stop(): Promise<void> {
    return this.#child.stop('SIGKILL');
  }

  /** Closes the Network and waits for the program to end by itself. */
  async finish(): Promise<void> {
    this.#child.endInput();
    const { code, stderr } = await this.#child.exited(ANSWER_TIMEOUT_MS);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  }

  async #mustCall(call: DriverCall): Promise<DriverAnswer> {
    const answer = await this.call(call);
    assert.equal(answer.error, undefined);
    assert.deepEqual(answer.warnings, []);
    return answer;
  }

  #line(number: number): string | undefined {
    const lines = this.#child.stdout.split('\n').slice(0, -1);
    assert.ok(this.#child.running || number < lines.length, `the driver ended: ${this.#child.stderr}`);
    return lines[number];
  }
}

/** Both ends are compiled from this file; this catches a line that is something else. */
export function isCall(value: unknown): value is DriverCall {
  return typeof value === 'object' && value !== null && 'call' in value;
}

function isAnswer(value: unknown): value is DriverAnswer {
  return typeof value === 'object' && value !== null && 'commands' in value;
}
