/** What a GSM modem knows beyond a Hayes modem (3GPP TS 27.007): its SIM, its network, the contexts of data calls. */

export interface GsmOptions {
  /** Of the SIM; without it, it asks for none. */
  readonly pin?: string;
  /** Tries that are left before it asks for its PUK. */
  readonly tries?: number;
  /** 0 to 31, 99: unknown. */
  readonly signal?: number;
  /** 1: registered at home, 2: searching, 3: denied, 5: roaming. */
  readonly registration?: number;
  /** Access points that the network knows; without them it takes any. */
  readonly apns?: readonly string[];
}

export type GsmAnswer =
  | { readonly kind: 'ok'; readonly lines: readonly string[] }
  /** The numbers of +CME ERROR: 3 not allowed, 11 PIN required, 12 PUK required, 16 wrong password, 100 unknown. */
  | { readonly kind: 'failed'; readonly code: number };

const errorTexts: ReadonlyMap<number, string> = new Map([
  [3, 'operation not allowed'],
  [11, 'SIM PIN required'],
  [12, 'SIM PUK required'],
  [16, 'incorrect password'],
  [100, 'unknown'],
]);

export class Gsm {
  readonly #options: GsmOptions;
  readonly #contexts = new Map<number, { type: string; apn: string }>();
  #unlocked: boolean;
  #tries: number;
  /** +CMEE: how failures are told; 0 as ERROR, 1 by number, 2 by text. */
  #errors = 0;
  signal: number;
  registration: number;

  constructor(options: GsmOptions) {
    this.#options = options;
    this.#unlocked = options.pin === undefined;
    this.#tries = options.tries ?? 3;
    this.signal = options.signal ?? 17;
    this.registration = options.registration ?? 1;
  }

  /** Whether this number is one of a data call that the network takes: `*99#`, `*99***CID#`. */
  takes(number: string): boolean {
    const cid = Number(/^\*99(?:\*\*\*(\d+))?#$/.exec(number)?.[1] ?? 1);
    const context = this.#contexts.get(cid);
    const known = context !== undefined && (this.#options.apns?.includes(context.apn) ?? true);
    return this.#unlocked && known && (this.registration === 1 || this.registration === 5);
  }

  obey(name: string, argument: string): GsmAnswer {
    if (name === '+CMEE' && /^=[012]$/.test(argument)) {
      this.#errors = Number(argument.slice(1));
      return ok();
    }
    if (name === '+CPIN') return this.#pin(argument);
    if (name === '+CGMI') return ok('linkd');
    if (name === '+CGMM') return ok('test modem');
    if (name === '+CGSN') return ok('490154203237518');
    if (!this.#unlocked) return { kind: 'failed', code: this.#tries > 0 ? 11 : 12 };
    if (name === '+CSQ') return ok(`+CSQ: ${this.signal},99`);
    if ((name === '+CREG' || name === '+CGREG') && argument === '?') return ok(`${name}: 0,${this.registration}`);
    if (name === '+CGATT' && argument === '?') return ok(`+CGATT: ${this.registration === 2 ? 0 : 1}`);
    if (name === '+COPS' && argument === '?') return ok('+COPS: 0,0,"Test Net"');
    if (name === '+CGDCONT') return this.#context(argument);
    return { kind: 'failed', code: 100 };
  }

  /** The line that tells of a failure; undefined: ERROR. */
  describe(code: number): string | undefined {
    if (this.#errors === 0) return undefined;
    return `+CME ERROR: ${this.#errors === 1 ? code : (errorTexts.get(code) ?? 'unknown')}`;
  }

  #pin(argument: string): GsmAnswer {
    if (argument === '?') return ok(`+CPIN: ${this.#unlocked ? 'READY' : this.#tries > 0 ? 'SIM PIN' : 'SIM PUK'}`);
    if (this.#unlocked) return { kind: 'failed', code: 3 };
    if (this.#tries === 0) return { kind: 'failed', code: 12 };
    this.#unlocked = argument === `="${this.#options.pin ?? ''}"` || argument === `=${this.#options.pin ?? ''}`;
    if (this.#unlocked) return ok();
    this.#tries--;
    return { kind: 'failed', code: this.#tries === 0 ? 12 : 16 };
  }

  #context(argument: string): GsmAnswer {
    if (argument === '?') {
      return ok(...[...this.#contexts].map(([cid, { type, apn }]) => `+CGDCONT: ${cid},"${type}","${apn}","",0,0`));
    }
    const [, cid, type = '', apn = ''] = /^=(\d+)(?:,"([^"]*)"(?:,"([^"]*)".*)?)?$/.exec(argument) ?? [];
    if (cid === undefined) return { kind: 'failed', code: 100 };
    if (type === '') this.#contexts.delete(Number(cid));
    else this.#contexts.set(Number(cid), { type, apn });
    return ok();
  }
}

function ok(...lines: readonly string[]): GsmAnswer {
  return { kind: 'ok', lines };
}
