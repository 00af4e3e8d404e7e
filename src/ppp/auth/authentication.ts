/**
 * The phase Authenticate, between LCP and the network: each end may have to prove to the other who it is, in a way that LCP
 * has agreed on. The network phase begins when both have. RFC 1661 §3.5
 */
import { sameBytes } from '../../base/bytes.js';
import { cause, type Cause, type CauseCode } from '../../base/cause.js';
import { earliest, type Millis } from '../../base/clock.js';
import { encodeText } from '../../base/text.js';
import type { Context } from '../context.js';
import { Protocol, protocolName } from '../numbers.js';
import { parsePacket } from '../packet.js';
import { printable } from '../printable.js';
import type { ChallengeSource, Exchange, ExchangeHost, Proof, ProvedKeys } from './exchange.js';
import { makeAuthenticator, makePeer } from './methods.js';
import type { MppeKeys } from './mppe-keys.js';
import type { AddressRule, AuthOptions } from './options.js';
import { quoted } from './secrets.js';

export interface AuthenticationEvents {
  /** Both ends have proved what they had to. */
  authenticated(now: Millis): void;
  failed(cause: Cause, now: Millis): void;
}

/** The values of LCP's option 3; undefined: no proof was agreed on. */
export interface AgreedAuthentication {
  readonly ofPeer: Uint8Array | undefined;
  readonly ofUs: Uint8Array | undefined;
}

/** The whole phase may take as long as so many exchanges that get no answer: a peer that asks on and on must not hold the line. */
const exchangesOfPatience = 3;

export const authenticationProtocols: readonly number[] = [Protocol.pap, Protocol.chap, Protocol.eap];

export class Authentication {
  readonly #options: AuthOptions;
  readonly #context: Context;
  readonly #events: AuthenticationEvents;
  readonly #challenges: ChallengeSource;
  #exchanges: readonly Exchange[] = [];
  readonly #proofs = new Map<Exchange, Proof>();
  #done = false;
  #over = false;
  /** When the phase has to be done. */
  #deadline: Millis | undefined;
  #interrupted: CauseCode | undefined;

  /** `challenges` are those of the whole session: what one line asks may come back on another. */
  constructor(options: AuthOptions, challenges: ChallengeSource, context: Context, events: AuthenticationEvents) {
    this.#options = options;
    this.#context = context;
    this.#events = events;
    this.#challenges = challenges;
  }

  /** LCP has opened. */
  up({ ofPeer, ofUs }: AgreedAuthentication, now: Millis): void {
    this.down();
    this.#over = false;
    this.#interrupted = undefined;
    if (ofPeer === undefined && this.#options.require.length > 0) {
      this.#events.failed(cause('peer-auth-failed', 'it refuses to be asked'), now);
      return;
    }
    const host: ExchangeHost = {
      context: this.#context,
      options: this.#options,
      challenges: this.#challenges,
      succeeded: (exchange, proof, at) => {
        this.#succeeded(exchange, proof, at);
      },
      failed: (failed, at) => {
        this.#fail(failed, at);
      },
    };
    const authenticator = ofPeer && makeAuthenticator(ofPeer, host);
    const peer = ofUs && makePeer(ofUs, host);
    this.#exchanges = [authenticator, peer].filter((exchange) => exchange !== undefined);
    const { restartMs, maxConfigure } = this.#context.limits;
    this.#deadline = now + exchangesOfPatience * restartMs * maxConfigure;
    for (const exchange of this.#exchanges) if (this.#exchanges.includes(exchange)) exchange.up(now); // unless one has failed
    this.#settle(now);
  }

  /** LCP is open no more. */
  down(): void {
    this.#interrupted = this.#unproved;
    this.#exchanges = [];
    this.#proofs.clear();
    this.#done = false;
    this.#deadline = undefined;
  }

  /** The network phase has begun. */
  get isDone(): boolean {
    return this.#done;
  }

  /** The cause when the link went down in the middle of this phase. */
  get interrupted(): CauseCode | undefined {
    return this.#interrupted;
  }

  /** What the peer proved to be called, printable; undefined when it was not asked. */
  get peerName(): string | undefined {
    const name = this.#proofOf('authenticator')?.name;
    return name && printable(name);
  }

  /** The addresses that the peer may use by its secret; undefined: as the config says. */
  get allowedAddresses(): readonly AddressRule[] | undefined {
    return this.#proofOf('authenticator')?.secret?.allowed;
  }

  /**
   * What MPPE starts with; undefined when no version of MS-CHAP took part. RFC 3079 §3 wants the credentials of whoever
   * called; on a line nobody does, so where both ends were asked, those with the higher challenge count, which both know.
   */
  get mppeKeys(): MppeKeys | undefined {
    if (!this.#done) return undefined;
    const candidates = Array.from(this.#proofs.values(), ({ keys }) => keys).filter((keys) => keys !== undefined);
    return candidates.reduce<ProvedKeys | undefined>(higher, undefined)?.keys;
  }

  /** How each end proved itself, by name of a status. */
  describe(): Record<string, string> {
    return Object.fromEntries(
      this.#exchanges.map(({ role, method }) => [role === 'authenticator' ? 'peer-auth' : 'our-auth', method]),
    );
  }

  /** A packet of one of `authenticationProtocols`. LCP is open. */
  receive(protocol: number, bytes: Uint8Array, now: Millis): void {
    const packet = parsePacket(bytes);
    if (packet === undefined) {
      this.#context.count('malformed');
      return;
    }
    const candidates = this.#exchanges.filter((exchange) => exchange.protocol === protocol);
    const exchange = candidates.find(({ codes }) => codes.includes(packet.code));
    // What was not agreed on, and the role that we don't have.
    if (exchange === undefined) this.#context.count(candidates.length === 0 ? 'not-open' : 'bad-code');
    else exchange.receive(packet, now);
  }

  /** A packet of the network phase came. */
  implied(now: Millis): void {
    if (this.#done) return;
    for (const exchange of this.#exchanges) if (!this.#proofs.has(exchange)) exchange.implied(now);
  }

  /** The peer sent a Protocol-Reject. RFC 1661 §5.7 */
  rejected(protocol: number, now: Millis): void {
    const exchange = this.#exchanges.find((candidate) => candidate.protocol === protocol);
    if (exchange === undefined) return;
    const code = exchange.role === 'authenticator' ? 'peer-auth-failed' : 'auth-failed';
    this.#fail(cause(code, `it rejects ${protocolName(protocol)}, on which it had agreed`), now);
  }

  timeout(now: Millis): void {
    for (const exchange of this.#exchanges) if (!this.#over) exchange.timeout(now);
    if (this.#deadline !== undefined && now >= this.#deadline)
      this.#fail(cause(this.#unproved ?? 'auth-failed', 'the exchange goes on without an end'), now);
  }

  nextTimeout(): Millis | undefined {
    return earliest(this.#deadline, ...this.#exchanges.map((exchange) => exchange.nextTimeout()));
  }

  /** Who has not proved what he had to, as a cause says it; ours goes first. */
  get #unproved(): CauseCode | undefined {
    const unproved = this.#exchanges.filter((exchange) => !this.#proofs.has(exchange)).map(({ role }) => role);
    if (unproved.length === 0) return undefined;
    return unproved.includes('peer') ? 'auth-failed' : 'peer-auth-failed';
  }

  #succeeded(exchange: Exchange, proof: Proof, now: Millis): void {
    if (this.#over || !this.#exchanges.includes(exchange)) return;
    const before = this.#proofs.get(exchange);
    if (before === undefined) {
      this.#proofs.set(exchange, proof);
      this.#context.note('info', this.#describeProof(exchange, proof));
      this.#settle(now);
    } else if (exchange.role === 'authenticator' && !sameBytes(before.name, proof.name)) {
      const names = `${quoted(before.name)} calls itself ${quoted(proof.name)} now`;
      this.#fail(cause('peer-auth-failed', `${names}, by ${exchange.method}`), now);
    } else this.#context.note('debug', `${this.#describeProof(exchange, proof)}, still`);
  }

  #describeProof({ role, method }: Exchange, { name }: Proof): string {
    if (role === 'authenticator') return `the peer has proved to be ${quoted(name)}, by ${method}`;
    return `we have proved to ${name.length === 0 ? 'the peer' : quoted(name)} to be ${quoted(encodeText(this.#options.user))}, by ${method}`;
  }

  #settle(now: Millis): void {
    if (this.#done || this.#over || !this.#exchanges.every((exchange) => this.#proofs.has(exchange))) return;
    this.#done = true;
    this.#deadline = undefined;
    this.#events.authenticated(now);
  }

  #fail(failed: Cause, now: Millis): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchanges = [];
    this.#deadline = undefined;
    this.#events.failed(failed, now);
  }

  #proofOf(role: Exchange['role']): Proof | undefined {
    const exchange = this.#exchanges.find((candidate) => candidate.role === role);
    return exchange && this.#proofs.get(exchange);
  }
}

/** Of two, the one whose challenge is higher, octet by octet. */
function higher(a: ProvedKeys | undefined, b: ProvedKeys): ProvedKeys {
  if (a === undefined) return b;
  const at = a.challenge.findIndex((octet, i) => octet !== b.challenge[i]);
  return at === -1 || (a.challenge[at] ?? 0) > (b.challenge[at] ?? 0) ? a : b;
}
