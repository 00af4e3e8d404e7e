/** What the tests of the control room share: a served fake, plain HTTP, raw octets, and linkctl as a process. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Logger } from '../../src/base/log.js';
import { ControlServer, type ControlLimits } from '../../src/control/server.js';
import type { LinkStatus } from '../../src/link/types.js';
import { FakeSteering, restingLink, upLink, waitingLink } from '../support/fake-steering.js';
import { must } from '../support/process.js';

/** Long enough for a loaded machine; a wait that takes it has failed. */
const patienceMs = 20_000;

export const about = { version: '0.1.0', pid: 4711, startedAt: new Date('2026-01-10T07:58:00.000Z') };

/** A directory with a short name (a socket's path has 107 bytes), removed after the test. */
export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `linkd-${process.pid}-`));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export interface Rig {
  readonly path: string;
  readonly server: ControlServer;
  readonly steering: FakeSteering;
  /** Everything that was logged at `info` and at `error`. */
  readonly infos: string[];
  readonly errors: string[];
}

export async function serve(
  t: TestContext,
  options: {
    path?: string;
    links?: readonly LinkStatus[];
    limits?: Partial<ControlLimits>;
    startedAt?: Date;
    group?: string;
    mode?: number;
  } = {},
): Promise<Rig> {
  const path = options.path ?? join(await temporaryDirectory(t), 'control.sock');
  const steering = new FakeSteering(options.links ?? [upLink(), waitingLink(), restingLink()]);
  const infos: string[] = [];
  const errors: string[] = [];
  const server = await ControlServer.listen({
    path,
    steering,
    about: { ...about, startedAt: options.startedAt ?? about.startedAt },
    log: {
      ...silentLog,
      info: (_fields, message) => void infos.push(message),
      error: (_fields, message) => void errors.push(message),
    },
    group: options.group,
    mode: options.mode,
    limits: options.limits ?? {},
  });
  t.after(() => server.close());
  return { path, server, steering, infos, errors };
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
}

const answers = z.array(z.object({ status: z.number(), text: z.string() }));
export type Answers = z.infer<typeof answers>;

/** Sends requests (`POST /v1/...`) one after the other as that user. Node itself changes over: nothing else need be open to it. */
export async function requestAs(
  who: Identity,
  path: string,
  requests: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answers> {
  const script = `
    process.setgroups(${JSON.stringify(who.groups ?? [])}); process.setgid(${who.gid}); process.setuid(${who.uid});
    const { request } = require('node:http');
    const ask = (line) => new Promise((resolve) => {
      const [method, target] = line.split(' ');
      const outgoing = request({ socketPath: ${JSON.stringify(path)}, method, path: target, agent: false,
          headers: ${JSON.stringify(headers)} }, (incoming) => {
        let text = '';
        incoming.on('data', (chunk) => (text += chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode, text }));
      });
      outgoing.on('error', (error) => resolve({ status: 0, text: error.code }));
      outgoing.end();
    });
    (async () => {
      const answers = [];
      for (const line of ${JSON.stringify(requests)}) answers.push(await ask(line));
      console.log(JSON.stringify(answers));
    })();`;
  return answers.parse(JSON.parse(await must(process.execPath, ['-e', script])));
}

/** A served fake whose directory others may enter. */
export async function serveOthers(t: TestContext, options: Parameters<typeof serve>[1] = {}): Promise<Rig> {
  const rig = await serve(t, options);
  await chmod(dirname(rig.path), 0o755);
  return rig;
}

export const silentLog: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export function http(
  path: string,
  method: string,
  target: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath: path,
      method,
      path: target,
      agent: false,
      headers: options.headers ?? {},
      signal: AbortSignal.timeout(patienceMs),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
      });
    });
    outgoing.end(options.body);
  });
}

/** Sends octets and collects what comes back until the server closes. Resets count as a close. */
export function sendRaw(path: string, octets: string | Uint8Array, end = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(path);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('error', ignore);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the server keeps the connection open; it sent ${JSON.stringify(received)}`));
    }, patienceMs);
    if (end) socket.end(octets);
    else socket.write(octets);
  });
}

/** What a daemon leaves that was killed. */
export function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const { signal, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.equal(signal, 'SIGKILL', stderr);
}

export async function waitUntil(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(10);
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What it wrote so far. */
  readonly stdout: () => string;
  /** Presses keys, where it has a terminal. */
  readonly type: (keys: string) => void;
  readonly ended: Promise<Ended>;
}

const linkctlPath = fileURLToPath(new URL('../../src/bin/linkctl.js', import.meta.url));

/** linkctl as a shell would start it, in UTC and with an environment of its own. It is killed after the test. */
export function startLinkctl(t: TestContext, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
  return start(t, process.execPath, [linkctlPath, ...args], environment);
}

export function linkctl(t: TestContext, args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended> {
  return startLinkctl(t, args, environment).ended;
}

/** linkctl on a terminal of its own, made by `script`; what the terminal shows is the standard output. */
export function startLinkctlOnTerminal(
  t: TestContext,
  size: { rows: number; columns: number },
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Running {
  const words = [process.execPath, linkctlPath, ...args].map((word) => `'${word}'`).join(' ');
  const command = `stty rows ${size.rows} cols ${size.columns}; exec ${words}`;
  return start(t, 'script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], environment);
}

function start(t: TestContext, program: string, args: readonly string[], environment: NodeJS.ProcessEnv): Running {
  const env = { PATH: process.env['PATH'], TZ: 'UTC', TERM: 'xterm-256color', ...environment };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, stdout: () => stdout, type: (keys) => child.stdin.write(keys), ended };
}

function ignore(): void {
  // Nothing to do.
}
