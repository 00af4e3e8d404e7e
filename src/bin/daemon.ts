/** linkd, the daemon: arguments, signals, exit codes, and the wiring of the rooms. Everything else lives in them. */
import { resolve } from 'node:path';
import { assertNever, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { formatConfigErrors } from '../config/format.js';
import type { DaemonOverrides } from '../config/daemon.js';
import { loadConfigApart } from '../config/load-apart.js';
import type { ParseResult } from '../config/parse.js';
import type { Config, ConfigError } from '../config/types.js';
import type { LoadedLinks } from '../link/manager.js';
import { systemScheduler } from '../link/scheduler.js';
import { native } from '../native/binding.js';
import { collectGarbage } from '../native/engine.js';
import { help, readArguments, type Arguments } from './arguments.js';
import { Predecessor } from './handover/predecessor.js';
import { Succession } from './handover/succession.js';
import { createLogger } from './logger.js';
import { Notifier } from './notify.js';
import { version } from './version.js';

/** Exit codes; docs/linkd.md lists them. */
const exitCodes = { ok: 0, failed: 1, usage: 2, config: 78 } as const;

/** SIGTERM ends the daemon within five seconds, whatever hangs. */
const shutdownMs = 4500;

/** By then a start or a reload is over, and what was needed for it alone can go. */
const settledMs = 10_000;

async function main(): Promise<void> {
  const { config: file, ...overrides } = parseArguments();
  const before = Predecessor.find(process.env);
  let result: ParseResult;
  try {
    result = await loadConfigApart(resolve(file), overrides, process.env);
  } catch (error) {
    process.stderr.write(`linkd: ${messageOf(error)}\n`);
    await before?.refuse([messageOf(error)]);
    process.exitCode = exitCodes.failed;
    return;
  }
  if (result.warnings.length > 0) process.stderr.write(formatConfigErrors(result.warnings, 'warning'));
  if (!result.ok) {
    process.stderr.write(formatConfigErrors(result.errors));
    await before?.refuse(linesOf(result.errors));
    process.exitCode = exitCodes.config;
    return;
  }
  const log = await createLogger(result.config.daemon);
  surviveMistakes(log);
  try {
    await run(result.config, log, () => loadLinks(resolve(file), overrides), before);
  } catch (error) {
    log.error({ err: error }, messageOf(error));
    await before?.refuse([messageOf(error)]);
    // What is open by now would keep the process alive.
    process.exit(exitCodes.failed);
  }
}

/** Says what is asked for, or what is wrong, and ends, unless linkd is to run. */
function parseArguments(): Arguments {
  const request = readArguments(process.argv.slice(2));
  switch (request.kind) {
    case 'run':
      return request.arguments;
    case 'help':
      process.stdout.write(help);
      return process.exit(exitCodes.ok);
    case 'version':
      process.stdout.write(`${version}\n`);
      return process.exit(exitCodes.ok);
    case 'mistake':
      process.stderr.write(`linkd: ${request.message}\n`);
      return process.exit(exitCodes.usage);
    default:
      return assertNever(request);
  }
}

/** The links of the config as it is now; errors and warnings as lines for people. */
async function loadLinks(file: string, overrides: DaemonOverrides): Promise<LoadedLinks> {
  tidyUpLater();
  try {
    const result = await loadConfigApart(file, overrides, process.env);
    if (!result.ok) return { ok: false, errors: linesOf(result.errors) };
    return { ok: true, links: result.config.links, warnings: linesOf(result.warnings) };
  } catch (error) {
    return { ok: false, errors: [messageOf(error)] };
  }
}

function linesOf(errors: readonly ConfigError[]): readonly string[] {
  return errors.map((error) => formatConfigErrors([error]).trimEnd());
}

/** Runs until a signal says otherwise, then gives everything back; or until a new linkd has taken over, and gives nothing back. */
async function run(config: Config, log: Logger, load: () => Promise<LoadedLinks>, before?: Predecessor): Promise<void> {
  const notifier = new Notifier({ environment: process.env, pid: process.pid, scheduler: systemScheduler, log });
  const stopped = nextSignal();
  const about = { version, pid: process.pid, startedAt: new Date() };
  const succession = new Succession({ config, log, about, load, notifier });
  process.on('SIGHUP', () => void reload(succession, notifier, log));
  process.on('SIGUSR2', () => void succession.restart());
  await succession.begin(before);
  log.info({ version, links: config.links.length, control: config.daemon.control }, 'linkd is running');
  notifier.ready(`${config.links.length} links`);
  notifier.watchdog(() => succession.alive());
  tidyUpLater();

  const signal = await Promise.race([stopped, succession.over]);
  if (signal === undefined) {
    await succession.close();
    log.info({}, 'a new linkd has taken over; this one ends');
    // Nothing is to be tidied up on the way.
    process.exit(exitCodes.ok);
  }
  log.info({ signal }, 'linkd is ending');
  notifier.stopping();
  const late = setTimeout(() => {
    log.error({}, 'linkd did not end in time; what still hangs is left behind');
    process.exit(exitCodes.ok);
  }, shutdownMs);
  await succession.end();
  clearTimeout(late);
  log.info({}, 'linkd has ended');
}

function tidyUpLater(): void {
  setTimeout(() => {
    collectGarbage();
    native.trimMemory();
  }, settledMs).unref();
}

/** SIGHUP: what `linkctl reload` does, with the answer in the log. */
async function reload(succession: Succession, notifier: Notifier, log: Logger): Promise<void> {
  notifier.reloading();
  const outcome = await succession.reload();
  if (outcome.ok) {
    const changed = outcome.changes.map(({ link, kind }) => `${link}: ${kind}`);
    log.info({ changed }, 'the config was read anew');
  } else {
    for (const error of outcome.errors) log.error({}, error);
    log.error({}, 'the config is wrong; nothing was changed');
  }
  notifier.ready(`${succession.links} links`);
}

/** SIGTERM and SIGINT end the daemon. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
}

/** A mistake of linkd's own is logged in full; the links go on. */
function surviveMistakes(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, 'internal error; please report it');
  });
  process.on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'internal error; please report it');
  });
}

await main();
