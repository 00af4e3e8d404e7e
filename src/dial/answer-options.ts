/** What the config says of a line on which others call: the modem, and what a caller has to do before PPP. */
import type { Millis } from '../base/clock.js';

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
