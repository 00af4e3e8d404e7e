/** What the config says of authentication: how, under which names, and where the secrets are; never a secret itself. */
import type { Millis } from '../base/clock.js';
import type { AuthMethod } from '../ppp/options.js';

/** Where one secret comes from, read anew for each session. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  /** What it prints is the secret. */
  | { readonly kind: 'program'; readonly command: readonly [string, ...string[]] }
  /** A credential of systemd: a file of this name below $CREDENTIALS_DIRECTORY. */
  | { readonly kind: 'credential'; readonly name: string };

export interface AuthConfig {
  /** How the peer may prove who it is, most wanted first; empty: it is not asked. */
  readonly require: readonly AuthMethod[];
  /** How we prove who we are, where there is a secret to do so, preferred first. */
  readonly accept: readonly AuthMethod[];
  /** What we are called as the one who asks; undefined: as this machine. */
  readonly name: string | undefined;
  /** What we are called as the one who is asked; undefined: `name`. */
  readonly user: string | undefined;
  /** What the peer is called, whatever it says of itself. */
  readonly remoteName: string | undefined;
  /** Our own secret, whoever asks. */
  readonly secret: SecretSource | undefined;
  /** The peer's. */
  readonly peerSecret: SecretSource | undefined;
  /** Files of four columns as pppd has them; those for PAP apart from those for all else. */
  readonly papFiles: readonly string[];
  readonly chapFiles: readonly string[];
  /** How often a peer is asked again; 0: never. */
  readonly rechallengeMs: Millis;
}
