/** wvdial.conf(5): sections of `key = value`, which inherit from each other → what wvdial tells pppd, and how it dials. */
import { linesOf, secretCommand, type Account, type Given } from './account.js';
import type { Draft } from './draft.js';
import { deepest } from './files.js';
import type { Settings } from './settings.js';

export interface WvdialEntry {
  /** In small letters, with single blanks. */
  readonly key: string;
  readonly value: string;
  readonly given: Given;
}

interface Section {
  readonly name: string;
  readonly given: Given;
  readonly entries: readonly WvdialEntry[];
}

export class WvdialConf {
  readonly #sections: readonly Section[];

  constructor(file: string, text: string, account: Account) {
    const lines = linesOf(file, text, (line) => !/^\s*(?:[#;]|$)/.test(line));
    account.open(
      lines.map((given) => (/password/i.test(given.text) ? { ...given, text: 'Password = ??????' } : given)),
    );
    this.#sections = readSections(file, text, account);
  }

  /**
   * The sections that are connections of their own: those that name a number, or a port; else the defaults. The others
   * only change one, as arguments of wvdial.
   */
  get connections(): readonly string[] {
    const named = this.#sections.filter(({ name }) => name.toLowerCase() !== 'defaults');
    const own = named.filter(({ entries }) =>
      entries.some(({ key, value }) => value !== '' && /^(?:phone|username|login|modem)$/.test(key)),
    );
    const defaults = this.#sections.find(({ name }) => name.toLowerCase() === 'defaults');
    const isWhole = defaults?.entries.some(({ key, value }) => key === 'phone' && value !== '') === true;
    return [...(isWhole ? [defaults.name] : []), ...own.map(({ name }) => name)];
  }

  /** What holds for a section: its own entries, those that it inherits, the defaults; each key once. */
  entries(name: string): readonly WvdialEntry[] {
    const found = new Map<string, WvdialEntry>();
    for (const { entries } of this.#ancestry(name)) for (const entry of entries) found.set(entry.key, entry);
    return [...found.values()].filter(({ value }) => value !== '');
  }

  /** The line on which the section begins. */
  heading(name: string): Given | undefined {
    return this.#find(name)?.given;
  }

  /** Enters what the sections that are no connections say, and headings that nothing has taken. */
  close(account: Account): void {
    const connections = this.connections;
    const used = new Set(connections.flatMap((name) => this.#ancestry(name)));
    for (const section of this.#sections) {
      account.settle(section.given, undefined, { kind: 'foreign' });
      for (const { value, given } of section.entries)
        if (value === '') account.settle(given, undefined, { kind: 'needless', why: 'it is empty' });
      if (used.has(section)) continue;
      for (const { value, given } of section.entries) {
        if (value === '') continue;
        account.settle(given, undefined, {
          kind: 'left',
          why: `the section ${section.name} is no connection of its own`,
          instead: 'put it into the link that it is for, see `dial` and `auth`',
        });
      }
    }
  }

  #find(name: string): Section | undefined {
    return this.#sections.find((section) => section.name.toLowerCase() === name.toLowerCase());
  }

  /** The defaults first, then what is inherited, then the section itself. */
  #ancestry(name: string): readonly Section[] {
    const line: Section[] = [];
    let section = this.#find(name);
    for (let depth = 0; section !== undefined && depth < deepest && !line.includes(section); depth++) {
      line.unshift(section);
      const parent = section.entries.find(({ key }) => key === 'inherits')?.value;
      section = parent === undefined ? undefined : this.#find(parent.replace(/^Dialer\s+/i, ''));
    }
    const defaults = this.#find('Defaults');
    return defaults === undefined || line.includes(defaults) ? line : [defaults, ...line];
  }
}

function readSections(file: string, text: string, account: Account): readonly Section[] {
  const sections: { name: string; given: Given; entries: WvdialEntry[] }[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1;
    const heading = /^\s*\[\s*(?:Dialer\s+)?(.*?)\s*\]/i.exec(whole)?.[1];
    if (heading !== undefined) {
      sections.push({ name: heading, given: { file, line, lastLine: line, text: whole }, entries: [] });
      continue;
    }
    const [, words = '', quoted = ''] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(whole) ?? [];
    const key = words.toLowerCase().replace(/\s+/g, ' ');
    const value = quoted.replace(/^(["'])(.*)\1$/, '$2');
    if (key === '') continue;
    const isSecret = key.endsWith('password') && !key.startsWith('ask');
    if (isSecret) account.keepSecret(value);
    const given: Given = { file, line, lastLine: line, text: isSecret ? `${words} = ??????` : whole };
    sections.at(-1)?.entries.push({ key, value, given });
  }
  return sections;
}

/** The arguments that wvdial starts pppd with. */
export function tellPppd(settings: Settings, entries: readonly WvdialEntry[], heading: Given): void {
  const entry = (key: string): WvdialEntry | undefined => entries.find((one) => one.key === key);
  const put = (name: string, key: string, standard?: string): void => {
    const { value, given } = entry(key) ?? { value: standard, given: heading };
    if (value !== undefined) settings.put(name, value, given);
  };
  put('device', 'modem', '/dev/modem');
  put('speed', 'baud', '57600');
  for (const name of ['crtscts', 'noipdefault', 'defaultroute']) settings.put(name, '', heading);
  if (isOn(entry('auto dns')?.value, true)) settings.put('usepeerdns', '', entry('auto dns')?.given ?? heading);
  if (Number(entry('idle seconds')?.value ?? 0) > 0) put('idle', 'idle seconds');
  const address = entry('force address');
  if (address !== undefined) settings.put('addresses', `${address.value}:`, address.given);
  const remote = entry('remote name');
  if (remote !== undefined && remote.value !== '*') put('remotename', 'remote name');
  put('user', entry('username') === undefined ? 'login' : 'username');
  put('password', 'password');
}

/** What the arguments have taken along already. */
const told = ['modem', 'baud', 'username', 'password', 'force address'];

/** What wvdial does itself: the modem, the number, the login. */
export function carryWvdial(draft: Draft, entries: readonly WvdialEntry[]): void {
  const entry = (...keys: readonly string[]): WvdialEntry | undefined => entries.find(({ key }) => keys.includes(key));
  const numbers = entries.filter(({ key }) => /^phone[1-4]?$/.test(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const inits = entries.filter(({ key }) => /^init[1-9]?$/.test(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const isGsm =
    inits.some(({ value }) => /\+C(?:GDCONT|PIN)\s*=/i.test(value)) ||
    numbers.some(({ value }) => /^\*9[89]/.test(value));
  if (isGsm) draft.assume('dial.modem', 'gsm', 'the number, or the commands, are those of a mobile network');
  for (const { value, given } of numbers) {
    if (/^[0-9*#A-D,;@!()WPT. +-]{1,80}$/i.test(value)) draft.add('dial.number', value, given);
    else draft.leave(given, 'it is no telephone number', 'see `dial.number`');
  }
  for (const { value, given } of inits) carryInit(draft, value, given, isGsm);
  const command = entry('dial command');
  const prefix = entry('dial prefix');
  if (command !== undefined || prefix !== undefined) {
    const givens = [command, prefix].flatMap((one) => (one === undefined ? [] : [one.given]));
    draft.carry('dial.prefix', `${command?.value ?? 'ATDT'}${prefix?.value ?? ''}`, ...givens);
  }
  const isStupid = isOn(entry('stupid mode')?.value, false);
  if (!isStupid && !isGsm) carryLogin(draft, entry);
  for (const one of entries) carryEntry(draft, one, isStupid || isGsm);
}

function carryInit(draft: Draft, value: string, given: Given, isGsm: boolean): void {
  const point = /^AT\s*\+CGDCONT\s*=\s*\d+\s*,\s*"[^"]*"\s*,\s*"([\w.-]{1,100})"/i.exec(value)?.[1];
  if (isGsm && point !== undefined) draft.carry('dial.apn', point, given);
  else if (isGsm && /\+CPIN\s*=/i.test(value))
    draft.carry('dial.pin.file', draft.secretFile(given, 'the PIN', 'pin'), given);
  else if (secretCommand.test(value))
    draft.leave(given, 'the config holds no secret', 'use `auth.user` and `auth.secret`: the modem passes them on');
  else if (/^AT[ -~]{0,200}$/i.test(value)) draft.add('dial.init', value, given);
  else draft.leave(given, 'it is no command of a modem', 'see `dial.init`');
}

function carryLogin(draft: Draft, entry: (...keys: readonly string[]) => WvdialEntry | undefined): void {
  const user = entry('username', 'login');
  if (user !== undefined) draft.carry('dial.login.user', user.value, user.given);
  const secret = draft.text('auth.secret.file');
  const password = entry('password');
  if (secret !== undefined && password !== undefined) draft.carry('dial.login.secret.file', secret, password.given);
  const prompt = entry('login prompt');
  if (prompt !== undefined && user !== undefined)
    draft.carry('dial.login.menu', [{ expect: prompt.value, send: user.value }], prompt.given);
  const reply = entry('default reply');
  if (reply !== undefined) draft.carry('dial.login.command', reply.value, reply.given);
}

/** The rest, one by one. */
function carryEntry(draft: Draft, { key, value, given }: WvdialEntry, hasNoLogin: boolean): void {
  if (told.includes(key) || /^(?:phone|init)\d?$|^dial (?:command|prefix)$/.test(key)) return;
  const seconds = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  const leave = (why: string, instead: string): void => {
    draft.leave(given, why, instead);
  };
  switch (key) {
    case 'login':
    case 'default reply':
    case 'login prompt':
      if (hasNoLogin) draft.needless(given, 'PPP begins without a login');
      else if (key === 'login prompt' && !draft.has('dial.login.menu')) leave('there is no user', 'see `dial.login`');
      return;
    case 'idle seconds':
      if (seconds === 0) draft.needless(given, 'it is switched off');
      return;
    case 'remote name':
      if (value === '*') draft.needless(given, 'it stands for any name');
      return;
    case 'auto dns':
      if (!isOn(value, true)) draft.needless(given, 'linkd asks for no name servers unless told to');
      return;
    case 'inherits':
      draft.credit('dial', given);
      return;
    case 'stupid mode':
      draft.needless(given, 'linkd knows PPP by its first frame, and logs in where `dial.login` says so');
      return;
    case 'carrier check':
      if (isOn(value, true)) draft.needless(given, 'linkd watches the carrier once it was seen');
      else draft.carry('line.carrier', 'ignore', given);
      return;
    case 'abort on busy':
      if (isOn(value, false)) draft.carry('dial.redial.busy', 'never', given);
      else draft.needless(given, 'linkd dials again');
      return;
    case 'abort on no dialtone':
      if (isOn(value, true)) draft.carry('dial.redial.no-dialtone', 'never', given);
      else draft.needless(given, 'linkd dials again');
      return;
    case 'dial attempts':
      draft.carry('restart.max-attempts', String(seconds), given);
      return;
    case 'dial timeout':
      draft.carry('dial.timeout', `${Math.min(Math.max(seconds, 5), 600)}s`, given);
      return;
    case 'auto reconnect':
      if (isOn(value, true)) draft.needless(given, 'linkd tries again by itself');
      else leave('linkd tries again by itself', 'use `linkctl up` and `down`');
      return;
    case 'ask password':
      if (isOn(value, false)) leave('linkd asks nobody', 'write the password into a file, see `auth.secret`');
      else draft.needless(given, 'linkd asks nobody');
      return;
    case 'password prompt':
      leave('linkd knows `Password:` and its like', 'if it does not know this one, use `dial.chat`');
      return;
    case 'check dns':
    case 'dns test1':
    case 'dns test2':
    case 'check def route':
      draft.needless(given, 'see `track` for what lies behind the peer');
      return;
    case 'pppd path':
    case 'new pppd':
    case 'modem type':
    case 'modem name':
    case 'isdn':
      draft.needless(given, 'linkd has no use for it');
      return;
    default:
      leave("wvdial's manual has no such key", 'see what it did');
  }
}

/** wvdial takes anything that begins like yes, on, true or 1 for such. */
function isOn(value: string | undefined, usual: boolean): boolean {
  return value === undefined ? usual : /^(?:y|on|t|[1-9])/i.test(value);
}
