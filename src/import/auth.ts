/** Who proves what to whom: pppd's options about authentication, and its files of secrets, of which no secret is told. */
import { decodeText, encodeText } from '../base/text.js';
import { readWords } from '../secrets/words.js';
import { isComment, linesOf, type Account, type Given } from './account.js';
import type { Draft } from './draft.js';
import type { Files } from './files.js';
import { lineCounter, type Setting, type Settings } from './settings.js';

/** The files that pppd has; the kinds are linkd's words for them. */
const secretFiles = { pap: '/etc/ppp/pap-secrets', chap: '/etc/ppp/chap-secrets' } as const;

type Kind = keyof typeof secretFiles;
const kinds: readonly Kind[] = ['pap', 'chap'];

/** A line of a file, without its secret. */
interface SecretLine {
  readonly kind: Kind;
  readonly client: string;
  readonly server: string;
  /** Any password fits, or the system's: linkd takes neither. */
  readonly isOpen: boolean;
  readonly given: Given;
}

export class Secrets {
  readonly #lines: readonly SecretLine[];
  readonly #account: Account;
  readonly #used = new Set<SecretLine>();
  /** What the machine is called. */
  readonly hostname: string | undefined;

  constructor(files: Files, account: Account) {
    this.#account = account;
    this.hostname = files.readText('/etc/hostname')?.trim().split('\n', 1)[0]?.trim();
    this.#lines = kinds.flatMap((kind) => readSecrets(files, account, kind));
  }

  /** The kinds of files in which `client` proves itself to `server`; undefined stands for whomever. The lines count as used. */
  find(draft: Draft, client: string | undefined, server: string | undefined): readonly Kind[] {
    const fits = (name: string, wanted: string | undefined): boolean =>
      wanted === undefined || name === '*' || name === wanted;
    const found = this.#lines.filter((line) => !line.isOpen && fits(line.client, client) && fits(line.server, server));
    for (const line of found) {
      this.#used.add(line);
      draft.credit('auth.secrets', line.given);
    }
    return kinds.filter((kind) => found.some((line) => line.kind === kind));
  }

  /** Enters the lines that no link has used. */
  close(): void {
    for (const line of this.#lines) {
      if (this.#used.has(line)) continue;
      this.#account.settle(line.given, undefined, {
        kind: 'needless',
        why: line.isOpen
          ? 'linkd takes no empty secret, and not the accounts of the system'
          : 'none of these links uses it',
      });
    }
  }
}

function readSecrets(files: Files, account: Account, kind: Kind): readonly SecretLine[] {
  const file = secretFiles[kind];
  const text = files.readText(file);
  if (text === undefined) return [];
  const octets = encodeText(text);
  const lineOf = lineCounter(octets);
  const groups: { words: string[]; line: number; lastLine: number }[] = [];
  for (const { octets: word, startsLine, start, end } of readWords(octets)) {
    const last = groups.at(-1);
    const line = lineOf(start);
    const lastLine = lineOf(Math.max(start, end - 1));
    if (last === undefined || startsLine) groups.push({ words: [decodeText(word)], line, lastLine });
    else {
      last.words.push(decodeText(word));
      last.lastLine = lastLine;
    }
  }
  // No text of such a file is shown as it is, understood or not.
  account.open(linesOf(file, text, (line) => !isComment(line)).map((given) => ({ ...given, text: '??????' })));
  return groups.flatMap(({ words, line, lastLine }): readonly SecretLine[] => {
    const [client = '', server = '', secret, ...addresses] = words;
    const shown = secret === undefined ? ['??????'] : [client, server, '??????', ...addresses];
    const given: Given = { file, line, lastLine, text: shown.join(' ') };
    if (secret === undefined) {
      account.settle(given, undefined, { kind: 'needless', why: 'it has less than three words' });
      return [];
    }
    const isFile = secret.startsWith('@/');
    if (!isFile) account.keepSecret(secret);
    return [{ kind, client, server, isOpen: secret === '' || secret === '@login', given }];
  });
}

/** From the strongest to the weakest, as linkd prefers them. */
const methods = ['eap', 'mschap-v2', 'chap', 'mschap', 'pap'] as const;
type Method = (typeof methods)[number];

/** By the files that have their secrets. MS-CHAP gives its secret away, and has to be asked for. */
const methodsOf: Readonly<Record<Kind, readonly Method[]>> = { chap: ['eap', 'mschap-v2', 'chap'], pap: ['pap'] };

export function carryAuth(draft: Draft, settings: Settings, secrets: Secrets, files: Files): void {
  const name = carryName(draft, settings, 'name', 'auth.name');
  const remote = carryName(draft, settings, 'remotename', 'auth.remotename');
  const own = carryOwnSecret(draft, settings, files);
  const user = carryName(draft, settings, 'user', 'auth.user') ?? own.user;
  for (const { given } of settings.all('usehostname')) draft.needless(given, "the machine's name is the default");
  const provesBy = own.hasSecret
    ? methods.filter((method) => method !== 'mschap')
    : useFiles(draft, secrets.find(draft, user ?? name ?? secrets.hostname ?? '*', remote));
  carryRequire(draft, settings, secrets, remote, name ?? secrets.hostname);
  if (provesBy.length === 0 && (user ?? name) !== undefined && !draft.has('auth.require'))
    draft.hint(
      'There is no secret for it in pap-secrets or chap-secrets; write one, and name the file in `auth.secrets`.',
    );
  carryAccept(draft, settings, provesBy);
  for (const name of ['chap-interval', 'eap-interval'] as const) carryInterval(draft, settings.last(draft, name));
  for (const { given } of settings.all('papcrypt'))
    draft.leave(given, 'linkd takes no crypted passwords', 'write them in plain into a file that only linkd may read');
  for (const { given } of settings.all('login'))
    draft.leave(
      given,
      'linkd does not know the accounts of the system',
      `give each caller a line in ${secretFiles.pap}: NAME * PASSWORD ADDRESS`,
    );
}

function carryName(draft: Draft, settings: Settings, name: string, path: string): string | undefined {
  const setting = settings.last(draft, name);
  if (setting === undefined) return undefined;
  if (setting.argument === '') {
    draft.leave(setting.given, 'it is empty', `see \`${path}\``);
    return undefined;
  }
  draft.carry(path, setting.argument, setting.given);
  return setting.argument;
}

/** `password`, and `+ua` with a file of a name and a password. */
function carryOwnSecret(
  draft: Draft,
  settings: Settings,
  files: Files,
): { hasSecret: boolean; user: string | undefined } {
  const setting = settings.last(draft, 'password', '+ua');
  if (setting === undefined) return { hasSecret: false, user: undefined };
  const path = draft.secretFile(setting.given, setting.name === '+ua' ? 'its second line' : 'it');
  draft.carry('auth.secret.file', path, setting.given);
  if (setting.name !== '+ua') return { hasSecret: true, user: undefined };
  const user = files.readText(setting.argument)?.split('\n', 1)[0]?.trim();
  if (user !== undefined && user !== '') draft.carry('auth.user', user, setting.given);
  return { hasSecret: true, user };
}

function useFiles(draft: Draft, found: readonly Kind[]): readonly Method[] {
  for (const kind of found)
    draft.assume(
      `auth.secrets.${kind}`,
      secretFiles[kind],
      'has to belong to the user of linkd (chown linkd), mode 0600',
    );
  return methods.filter((method) => found.some((kind) => methodsOf[kind].includes(method)));
}

/** What the peer has to prove. */
function carryRequire(
  draft: Draft,
  settings: Settings,
  secrets: Secrets,
  remote: string | undefined,
  ours: string | undefined,
): void {
  const asked = settings.all(...methods.map((method) => `require-${method}`));
  const auth = settings.last(draft, 'auth', 'noauth');
  if (auth?.name === 'noauth') draft.needless(auth.given, 'linkd asks nobody unless told to');
  const givens = [...asked.map(({ given }) => given), ...(auth?.name === 'auth' ? [auth.given] : [])];
  if (givens.length === 0) return;
  const found = useFiles(draft, secrets.find(draft, remote, ours));
  const named = methods.filter((method) => asked.some(({ name }) => name === `require-${method}`));
  const wanted = named.length > 0 ? named : found.length > 0 ? found : (['mschap-v2', 'chap', 'pap'] as const);
  draft.carry('auth.require', [...wanted], ...givens);
  const [first] = givens;
  if (found.length === 0 && first !== undefined)
    draft.carry('auth.peer-secret.file', draft.secretFile(first, "the peer's password", 'peer-secret'), first);
}

/** How we prove ourselves, where that differs from what linkd does unasked. */
function carryAccept(draft: Draft, settings: Settings, provesBy: readonly Method[]): void {
  const refusals = settings.all(...methods.map((method) => `refuse-${method}`));
  const accepted = provesBy.filter((method) => refusals.every(({ name }) => name !== `refuse-${method}`));
  if (provesBy.length === 0 || accepted.join() === methodsOf.chap.join()) {
    const why = provesBy.length === 0 ? 'there is no secret to prove anything by' : 'linkd does not do it unasked';
    for (const { given } of refusals) draft.needless(given, why);
    return;
  }
  const value = accepted.length === 0 ? 'none' : [...accepted];
  if (refusals.length === 0) draft.assume('auth.accept', value, 'what these secrets are for');
  else draft.carry('auth.accept', value, ...refusals.map(({ given }) => given));
}

function carryInterval(draft: Draft, setting: Setting | undefined): void {
  if (setting === undefined) return;
  const seconds = /^\d{1,6}$/.test(setting.argument) ? Number(setting.argument) : 0;
  if (seconds === 0) draft.needless(setting.given, 'it is switched off, as in linkd');
  else draft.carry('auth.rechallenge', `${Math.min(Math.max(seconds, 10), 86_400)}s`, setting.given);
}
