/** Files of secrets with four columns, as pppd has them: client, server, secret, and the addresses that the client may use. */
import { decodeText } from '../base/text.js';
import { networkOf, parseIp4, type Prefix } from '../base/ip.js';
import { readLines } from './words.js';

/** One line of a file. */
export interface SecretLine {
  /** Who proves itself; undefined: whoever it is (`*`). */
  readonly client: string | undefined;
  /** To whom; undefined: to whomever (`*`). */
  readonly server: string | undefined;
  readonly secret: SecretWord;
  readonly addresses: readonly AddressWord[];
}

export type SecretWord =
  | { readonly kind: 'plain'; readonly value: Uint8Array }
  /** `@/path`: the first word of another file. */
  | { readonly kind: 'file'; readonly path: string };

/** A word of the fourth column: rules are tried in order, and what none holds is denied. */
export type AddressWord =
  | { readonly kind: 'allow' | 'deny'; readonly prefix: Prefix }
  | { readonly kind: 'allow' | 'deny'; readonly host: string; readonly length: number }
  /** A word that says nothing that linkd knows, and is left out. */
  | { readonly kind: 'unreadable'; readonly word: string };

/** Lines of less than three words say nothing, as to pppd. Never throws. */
export function parseSecrets(bytes: Uint8Array): readonly SecretLine[] {
  return readLines(bytes).flatMap(([client, server, secret, ...addresses]): readonly SecretLine[] => {
    if (client === undefined || server === undefined || secret === undefined) return [];
    return [
      {
        client: nameOf(client),
        server: nameOf(server),
        secret: secretOf(secret),
        addresses: parseAddresses(addresses.map(decodeText)),
      },
    ];
  });
}

/** The first word of a file, which a secret `@/path` stands for; undefined when there is none. */
export function firstWord(bytes: Uint8Array): Uint8Array | undefined {
  return readLines(bytes)[0]?.[0];
}

const any: Prefix = { address: 0, length: 0 };

/** `-` allows nothing more, `*` everything; `!` denies; what comes behind `--` are options of pppd. */
export function parseAddresses(words: readonly string[]): readonly AddressWord[] {
  const rules: AddressWord[] = [];
  for (const word of words) {
    if (word === '-' || word === '--') break;
    if (word === '*') {
      rules.push({ kind: 'allow', prefix: any });
      break;
    }
    rules.push(parseAddress(word));
  }
  return rules;
}

function parseAddress(word: string): AddressWord {
  const [, deny, host = '', bits] = /^(!?)([^/]*)(?:\/(\d{1,2}))?$/.exec(word) ?? [];
  const length = bits === undefined ? 32 : Number(bits);
  if (host === '' || length < 1 || length > 32) return { kind: 'unreadable', word };
  const kind = deny === '!' ? 'deny' : 'allow';
  const address = parseIp4(host);
  if (address !== undefined) return { kind, prefix: networkOf({ address, length }) };
  return /^[a-z0-9_][\w.-]{0,252}$/i.test(host) && /[a-z]/i.test(host)
    ? { kind, host, length }
    : { kind: 'unreadable', word };
}

function nameOf(word: Uint8Array): string | undefined {
  const name = decodeText(word);
  return name === '*' ? undefined : name;
}

function secretOf(word: Uint8Array): SecretWord {
  const [at, slash] = word;
  if (at === 0x40 && slash === 0x2f) return { kind: 'file', path: decodeText(word.subarray(1)) };
  return { kind: 'plain', value: word };
}
