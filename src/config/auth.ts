/** The keys of `auth`: who has to prove what to whom. No secret stands in the config, only where it is. */
import { z } from 'zod';
import type { AuthMethod } from '../ppp/options.js';
import type { AuthConfig, SecretSource } from '../secrets/options.js';
import { command } from './commands.js';
import { defaulted, delegate, keyFacts, list, optional, section, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { withAllowed } from './text.js';
import { absolutePath, choice, duration, isOff, orOff } from './values.js';

const second = 1000;
const hour = 3600 * second;

const words = ['pap', 'chap', 'mschap', 'mschap-v2', 'eap', 'eap-md5', 'eap-mschap-v2'] as const;
const methodWord = choice(...words);

/** `eap` stands for both of its methods, the stronger first. */
const method: Reader<readonly AuthMethod[]> = {
  allowed: methodWord.allowed,
  read(text) {
    const reading = methodWord.read(text);
    if (!reading.ok) return reading;
    return right(reading.value === 'eap' ? ['eap-mschap-v2', 'eap-md5'] : [reading.value]);
  },
};

const methodList = `a list of ${words.join(', ')}`;
const methodLists = list(value(method), methodList);

function methods() {
  const read = z.preprocess((input) => (isOff(input) ? [] : input), methodLists);
  return read.transform((lists): readonly AuthMethod[] => [...new Set(lists.flat())]);
}

/**
 * From the strongest to the weakest. PAP shows the secret to whoever asks for it, and MS-CHAP's can be had from one answer:
 * they have to be named.
 */
const usualMethods: readonly AuthMethod[] = ['eap-mschap-v2', 'mschap-v2', 'eap-md5', 'chap'];

/** PAP and CHAP carry no more. */
const authName: Reader<string> = {
  allowed: 'a name of 1 to 255 octets',
  read(text) {
    if (/[\p{Cc}\ufffd]/u.test(text)) return wrong('holds a character that does not belong in a name');
    return text === '' || Buffer.byteLength(text) > 255 ? wrong('is empty or too long') : right(text);
  },
};

const credentialName: Reader<string> = {
  allowed: 'the name of a credential, of letters, digits, `.`, `_`, `:` and `-`',
  read: (text) => (/^[\w:-][\w.:-]{0,127}$/.test(text) ? right(text) : wrong('is no name of a credential')),
};

export const secretShape = {
  file: optional(absolutePath, 'none', {
    about: 'A file that holds the secret and nothing else; only its owner may read it.',
  }),
  program: command({ allowed: 'a command by its absolute path, in one line or as a list', objection: notAbsolute })
    .optional()
    .register(keyFacts, {
      about: 'A program that prints the secret, within ten seconds.',
      allowed: 'a command by its absolute path, in one line or as a list',
      default: 'none',
    }),
  credential: optional(credentialName, 'none', {
    about: 'A credential that systemd gives to linkd (`LoadCredential=`).',
  }),
};

const oneSource = 'a section with one of `file`, `program` and `credential`';
const secretSection = section(secretShape).transform(({ file, program, credential }, ctx): SecretSource => {
  const given: SecretSource[] = [
    ...(file === undefined ? [] : [{ kind: 'file', path: file } as const]),
    ...(program === undefined ? [] : [{ kind: 'program', command: program } as const]),
    ...(credential === undefined ? [] : [{ kind: 'credential', name: credential } as const]),
  ];
  const [source] = given;
  if (source !== undefined && given.length === 1) return source;
  ctx.addIssue({ code: 'custom', message: withAllowed('names not exactly one source', oneSource) });
  return z.NEVER;
});

/** Where a secret is. What is written here may be the secret itself: no message shows it. */
export function secretValue() {
  return z
    .unknown()
    .transform((input, ctx): SecretSource => {
      if (typeof input !== 'string') return delegate(secretSection, input, ctx);
      ctx.addIssue({ code: 'custom', message: withAllowed('a secret has no place in this file', oneSource) });
      return z.NEVER;
    })
    .optional();
}

const fileList = 'an absolute path, a list of such, or a section with `pap` and `chap`';
function files() {
  return list(value(absolutePath), fileList);
}

export const secretFilesShape = {
  pap: files().register(keyFacts, {
    about: 'Files for PAP, such as /etc/ppp/pap-secrets.',
    allowed: 'an absolute path, or a list of such',
    default: 'none',
  }),
  chap: files().register(keyFacts, {
    about: 'Files for all other methods, such as /etc/ppp/chap-secrets.',
    allowed: 'an absolute path, or a list of such',
    default: 'none',
  }),
};

const bothFiles = section(secretFilesShape);

const secretFiles = z.unknown().transform((input, ctx): z.output<typeof bothFiles> => {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return delegate(bothFiles, input, ctx);
  const same = delegate(files(), input, ctx);
  return { pap: same, chap: same };
});

function notAbsolute(program: string): string | undefined {
  return program.startsWith('/') ? undefined : 'does not begin with an absolute path';
}

export const authShape = {
  require: methods().register(keyFacts, {
    about: 'How the peer has to prove who it is, most wanted first. Nobody is asked unless this is given.',
    allowed: `${methodList}, or none`,
    default: 'none',
    rfc: 'RFC 1661 §6.2',
  }),
  accept: methods()
    .optional()
    .register(keyFacts, {
      about:
        'How we prove who we are where the peer asks and there is a secret to do so, preferred first; none refuses.',
      allowed: `${methodList}, or none`,
      default: 'eap, mschap-v2 and chap: all but pap and mschap, which give the secret away',
    }),
  name: optional(authName, 'the name of this machine', {
    about: 'What we are called as the one who asks: the second column of the secrets.',
  }),
  user: optional(authName, 'as `name`', {
    about: 'What we are called as the one who is asked: the first column of the secrets.',
  }),
  remotename: optional(authName, 'what it calls itself', {
    about: 'What the peer is called, whatever it says of itself.',
  }),
  secret: secretValue().register(keyFacts, {
    about: 'Our own secret, whoever asks; it goes before those in `secrets`. See “Secret”.',
    allowed: oneSource,
    default: 'none',
  }),
  'peer-secret': secretValue().register(keyFacts, {
    about: "The peer's secret; it goes before those in `secrets`. See “Secret”.",
    allowed: oneSource,
    default: 'none',
  }),
  secrets: secretFiles.prefault([]).register(keyFacts, {
    about: 'Files of secrets in four columns, as pppd has them. Only their owner may read them.',
    allowed: fileList,
    default: 'none',
  }),
  rechallenge: defaulted(orOff(duration(10 * second, 24 * hour), 0), 'off', {
    about: 'How often a peer that has proved itself is asked again; PAP cannot.',
    rfc: 'RFC 1994 §1',
  }),
};

/** Undefined: nobody proves anything. */
export const auth = section(authShape)
  .transform((given, ctx): AuthConfig => {
    const { pap, chap } = given.secrets;
    const hasFiles = pap.length + chap.length > 0;
    const lack = (key: string, what: string): void => {
      ctx.addIssue({
        code: 'custom',
        path: [key],
        message: `there is no secret ${what}; add \`secrets\` or a secret of its own`,
      });
    };
    if (given.require.length > 0 && !hasFiles && given['peer-secret'] === undefined) {
      lack('require', 'by which the peer could prove itself (`peer-secret`)');
    }
    if ((given.accept?.length ?? 0) > 0 && !hasFiles && given.secret === undefined) {
      lack('accept', 'by which we could prove ourselves (`secret`)');
    }
    return {
      require: given.require,
      accept: given.accept ?? usualMethods,
      name: given.name,
      user: given.user,
      remoteName: given.remotename,
      secret: given.secret,
      peerSecret: given['peer-secret'],
      papFiles: pap,
      chapFiles: chap,
      rechallengeMs: given.rechallenge,
    };
  })
  .optional()
  .register(keyFacts, {
    about: 'Who has to prove what to whom, see “Authentication”.',
    allowed: 'a section',
    default: 'none',
  });
