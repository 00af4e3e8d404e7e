/** Steers a Network that runs inside a namespace, as a program of its own (`driver-main.ts`): a thread can't change its. */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FightLimits } from '../../src/net/fights.js';
import type { TableRoute } from '../../src/net/observed.js';
import type { Snapshot } from '../../src/net/snapshot.js';
import type { Outlasting, WantedInterface } from '../../src/net/wanted.js';
import { eventually } from '../support/eventually.js';
import type { Namespace } from '../support/netns.js';
import type { Child } from '../support/process.js';

const ANSWER_TIMEOUT_MS = 30_000;

export type DriverCall =
  | { readonly call: 'up' | 'plan'; readonly wanted: WantedInterface }
  | { readonly call: 'hold'; readonly outlasting: Outlasting }
  | { readonly call: 'down' | 'release'; readonly name: string }
  | { readonly call: 'sweep'; readonly names: readonly string[]; readonly held?: readonly Outlasting[] }
  | { readonly call: 'routes' | 'snapshot' };

export interface DriverAnswer {
  /** What was changed since the last answer, as `ip` commands. */
  readonly commands: readonly string[];
  readonly warnings: readonly string[];
  readonly error?: DriverError;
  /** What the call gave. */
  readonly result?: unknown;
}

export interface DriverError {
  readonly message: string;
  readonly code?: string;
  readonly remedy?: string;
}

/** As `up` and `hold` give it. */
export interface DriverResult {
  readonly refused: readonly DriverError[];
  readonly warnings: readonly string[];
}

export interface DriverOptions {
  /** A folder of the test's own. */
  readonly stateDir: string;
  /** A command that runs another, such as setpriv with its options. */
  readonly through?: readonly string[];
  readonly fights?: Partial<FightLimits>;
}

export class Driver {
  readonly #child: Child;
  #calls = 0;

  constructor(namespace: Namespace, { stateDir, through = [], fights = {} }: DriverOptions) {
    const program = join(import.meta.dirname, 'driver-main.js');
    this.#child = namespace.spawn('env', [...through, process.execPath, program, stateDir, JSON.stringify(fights)]);
  }

  /** A state directory; the test removes it. */
  static stateDir(): Promise<string> {
    return mkdtemp(join(tmpdir(), 'linkd-test-net-'));
  }

  /** What it said of itself so far. */
  get log(): string {
    return this.#child.stderr;
  }

  /** Answers come in the order of the calls; a call may be made before the last is answered. */
  async call(call: DriverCall): Promise<DriverAnswer> {
    const line = await eventually(this.begin(call), ANSWER_TIMEOUT_MS, `the answer to ${JSON.stringify(call)}`);
    const answer: unknown = JSON.parse(line);
    assert.ok(isAnswer(answer), line);
    return answer;
  }

  /** Makes a call; what it returns gives the answer's line when it is there. */
  begin(call: DriverCall): () => string | undefined {
    const number = this.#calls++;
    this.#child.write(`${JSON.stringify(call)}\n`);
    return () => this.#line(number);
  }

  /** `up` that must succeed, in all its parts. */
  async up(wanted: WantedInterface): Promise<DriverAnswer> {
    const answer = await this.#mustCall({ call: 'up', wanted });
    assert.deepEqual(answer.result, { refused: [], warnings: [] });
    return answer;
  }

  /** `up` that must give something, though not all. */
  async upInPart(wanted: WantedInterface): Promise<DriverResult> {
    const answer = await this.call({ call: 'up', wanted });
    assert.equal(answer.error, undefined);
    return resultOf(answer);
  }

  async hold(outlasting: Outlasting): Promise<DriverAnswer> {
    const answer = await this.#mustCall({ call: 'hold', outlasting });
    assert.deepEqual(answer.result, { refused: [], warnings: [] });
    return answer;
  }

  /** `down` that must succeed. */
  down(name: string): Promise<DriverAnswer> {
    return this.#mustCall({ call: 'down', name });
  }

  release(name: string): Promise<DriverAnswer> {
    return this.#mustCall({ call: 'release', name });
  }

  sweep(names: readonly string[], held: readonly Outlasting[] = []): Promise<DriverAnswer> {
    return this.#mustCall({ call: 'sweep', names, held });
  }

  async plan(wanted: WantedInterface): Promise<readonly string[]> {
    const { result } = await this.#mustCall({ call: 'plan', wanted });
    assert.ok(Array.isArray(result));
    return result.map(String);
  }

  async routes(): Promise<readonly TableRoute[]> {
    const { result } = await this.#mustCall({ call: 'routes' });
    assert.ok(isRoutes(result));
    return result;
  }

  async snapshot(): Promise<Snapshot> {
    const { result } = await this.#mustCall({ call: 'snapshot' });
    assert.ok(isSnapshot(result));
    return result;
  }

  /** Kills it. */
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

export function resultOf({ result }: DriverAnswer): DriverResult {
  assert.ok(isResult(result), JSON.stringify(result));
  return result;
}

function isAnswer(value: unknown): value is DriverAnswer {
  return typeof value === 'object' && value !== null && 'commands' in value;
}

function isResult(value: unknown): value is DriverResult {
  return typeof value === 'object' && value !== null && 'refused' in value && 'warnings' in value;
}

function isRoutes(value: unknown): value is readonly TableRoute[] {
  return (
    Array.isArray(value) && value.every((one: unknown) => typeof one === 'object' && one !== null && 'prefix' in one)
  );
}

function isSnapshot(value: unknown): value is Snapshot {
  return typeof value === 'object' && value !== null && 'newInterface' in value;
}
