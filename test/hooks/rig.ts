/** What the tests of hooks share: scripts in a scratch folder, facts, a runner with a log that remembers. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseIp4, parsePrefix, type Ip4, type Prefix } from '../../src/base/ip.js';
import type { LogFields, Logger } from '../../src/base/log.js';
import type { HookCall, LinkFacts, User } from '../../src/hooks/environment.js';
import type { Hook, HookMoment, HookOptions } from '../../src/hooks/options.js';
import type { HookResult } from '../../src/hooks/result.js';
import { HookRunner, type HookRun } from '../../src/hooks/runner.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { within } from '../support/eventually.js';
import { root as project } from '../support/root.js';

/** How long anything here may take. */
export const PATIENCE_MS = 30_000;

export const facts: LinkFacts = {
  link: 'branch',
  state: 'up',
  cause: { code: 'carrier-lost', detail: 'ttyS0' },
  interface: 'br0',
  device: '/dev/ttyS0',
  speed: 115200,
  local: ip4('10.0.0.1'),
  remote: ip4('10.0.0.2'),
  local6: 'fe80::1',
  remote6: 'fe80::2',
  dns: [ip4('10.2.0.53'), ip4('10.2.0.54')],
  wins: [ip4('10.2.0.9')],
  previous: { local: ip4('10.0.0.7'), remote: ip4('10.0.0.8') },
  mtu: 1500,
  networks: [prefix('10.2.0.0/16'), prefix('10.3.0.0/24')],
  metric: 100,
  upMs: 61_999,
  rxBytes: 1234,
  txBytes: 5678,
  control: '/run/linkd/control.sock',
};

/** What is left of the facts before anything is known. */
export const fewFacts: LinkFacts = {
  ...facts,
  state: 'opening',
  cause: undefined,
  speed: undefined,
  local: undefined,
  remote: undefined,
  local6: undefined,
  remote6: undefined,
  dns: [],
  wins: [],
  previous: undefined,
  mtu: undefined,
  networks: [],
  metric: undefined,
  upMs: undefined,
  rxBytes: undefined,
  txBytes: undefined,
  control: undefined,
};

export const root: User = { name: 'root', uid: 0, gid: 0, home: '/root' };

export function call(changes: Partial<HookCall> = {}): HookCall {
  const defaults = { ipparam: 'office', facts, id: 'the-id', user: root, linkd: { pid: 4711, user: root } };
  return { hook: hook(['/bin/true']), moment: 'up', ...defaults, ...changes };
}

export function hook(command: Hook['command'], changes: Partial<Hook> = {}): Hook {
  return { command, user: undefined, timeoutMs: 60_000, pppd: false, ...changes };
}

export function hookOptions(hooks: Partial<Record<HookMoment, readonly Hook[]>>): HookOptions {
  const none = { 'pre-up': [], up: [], down: [], 'post-down': [], fail: [], 'address-changed': [] };
  return { hooks: { ...none, ...hooks }, ipparam: 'office' };
}

export interface LogLine {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

/** Scripts, and a runner for them; whatever it still runs ends with the test. */
export class Rig {
  /** For the scripts, and for what they write; everybody may enter. */
  readonly folder = mkdtempSync(join(tmpdir(), 'linkd-hooks-test-'));
  readonly log: LogLine[] = [];
  readonly runner: HookRunner;
  readonly #runs: HookRun[] = [];
  #scripts = 0;

  constructor(t: TestContext) {
    chmodSync(this.folder, 0o755);
    const at =
      (level: string): Logger['info'] =>
      (fields, message) => {
        this.log.push({ level, fields, message });
      };
    const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    this.runner = new HookRunner({ log, scheduler: systemScheduler });
    t.after(async () => {
      await Promise.all(this.#runs.map((run) => run.cancel()));
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** What was written to a file there, or undefined. */
  written(name: string): string | undefined {
    try {
      return readFileSync(this.path(name), 'utf8');
    } catch {
      return undefined;
    }
  }

  /** A shell script that can be executed; it finds the folder in `$here`. */
  script(text: string, mode = 0o755): string {
    const path = this.path(`script-${this.#scripts++}`);
    writeFileSync(path, `#!/bin/sh\nhere=${this.folder}\n${text}\n`);
    chmodSync(path, mode);
    return path;
  }

  start(moment: HookMoment, hooks: readonly Hook[], about: LinkFacts = facts): HookRun {
    const run = this.runner.run(moment, hookOptions({ [moment]: hooks }), about);
    this.#runs.push(run);
    return run;
  }

  /** The results of these hooks, run for `up`. */
  results(hooks: readonly Hook[], about?: LinkFacts): Promise<readonly HookResult[]> {
    return within(this.start('up', hooks, about).done, PATIENCE_MS, 'the end of the hooks');
  }

  async result(only: Hook, about?: LinkFacts): Promise<HookResult> {
    const [result] = await this.results([only], about);
    if (result === undefined) throw new Error('the hook has no result');
    return result;
  }

  /** The result of a shell script. */
  shell(text: string, changes?: Partial<Hook>): Promise<HookResult> {
    return this.result(hook([this.script(text)], changes));
  }
}

/** True when the process is there, and more than a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The names in a table of docs/hooks.md. */
export function documentedVariables(table: string): readonly (string | undefined)[] {
  const text = readFileSync(join(project, 'docs/hooks.md'), 'utf8');
  const rows = new RegExp(`<!-- variables: ${table} -->([^]*?)<!-- end -->`).exec(text)?.[1] ?? '';
  return Array.from(rows.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);
}

export function ip4(text: string): Ip4 {
  const value = parseIp4(text);
  if (value === undefined) throw new Error(`no address: ${text}`);
  return value;
}

function prefix(text: string): Prefix {
  const value = parsePrefix(text);
  if (value === undefined) throw new Error(`no network: ${text}`);
  return value;
}
