/** The IP Control Protocol: opens the link for IPv4 packets between two addresses that the config knows. RFC 1332 */
import { cause, type Cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import type { Context, ControlProtocol, LayerEvents } from '../context.js';
import { Negotiator, type Ending } from '../negotiator.js';
import { Protocol } from '../numbers.js';
import type { IpcpOptions } from '../options.js';
import { describeUnknown, ipcpOptions } from './options.js';

export class Ipcp implements ControlProtocol {
  readonly protocol = Protocol.ipcp;
  readonly carries = [Protocol.ip];
  readonly #events: LayerEvents;
  readonly #negotiator: Negotiator;

  constructor(options: IpcpOptions, context: Context, events: LayerEvents) {
    this.#events = events;
    this.#negotiator = new Negotiator(
      {
        protocol: Protocol.ipcp,
        name: 'IPCP',
        options: Object.values(ipcpOptions(options)),
        describeUnknown,
        failure: 'ipcp-failed',
        passive: false,
        silent: false,
        up: (now) => {
          events.up(now);
        },
        down: (now) => {
          events.down(now);
        },
        finished: (ending, now) => {
          events.failed(this.#explain(ending), now);
        },
        failed: (failed, now) => {
          events.failed(failed, now);
        },
        classify: () => 'RUC', // IPCP has the codes 1 to 7 only: RFC 1332 §2
        maintain: () => undefined,
        codeRejected: () => undefined,
      },
      context,
    );
    // Administratively open for as long as the session lasts; it waits in Starting until LCP opens.
    this.#negotiator.open(0);
  }

  up(now: Millis): void {
    this.#negotiator.up(now);
  }

  down(now: Millis): void {
    this.#negotiator.down(now);
  }

  receive(packet: Uint8Array, now: Millis): void {
    this.#negotiator.receive(packet, now);
  }

  rejected(protocol: number, now: Millis): void {
    this.#events.failed(cause('ip-refused', `it rejects ${protocol === Protocol.ip ? 'IPv4 packets' : 'IPCP'}`), now);
  }

  timeout(now: Millis): void {
    this.#negotiator.timeout(now);
  }

  nextTimeout(): Millis | undefined {
    return this.#negotiator.nextTimeout();
  }

  trouble(): Cause | undefined {
    const trouble = this.#negotiator.trouble();
    return trouble === undefined ? undefined : cause('ipcp-failed', trouble);
  }

  #explain(ending: Ending): Cause {
    switch (ending.kind) {
      case 'closed':
        return cause('internal', 'IPCP closed by itself');
      case 'no-answer':
        return this.trouble() ?? cause('ipcp-failed', ending.heard ?? 'the peer does not answer IPCP');
      case 'terminated':
        return cause('peer-terminated', ending.reason === undefined ? 'it closed IPCP' : `IPCP: ${ending.reason}`);
      case 'rejected':
        return cause('protocol-error', `it rejects ${ending.what}`);
    }
  }
}
