#!/usr/bin/env node
/** linkd, the daemon: arguments, signals, exit codes, and the wiring of the rooms. Everything else lives in them. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { formatConfigErrors } from '../config/format.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/types.js';
import { ControlServer } from '../control/server.js';
import { LinkManager } from '../link/manager.js';
import { PacketWorker } from '../link/packet-worker.js';
import { systemScheduler } from '../link/scheduler.js';
import { Network } from '../net/network.js';
import { createLogger } from './logger.js';
import { version } from './version.js';

/** Exit codes; docs/linkd.md lists them. */
const exitCodes = { ok: 0, failed: 1, usage: 2, config: 78 } as const;

/** SIGTERM ends the daemon within five seconds, whatever hangs. */
const shutdownMs = 4500;

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
    await run(result.config, log);
  } catch (error) {
    log.error({ err: error }, messageOf(error));
    if (!(error instanceof OpError)) throw error;
    process.exitCode = exitCodes.failed;
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

/** Runs until a signal says otherwise, then gives everything back. */
async function run({ daemon, links }: Config, log: Logger): Promise<void> {
  const stopped = nextSignal(log);
  await mkdir(daemon.stateDir, { recursive: true });
  const network = new Network(log);
  const worker = new PacketWorker(log);
  const manager = new LinkManager(links, { log, scheduler: systemScheduler, worker, network, lockDir: '/run/lock' });
  const about = { version, pid: process.pid, startedAt: new Date() };
  const control = await ControlServer.listen({ path: daemon.control, steering: manager, about, log });
  await network.sweep(links.map((link) => link.interface));
  log.info({ version, links: links.length, control: daemon.control }, 'linkd is running');
  manager.start();

  log.info({ signal: await stopped }, 'linkd is ending');
  const late = setTimeout(() => {
    log.error({}, 'linkd did not end in time; what still hangs is left behind');
    process.exit(exitCodes.ok);
  }, shutdownMs);
  await manager.shutdown();
  await control.close();
  network.close();
  await worker.stop();
  clearTimeout(late);
  log.info({}, 'linkd has ended');
}

/** SIGTERM and SIGINT end the daemon; SIGHUP must not, as a closing terminal sends it. */
function nextSignal(log: Logger): Promise<NodeJS.Signals> {
  process.on('SIGHUP', () => {
    log.warn({}, 'SIGHUP is ignored: restart linkd to read a changed config');
  });
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
