/**
 * `linkctl probe [DEVICE...]`: the serial ports and who holds them; of those that are named, who is at the far end, as text
 * and as a config. A port that somebody holds is not touched, and nothing is sent to one that wasn't asked for.
 */
import { realpath, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LineError } from '../../line/line.js';
import { codeOf, OpError } from '../../base/errors.js';
import { causeFacts, describeCause } from '../../base/cause.js';
import { systemScheduler } from '../../link/scheduler.js';
import { fastSpeeds, usualSpeeds } from '../../probe/ladder.js';
import type { PortFacts } from '../../probe/port-facts.js';
import { isTerminal, listPorts, systemRoots } from '../../probe/ports.js';
import { probePort } from '../../probe/probe.js';
import { renderLinks } from '../../setup/draft.js';
import { draftOf } from '../../setup/from-finding.js';
import type { Context, Output } from './context.js';
import { exitCodes } from './exit-codes.js';
import { withSignals } from './interruption.js';
import { lockDir, whoHolds } from './port-holders.js';
import { jsonOfProbe, renderProbe, type PortReport } from './render-probe.js';

interface ProbeOptions {
  readonly all?: true;
  readonly fast?: true;
  readonly speeds?: readonly number[];
  readonly patience: number;
  readonly output?: string;
  readonly json?: true;
}

const usage = { exitCode: exitCodes.usage };

export function addProbeCommand(program: Command, context: Context): void {
  program
    .command('probe')
    .description('list the serial ports; find out who is at the far end of those that are named')
    .argument('[device...]', 'the ports to speak on, as paths')
    .option('--all', 'speak on every port that nobody holds')
    .addOption(new Option('--speeds <list>', 'try these speeds, such as 115200,9600').argParser(readSpeeds))
    .option('--fast', 'try the speeds above 115200 baud, too')
    .addOption(
      new Option('--patience <factor>', 'wait so many times as long, for lines with a long way')
        .argParser(readPatience)
        .default(1),
    )
    .option('--output <file>', 'write a config for what was found to a new file; - is standard output')
    .addOption(new Option('--json', 'print it for programs').conflicts('output'))
    .action(async (devices: string[], options: ProbeOptions, command: Command) => {
      if (options.output !== undefined && devices.length === 0 && options.all !== true)
        command.error('error: --output needs a port to be named, or --all', usage);
      await probe(devices, options, context);
    });
}

async function probe(devices: readonly string[], options: ProbeOptions, context: Context): Promise<void> {
  const { output, exit } = context;
  const ports = await listPorts(systemRoots);
  const reports =
    devices.length === 0
      ? ports.map((facts) => untouched(facts.path, facts.path, facts))
      : await Promise.all(devices.map((device) => reportOf(device, ports)));
  const paths = reports.flatMap(({ path }) => (path === undefined ? [] : [path]));
  const { holders, hidden } = await whoHolds(paths, ports, context.client());
  const held = reports.map((report) => ({ ...report, holders: holders.get(report.path ?? '') ?? [] }));
  const wanted = (report: PortReport): boolean =>
    devices.length > 0 || (options.all === true && report.facts?.present === true);
  const probed = await withSignals((signal) =>
    Promise.all(held.map(async (report) => (wanted(report) ? speak(report, options, output, signal) : report))),
  );
  await tell(probed, hidden, options, context);
  const useless = probed
    .filter(wanted)
    .some(({ result }) => result?.kind !== 'found' || !isOfUse(result.probed.finding.kind));
  if (useless) exit(exitCodes.failed);
}

/** A port that was named, maybe by its stable name, or one that isn't in the list, such as a pty. */
async function reportOf(device: string, ports: readonly PortFacts[]): Promise<PortReport> {
  try {
    const path = await realpath(device);
    const facts = ports.find((port) => port.path === path);
    if (facts !== undefined || (await isTerminal(path, systemRoots))) return untouched(device, path, facts);
    return failed(device, 'it is no serial port');
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT' && codeOf(thrown) !== 'ENOTDIR') throw new OpError('find', device, thrown);
    return failed(device, 'there is no such port');
  }
}

function failed(device: string, why: string): PortReport {
  return { ...untouched(device, undefined, undefined), result: { kind: 'failed', why } };
}

function untouched(device: string, path: string | undefined, facts: PortFacts | undefined): PortReport {
  return { device, path, facts, holders: [], result: undefined };
}

/** Asks who is there; a port that somebody holds is left alone. Throws what isn't the port's fault, and the abort's reason. */
async function speak(
  report: PortReport,
  options: ProbeOptions,
  output: Output,
  signal: AbortSignal,
): Promise<PortReport> {
  const { device, path, holders } = report;
  if (path === undefined) return report;
  if (holders.length > 0) return { ...report, result: { kind: 'held' } };
  const doing = (text: string): void => {
    if (process.stderr.isTTY) output.writeError(output.paint.dim(`${device}: ${text}\n`));
  };
  const speeds = options.speeds ?? [...usualSpeeds, ...(options.fast === true ? fastSpeeds : [])];
  try {
    const { patience } = options;
    const probed = await probePort(path, { speeds, patience, scheduler: systemScheduler, lockDir, doing }, signal);
    return { ...report, result: { kind: 'found', probed } };
  } catch (thrown) {
    if (!(thrown instanceof LineError)) throw thrown;
    const { reason } = thrown;
    return {
      ...report,
      result: { kind: 'failed', why: `${describeCause(reason)}. ${causeFacts(reason.code).remedy}` },
    };
  }
}

/** Somebody whom a link can be made to. */
function isOfUse(kind: string): boolean {
  return ['modem', 'ppp', 'login', 'console', 'windows'].includes(kind);
}

async function tell(
  reports: readonly PortReport[],
  hidden: number,
  options: ProbeOptions,
  { output }: Context,
): Promise<void> {
  const screen = { paint: output.paint, width: output.terminal?.columns };
  if (options.json === true) output.write(`${JSON.stringify(jsonOfProbe(reports, hidden))}\n`);
  else if (options.output === '-') output.writeError(renderProbe(reports, hidden, screen));
  else output.write(renderProbe(reports, hidden, screen));
  if (options.output === undefined) return;
  const text = configOf(reports);
  if (text === undefined) output.complain('nothing was found that a link could be made of: no config is written');
  else if (options.output === '-') output.write(text);
  else await writeNew(options.output, text);
}

/** A file with a link for each port on which somebody was found; undefined where there was nobody. */
function configOf(reports: readonly PortReport[]): string | undefined {
  const drafts = reports.flatMap(({ device, facts, result }) => {
    if (result?.kind !== 'found') return [];
    const { finding, lines } = result.probed;
    const name = basename(facts?.path ?? device).replace(/[^\w.-]/g, '-');
    const draft = draftOf(finding, { name, device: facts?.byId ?? device, lines });
    return draft === undefined ? [] : [draft];
  });
  const head = ['What `linkctl probe` found. Name the links, fill in what is marked, then: linkctl check'];
  return drafts.length === 0 ? undefined : renderLinks(drafts, head);
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (thrown) {
    const remedy = codeOf(thrown) === 'EEXIST' ? 'Name a new one: none is overwritten.' : undefined;
    throw new OpError('write', file, thrown, remedy);
  }
}

function readSpeeds(text: string): readonly number[] {
  const speeds = text.split(',').map((part) => (/^ *\d{2,7} *$/.test(part) ? Number(part) : NaN));
  if (speeds.every((speed) => speed >= 50 && speed <= 4_000_000)) return [...new Set(speeds)];
  throw new InvalidArgumentError('Speeds from 50 to 4000000 baud are needed, with commas in between.');
}

function readPatience(text: string): number {
  const factor = Number(text);
  if (text.trim() !== '' && factor >= 1 && factor <= 20) return factor;
  throw new InvalidArgumentError('A number from 1 to 20 is needed.');
}
