/**
 * The scripts that pppd runs (ip-up and its kin), and the `up` lines of /etc/network/interfaces: read as they would run
 * for one link, and made a part of its config. A script that does more than that goes on as a hook.
 */
import type { Given } from './account.js';
import type { Draft, Value } from './draft.js';
import { hostRoute, ownInterface, peerAddress, understand, type Doing } from './network-commands.js';
import { readScript, type Command, type Condition } from './shell.js';
import { expand, type Part, type Word } from './shell-words.js';

export interface Script {
  readonly file: string;
  readonly text: string;
  /** When it runs. */
  readonly moment: 'up' | 'down' | 'pre-up' | 'post-down';
  /** What the text is in a file with more in it; undefined: the text is the file. */
  readonly within: Given | undefined;
  /** It is for this link alone. */
  readonly isOwn: boolean;
}

/** Scripts that came with the system, and what linkd does in their place. */
const known: ReadonlyMap<string, string> = new Map([
  ['0000usepeerdns', 'linkd takes name servers over by itself, see `resolver`'],
  ['000resolvconf', 'linkd takes name servers over by itself, see `resolver`'],
]);

/** Whether a folder of scripts is all that a script is about: those are read on their own. */
const runsParts = /^\s*(?:exec\s+)?run-parts\s.*\/etc\/ppp\/ip-[\w-]+\.d\b/m;

/** `isSole`: there is no other link that a command without a name could mean. */
export function applyScript(draft: Draft, script: Script, isSole: boolean): void {
  const { file, text, moment } = script;
  const run = new Run(draft);
  const lines = text.split('\n');
  const done = readScript(text).flatMap((command): readonly Step[] => {
    const given: Given = script.within ?? {
      file,
      line: command.line,
      lastLine: command.lastLine,
      text: lines.slice(command.line - 1, command.lastLine).join(' '),
    };
    const step = run.step(command);
    return step === undefined ? [] : [{ given, ...step }];
  });
  const whole: Given = { file, line: 1, lastLine: lines.length, text: 'the script' };
  const needless = script.within === undefined ? known.get(file.split('/').at(-1) ?? '') : undefined;
  if (needless !== undefined) {
    draft.needless(whole, needless);
    return;
  }
  const hasOwn = done.some(({ doing }) => isNetwork(doing));
  const hasMore = done.some(({ doing }) => doing.kind === 'unknown');
  if (script.within === undefined && hasMore && !hasOwn && !runsParts.test(text)) {
    draft.add(`hooks.${moment}`, { run: file, pppd: 'on' }, whole);
    return;
  }
  for (const step of done) apply(draft, script, step, isSole);
}

interface Judged {
  readonly kind: Condition['kind'];
  /** Undefined: nobody knows. */
  readonly holds: boolean | undefined;
  /** It holds because of what this link is called, or of its addresses. */
  readonly isOwn: boolean;
}

interface Step {
  readonly given: Given;
  readonly doing: Doing;
  readonly words: readonly string[];
  /** It stands under conditions of which this link fulfils one by its own name or address. */
  readonly isMeant: boolean;
  readonly isCertain: boolean;
  /** It has to do with no other command, and with no file. */
  readonly isAlone: boolean;
  /** Some of its words only a shell knows. */
  readonly isVague: boolean;
}

function isNetwork({ kind }: Doing): boolean {
  return !['unknown', 'nothing', 'mail', 'undo'].includes(kind);
}

const idle = { words: [], isMeant: false, isCertain: true, isAlone: false, isVague: false };

/** A script as it would run for one link, without running. */
class Run {
  readonly #draft: Draft;
  readonly #variables = new Map<string, string | undefined>();
  #isOver: 'no' | 'for all' | 'for this link' = 'no';
  #isCertain = true;
  #isMeant = false;

  constructor(draft: Draft) {
    this.#draft = draft;
    const remote = draft.text('remote');
    const values: Readonly<Record<string, string | undefined>> = {
      1: ownInterface,
      2: draft.text('line.serial'),
      3: draft.text('line.speed'),
      4: draft.text('local'),
      5: remote === undefined || remote === 'from-peer' ? peerAddress : remote,
      6: draft.text('hooks.ipparam') ?? '',
    };
    const names = ['PPP_IFACE', 'PPP_TTY', 'PPP_SPEED', 'PPP_LOCAL', 'PPP_REMOTE', 'PPP_IPPARAM'];
    for (const [i, name] of names.entries()) this.#set([String(i + 1), name], values[i + 1]);
    this.#set(['IFNAME', 'IFACE', 'DEVICE_NAME'], ownInterface);
    this.#set(['IPREMOTE'], values[5]);
    this.#set(['IPLOCAL'], values[4]);
    this.#set(['?'], '0');
    this.#set(['0', '@', '*', '#', '$'], '');
  }

  #set(names: readonly string[], value: string | undefined): void {
    for (const name of names) this.#variables.set(name, value);
  }

  /** What a command does; undefined: nothing for this link. */
  step(command: Command): Omit<Step, 'given'> | undefined {
    if (this.#isOver === 'for all') return { ...idle, doing: { kind: 'nothing' } };
    if (this.#isOver === 'for this link') return undefined;
    const judged = command.conditions.map((condition) => this.#holds(condition));
    if (judged.some(({ holds }) => holds === false)) {
      // `[ "$6" = office ] || exit 0`: what follows is for this link.
      if (command.words[0]?.text === 'exit' && judged.some(({ isOwn }) => isOwn)) this.#isMeant = true;
      return undefined;
    }
    const isCertain = this.#isCertain && judged.every(({ holds }) => holds === true);
    const isMeant = this.#isMeant || judged.some(({ isOwn }) => isOwn);
    const texts = command.words.map((word) => expand(word, (name) => this.#variables.get(name)));
    const words = texts.map((text) => text ?? '\u0001');
    const first = command.words[0];
    if (first !== undefined && command.words.every((word) => isAssignment(word))) {
      for (const word of command.words) this.#assign(word, isCertain);
      return { ...idle, doing: { kind: 'nothing' } };
    }
    if (words[0] === 'exit') {
      const isBlocked = judged.some(
        ({ holds }, i) => holds === undefined && command.conditions[i]?.kind !== 'presence',
      );
      if (isCertain) this.#isOver = judged.some(({ kind }) => kind === 'match') ? 'for this link' : 'for all';
      else if (isBlocked) this.#isCertain = false;
    }
    const writesTo = command.writesTo.map((word) => expand(word, (name) => this.#variables.get(name)) ?? '');
    const doing: Doing = command.piped ? { kind: 'unknown' } : understand(words, writesTo);
    const isAlone = !command.piped && writesTo.length === 0;
    return { doing, words, isMeant, isCertain, isAlone, isVague: texts.includes(undefined) };
  }

  #assign(word: Word, isCertain: boolean): void {
    const [head, ...rest] = word.parts;
    if (head?.kind !== 'text') return;
    const [name = '', ...value] = head.text.split('=');
    const parts: readonly Part[] = [{ kind: 'text', text: value.join('=') }, ...rest];
    const whole = expand({ ...word, parts }, (known) => this.#variables.get(known));
    this.#variables.set(name, isCertain ? whole : undefined);
  }

  #holds(condition: Condition): Judged {
    const { kind } = condition;
    // What a script looks for is taken to be there; what it does without, may be done.
    if (kind === 'presence') return { kind, holds: condition.negated ? undefined : true, isOwn: false };
    if (kind === 'unknown') return { kind, holds: undefined, isOwn: false };
    const subject = this.#plain(condition.subject);
    const isPpp = condition.patterns.some(({ text }) => /^(?:ppp|.*[*?$])/.test(text));
    const isInterface = condition.subject.parts.every(
      (part) => part.kind === 'variable' && this.#variables.get(part.name) === ownInterface,
    );
    if (subject === undefined && isInterface && !isPpp) return { kind, holds: condition.negated, isOwn: false };
    if (subject === undefined) return { kind, holds: undefined, isOwn: false };
    const patterns = condition.patterns.map((word) => this.#plain(word));
    const matches = patterns.some((pattern) => pattern !== undefined && globOf(pattern).test(subject));
    if (!matches && patterns.includes(undefined)) return { kind, holds: undefined, isOwn: false };
    const holds = matches !== condition.negated;
    return { kind, holds, isOwn: matches && !patterns.includes('*') };
  }

  /** What a word stands for; undefined also where it is known only while the link is up. */
  #plain(word: Word): string | undefined {
    return expand(word, (name) => {
      const value = this.#variables.get(name);
      if (value === ownInterface) return this.#draft.text('interface');
      return value === peerAddress ? undefined : value;
    });
  }
}

function isAssignment({ parts: [head] }: Word): boolean {
  return head?.kind === 'text' && /^[A-Za-z_]\w*=/.test(head.text);
}

/** A pattern of `case`: `*` and `?`. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function apply(draft: Draft, script: Script, step: Step, isSole: boolean): void {
  const { given, doing } = step;
  if (doing.kind === 'nothing') {
    draft.ignore(given);
    return;
  }
  if (doing.kind === 'undo') {
    draft.needless(given, 'linkd takes back what it has done');
    return;
  }
  if (!step.isCertain) {
    draft.leave(
      given,
      'it stands under a condition that is not understood',
      'see whether it holds, and write it by hand',
    );
    return;
  }
  if (step.isVague && isNetwork(doing)) {
    draft.leave(given, 'only a shell knows all of its words', 'write by hand what it comes to, see docs/routing.md');
    return;
  }
  const belongs = (device: string | undefined, gateway: string | undefined): 'yes' | 'no' | 'open' => {
    const isOnly = isSole || step.isMeant || script.isOwn;
    if (gateway !== undefined && gateway !== peerAddress && gateway === draft.text('remote')) return 'yes';
    if (device === ownInterface || gateway === peerAddress) return isOnly ? 'yes' : 'open';
    if (device !== undefined && device === draft.text('interface')) return 'yes';
    if (device !== undefined && /^ppp[\d+*]*$/.test(device)) return isOnly ? 'yes' : 'open';
    return device === undefined && gateway === undefined && isOnly ? 'yes' : 'no';
  };
  const put = (whose: 'yes' | 'no' | 'open', path: string, value: Value, how: string): void => {
    if (whose === 'yes') draft.add(path, value, given);
    else if (whose === 'open') draft.leave(given, 'several links may be meant', `write ${how} at the one that is`);
  };
  switch (doing.kind) {
    case 'route':
      applyRoute(draft, doing, given, belongs(doing.device, doing.gateway), put);
      return;
    case 'masquerade': {
      const from = doing.from;
      const value = from === undefined ? 'link' : { out: 'link', from: [from] };
      const whose = doing.out === undefined ? 'no' : belongs(doing.out, undefined);
      put(whose, 'masquerade', value, '`masquerade: link`');
      return;
    }
    case 'port-forward':
      put(belongs(doing.on, undefined), 'port-forwards', doing.text, `\`port-forwards: [${doing.text}]\``);
      return;
    case 'clamp':
      draft.carry('mss-clamp', 'on', given);
      return;
    case 'forwarding':
      draft.leave(
        given,
        'linkd has to know which LAN it is for',
        'write `forward: [eth0]` with the name of its interface',
      );
      return;
    case 'proxy-arp':
      if (doing.target !== peerAddress && doing.target !== draft.text('remote')) return;
      draft.drop('proxy-arp');
      draft.add('proxy-arp', { target: 'peer', interface: doing.device }, given);
      return;
    case 'mail':
      put(
        isSole || step.isMeant || script.isOwn ? 'yes' : 'open',
        `hooks.${script.moment}`,
        hookOf(doing.command),
        '`hooks.up`',
      );
      return;
    case 'firewall':
      draft.leave(given, 'rules of packet filters are not read', 'say it by `firewall`, see docs/firewall.md');
      return;
    case 'unknown':
      applyUnknown(draft, script, step);
  }
}

function applyRoute(
  draft: Draft,
  { network, device, gateway, metric, table, source }: Extract<Doing, { kind: 'route' }>,
  given: Given,
  whose: 'yes' | 'no' | 'open',
  put: (whose: 'yes' | 'no' | 'open', path: string, value: Value, how: string) => void,
): void {
  if (network === hostRoute || network === `${draft.text('remote') ?? ''}/32`) {
    draft.needless(given, 'linkd reaches the peer itself without a route');
    return;
  }
  if (network === 'default') {
    if (whose === 'yes') draft.carry('default-route', metric === undefined ? 'on' : { metric }, given);
    else put(whose, 'default-route', 'on', '`default-route: on`');
    return;
  }
  const more = { ...(metric !== undefined && { metric }), ...(source !== undefined && { source }) };
  const isNumber = table === undefined || /^\d+$/.test(table);
  if (!isNumber || (table === undefined && whose === 'no' && device === undefined && gateway === undefined)) {
    draft.leave(given, 'it names no link, or a table by a name', `write \`networks: [${network}]\` where it belongs`);
    return;
  }
  const keys = { ...more, ...(table !== undefined && { table }) };
  put(whose, 'networks', Object.keys(keys).length === 0 ? network : { network, ...keys }, `\`networks: [${network}]\``);
}

/** A program alone can go on as a hook; anything that needs a shell can't. */
function applyUnknown(draft: Draft, script: Script, { given, words, isAlone }: Step): void {
  const isPlain = isAlone && words[0]?.startsWith('/') === true && words.every((word) => !word.includes('\u0001'));
  if (script.within !== undefined && isPlain) {
    draft.add(`hooks.${script.moment}`, hookOf(words), given);
    return;
  }
  const how =
    script.within === undefined
      ? `hooks: {${script.moment}: [{run: ${script.file}, pppd: on}]}`
      : 'a script of its own in `hooks`';
  draft.leave(given, 'it is not understood', `keep it by ${how}, without what is carried over here`);
}

/** In one line where no word of it needs quotes. */
function hookOf(words: readonly string[]): Value {
  return words.every((word) => /^[\w/.,:=@%+-]+$/.test(word)) ? words.join(' ') : { run: words };
}
