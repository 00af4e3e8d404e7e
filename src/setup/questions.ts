/** What has to be known of a link, one question for each, in the order in which they are asked. */
import type { Finding } from '../probe/finding.js';
import type { ModemLines } from '../probe/probe.js';

export const keys = [
  'device',
  'probe',
  'name',
  'way',
  'number',
  'apn',
  'login',
  'command',
  'speed',
  'flow',
  'local',
  'remote',
  'networks',
  'user',
  'secret',
  'peer-secret',
] as const;
export type Key = (typeof keys)[number];

/** What was said, and what options said; an empty text is a wish for nothing. */
export type Answers = ReadonlyMap<Key, string>;

/** What the machine knows before anybody is asked. */
export interface Circumstances {
  /** The ports that nobody holds, by their stable names where they have one. */
  readonly freePorts: readonly string[];
  /** The names of the links that there are. */
  readonly takenNames: readonly string[];
}

/** What a probe of the chosen port brought, if there was one. */
export interface ProbeResult {
  readonly finding: Finding;
  readonly lines: ModemLines | undefined;
}

export interface Known {
  readonly answers: Answers;
  readonly circumstances: Circumstances;
  readonly probed: ProbeResult | undefined;
}

export interface Question {
  readonly key: Key;
  /** The option that answers it; what a program that can't be asked has to give. */
  readonly option: string;
  readonly text: string;
  readonly help: string;
  /** Not echoed, and shown nowhere. */
  readonly secret: boolean;
  /** Whether it makes sense, by what is known. */
  readonly asked: (known: Known) => boolean;
  /** What holds where nobody is asked; undefined: there has to be an answer. */
  readonly fallback: (known: Known) => string | undefined;
  /** What a mere return means, where that is something else. */
  readonly suggestion?: (known: Known) => string | undefined;
}

export const ways = ['direct', 'dial', 'gsm', 'login', 'answer'] as const;
export const flows = ['rtscts', 'xonxoff', 'none'] as const;
export type Way = (typeof ways)[number];

/** The way that was chosen, or that the probe suggests. */
export function wayOf({ answers, probed }: Pick<Known, 'answers' | 'probed'>): Way {
  const chosen = ways.find((way) => way === answers.get('way'));
  if (chosen !== undefined) return chosen;
  switch (probed?.finding.kind) {
    case 'modem':
      return probed.finding.identity.gsm ? 'gsm' : 'dial';
    case 'login':
    case 'console':
      return 'login';
    default:
      return 'direct';
  }
}

const always = (): boolean => true;
const nothing = (): undefined => undefined;
const empty = (): string => '';

export const questions: readonly Question[] = [
  {
    key: 'device',
    option: '--device',
    text: 'Which serial port?',
    help: 'A path, best below /dev/serial/by-id, where names stay the same at any socket. linkctl probe lists the ports.',
    secret: false,
    asked: always,
    fallback: ({ circumstances: { freePorts } }) => (freePorts.length === 1 ? freePorts[0] : undefined),
  },
  {
    key: 'probe',
    option: '--probe',
    text: 'Find out who is at its far end now (up to a minute)?',
    help: 'yes or no. Returns, AT and a frame of PPP are sent at several speeds; what is found becomes the suggestion for the rest.',
    secret: false,
    asked: ({ answers, circumstances }) => circumstances.freePorts.includes(answers.get('device') ?? ''),
    fallback: () => 'no',
    suggestion: () => 'yes',
  },
  {
    key: 'name',
    option: '--name',
    text: 'What shall the link be called?',
    help: 'Letters, digits, `.`, `_` and `-`; it is the name of the interface too. Mostly the name of the other place.',
    secret: false,
    asked: always,
    fallback: nothing,
    suggestion: ({ circumstances: { takenNames } }) => freeName(takenNames, 1),
  },
  {
    key: 'way',
    option: '--way',
    text: `How is PPP reached? (${ways.join(', ')})`,
    help: 'direct: a cable, PPP at its end. dial: a modem that calls a number. gsm: a modem of a mobile network. login: a prompt for user and password. answer: a modem on which others call.',
    secret: false,
    asked: always,
    fallback: wayOf,
  },
  {
    key: 'number',
    option: '--dial',
    text: 'Which number is to be called?',
    help: 'As the modem takes it behind ATDT: digits, with commas for pauses.',
    secret: false,
    asked: (known) => wayOf(known) === 'dial',
    fallback: nothing,
  },
  {
    key: 'apn',
    option: '--apn',
    text: 'Which access point (APN)?',
    help: 'The provider tells it. A SIM should want no PIN; where it does, add `pin` to `dial` afterwards.',
    secret: false,
    asked: (known) => wayOf(known) === 'gsm',
    fallback: () => 'internet',
  },
  {
    key: 'login',
    option: '--login',
    text: 'Whom to log in as?',
    help: 'The user that the prompt asks for; nothing where only a command has to be given.',
    secret: false,
    asked: (known) => wayOf(known) === 'login',
    fallback: ({ probed }) => (probed?.finding.kind === 'console' ? '' : undefined),
  },
  {
    key: 'command',
    option: '--command',
    text: 'Which command starts PPP there?',
    help: 'Such as ppp or pppd; nothing where PPP begins by itself after the login.',
    secret: false,
    asked: (known) => wayOf(known) === 'login',
    fallback: empty,
  },
  {
    key: 'speed',
    option: '--speed',
    text: 'How fast is the port, in baud?',
    help: 'Both ends of a cable need the same speed; that of the port to a modem only has to be above its rate.',
    secret: false,
    asked: always,
    fallback: ({ probed }) => String(probed !== undefined && 'speed' in probed.finding ? probed.finding.speed : 115200),
  },
  {
    key: 'flow',
    option: '--flow',
    text: 'Flow control? (rtscts, xonxoff, none)',
    help: 'rtscts where the cable has these lines, as for every modem; none for a cable of three wires.',
    secret: false,
    asked: always,
    fallback: ({ probed }) => (probed === undefined || probed.lines?.clearToSend === true ? 'rtscts' : 'none'),
  },
  {
    key: 'local',
    option: '--local',
    text: 'Our address on the link?',
    help: 'An IPv4 address of its own for this end, such as 10.0.0.1; from-peer takes what the peer gives.',
    secret: false,
    asked: always,
    fallback: (known) => (wayOf(known) === 'gsm' ? 'from-peer' : undefined),
  },
  {
    key: 'remote',
    option: '--remote',
    text: "The peer's address?",
    help: 'What the other end has as its own, such as 10.0.0.2; from-peer takes what the peer says.',
    secret: false,
    asked: always,
    fallback: (known) => (wayOf(known) === 'gsm' ? 'from-peer' : undefined),
  },
  {
    key: 'networks',
    option: '--network',
    text: 'Which networks are behind the peer?',
    help: 'Such as 10.2.0.0/16, with commas in between: routes to them go through the link. Nothing for none.',
    secret: false,
    asked: always,
    fallback: empty,
  },
  {
    key: 'user',
    option: '--user',
    text: 'What are we called, where the peer asks who we are by PPP?',
    help: 'The name that PAP or CHAP gives; nothing where the peer does not ask.',
    secret: false,
    asked: (known) => wayOf(known) !== 'login',
    fallback: ({ probed }) => (wantsAuthentication(probed) ? undefined : ''),
  },
  {
    key: 'secret',
    option: '--secret-file',
    text: 'Our password or secret?',
    help: 'It is not shown, and goes to a file of its own that only linkd may read.',
    secret: true,
    asked: ({ answers }) => (answers.get('user') ?? '') !== '' || (answers.get('login') ?? '') !== '',
    fallback: nothing,
  },
  {
    key: 'peer-secret',
    option: '--peer-secret-file',
    text: 'The secret by which the peer proves who it is?',
    help: 'Nothing where nobody is asked. It is not shown, and goes to a file of its own that only linkd may read.',
    secret: true,
    asked: always,
    fallback: empty,
  },
];

function wantsAuthentication(probed: ProbeResult | undefined): boolean {
  return probed?.finding.kind === 'ppp' && probed.finding.wishes?.authentication !== undefined;
}

function freeName(taken: readonly string[], number: number): string {
  const name = `link${number}`;
  return taken.includes(name) ? freeName(taken, number + 1) : name;
}
