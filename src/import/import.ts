/**
 * An import as a whole: the files of pppd, wvdial and ifupdown → linkd's config as a text, and an account of every line
 * that was read. Pure: files are read by what the caller hands in, and the config is checked by it as well.
 */
import { Account, linesOf, type Given, type Verdict } from './account.js';
import { Secrets } from './auth.js';
import { Draft } from './draft.js';
import type { Files } from './files.js';
import { readInterfaces, type Interfaces, type PppStanza } from './interfaces.js';
import { fillLink, type World } from './link.js';
import { applyScript, type Script } from './scripts.js';
import { settle, type CheckMistake } from './settle.js';
import { Settings } from './settings.js';
import { deviceOf, findSources, linkName, optionsFile, peersFolder, sourceOf, type Source } from './sources.js';
import { readStarter } from './starter.js';
import { carryWvdial, tellPppd, WvdialConf } from './wvdial.js';
import { leftNote } from './write.js';

export interface Imported {
  /** The config, with its comments. */
  readonly text: string;
  readonly links: readonly { readonly name: string; readonly isActive: boolean }[];
  readonly verdicts: readonly Verdict[];
  /** What is left, a line for each, as in the comments. */
  readonly notes: readonly string[];
  /** Mistakes of the config that no link can be blamed for. */
  readonly mistakes: readonly string[];
}

/** The names among `targets` that mean nothing here. */
export function unknownTargets(files: Files, targets: readonly string[]): readonly string[] {
  return targets.filter((target) => sourceOf(files, target) === undefined);
}

/** `targets`: paths, or names of peers; none: all that the system has. Never throws, whatever the files hold. */
export function importConfig(
  files: Files,
  targets: readonly string[],
  check: (text: string) => readonly CheckMistake[],
): Imported {
  const sources =
    targets.length === 0 ? findSources(files) : targets.flatMap((target) => sourceOf(files, target) ?? []);
  const work = new Import(files);
  const drafts = work.run(sources);
  const verdicts = work.account.close();
  const hide = (text: string): string => work.account.hide(text);
  const { text, chapters, mistakes } = settle(drafts, verdicts, hide, check);
  return {
    text,
    links: chapters.map(({ draft: { name }, mistakes: own }) => ({ name, isActive: own.length === 0 })),
    verdicts,
    notes: [...new Set([...verdicts.flatMap(leftNote), ...chapters.flatMap(({ without }) => without).map(hide)])],
    mistakes,
  };
}

/** One link, before it's filled: its name, what pppd is told, and what else is known. */
interface Plan {
  readonly name: string;
  readonly settings: Settings;
  readonly variables: ReadonlyMap<string, string>;
  readonly isPort: boolean;
  readonly stanza: PppStanza | undefined;
  /** What wvdial does around it. */
  readonly finish: (draft: Draft) => void;
}

class Import {
  readonly account = new Account();
  readonly #files: Files;
  readonly #secrets: Secrets;
  readonly #names = new Set<string>();
  readonly #wvdial = new Map<string, WvdialConf>();

  constructor(files: Files) {
    this.#files = files;
    this.#secrets = new Secrets(files, this.account);
  }

  run(sources: readonly Source[]): readonly Draft[] {
    const interfaces = sources.flatMap((source) =>
      source.kind === 'interfaces' ? [readInterfaces(this.#files, this.account, source.path)] : [],
    );
    const plans = [
      ...sources.flatMap((source) => this.#plan(source, interfaces)),
      ...interfaces.flatMap(({ stanzas }) => stanzas.flatMap((stanza) => this.#planStanza(stanza, sources))),
    ];
    const scripts = this.#scripts();
    const drafts = plans.map((plan) => this.#fill(plan, interfaces, scripts, plans.length === 1));
    spreadDefaultRoutes(drafts);
    this.#secrets.close();
    for (const conf of this.#wvdial.values()) conf.close(this.account);
    return drafts;
  }

  #plan(source: Source, interfaces: readonly Interfaces[]): readonly Plan[] {
    if (source.kind === 'interfaces') return [];
    if (source.kind === 'wvdial') {
      const conf = this.#conf(source.path);
      return conf === undefined ? [] : conf.connections.map((section) => this.#planWvdial(conf, section, undefined));
    }
    const stanza = interfaces
      .flatMap(({ stanzas }) => stanzas)
      .find((one) => source.kind === 'peer' && source.path === peerPath(one));
    const settings = new Settings();
    this.#readCommon(settings, deviceOf(this.#files, source));
    let variables: ReadonlyMap<string, string> = new Map();
    if (source.kind === 'peer') settings.readFile(this.#files, this.account, source.path);
    if (source.kind === 'script') variables = readStarter(this.#files, this.account, source.path, settings);
    if (source.kind === 'port' && !settings.has('device')) {
      const [given] = linesOf(source.path, this.#files.readText(source.path) ?? '', () => true);
      if (given !== undefined) settings.put('device', source.device, { ...given, text: source.device });
    }
    return [
      {
        name: this.#newName(source.name),
        settings,
        variables,
        isPort: source.kind === 'port',
        stanza,
        finish: nothing,
      },
    ];
  }

  /** /etc/ppp/options, and the options of the port. */
  #readCommon(settings: Settings, device: string | undefined): void {
    settings.readFile(this.#files, this.account, optionsFile);
    if (device === undefined) return;
    const tty = device.replace(/^\/dev\//, '').replaceAll('/', '.');
    settings.readFile(this.#files, this.account, `${optionsFile}.${tty}`);
  }

  /** A stanza whose provider has no plan yet: one of wvdial, or one that is not there. */
  #planStanza(stanza: PppStanza, sources: readonly Source[]): readonly Plan[] {
    const provider = providerOf(stanza);
    if (sources.some((source) => source.kind === 'peer' && source.path === peerPath(stanza))) return [];
    if (stanza.given.text.includes('wvdial')) {
      const conf = this.#conf('/etc/wvdial.conf');
      const taken = sources.some(({ kind }) => kind === 'wvdial');
      if (conf !== undefined && !taken) return [this.#planWvdial(conf, provider, stanza)];
    }
    const settings = new Settings();
    this.#readCommon(settings, deviceOf(this.#files, { kind: 'peer', name: provider, path: peerPath(stanza) }));
    if (!settings.readFile(this.#files, this.account, peerPath(stanza)))
      this.account.settle(stanza.given, undefined, {
        kind: 'left',
        why: `there is no ${peerPath(stanza)}`,
        instead: 'see what it was to be',
      });
    const name = this.#newName(linkName(provider));
    return [{ name, settings, variables: new Map(), isPort: false, stanza, finish: nothing }];
  }

  #planWvdial(conf: WvdialConf, section: string, stanza: PppStanza | undefined): Plan {
    const settings = new Settings();
    settings.readFile(this.#files, this.account, optionsFile);
    settings.readFile(this.#files, this.account, `${peersFolder}/wvdial`);
    const entries = conf.entries(section);
    const heading = conf.heading(section) ?? stanza?.given;
    if (heading !== undefined) tellPppd(settings, entries, heading);
    const name = this.#newName(section.toLowerCase() === 'defaults' ? 'wvdial' : linkName(section));
    const finish = (draft: Draft): void => {
      carryWvdial(draft, entries);
    };
    return { name, settings, variables: new Map(), isPort: false, stanza, finish };
  }

  #conf(path: string): WvdialConf | undefined {
    const known = this.#wvdial.get(path);
    const text = known === undefined ? this.#files.readText(path) : undefined;
    if (text === undefined) return known;
    const conf = new WvdialConf(path, text, this.account);
    this.#wvdial.set(path, conf);
    return conf;
  }

  #fill(plan: Plan, interfaces: readonly Interfaces[], scripts: readonly Script[], isSole: boolean): Draft {
    const { name, settings, variables, isPort, stanza } = plan;
    const draft = new Draft(name, this.account);
    const auto = stanza === undefined ? undefined : interfaces.map(({ autos }) => autos.get(stanza.name)).find(Boolean);
    if (stanza !== undefined) this.#readStanza(draft, settings, stanza);
    const world: World = {
      files: this.#files,
      account: this.account,
      secrets: this.#secrets,
      variables,
      startsAlone: auto !== undefined || this.#startsAtBoot(plan),
      isPort,
      carryWvdial: (target, section, by) => {
        const conf = this.#conf('/etc/wvdial.conf');
        const entries = conf?.entries(section) ?? [];
        if (entries.length > 0) {
          carryWvdial(target, entries);
          target.credit('dial', by.given);
        }
        return entries.length > 0;
      },
    };
    fillLink(draft, settings, world);
    plan.finish(draft);
    if (plan.finish !== nothing && auto === undefined && !draft.has('autostart'))
      draft.assume('autostart', 'off', `it dials when told to: \`linkctl up ${name}\``);
    if (auto !== undefined) draft.credit('autostart', auto);
    if (stanza !== undefined) this.#runStanza(draft, stanza, isSole);
    for (const script of scripts) applyScript(draft, script, isSole);
    return draft;
  }

  /** Debian's script that calls a peer when the machine starts. */
  #startsAtBoot({ name }: Plan): boolean {
    const text = this.#files.readText('/etc/ppp/ppp_on_boot') ?? '';
    return new RegExp(`^[^#\\n]*\\bcall\\s+${name}\\b`, 'm').test(text);
  }

  /** What the stanza tells pppd. */
  #readStanza(draft: Draft, settings: Settings, stanza: PppStanza): void {
    draft.credit('links', stanza.given);
    for (const { key, value, given } of stanza.options) {
      if (key === 'provider') draft.credit('links', given);
      else if (key === 'unit') settings.put('unit', value, given);
      else if (key === 'options') {
        const words = value.split(/\s+/).map((text) => ({ text, line: given.line, lastLine: given.lastLine }));
        settings.readWords(this.#files, this.account, given.file, words);
      }
    }
  }

  /** What it runs, and what it says that is not for pppd. */
  #runStanza(draft: Draft, { options }: PppStanza, isSole: boolean): void {
    for (const { key, value, given } of options) {
      const moment = stanzaMoments.get(key);
      if (moment !== undefined) {
        const script: Script = { file: given.file, text: value, moment, within: given, isOwn: true };
        applyScript(draft, script, isSole);
      } else if (!['provider', 'unit', 'options'].includes(key))
        draft.leave(given, 'linkd has no such key of a stanza', 'see what it did');
    }
  }

  /** The scripts that pppd runs for each connection. */
  #scripts(): readonly Script[] {
    // For both of the first, addresses are known.
    const moments = { 'ip-pre-up': 'up', 'ip-up': 'up', 'ip-down': 'down' } as const;
    return Object.entries(moments).flatMap(([name, moment]) => {
      const folder = `/etc/ppp/${name}.d`;
      const parts = this.#files.list(folder).filter((part) => /^[\w-]+$/.test(part));
      const paths = [`/etc/ppp/${name}`, `/etc/ppp/${name}.local`, ...parts.map((part) => `${folder}/${part}`)];
      return paths.flatMap((file): readonly Script[] => {
        const text = this.#files.readText(file);
        if (text === undefined || text.includes('\0')) return [];
        this.account.open(scriptLines(file, text));
        return [{ file, text, moment, within: undefined, isOwn: false }];
      });
    });
  }

  #newName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#names.has(name.toLowerCase()); number++) name = `${wanted.slice(0, 28)}-${number}`;
    this.#names.add(name.toLowerCase());
    return name;
  }
}

/** Several default routes need an order: pppd makes none where there is one, and so the first link goes first. */
function spreadDefaultRoutes(drafts: readonly Draft[]): void {
  const others = drafts.filter((draft) => draft.text('default-route') === 'on').slice(1);
  for (const [i, draft] of others.entries()) {
    draft.drop('default-route');
    draft.assume('default-route.metric', String(10 * (i + 1)), 'behind that of the links before');
  }
}

/** When ifupdown runs what a stanza says. */
const stanzaMoments: ReadonlyMap<string, Script['moment']> = new Map<string, Script['moment']>([
  ['pre-up', 'pre-up'],
  ['up', 'up'],
  ['post-up', 'up'],
  ['pre-down', 'down'],
  ['down', 'down'],
  ['post-down', 'post-down'],
]);

function nothing(): void {
  // Nobody else has to do with this link.
}

function providerOf({ options }: PppStanza): string {
  return options.find(({ key }) => key === 'provider')?.value ?? 'provider';
}

function peerPath(stanza: PppStanza): string {
  return `${peersFolder}/${providerOf(stanza)}`;
}

/** The lines of a shell script that are more than its structure. */
function scriptLines(file: string, text: string): readonly Given[] {
  const structure = /^\s*(?:#.*|then|else|fi|do|done|esac|;;|\{|\}|\(?[^\s()]*\)|case\s+\S+\s+in)?\s*;*\s*(?:#.*)?$/;
  return linesOf(file, text, (line) => !structure.test(line));
}
