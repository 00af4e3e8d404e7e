#!/usr/bin/env node
/** linkd, the daemon: arguments, signals, exit codes, and the wiring of the rooms. Everything else lives in them. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { Ledger } from '../accounting/ledger.js';
import { messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { formatConfigErrors } from '../config/format.js';
import type { DaemonOverrides } from '../config/daemon.js';
import { loadConfig } from '../config/load.js';
import type { Config, ConfigError } from '../config/types.js';
import { ControlServer } from '../control/server.js';
import { HookRunner } from '../hooks/runner.js';
import { LinkManager, type LoadedLinks } from '../link/manager.js';
import { PacketWorker } from '../link/packet-worker.js';
import { systemScheduler } from '../link/scheduler.js';
import { Network } from '../net/network.js';
import { createLogger } from './logger.js';
import { Notifier } from './notify.js';
import { version } from './version.js';

/** Exit codes; docs/linkd.md lists them. */
const exitCodes = { ok: 0, failed: 1, usage: 2, config: 78 } as const;

/** SIGTERM ends the daemon within five seconds, whatever hangs. */
const shutdownMs = 4500;

/** Where programs that use serial ports keep their lock files. */
const lockDir = '/run/lock';

interface Arguments {
  readonly config: string;
  readonly control?: string;
  readonly stateDir?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

async function main(): Promise<void> {
  const { config: file, ...overrides } = parseArguments();
  const result = await loadConfig(resolve(file), overrides, process.env);
  if (result.warnings.length > 0) process.stderr.write(formatConfigErrors(result.warnings, 'warning'));
  if (!result.ok) {
    process.stderr.write(formatConfigErrors(result.errors));
    process.exitCode = exitCodes.config;
    return;
  }
  const log = createLogger(result.config.daemon);
  surviveMistakes(log);
  try {
    await run(result.config, log, () => loadLinks(resolve(file), overrides));
  } catch (error) {
    log.error({ err: error }, messageOf(error));
    // What is open by now would keep the process alive.
    process.exit(exitCodes.failed);
  }
}

function parseArguments(): Arguments {
  return new Command('linkd')
    .description('LAN-to-LAN router for serial lines: PPP in user space')
    .version(version)
    .option('--config <file>', 'the config file', '/etc/linkd/linkd.yaml')
    .option('--control <socket>', 'the control socket, instead of daemon.control')
    .option('--state-dir <dir>', 'where state is kept, instead of daemon.state-dir')
    .addOption(new Option('--log-level <level>', 'instead of daemon.log-level'))
    .addOption(new Option('--log-format <format>', 'instead of daemon.log-format'))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage))
    .parse()
    .opts<Arguments>();
}

/** The links of the config as it is now; errors and warnings as lines for people. */
async function loadLinks(file: string, overrides: DaemonOverrides): Promise<LoadedLinks> {
  const result = await loadConfig(file, overrides, process.env);
  const lines = (errors: readonly ConfigError[]): readonly string[] =>
    errors.map((error) => formatConfigErrors([error]).trimEnd());
  if (!result.ok) return { ok: false, errors: lines(result.errors) };
  return { ok: true, links: result.config.links, warnings: lines(result.warnings) };
}

/** Runs until a signal says otherwise, then gives everything back. */
async function run({ daemon, links }: Config, log: Logger, load: () => Promise<LoadedLinks>): Promise<void> {
  const scheduler = systemScheduler;
  const notifier = new Notifier({ environment: process.env, pid: process.pid, scheduler, log });
  const stopped = nextSignal();
  await claimNamespace();
  await makeStateDir(daemon.stateDir);
  const ledger = await Ledger.open(join(daemon.stateDir, 'accounting.jsonl'), { log, scheduler });
  const network = new Network({ log, scheduler, stateDir: daemon.stateDir });
  const worker = new PacketWorker(log);
  const hooks = new HookRunner({ log, scheduler });
  const { control: path } = daemon;
  const manager = new LinkManager(links, {
    log,
    scheduler,
    worker,
    network,
    hooks,
    ledger,
    control: path,
    lockDir,
    load,
  });
  const about = { version, pid: process.pid, startedAt: new Date() };
  const control = await ControlServer.listen({ path, steering: manager, about, log });
  process.on('SIGHUP', () => void reload(manager, notifier, log));
  await manager.start();
  log.info({ version, links: links.length, control: path }, 'linkd is running');
  notifier.ready(`${links.length} links`);
  notifier.watchdog(() => worker.alive());

  log.info({ signal: await stopped }, 'linkd is ending');
  notifier.stopping();
  const late = setTimeout(() => {
    log.error({}, 'linkd did not end in time; what still hangs is left behind');
    process.exit(exitCodes.ok);
  }, shutdownMs);
  await manager.shutdown();
  await control.close();
  network.close();
  await ledger.close();
  await worker.stop();
  clearTimeout(late);
  log.info({}, 'linkd has ended');
}

async function makeStateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new OpError('make the state directory', path, error, 'Name one that linkd may write to with --state-dir.');
  }
}

/**
 * Two daemons in one network namespace would undo each other's work. An abstract socket belongs to the namespace, and is
 * gone with its process. Throws an OpError when another linkd holds it.
 */
async function claimNamespace(): Promise<void> {
  const claim = createServer((socket) => socket.destroy());
  const taken = new Promise<void>((resolve, reject) => {
    claim.once('error', reject).listen('\0linkd-network-namespace', resolve);
  });
  try {
    await taken;
  } catch (error) {
    const remedy = 'Stop that one, or run this one in a network namespace of its own (ip netns exec).';
    throw new OpError('run in', 'this network namespace', `another linkd runs there (${messageOf(error)})`, remedy);
  }
  claim.unref();
}

/** SIGHUP: what `linkctl reload` does, with the answer in the log. */
async function reload(manager: LinkManager, notifier: Notifier, log: Logger): Promise<void> {
  notifier.reloading();
  const outcome = await manager.reload();
  if (outcome.ok) {
    const changed = outcome.changes.map(({ link, kind }) => `${link}: ${kind}`);
    log.info({ changed }, 'the config was read anew');
  } else {
    for (const error of outcome.errors) log.error({}, error);
    log.error({}, 'the config is wrong; nothing was changed');
  }
  notifier.ready(`${manager.names().length} links`);
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
