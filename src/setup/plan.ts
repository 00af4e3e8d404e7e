/** The link that answers describe, and the secrets that go to files of their own. */
import { parseConfig } from '../config/parse.js';
import { openDoor, renderLinks, type DialDraft, type LinkDraft } from './draft.js';
import { flows, wayOf, type Key, type Known } from './questions.js';

export interface Plan {
  readonly draft: LinkDraft;
  /** What is to be written to which file; never to be shown. */
  readonly secrets: readonly { readonly path: string; readonly secret: string }[];
}

/** Of answers that are complete. `folder` is that of the config. */
export function planOf(known: Known, folder: string): Plan {
  const { answers, probed } = known;
  const of = (key: Key): string => answers.get(key) ?? '';
  const name = of('name');
  const way = wayOf(known);
  const [ours, theirs] = [`${folder}/${name}.secret`, `${folder}/${name}.peer-secret`];
  const secretFile = of('secret') === '' ? undefined : ours;
  const peerSecretFile = of('peer-secret') === '' ? undefined : theirs;
  const user = of('user') === '' ? undefined : of('user');
  const wanted = probed?.finding.kind === 'ppp' ? probed.finding.wishes?.authentication : undefined;
  const draft: LinkDraft = {
    name,
    device: of('device'),
    speed: Number(of('speed')),
    flow: flows.find((flow) => flow === of('flow')) ?? 'rtscts',
    local: of('local'),
    remote: of('remote'),
    networks: listOf(of('networks')),
    autostart: true,
    dial: dialOf(known, secretFile),
    answer: way === 'answer' ? { modem: 'hayes', login: false } : undefined,
    auth:
      user === undefined && peerSecretFile === undefined
        ? undefined
        : {
            user,
            secretFile: user === undefined ? undefined : secretFile,
            accept: wanted === 'PAP' ? 'pap' : undefined,
            peerSecretFile,
          },
    comments: way === 'answer' && peerSecretFile === undefined ? [openDoor] : [],
  };
  const secrets = [
    ...(secretFile === undefined ? [] : [{ path: ours, secret: of('secret') }]),
    ...(peerSecretFile === undefined ? [] : [{ path: theirs, secret: of('peer-secret') }]),
  ];
  return { draft, secrets };
}

function dialOf(known: Known, secretFile: string | undefined): DialDraft | undefined {
  const of = (key: Key): string | undefined => (known.answers.get(key) === '' ? undefined : known.answers.get(key));
  const none: DialDraft = { modem: 'none', number: undefined, apn: undefined, login: undefined };
  switch (wayOf(known)) {
    case 'dial':
      return { ...none, modem: 'hayes', number: of('number') };
    case 'gsm':
      return { ...none, modem: 'gsm', apn: of('apn') };
    case 'login':
      return { ...none, login: { user: of('login'), secretFile, command: of('command') } };
    case 'direct':
    case 'answer':
      return undefined;
  }
}

/** `10.2.0.0/16, 10.3.0.0/16` */
export function listOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '');
}

/** What is wrong with one answer, as linkd's own reader of the config judges it; undefined where nothing is. */
export function problemOf(key: Key, answer: string): string | undefined {
  const sample: readonly (readonly [Key, string])[] = [
    ['device', '/dev/ttyS0'],
    ['name', 'sample'],
    ['way', wayThatAsks(key)],
    ['number', '1'],
    ['login', 'sample'],
    ['speed', '9600'],
    ['flow', 'none'],
    ['local', 'from-peer'],
    ['remote', 'from-peer'],
    [key, answer],
  ];
  const known: Known = {
    answers: new Map(sample),
    circumstances: { freePorts: [], takenNames: [] },
    probed: undefined,
  };
  if (key === 'secret' || key === 'peer-secret') return secretProblem(answer);
  const text = renderLinks([planOf(known, '/etc/linkd').draft], []);
  const result = parseConfig([{ file: 'answers', text }]);
  const [error] = result.ok ? [] : result.errors;
  return error?.message;
}

function wayThatAsks(key: Key): string {
  if (key === 'number') return 'dial';
  if (key === 'apn') return 'gsm';
  return key === 'login' || key === 'command' ? 'login' : 'direct';
}

/** The file holds one line. */
function secretProblem(secret: string): string | undefined {
  return /[\r\n\0]/.test(secret) ? 'a secret is one line' : undefined;
}
