/** What a session is told about authentication: who proves what to whom, by which means, with which secrets. */
import type { Prefix } from '../../base/ip.js';
import type { Millis } from '../../base/clock.js';

/**
 * RFC 1334 (`pap`), RFC 1994 (`chap`: MD5), RFC 2433, RFC 2759, and within EAP (RFC 3748) MD5-Challenge and MSCHAPv2.
 * From the weakest to the strongest.
 */
export const authMethods = ['pap', 'mschap', 'chap', 'eap-md5', 'mschap-v2', 'eap-mschap-v2'] as const;
export type AuthMethod = (typeof authMethods)[number];

/** The first rule of a list that holds an address decides; an address that none holds is denied. */
export interface AddressRule {
  readonly kind: 'allow' | 'deny';
  readonly prefix: Prefix;
}

/** A secret that is shared with the other end. */
export interface NamedSecret {
  /** The other end's name; undefined: whatever it is called. */
  readonly name: string | undefined;
  readonly secret: Uint8Array;
  /** The addresses that the peer may use once it has proved itself by this secret; undefined: as the config says. */
  readonly allowed: readonly AddressRule[] | undefined;
}

/** pppd keeps the passwords of PAP apart from those of all other methods. */
export interface SecretTable {
  readonly pap: readonly NamedSecret[];
  readonly chap: readonly NamedSecret[];
}

export interface AuthOptions {
  /** How the peer may prove who it is, most wanted first; empty: it is not asked. */
  readonly require: readonly AuthMethod[];
  /** How we prove who we are where we are asked, preferred first; empty: not at all. */
  readonly accept: readonly AuthMethod[];
  /** What we are called as the one who asks. */
  readonly name: string;
  /** What we are called as the one who is asked. */
  readonly user: string;
  /** What the peer is called, whatever it says of itself; undefined: as it says. */
  readonly remoteName: string | undefined;
  /** By which we prove ourselves. */
  readonly ours: SecretTable;
  /** By which the peer proves itself. */
  readonly theirs: SecretTable;
  /** How often a peer that has proved itself is asked again; 0: never. RFC 1994 §1 */
  readonly rechallengeMs: Millis;
}

/** Neither asks nor answers. */
export const noAuthentication: AuthOptions = {
  require: [],
  accept: [],
  name: '',
  user: '',
  remoteName: undefined,
  ours: { pap: [], chap: [] },
  theirs: { pap: [], chap: [] },
  rechallengeMs: 0,
};
