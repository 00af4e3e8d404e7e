/** A link as it is to be written: what a person decides, and the config's text that says so. */
import { Document, isCollection, isScalar, YAMLMap } from 'yaml';
import type { FlowControl } from '../line/options.js';

export interface LinkDraft {
  readonly name: string;
  readonly device: string;
  readonly speed: number;
  readonly flow: FlowControl;
  /** An IPv4 address, or `from-peer`. */
  readonly local: string;
  readonly remote: string;
  /** Behind the peer. */
  readonly networks: readonly string[];
  /** False: it waits for `linkctl up`. */
  readonly autostart: boolean;
  readonly dial: DialDraft | undefined;
  readonly answer: AnswerDraft | undefined;
  readonly auth: AuthDraft | undefined;
  /** What the reader should know, a line each; they stand above the link. */
  readonly comments: readonly string[];
}

export interface DialDraft {
  readonly modem: 'hayes' | 'gsm' | 'windows' | 'windows-server' | 'none';
  readonly number: string | undefined;
  readonly apn: string | undefined;
  readonly login: LoginDraft | undefined;
}

/** A prompt before PPP; the secret's file holds the password. */
export interface LoginDraft {
  readonly user: string | undefined;
  readonly secretFile: string | undefined;
  readonly command: string | undefined;
}

export interface AnswerDraft {
  readonly modem: 'hayes' | 'none';
  /** Callers log in at a prompt before PPP. */
  readonly login: boolean;
}

export interface AuthDraft {
  /** What we are called. */
  readonly user: string | undefined;
  /** Ours. */
  readonly secretFile: string | undefined;
  /** How we prove it where the usual ways won't do: they don't give the secret away, as PAP does. */
  readonly accept: string | undefined;
  /** The peer's: with it, the peer has to prove that it knows the secret. */
  readonly peerSecretFile: string | undefined;
}

/** What the reader of a link that answers should know, where no caller has to prove anything. */
export const openDoor =
  'Whoever calls is let in: have callers prove who they are (`auth` with `require` and `peer-secret`).';

/** What the schema takes for granted is left out. */
const usual = { flow: 'rtscts', modem: 'hayes' } as const;

/** The text of a file with these links, after a comment of these lines. */
export function renderLinks(links: readonly LinkDraft[], head: readonly string[]): string {
  const document = new Document({ links: Object.fromEntries(links.map((link) => [link.name, linkOf(link)])) });
  const map = document.get('links');
  if (map instanceof YAMLMap) {
    for (const [index, pair] of map.items.entries()) {
      const comments = links[index]?.comments ?? [];
      if (isScalar(pair.key) && comments.length > 0) pair.key.commentBefore = commentOf(comments);
      if (pair.value instanceof YAMLMap) flowIn(pair.value);
    }
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return head.length === 0 ? text : `${head.map((line) => `# ${line}\n`).join('')}\n${text}`;
}

function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`).join('\n');
}

/** Sections stand in one line each, as the documentation has them. */
function flowIn(link: YAMLMap): void {
  for (const { value } of link.items) if (isCollection(value)) value.flow = true;
}

function linkOf(link: LinkDraft): object {
  const { device, speed, flow, local, remote, networks, dial, answer, auth } = link;
  return {
    line: { serial: device, speed, ...(flow !== usual.flow && { flow }) },
    local,
    remote,
    ...(networks.length > 0 && { networks }),
    ...(!link.autostart && { autostart: false }),
    ...(dial && { dial: dialOf(dial) }),
    ...(answer && { answer: answerOf(answer) }),
    ...(auth && { auth: authOf(auth) }),
  };
}

function dialOf({ modem, number, apn, login }: DialDraft): object {
  return {
    ...(modem !== 'none' && modem !== usual.modem && { modem }),
    ...(number !== undefined && { number }),
    ...(apn !== undefined && { apn }),
    ...(login && { login: loginOf(login) }),
  };
}

function loginOf({ user, secretFile, command }: LoginDraft): object {
  return {
    ...(user !== undefined && { user }),
    ...(secretFile !== undefined && { secret: { file: secretFile } }),
    ...(command !== undefined && { command }),
  };
}

function answerOf({ modem, login }: AnswerDraft): object {
  return { ...(modem !== usual.modem && { modem }), ...(login && { login: {} }) };
}

function authOf({ user, secretFile, accept, peerSecretFile }: AuthDraft): object {
  return {
    ...(user !== undefined && { user }),
    ...(secretFile !== undefined && { secret: { file: secretFile } }),
    ...(accept !== undefined && { accept: [accept] }),
    ...(peerSecretFile !== undefined && {
      require: ['mschap-v2', 'chap'],
      'peer-secret': { file: peerSecretFile },
    }),
  };
}
