/**
 * From what the config says of authentication to what a session is told: reads the secrets anew, chooses those that count
 * for the link, and looks up the host names among the allowed addresses.
 */
import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { Millis } from '../base/clock.js';
import { codeOf, OpError } from '../base/errors.js';
import { networkOf, parseIp4 } from '../base/ip.js';
import type { AddressRule, AuthOptions, NamedSecret } from '../ppp/options.js';
import { chooseOurs, choosePeers, type Choice } from './choose.js';
import { readCredential, readProgram, readSecretFile } from './files.js';
import type { AuthConfig, SecretSource } from './options.js';
import { firstWord, parseSecrets, type AddressWord, type SecretLine } from './parse.js';

export interface LoadedAuth {
  readonly auth: AuthOptions;
  /** What was left out, and why; without secrets. */
  readonly warnings: readonly string[];
}

/** The environment that is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Longer secrets are none that a person meant. */
const longestSecret = 1024;
const lookupMs: Millis = 5000;

/** Throws an OpError when a secret can't be had. */
export async function loadAuth(
  config: AuthConfig,
  environment: Environment = process.env,
  signal?: AbortSignal,
): Promise<LoadedAuth> {
  const name = config.name ?? hostname();
  const user = config.user ?? name;
  const loader = new Loader(environment, signal);
  const ours = async (files: readonly string[]): Promise<readonly NamedSecret[]> =>
    config.secret === undefined
      ? loader.named(chooseOurs(await loader.lines(files), user, config.remoteName), 'ours')
      : [{ name: undefined, secret: await loader.source(config.secret), allowed: undefined }];
  const theirs = async (files: readonly string[]): Promise<readonly NamedSecret[]> =>
    config.peerSecret === undefined
      ? loader.named(choosePeers(await loader.lines(files), name, config.remoteName), 'theirs')
      : [{ name: undefined, secret: await loader.source(config.peerSecret), allowed: undefined }];
  const asks = config.require.length > 0;
  const none = { pap: [], chap: [] };
  const own = { pap: await ours(config.papFiles), chap: await ours(config.chapFiles) };
  const auth: AuthOptions = {
    require: config.require,
    accept: config.accept.filter((method) => (method === 'pap' ? own.pap : own.chap).length > 0),
    name,
    user,
    remoteName: config.remoteName,
    ours: own,
    theirs: asks ? { pap: await theirs(config.papFiles), chap: await theirs(config.chapFiles) } : none,
    rechallengeMs: config.rechallengeMs,
  };
  return { auth, warnings: loader.warnings };
}

/** One secret by itself, read anew. Throws an OpError when it can't be had. */
export function readSecret(source: SecretSource, signal?: AbortSignal): Promise<Uint8Array> {
  return new Loader(process.env, signal).source(source);
}

/** Reads each file and runs each program once. */
class Loader {
  readonly warnings: string[] = [];
  readonly #environment: Environment;
  readonly #signal: AbortSignal | undefined;
  readonly #files = new Map<string, Promise<readonly SecretLine[]>>();
  readonly #sources = new Map<SecretSource, Promise<Uint8Array>>();

  constructor(environment: Environment, signal: AbortSignal | undefined) {
    this.#environment = environment;
    this.#signal = signal;
  }

  async lines(files: readonly string[]): Promise<readonly SecretLine[]> {
    const all: SecretLine[] = [];
    for (const path of files) {
      const lines = this.#files.get(path) ?? readSecretFile(path).then(parseSecrets);
      this.#files.set(path, lines);
      all.push(...(await lines));
    }
    return all;
  }

  /** A secret that stands alone: what the source holds, without the end of its line. */
  async source(source: SecretSource): Promise<Uint8Array> {
    const read = this.#sources.get(source) ?? this.#read(source).then((bytes) => lone(bytes, nameOf(source)));
    this.#sources.set(source, read);
    return read;
  }

  async named(choices: readonly Choice[], whose: 'ours' | 'theirs'): Promise<readonly NamedSecret[]> {
    const secrets: NamedSecret[] = [];
    for (const { name, line } of choices) {
      const secret = await this.#secret(line);
      // To pppd an empty secret of a peer is every password; to linkd it is none.
      if (secret.length === 0 && whose === 'theirs')
        this.#warn(`the secret of ${name ?? 'any peer'} is empty; it is left out`);
      else secrets.push({ name, secret, allowed: whose === 'ours' ? undefined : await this.#rules(line.addresses) });
    }
    return secrets;
  }

  async #secret({ secret }: SecretLine): Promise<Uint8Array> {
    if (secret.kind === 'plain') return secret.value;
    const word = firstWord(await readSecretFile(secret.path));
    if (word !== undefined) return word;
    throw new OpError('read the secret in', secret.path, new Error('it is empty'), 'Write the secret into it.');
  }

  async #read(source: SecretSource): Promise<Uint8Array> {
    switch (source.kind) {
      case 'file':
        return readSecretFile(source.path);
      case 'program':
        return readProgram(source.command, this.#signal);
      case 'credential':
        return readCredential(source.name, this.#environment['CREDENTIALS_DIRECTORY']);
    }
  }

  async #rules(words: readonly AddressWord[]): Promise<readonly AddressRule[]> {
    const rules: AddressRule[] = [];
    for (const word of words) {
      if (word.kind === 'unreadable')
        this.#warn(`"${word.word}" among the allowed addresses is no address; it is left out`);
      else if ('prefix' in word) rules.push(word);
      else {
        const { kind, host, length } = word;
        for (const address of await this.#lookup(host)) rules.push({ kind, prefix: networkOf({ address, length }) });
      }
    }
    return rules;
  }

  async #lookup(host: string): Promise<readonly number[]> {
    try {
      const found = await withinTime(lookup(host, { family: 4, all: true }), lookupMs);
      return found.flatMap(({ address }) => parseIp4(address) ?? []);
    } catch (error) {
      this.#warn(`the host ${host} among the allowed addresses is left out: ${codeOf(error) ?? 'no answer'}`);
      return [];
    }
  }

  #warn(message: string): void {
    if (!this.warnings.includes(message)) this.warnings.push(message);
  }
}

async function withinTime<T>(work: Promise<T>, limit: Millis): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer'));
    }, limit);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}

function lone(bytes: Uint8Array, where: string): Uint8Array {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0;
  const secret = bytes.subarray(0, bytes.length - end);
  if (secret.length > 0 && secret.length <= longestSecret && !secret.includes(0x0a)) return secret;
  const why = secret.length === 0 ? 'it is empty' : 'it has more than one line, or more than 1024 octets';
  throw new OpError('take a secret from', where, new Error(why), 'It must hold the secret and nothing else.');
}

function nameOf(source: SecretSource): string {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'program':
      return source.command[0];
    case 'credential':
      return `the credential ${source.name}`;
  }
}
