/**
 * The IP Control Protocol: opens the link for IPv4 packets between two addresses, and agrees on name servers and on the
 * compression of TCP headers. RFC 1332, RFC 1877
 */
import type { Ip4 } from '../../base/ip.js';
import type { VjOptions } from '../../compress/method.js';
import type { Millis } from '../../base/clock.js';
import type { AddressRule } from '../auth/options.js';
import type { Context, LayerEvents } from '../context.js';
import { Ncp } from '../ncp.js';
import { Protocol } from '../numbers.js';
import type { IpcpOptions } from '../options.js';
import type { AgreedIp4 } from '../outputs.js';
import { AddressPolicy, noAddress } from './addresses.js';
import { describeUnknown, ipcpOptions, vjOptions, type IpcpOptionSet } from './options.js';

export class Ipcp extends Ncp {
  readonly #context: Context;
  readonly #addresses: AddressPolicy;
  readonly #options: IpcpOptionSet;
  readonly #assigned: boolean;
  /** The `address-wanted` that awaits its answer, counted. */
  #wanted: number | undefined;
  #asked = 0;
  #peer: string | undefined;
  /** The peer's last packet that came while we waited. */
  #held: Uint8Array | undefined;
  /** The peer doesn't want compressed headers, although it said so. */
  #refusesVj = false;

  constructor(options: IpcpOptions, context: Context, events: LayerEvents) {
    const addresses = new AddressPolicy(options);
    const set = ipcpOptions(options, addresses);
    super(
      {
        protocol: Protocol.ipcp,
        name: 'IPCP',
        cargo: 'IPv4 packets',
        carries:
          options.vj === undefined ? [Protocol.ip] : [Protocol.ip, Protocol.vjCompressed, Protocol.vjUncompressed],
        options: Object.values(set),
        describeUnknown,
        failure: 'ipcp-failed',
        refusal: 'ip-refused',
        objection: () => addresses.objection(localOf(set, addresses), remoteOf(set, addresses)),
      },
      context,
      {
        up: (now) => {
          this.#refusesVj = false;
          this.#tellCompression();
          events.up(now);
        },
        down: (now) => {
          events.down(now);
          context.emit({ type: 'header-compression', send: undefined, receive: undefined });
        },
        failed: (failed, now) => {
          events.failed(failed, now);
        },
      },
    );
    this.#context = context;
    this.#addresses = addresses;
    this.#options = set;
    this.#assigned = options.assigned;
  }

  /** While it is open. */
  get agreed(): AgreedIp4 | undefined {
    if (!this.isOpen) return undefined;
    const { primaryDns, secondaryDns, primaryWins, secondaryWins } = this.#options;
    return {
      local: localOf(this.#options, this.#addresses),
      remote: remoteOf(this.#options, this.#addresses),
      dns: told(primaryDns.ours, secondaryDns.ours),
      wins: told(primaryWins.ours, secondaryWins.ours),
    };
  }

  /** How TCP headers are compressed: by us as the peer asked, by the peer as it agreed to. */
  get compression(): { readonly send: VjOptions | undefined; readonly receive: VjOptions | undefined } {
    const { ours, theirs } = this.#options.compression;
    return {
      send: theirs === undefined || this.#refusesVj ? undefined : vjOptions(theirs),
      receive: ours && vjOptions(ours),
    };
  }

  /** For people: what is in force. */
  describe(): Record<string, string> {
    const { send, receive } = this.compression;
    const shown: Record<string, string> = {};
    if (this.isOpen && receive !== undefined) shown['rx-vj'] = describeVj(receive);
    if (this.isOpen && send !== undefined) shown['tx-vj'] = describeVj(send);
    return shown;
  }

  /** What the peer is called, once it has proved it. To be told before it comes up. */
  identify(peer: string | undefined): void {
    this.#peer = peer;
  }

  /** What the peer's secret allows it to be; undefined: what the config says. To be told before it comes up. */
  restrictRemote(rules: readonly AddressRule[] | undefined): void {
    this.#addresses.restrict(rules);
  }

  override up(now: Millis): void {
    if (!this.#assigned) {
      super.up(now);
      return;
    }
    this.#asked += 1;
    this.#wanted = this.#asked;
    this.#context.emit({ type: 'address-wanted', number: this.#asked, peer: this.#peer });
  }

  /** The answer to `address-wanted`; one to an earlier question counts for nothing. */
  assign(number: number, remote: Ip4, now: Millis): void {
    if (number !== this.#wanted) return;
    this.#addresses.assign(remote);
    this.#wanted = undefined;
    super.up(now);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) super.receive(held, now);
  }

  override down(now: Millis): void {
    this.#wanted = undefined;
    this.#held = undefined;
    super.down(now);
  }

  override receive(packet: Uint8Array, now: Millis): void {
    if (this.#wanted === undefined) super.receive(packet, now);
    else this.#held = packet.slice();
  }

  /** Without compression the link does as well. */
  override rejected(protocol: number, now: Millis): void {
    if (protocol === Protocol.ipcp || protocol === Protocol.ip) {
      super.rejected(protocol, now);
    } else if (this.isOpen && !this.#refusesVj) {
      this.#refusesVj = true;
      this.#tellCompression();
    }
  }

  #tellCompression(): void {
    this.#context.emit({ type: 'header-compression', ...this.compression });
  }
}

/** A peer that rejects the option lets us be what the config says. */
function localOf({ ipAddress }: IpcpOptionSet, addresses: AddressPolicy): Ip4 {
  return ipAddress.ours ?? addresses.local;
}

function remoteOf({ ipAddress }: IpcpOptionSet, addresses: AddressPolicy): Ip4 {
  return ipAddress.theirs ?? addresses.remote;
}

function describeVj({ slots, slotCompression }: VjOptions): string {
  return `${slots} ${slots === 1 ? 'slot' : 'slots'}${slotCompression ? ', slot-id compressed' : ''}`;
}

function told(...servers: readonly (Ip4 | undefined)[]): readonly Ip4[] {
  return [...new Set(servers.flatMap((server = noAddress) => (server === noAddress ? [] : [server])))];
}
