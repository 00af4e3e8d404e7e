/** The link that suits what a probe found, as far as a probe can know; what it can't is marked for the reader to fill in. */
import { assertNever } from '../base/errors.js';
import type { Finding } from '../probe/finding.js';
import type { ModemLines } from '../probe/probe.js';
import type { AuthDraft, DialDraft, LinkDraft } from './draft.js';

export interface Place {
  /** The name of the link. */
  readonly name: string;
  /** The port, by its stable name where it has one. */
  readonly device: string;
  readonly lines: ModemLines | undefined;
}

const stranger = "Write the addresses here: `local` is ours, `remote` the peer's. from-peer takes what the peer says.";

/** Undefined where nothing was found that a link could be made of. */
export function draftOf(finding: Finding, place: Place): LinkDraft | undefined {
  switch (finding.kind) {
    case 'modem':
      return finding.identity.gsm
        ? dialed(finding.speed, place, { modem: 'gsm', number: undefined, apn: 'internet' }, [
            'A modem of a mobile network. `apn` is the access point of your contract; a SIM that wants a PIN needs `pin`, too.',
          ])
        : dialed(finding.speed, place, { modem: 'hayes', number: '5551234', apn: undefined }, [
            'A modem. `number` is the number to call; to be called instead, write `answer: {}` in the place of `dial`.',
          ]);
    case 'windows':
      return {
        ...bare(finding.speed, place),
        dial: { ...noDial, modem: 'windows-server' },
        comments: ['A Windows machine that calls.', stranger],
      };
    case 'ppp':
      return {
        ...bare(finding.speed, place),
        auth: authOf(finding.wishes?.authentication, place),
        comments: ['A peer that speaks PPP.', ...authenticationNote(finding.wishes?.authentication), stranger],
      };
    case 'login':
      return {
        ...bare(finding.speed, place),
        autostart: false,
        dial: {
          ...noDial,
          login: { user: 'USER', secretFile: `/etc/linkd/${place.name}.secret`, command: undefined },
        },
        comments: [
          'A login. `user` is whom to log in as, the file has the password and nothing else (mode 0600).',
          'If PPP has to be started by a command, it is `command` of `login`.',
          ...parityNote(finding.parity),
        ],
      };
    case 'console':
      return {
        ...bare(finding.speed, place),
        autostart: false,
        dial: { ...noDial, login: { user: undefined, secretFile: undefined, command: 'pppd' } },
        comments: ['A console. `command` is what starts PPP there.', ...parityNote(finding.parity)],
      };
    case 'text':
    case 'echo':
    case 'noise':
    case 'silence':
      return undefined;
    default:
      return assertNever(finding);
  }
}

const noDial: DialDraft = { modem: 'none', number: undefined, apn: undefined, login: undefined };

function dialed(speed: number, place: Place, dial: Omit<DialDraft, 'login'>, comments: readonly string[]): LinkDraft {
  return { ...bare(speed, place), autostart: false, dial: { ...dial, login: undefined }, comments };
}

function bare(speed: number, { name, device, lines }: Place): LinkDraft {
  return {
    name,
    device,
    speed,
    // A far end that takes octets says so by CTS, where it is wired.
    flow: lines?.clearToSend === true ? 'rtscts' : 'none',
    local: 'from-peer',
    remote: 'from-peer',
    networks: [],
    autostart: true,
    dial: undefined,
    answer: undefined,
    auth: undefined,
    comments: [],
  };
}

/** The methods that give the secret away have to be named. */
const named: ReadonlyMap<string, string> = new Map([
  ['PAP', 'pap'],
  ['MS-CHAP', 'mschap'],
]);

function authOf(method: string | undefined, { name }: Place): AuthDraft | undefined {
  if (method === undefined) return undefined;
  const secretFile = `/etc/linkd/${name}.secret`;
  return { user: 'USER', secretFile, accept: named.get(method), peerSecretFile: undefined };
}

function authenticationNote(method: string | undefined): readonly string[] {
  if (method === undefined) return [];
  return [
    `It asks who we are, by ${method}: \`user\` is our name, the file has the secret and nothing else (mode 0600).`,
  ];
}

function parityNote(parity: string): readonly string[] {
  return parity === 'none' ? [] : [`The text has ${parity} parity: set the far end to 8 data bits without parity.`];
}
