/**
 * The Compression Control Protocol (RFC 1962): agrees on a method for each direction, and mends a direction whose history is
 * damaged. Coders are made and fed elsewhere; this tells when one begins, begins afresh, and ends. A link goes on without
 * compression, but not without encryption where that is required.
 *
 * A direction begins with the Configure-Ack, not when CCP opens: from there the receiver counts packets, plain ones too.
 */
import { cause, describeCause, type Cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { overheadOf } from '../../compress/make.js';
import type { CompressionMethod } from '../../compress/method.js';
import type { Context, ControlProtocol, LayerEvents } from '../context.js';
import { Negotiator, type Ending } from '../negotiator.js';
import { Code, Protocol } from '../numbers.js';
import type { CcpOptions } from '../options.js';
import type { Packet } from '../packet.js';
import { ResetsInVain } from './in-vain.js';
import { LostKey } from './lost-key.js';
import { describeMethod, describeUnknown, Methods } from './methods.js';
import type { StartKeys } from './mppe.js';
import { Resets, type ResetStep } from './resets.js';

/** Times that CCP is negotiated anew because a history can't be mended. */
const mostRestarts = 3;
/**
 * Times that MPPE may begin with the keys of one authentication. Each begins with the same stream of the cipher, so they
 * are few; but a lost Configure-Ack alone makes a peer begin anew.
 */
const mostRunsOfKeys = 3;
const nothing = new Uint8Array(0);

export class Ccp implements ControlProtocol {
  readonly protocol = Protocol.ccp;
  readonly carries = [Protocol.compressed];
  readonly #options: CcpOptions;
  readonly #context: Context;
  readonly #events: LayerEvents;
  readonly #methods: Methods;
  readonly #negotiator: Negotiator;
  readonly #resets = new Resets();
  readonly #lostKey = new LostKey();
  readonly #inVain = new ResetsInVain();
  readonly #sent: () => number;
  /** The layer below is up. */
  #below = false;
  #open = false;
  #send: CompressionMethod | undefined;
  #receive: CompressionMethod | undefined;
  #resetId = -1;
  /** The peer knows Reset-Request. */
  #resettable = true;
  #restarts = 0;
  #runsOfKeys = 0;

  /**
   * `keys` gives what authentication has come to; MPPE is possible only with it. `sent` counts the packets that have gone to
   * the peer, of whatever kind, since any moment.
   */
  constructor(options: CcpOptions, context: Context, keys: StartKeys, sent: () => number, events: LayerEvents) {
    this.#options = options;
    this.#context = context;
    this.#events = events;
    this.#sent = sent;
    this.#methods = new Methods(options, () => (this.#runsOfKeys < mostRunsOfKeys ? keys() : undefined));
    this.#negotiator = new Negotiator(
      {
        protocol: Protocol.ccp,
        name: 'CCP',
        options: this.#methods.options,
        describeUnknown,
        judging: () => {
          this.#methods.judging();
        },
        failure: options.mppe?.required === true ? 'encryption-refused' : 'protocol-error',
        passive: false,
        silent: false,
        // pppd ends a link that must be encrypted when it meets a request after it has opened CCP.
        unhurried: options.mppe !== undefined,
        up: (now) => {
          this.#opened(now);
        },
        down: (now) => {
          this.#closed(now);
        },
        granted: () => {
          this.#granted();
        },
        acknowledged: () => {
          this.#setDecompressor(this.#methods.receive);
        },
        finished: (ending, now) => {
          this.#failed(this.#explain(ending), now);
        },
        failed: (failed, now) => {
          this.#giveUp(failed, now);
        },
        classify: (packet, now) => this.#classify(packet, now),
        maintain: () => undefined,
        codeRejected: (code) => {
          if (code === Code.resetRequest) this.#resettable = false;
        },
      },
      context,
    );
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Encryption is required and not there: nothing else may flow. */
  get mustHold(): boolean {
    return this.#options.mppe?.required === true && !this.#open;
  }

  /** Octets by which a packet may grow: the largest IP packet is as much smaller than the peer's MRU. RFC 1962 §2.1 */
  get overhead(): number {
    const { send, mppe } = this.#options;
    return Math.max(mppe === undefined ? 0 : overheadOf('mppe'), ...send.map(overheadOf));
  }

  up(now: Millis): void {
    if (this.#below) return;
    this.#below = true;
    this.#resettable = true;
    this.#restarts = 0;
    this.#runsOfKeys = 0;
    if (this.#negotiator.state === 'Initial') this.#negotiator.open(now);
    this.#negotiator.up(now);
  }

  down(now: Millis): void {
    if (!this.#below) return;
    this.#below = false;
    this.#negotiator.down(now);
    this.#setCompressor(undefined);
    this.#setDecompressor(undefined);
  }

  receive(packet: Uint8Array, now: Millis): void {
    if (this.#below) this.#negotiator.receive(packet, now);
    else this.#context.count('not-open'); // the peer rejected what it speaks now
  }

  rejected(protocol: number, now: Millis): void {
    if (!this.#below) return;
    this.#failed(cause(this.#failure, `it rejects ${protocol === this.protocol ? 'CCP' : 'compressed packets'}`), now);
    this.down(now);
  }

  /** A compressed packet could not be expanded, as the `inARow`-th since the last that could. */
  decompressionFailed(now: Millis, inARow = 1): void {
    if (this.#receive === undefined) return;
    if (this.#receive.kind === 'mppe') {
      if (this.#lostKey.isLost(inARow, now)) {
        this.#restart('so many packets were lost that the key of the peer is not known any more', now);
        return;
      }
      if (this.#receive.stateless) return; // it mends itself: RFC 3078 §8.1
    }
    this.#mend(this.#resettable ? this.#resets.damaged(now) : 'give-up', now);
  }

  timeout(now: Millis): void {
    this.#negotiator.timeout(now);
    this.#mend(this.#resets.timeout(now), now);
  }

  nextTimeout(): Millis | undefined {
    const [negotiation, reset] = [this.#negotiator.nextTimeout(), this.#resets.nextTimeout()];
    return reset === undefined ? negotiation : Math.min(reset, negotiation ?? reset);
  }

  /** Only of interest where nothing may flow without it. */
  trouble(): Cause | undefined {
    const trouble = this.mustHold ? this.#negotiator.trouble() : undefined;
    return trouble === undefined ? undefined : cause('encryption-refused', trouble);
  }

  /** For people: what is in force. */
  describe(): Readonly<Record<string, string>> {
    const shown: Record<string, string> = {};
    if (this.#open && this.#send !== undefined) shown['tx-compression'] = describeMethod(this.#send);
    if (this.#open && this.#receive !== undefined) shown['rx-compression'] = describeMethod(this.#receive);
    return shown;
  }

  // What the negotiation comes to.

  /** What the receiver counts before CCP is open is only what the histories of these methods hold. */
  #granted(): void {
    const { send } = this.#methods;
    this.#setCompressor(send?.kind === 'deflate' || send?.kind === 'bsd' ? send : undefined);
  }

  #opened(now: Millis): void {
    const { send, receive } = this.#methods;
    const isEncrypted = send?.kind === 'mppe' && receive?.kind === 'mppe';
    if (this.#options.mppe?.required === true && !isEncrypted) {
      this.#giveUp(cause('encryption-refused', `we would send ${describeMethod(send)}, and receive it`), now);
      return;
    }
    if (send?.kind === 'mppe' || receive?.kind === 'mppe') this.#runsOfKeys++;
    if (this.#send === undefined) this.#setCompressor(send);
    if (this.#send !== undefined) this.#context.emit({ type: 'start-compressor' });
    this.#open = true;
    this.#context.note('info', `CCP opened: we send ${describeMethod(send)}, the peer ${describeMethod(receive)}`);
    this.#events.up(now);
  }

  #closed(now: Millis): void {
    this.#setCompressor(undefined);
    this.#setDecompressor(undefined);
    if (!this.#open) return;
    this.#open = false;
    this.#events.down(now);
  }

  #setCompressor(method: CompressionMethod | undefined): void {
    if (method === undefined && this.#send === undefined) return;
    this.#send = method;
    this.#inVain.begin(this.#sent());
    this.#context.emit({ type: 'compressor', method });
  }

  #setDecompressor(method: CompressionMethod | undefined): void {
    this.#resets.clear();
    if (method === undefined && this.#receive === undefined) return;
    this.#receive = method;
    this.#context.emit({ type: 'decompressor', method });
  }

  // Reset-Request and Reset-Ack. RFC 1962 §3.1

  #classify(packet: Packet, now: Millis): 'RUC' | undefined {
    switch (packet.code) {
      case Code.resetRequest:
        if (this.#send === undefined) this.#context.count('not-open');
        else this.#reset(packet, this.#send, now);
        return undefined;
      case Code.resetAck:
        this.#takeResetAck(packet.id, now);
        return undefined;
      default:
        return 'RUC';
    }
  }

  /** What is behind the Reset-Ack on the line belongs to the new history. */
  #reset(packet: Packet, { kind }: CompressionMethod, now: Millis): void {
    this.#context.emit({ type: 'reset-compressor' });
    this.#negotiator.answer(packet, Code.resetAck, nothing);
    // MPPE has no plain packets to go on with, and no peer takes another negotiation lightly.
    const step = kind === 'mppe' ? undefined : this.#inVain.requested(packet.id, this.#sent(), now);
    switch (step) {
      case undefined:
        return;
      case 'renew':
        this.#context.note('warn', 'CCP: the peer can not expand what we compress; negotiating anew');
        this.#negotiator.open(now);
        return;
      case 'give-up':
        this.#context.note('warn', 'the peer can not expand what we compress: it gets plain packets');
        this.#setCompressor(undefined);
        return;
    }
  }

  /** Each that matches counts, doubled ones too: the peer has begun afresh before each of them. */
  #takeResetAck(id: number, now: Millis): void {
    if (id !== this.#resetId || this.#receive === undefined) {
      this.#context.count('wrong-id');
      return;
    }
    this.#restarts = 0;
    this.#resets.answered(now);
    this.#context.emit({ type: 'reset-decompressor' });
  }

  #mend(step: ResetStep, now: Millis): void {
    switch (step) {
      case undefined:
        return;
      case 'ask':
        this.#resetId = this.#negotiator.send(Code.resetRequest, nothing);
        return;
      case 'repeat':
        this.#negotiator.answer(
          { code: Code.resetRequest, id: this.#resetId, data: nothing },
          Code.resetRequest,
          nothing,
        );
        return;
      case 'give-up':
        this.#restart('the peer does not reset its compressor', now);
        return;
    }
  }

  /** A history can't be mended: CCP leaves the state Opened for a moment. RFC 1979 §2 */
  #restart(why: string, now: Millis): void {
    if (this.#negotiator.state !== 'Opened') return;
    if (++this.#restarts > mostRestarts) {
      this.#giveUp(cause(this.#failure, why), now);
      return;
    }
    this.#context.note('warn', `CCP: ${why}; negotiating anew`);
    this.#negotiator.open(now);
  }

  // What becomes of the link.

  /** CCP is closed for as long as LCP is open. */
  #giveUp(failed: Cause, now: Millis): void {
    this.#failed(failed, now);
    this.#negotiator.close(now, 'no agreement on compression');
  }

  #failed(failed: Cause, now: Millis): void {
    if (this.#options.mppe?.required === true) {
      this.#events.failed(cause('encryption-refused', failed.detail), now);
    } else {
      this.#context.note('info', `the link goes on without compression: ${failed.detail ?? describeCause(failed)}`);
    }
  }

  get #failure(): 'encryption-refused' | 'protocol-error' {
    return this.#options.mppe?.required === true ? 'encryption-refused' : 'protocol-error';
  }

  #explain(ending: Ending): Cause {
    switch (ending.kind) {
      case 'closed':
        return cause(this.#failure, 'CCP is closed');
      case 'no-answer':
        return cause(this.#failure, this.#negotiator.trouble() ?? ending.heard ?? 'the peer does not answer CCP');
      case 'terminated':
        return cause(this.#failure, ending.reason === undefined ? 'the peer closed CCP' : `CCP: ${ending.reason}`);
      case 'rejected':
        return cause(this.#failure, `the peer rejects ${ending.what}`);
    }
  }
}
