/** What a probe finds on a line. */

/** Of text: what the eighth bit of its octets is. linkd itself needs 8 data bits without parity. */
export type Parity = 'none' | 'even' | 'odd' | 'mark';

/** A modem, by its own words. */
export interface ModemIdentity {
  /** What it said to each question that it answered: `ATI3`, `AT+CGMM`. */
  readonly answers: readonly { readonly command: string; readonly lines: readonly string[] }[];
  /** It knows a SIM and a mobile network (3GPP TS 27.007). */
  readonly gsm: boolean;
  /** Of a SIM: `READY`, `SIM PIN`, or why there is none. */
  readonly sim: string | undefined;
  /** dBm, where it told. */
  readonly signal: number | undefined;
}

/** What a PPP speaker asked for by its first Configure-Request. */
export interface PppWishes {
  readonly mru: number | undefined;
  /** How we shall prove who we are: `PAP`, `CHAP-MD5`; undefined: not at all. */
  readonly authentication: string | undefined;
}

export interface Screen {
  readonly parity: Parity;
  /** The last lines, harmless for a terminal. */
  readonly screen: readonly string[];
}

/** What answers at a speed. */
export type Speaker =
  | { readonly kind: 'modem'; readonly speed: number; readonly inCall: boolean; readonly identity: ModemIdentity }
  /** `clean`: whole frames came through, so the line has 8 bits. */
  | {
      readonly kind: 'ppp';
      readonly speed: number;
      readonly clean: boolean;
      /** It waits for others to begin. */
      readonly waits: boolean;
      readonly wishes: PppWishes | undefined;
    }
  /** It asks for a user or a password. */
  | ({ readonly kind: 'login'; readonly speed: number } & Screen)
  /** It waits for a command: a shell, a server, a boot loader. */
  | ({ readonly kind: 'console'; readonly speed: number } & Screen)
  /** Text that asks for nothing. */
  | ({ readonly kind: 'text'; readonly speed: number } & Screen)
  /** A Windows machine that takes the cable for a modem. */
  | { readonly kind: 'windows'; readonly speed: number }
  /** What we send comes back: a loopback plug, or a far end that echoes and says nothing. */
  | { readonly kind: 'echo'; readonly speed: number };

export type Finding =
  | Speaker
  /** Something speaks, but nothing that is known at any speed that was tried. */
  | { readonly kind: 'noise'; readonly heardAt: readonly number[]; readonly sample: Uint8Array }
  | { readonly kind: 'silence'; readonly speeds: readonly number[] };

export type FindingKind = Finding['kind'];
