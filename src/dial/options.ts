/** What the config says of a line that is dialed, or on which others call; never a secret. */
import type { Millis } from '../base/clock.js';
import type { CauseCode } from '../base/cause.js';
import type { ChatEntry } from '../chat/options.js';
import type { SecretSource } from '../secrets/options.js';

/** `windows` calls as a Windows machine over a null modem does, `windows-server` is called by one. */
export type ModemKind = 'hayes' | 'gsm' | 'windows' | 'windows-server' | 'none';

export interface DialOptions {
  readonly modem: ModemKind;
  /** The commands before dialing. */
  readonly init: readonly string[];
  /** Dialed in turn until one answers. */
  readonly numbers: readonly string[];
  /** What stands before the number: `ATDT`. */
  readonly prefix: string;
  /** Of the SIM. */
  readonly pin: SecretSource | undefined;
  /** The access point of a data call. */
  readonly apn: string | undefined;
  /** How long a call may take until the modems are connected. */
  readonly timeoutMs: Millis;
  readonly chat: ChatSource | undefined;
  readonly login: LoginOptions | undefined;
  /** How a call is ended: `dtr` by closing the port, `escape` by `+++` and `ATH0`, `auto` by what the port can. */
  readonly hangup: 'auto' | 'dtr' | 'escape';
  /** Pauses after causes of calls. */
  readonly redial: RedialPauses;
}

/** By cause; `never`: then the link is given up. */
export type RedialPauses = Readonly<Partial<Record<CauseCode, Millis | 'never'>>>;

export type ChatSource =
  /** In chat(8)'s language. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  /** In the YAML form; `secret` of an entry is a key of `secrets`. */
  | {
      readonly kind: 'steps';
      readonly steps: readonly ChatEntry[];
      readonly secrets: Readonly<Record<string, SecretSource>>;
    };

export interface LoginOptions {
  /** Undefined: a prompt for a user has no answer. */
  readonly user: string | undefined;
  readonly secret: SecretSource | undefined;
  /** Answers to further prompts; each once, in any order. */
  readonly menu: readonly MenuAnswer[];
  /** What starts PPP, at a prompt of a shell or a server. */
  readonly command: string | undefined;
  /** How long the whole may take. */
  readonly timeoutMs: Millis;
}

export interface MenuAnswer {
  /** A text on the screen, whatever its case. */
  readonly expect: string;
  readonly send: string;
}

/** A line on which others call: the modem, and what a caller has to do before PPP. */
export interface AnswerOptions {
  /** `none`: a direct line, a terminal, or a connection. */
  readonly modem: 'hayes' | 'none';
  /** The commands before the modem waits. */
  readonly init: readonly string[];
  /** The call is answered at this ring. */
  readonly rings: number;
  /** `linkd` by ATA; `modem` by itself (S0). */
  readonly by: 'linkd' | 'modem';
  /** How long it may take from the answer until the modems are connected. */
  readonly timeoutMs: Millis;
  /** Undefined: PPP begins at once. */
  readonly login: LoginPromptOptions | undefined;
  /** PPP frames at the prompt start PPP without a login. */
  readonly autoPpp: boolean;
  /** How a call is ended: `dtr` by closing the port, `escape` by `+++` and `ATH0`, `auto` by what the port can. */
  readonly hangup: 'auto' | 'dtr' | 'escape';
  /** The line is open before anybody calls: we are silent until the caller says something. */
  readonly callerBegins: boolean;
}

export interface LoginPromptOptions {
  /** Said first; its lines end with line feeds. */
  readonly banner: string;
  readonly prompt: string;
  /** Wrong ones in one call. */
  readonly attempts: number;
  /** How long a caller may take. */
  readonly timeMs: Millis;
  /** Who has logged in is asked by PPP as well. */
  readonly asksAgain: boolean;
}
