/** The other end of a link: what is here `local` is there `remote`, who calls here answers there, who asks is asked. */
import { openDoor, type AnswerDraft, type AuthDraft, type DialDraft, type LinkDraft } from './draft.js';

export interface FarPlace {
  /** The port there. */
  readonly device: string;
  /** The networks behind us. */
  readonly networks: readonly string[];
}

export type Mirrored =
  { readonly ok: true; readonly draft: LinkDraft } | { readonly ok: false; readonly problem: string };

/** The link for the other end, where there can be one. */
export function mirrorOf(draft: LinkDraft, { device, networks }: FarPlace): Mirrored {
  if (draft.dial?.modem === 'gsm') return refused('behind a mobile network is a provider, not another linkd');
  if (draft.local === 'from-peer' || draft.remote === 'from-peer')
    return refused('an address is taken from the peer; write both, and the other end is their mirror');
  const answers = draft.dial === undefined ? undefined : answerOf(draft.dial);
  const calls = draft.answer === undefined ? undefined : callOf(draft.answer);
  return {
    ok: true,
    draft: {
      ...draft,
      device,
      local: draft.remote,
      remote: draft.local,
      networks,
      autostart: calls === undefined,
      dial: calls,
      answer: answers,
      auth: (draft.auth ?? answers?.login === true) ? authOf(draft) : undefined,
      comments: [
        ...(answers?.login === false && draft.auth?.secretFile === undefined ? [openDoor] : []),
        ...(calls === undefined ? [] : ['`number` is the number under which the other end answers.']),
        ...(draft.auth === undefined && answers?.login !== true
          ? []
          : ['The files hold the same secrets as those at the other end (mode 0600).']),
      ],
    },
  };
}

function refused(problem: string): Mirrored {
  return { ok: false, problem };
}

function answerOf({ modem, login }: DialDraft): AnswerDraft {
  return { modem: modem === 'none' ? 'none' : 'hayes', login: login !== undefined };
}

function callOf({ modem }: AnswerDraft): DialDraft {
  return { modem, number: '5551234', apn: undefined, login: undefined };
}

/** Our secret is there the peer's, and the other way round. */
function authOf({ auth, dial }: LinkDraft): AuthDraft {
  return {
    user: auth?.peerSecretFile === undefined ? undefined : 'peer',
    secretFile: auth?.peerSecretFile,
    accept: undefined,
    peerSecretFile: auth?.secretFile ?? dial?.login?.secretFile,
  };
}
