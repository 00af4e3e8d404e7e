/**
 * `linkctl setup`: a link from a short dialogue, or from options alone; checked as linkd would, written as a drop-in, taken
 * over by the linkd that runs, and followed until it is up.
 */
import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { messageOf, OpError } from '../../base/errors.js';
import { formatConfigErrors } from '../../config/format.js';
import { dropInFolder, readConfigFiles } from '../../config/load.js';
import { parseConfig, type ConfigFile, type ParseResult } from '../../config/parse.js';
import type { ControlClient } from '../../control/client.js';
import { systemScheduler } from '../../link/scheduler.js';
import type { Holder } from '../../probe/holders.js';
import { usualSpeeds } from '../../probe/ladder.js';
import { listPorts, systemRoots } from '../../probe/ports.js';
import { probePort } from '../../probe/probe.js';
import { openDoor, renderLinks, type LinkDraft } from '../../setup/draft.js';
import { Dialogue, type Asked } from '../../setup/dialogue.js';
import { mirrorOf } from '../../setup/mirror.js';
import { listOf, type Plan } from '../../setup/plan.js';
import { flows, ways, type Circumstances, type Key } from '../../setup/questions.js';
import { suitsMachine } from './command-check.js';
import type { Context } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { withSignals } from './interruption.js';
import { lockDir, whoHolds } from './port-holders.js';
import { renderProbe } from './render-probe.js';
import { exists, putFile, readSecret, type NewFile } from './setup-files.js';
import { daemonOwner, startLink } from './setup-start.js';
import { TerminalQuestions } from './terminal-questions.js';

interface SetupOptions {
  readonly config: string;
  readonly name?: string;
  readonly device?: string;
  readonly probe?: boolean;
  readonly way?: string;
  readonly dial?: string;
  readonly apn?: string;
  readonly login?: string;
  readonly command?: string;
  readonly speed?: string;
  readonly flow?: string;
  readonly local?: string;
  readonly remote?: string;
  readonly network?: readonly string[];
  readonly user?: string;
  readonly secretFile?: string;
  readonly peerSecretFile?: string;
  readonly yes?: true;
  readonly force?: true;
  readonly dryRun?: true;
  readonly timeout: number;
  readonly printPeer?: true;
  readonly peerDevice: string;
  readonly ownNetwork: readonly string[];
}

/** Where there is no config yet. */
const emptyConfig = '# The links are in links.d.\nlinks:\n';

export function addSetupCommand(program: Command, context: Context): void {
  program
    .command('setup')
    .description('set up a link: by questions, or by options alone; check it, write it, and wait until it is up')
    .option('--config <file>', 'the config that the link is added to, as a drop-in', '/etc/linkd/linkd.yaml')
    .option('--name <name>', "the link's name")
    .option('--device <device>', 'the serial port')
    .option('--probe', 'find out who is at its far end first')
    .addOption(new Option('--way <way>', 'how PPP is reached').choices(ways))
    .option('--dial <number>', 'the number that a modem calls (--way dial)')
    .option('--apn <apn>', 'the access point of a mobile network (--way gsm)')
    .option('--login <user>', 'whom to log in as at a prompt (--way login)')
    .option('--command <command>', 'what starts PPP behind the login')
    .option('--speed <baud>', 'the speed of the port')
    .addOption(new Option('--flow <flow>', 'its flow control').choices(flows))
    .option('--local <address>', 'our address on the link, or from-peer')
    .option('--remote <address>', "the peer's address on the link, or from-peer")
    .option('--network <network...>', 'a network behind the peer; more of them one behind the other')
    .option('--user <name>', 'what we are called, where the peer asks who we are')
    .option('--secret-file <file>', 'a file with our password or secret; it is copied to where linkd alone may read it')
    .option('--peer-secret-file <file>', 'a file with the secret by which the peer has to prove who it is')
    .option('--yes', 'ask nothing that has a default, and nothing at the end')
    .option('--force', 'overwrite the files of an earlier setup of this name')
    .option('--dry-run', 'print the config, and write and start nothing')
    .addOption(
      new Option('--timeout <seconds>', 'wait this long at most for the link to be up')
        .argParser(readSeconds)
        .default(60),
    )
    .option('--print-peer', 'print the config for the other end as well')
    .option('--peer-device <device>', 'the port of the other end', '/dev/ttyS0')
    .option('--own-network <network...>', 'a network behind us, for the other end', [])
    .action(async (options: SetupOptions, command: Command) => {
      const complain = (problems: readonly string[]): never =>
        command.error(problems.map((problem) => `error: ${problem}`).join('\n'), { exitCode: exitCodes.usage });
      context.exit(await withSignals((signal) => setUp(options, context, complain, signal)));
    });
}

async function setUp(
  options: SetupOptions,
  context: Context,
  complain: (problems: readonly string[]) => never,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { output } = context;
  const file = resolve(options.config);
  const quick = options.yes === true;
  const isNew = !(await exists(file));
  const existing = isNew ? [{ file, text: emptyConfig }] : await readConfigFiles(file);
  const before = parse(existing);
  if (!before.ok) {
    output.writeError(formatConfigErrors(before.errors));
    output.complain(`${file} is to be right first: nothing is added to it.`);
    return exitCodes.badConfig;
  }
  const taken = before.config.links.map(({ name }) => name);
  const circumstances = await lookAround(context, options.force === true ? [] : taken);
  const dialogue = new Dialogue({ given: await givenBy(options), circumstances, quick });
  if (dialogue.mistakes.length > 0) complain(dialogue.mistakes);
  const questions = process.stdin.isTTY ? new TerminalQuestions(signal) : undefined;
  try {
    const lacks = questions === undefined ? [...dialogue.missing, ...(quick ? [] : ['--yes'])] : [];
    if (lacks.length > 0)
      complain([`standard input is no terminal to ask on, and these are missing: ${lacks.join(', ')}`]);
    await complete(dialogue, questions, context, signal);
    await warnOfHolders(dialogue.device, context);
    const plan = dialogue.plan(dirname(file));
    const text = renderLinks([plan.draft], ['Written by linkctl setup.']);
    if (plan.draft.comments.includes(openDoor)) output.complain(`${openDoor} --peer-secret-file does.`);
    const dropIn = join(dropInFolder(file), `${plan.draft.name}.yaml`);
    if (!(await isRight(existing, { file: dropIn, text }, plan.draft.name, context))) return exitCodes.badConfig;
    if (options.dryRun === true) output.write(text);
    else {
      if (!quick && !(await confirm(questions, dropIn, text, context))) return exitCodes.failed;
      if (isNew) await putFile({ path: file, text: emptyConfig, mode: 0o644, owner: undefined }, false);
      await write(plan, { dropIn, text }, options.force === true, context);
    }
    if (options.printPeer === true) printPeer(plan.draft, options, context);
    if (options.dryRun === true) return exitCodes.ok;
  } finally {
    questions?.close();
  }
  return startLink(context, dialogue.name, options.timeout * 1000, signal);
}

/** The ports that are free, and the names that aren't. */
async function lookAround({ client }: Context, takenNames: readonly string[]): Promise<Circumstances> {
  const ports = (await listPorts(systemRoots)).filter(({ present }) => present);
  const { holders } = await whoHolds(
    ports.map(({ path }) => path),
    ports,
    client(),
  );
  const free = ports.filter(({ path }) => (holders.get(path) ?? []).length === 0);
  return { freePorts: free.map(({ byId, path }) => byId ?? path), takenNames };
}

async function givenBy(options: SetupOptions): Promise<ReadonlyMap<Key, string>> {
  const { secretFile, peerSecretFile, network } = options;
  const given: readonly (readonly [Key, string | undefined])[] = [
    ['device', options.device],
    ['probe', options.probe === true ? 'yes' : undefined],
    ['name', options.name],
    ['way', options.way ?? wayBy(options)],
    ['number', options.dial],
    ['apn', options.apn],
    ['login', options.login],
    ['command', options.command],
    ['speed', options.speed],
    ['flow', options.flow],
    ['local', options.local],
    ['remote', options.remote],
    ['networks', network?.join(',')],
    ['user', options.user],
    ['secret', secretFile === undefined ? undefined : await readSecret(secretFile)],
    ['peer-secret', peerSecretFile === undefined ? undefined : await readSecret(peerSecretFile)],
  ];
  return new Map(given.flatMap(([key, answer]) => (answer === undefined ? [] : [[key, answer] as const])));
}

/** An option that has a meaning with one way alone says which. */
function wayBy({ dial, apn, login, command }: SetupOptions): string | undefined {
  if (dial !== undefined) return 'dial';
  if (apn !== undefined) return 'gsm';
  return login !== undefined || command !== undefined ? 'login' : undefined;
}

/** Asks until everything is known, and probes the port where that is wished. */
async function complete(
  dialogue: Dialogue,
  questions: TerminalQuestions | undefined,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  const { output } = context;
  for (;;) {
    if (dialogue.wantsProbe) await probe(dialogue, context, signal);
    const asked = dialogue.question;
    if (asked === undefined) return;
    if (questions === undefined) throw new Error(`nobody can be asked for ${asked.key}`);
    for (const choice of asked.choices) output.writeError(`  ${choice}\n`);
    const text = await questions.ask(promptOf(asked), asked.secret);
    if (text.trim() === '?') {
      output.writeError(`  ${asked.help}\n`);
      continue;
    }
    const verdict = dialogue.answer(text);
    if (!verdict.ok) output.writeError(`  ${output.paint.bad(verdict.problem)} (? tells more)\n`);
  }
}

function promptOf({ text, fallback, secret }: Asked): string {
  if (fallback === undefined || secret) return `${text} `;
  return `${text} [${fallback === '' ? 'none' : fallback}] `;
}

/** Speaks on the port, unless somebody holds it. */
async function probe(dialogue: Dialogue, { output, client }: Context, signal: AbortSignal): Promise<void> {
  const { device } = dialogue;
  try {
    const { path, holders } = await holdersOf(device, client());
    if (holders.length > 0) throw new Error(`${device} is held by ${holders.map(({ who }) => who).join(', ')}`);
    output.writeError(`${device} is probed; Ctrl-C ends it.\n`);
    const scheduler = systemScheduler;
    const options = { speeds: usualSpeeds, patience: 1, scheduler, lockDir, doing: () => undefined };
    const probed = await probePort(path, options, signal);
    dialogue.learn(probed);
    const report = { device, path, facts: undefined, holders: [], result: { kind: 'found', probed } } as const;
    output.writeError(renderProbe([report], 0, { paint: output.paint, width: undefined }));
  } catch (thrown) {
    signal.throwIfAborted();
    dialogue.giveUpProbe();
    output.complain(`${messageOf(thrown)}. It is not probed.`);
  }
}

/** Tells who else has the port; a link of linkd's own is no news to who sets up another, or the same anew. */
async function warnOfHolders(device: string, { output, client }: Context): Promise<void> {
  const { holders } = await holdersOf(device, client());
  if (holders.length === 0 || holders.some(({ how }) => how === 'link')) return;
  output.complain(
    `${device} is held by ${holders.map(({ who }) => who).join(', ')}: end that, or linkd can't have it.`,
  );
}

async function holdersOf(device: string, client: ControlClient): Promise<{ path: string; holders: readonly Holder[] }> {
  // Nobody holds what isn't there.
  if (!(await exists(device))) return { path: device, holders: [] };
  const path = await realpath(device);
  const { holders } = await whoHolds([path], await listPorts(systemRoots), client);
  return { path, holders: holders.get(path) ?? [] };
}

/** Whether the config is right with the new file, which takes the place of one of its name, and suits this machine. */
async function isRight(
  existing: readonly ConfigFile[],
  added: ConfigFile,
  name: string,
  { output }: Context,
): Promise<boolean> {
  const result = parse([...existing.filter(({ file }) => file !== added.file), added]);
  if (!result.ok) {
    output.writeError(formatConfigErrors(result.errors));
    output.complain('with this link the config would have mistakes: nothing is written.');
    return false;
  }
  output.writeError(formatConfigErrors(result.warnings, 'warning'));
  if (
    await suitsMachine(
      result.config.links.filter((link) => link.name === name),
      output,
    )
  )
    return true;
  output.complain('the link could not do its job on this machine: nothing is written.');
  return false;
}

function parse(files: readonly ConfigFile[]): ParseResult {
  return parseConfig(files, {}, process.env);
}

async function confirm(
  questions: TerminalQuestions | undefined,
  dropIn: string,
  text: string,
  { output }: Context,
): Promise<boolean> {
  output.writeError(`\n${text}\n`);
  const answer = await questions?.ask(`Write this to ${dropIn}, and start the link? [yes] `, false);
  if (/^\s*(?:y|yes)?\s*$/i.test(answer ?? 'no')) return true;
  output.complain('nothing is written.');
  return false;
}

/** The secrets first: linkd may read them as soon as it knows the link. */
async function write(
  { secrets }: Plan,
  { dropIn, text }: { readonly dropIn: string; readonly text: string },
  force: boolean,
  context: Context,
): Promise<void> {
  const owner = secrets.length === 0 ? undefined : await daemonOwner(context.client());
  const files: readonly NewFile[] = [
    ...secrets.map(({ path, secret }) => ({ path, text: `${secret}\n`, mode: 0o600, owner }) as const),
    { path: dropIn, text, mode: 0o644, owner: undefined },
  ];
  for (const file of files) await putFile(file, force);
  context.output.writeError(`${dropIn} is written.\n`);
  if (owner !== undefined) return;
  for (const { path } of secrets)
    context.output.complain(`it is not known which user linkd runs as: ${path} has to belong to it (chown).`);
}

function printPeer(draft: LinkDraft, options: SetupOptions, { output }: Context): void {
  const networks = options.ownNetwork.flatMap((text) => listOf(text));
  const mirrored = mirrorOf(draft, { device: options.peerDevice, networks });
  if (!mirrored.ok) throw new OpError('write', 'the config of the other end', new Error(mirrored.problem));
  output.write(renderLinks([mirrored.draft], ['The other end: put it into a file below links.d there.']));
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('A number of seconds is needed, up to 3600.');
}
