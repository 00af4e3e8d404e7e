/** One run of one hook: looked at, started, waited for, and ended with its children when it takes too long. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Scheduler, Timer } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { hookArguments, hookEnvironment, type HookCall, type User } from './environment.js';
import { endFamily } from './family.js';
import { OutputPipe } from './output-pipe.js';
import type { HookOutcome, HookResult } from './result.js';
import { asUser, findUser, objectionAsUser, ownUser } from './users.js';
import { objectionAsOurselves, objectionTo } from './vetting.js';

/** What a hook says last may arrive after its exit. */
const LAST_WORDS_MS = 200;

export interface Surroundings {
  readonly log: Logger;
  readonly scheduler: Scheduler;
}

/** What there is to know of a call before it is known whom the hook runs as. */
export type HookRequest = Omit<HookCall, 'id' | 'user' | 'linkd'>;

/** Runs a hook to its end; `signal` ends it early. Never throws: what went wrong is in the result. */
export async function execute(
  request: HookRequest,
  signal: AbortSignal,
  { log, scheduler }: Surroundings,
): Promise<HookResult> {
  const { hook, moment } = request;
  const startedAt = scheduler.date();
  const begin = scheduler.now();
  const result = (outcome: HookOutcome, output = '', truncated = false): HookResult => ({
    command: hook.command,
    moment,
    startedAt,
    durationMs: scheduler.now() - begin,
    outcome,
    output,
    truncated,
  });

  let pipe: OutputPipe | undefined;
  try {
    const started = await start(request, signal, scheduler);
    if (started.kind !== 'running') return result(started);
    pipe = started.pipe;
    const outcome = await watch(started, request, signal, { log, scheduler });
    await pipe.finish(LAST_WORDS_MS);
    return result(outcome, pipe.kept.text, pipe.kept.truncated);
  } catch (thrown) {
    await pipe?.finish(0);
    return result({ kind: 'refused', reason: messageOf(thrown) });
  }
}

interface Running {
  readonly kind: 'running';
  readonly child: ChildProcess;
  readonly id: string;
  readonly pipe: OutputPipe;
  readonly exit: Promise<HookOutcome>;
}

type NotRunning = Extract<HookOutcome, { readonly kind: 'refused' | 'cancelled' }>;

async function start(request: HookRequest, signal: AbortSignal, scheduler: Scheduler): Promise<Running | NotRunning> {
  const { hook } = request;
  const [file] = hook.command;
  const own = ownUser();
  const user = hook.user === undefined ? own : await findUser(hook.user);
  if (user === undefined) return { kind: 'refused', reason: `there is no user ${hook.user ?? ''} on this machine` };
  const reason = await objection(file, user, own);
  if (reason !== undefined) return { kind: 'refused', reason };

  const call = { ...request, user, id: randomUUID(), linkd: { pid: process.pid, user: own } };
  const pipe = await OutputPipe.make(scheduler);
  try {
    if (signal.aborted) return { kind: 'cancelled' };
    const command = [file, ...hookArguments(call)] as const;
    const [program, ...args] = user.uid === own.uid ? command : ([...asUser(user), ...command] as const);
    const child = spawn(program, args, {
      cwd: '/',
      env: hookEnvironment(call),
      // It leads a session and a process group of its own, by which its children are found.
      detached: true,
      stdio: ['ignore', pipe.fd, pipe.fd],
    });
    const exit = new Promise<HookOutcome>((resolve) => {
      child.once('exit', (code, killer) => {
        resolve(killer === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal: killer });
      });
    });
    await once(child, 'spawn');
    return { kind: 'running', child, id: call.id, pipe, exit };
  } catch (thrown) {
    return { kind: 'refused', reason: `${file} cannot be started: ${messageOf(thrown)}` };
  } finally {
    await pipe.handedOver();
  }
}

async function objection(file: string, user: User, own: User): Promise<string | undefined> {
  // Whoever owns a file that runs as himself gains nothing by changing it.
  const untrusted = await objectionTo(file, [own.uid, user.uid]);
  if (untrusted !== undefined) return untrusted;
  return user.uid === own.uid ? objectionAsOurselves(file) : objectionAsUser(file, user);
}

/** The hook ends by itself, or its time or the link's need of it is over. What it leaves behind after a good end stays. */
async function watch(
  { child, id, exit }: Running,
  { hook, facts }: HookRequest,
  signal: AbortSignal,
  { log, scheduler }: Surroundings,
): Promise<HookOutcome> {
  let timer: Timer | undefined;
  let cancel: (() => void) | undefined;
  const interrupted = new Promise<HookOutcome>((resolve) => {
    timer = scheduler.after(hook.timeoutMs, () => {
      resolve({ kind: 'timeout' });
    });
    cancel = () => {
      resolve({ kind: 'cancelled' });
    };
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);
  });
  const outcome = await Promise.race([exit, interrupted]);
  timer?.cancel();
  if (cancel !== undefined) signal.removeEventListener('abort', cancel);
  if ((outcome.kind === 'timeout' || outcome.kind === 'cancelled') && child.pid !== undefined) {
    const left = await endFamily({ leader: child.pid, id }, scheduler);
    if (left.length > 0) {
      log.warn({ link: facts.link, hook: hook.command[0], pids: left }, 'processes of the hook do not end');
    }
  }
  return outcome;
}
