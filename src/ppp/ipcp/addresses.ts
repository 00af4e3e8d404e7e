/** Whose address may be what: the law behind IPCP's IP-Address. Pure reckoning, kept apart from the option's wire. */
import { formatIp4, formatPrefix, overlaps, type Ip4, type Prefix } from '../../base/ip.js';
import type { AddressRule } from '../auth/options.js';
import type { IpcpOptions } from '../options.js';

export const noAddress: Ip4 = 0;

export class AddressPolicy {
  readonly #options: IpcpOptions;
  #assigned: Ip4 = noAddress;
  /** What the peer's secret allows; undefined while nothing narrows the config. */
  #rules: readonly AddressRule[] | undefined;

  constructor(options: IpcpOptions) {
    this.#options = options;
  }

  /** What we ask for. */
  get local(): Ip4 {
    return this.#options.local;
  }

  /** What the peer gets when it asks; 0 when there is nothing for it. */
  get remote(): Ip4 {
    const known = this.#options.assigned ? this.#assigned : this.#options.remote;
    if (known !== noAddress) return this.#isAllowed(known) ? known : noAddress;
    return this.#onlyAllowed() ?? noAddress;
  }

  /** The peer's address, where it isn't the config's. */
  assign(remote: Ip4): void {
    this.#assigned = remote;
  }

  restrict(rules: readonly AddressRule[] | undefined): void {
    this.#rules = rules;
  }

  /** Why we won't be this; undefined when we will. `remote` is what the peer is, or 0. */
  againstLocal(address: Ip4, remote: Ip4): string | undefined {
    const { local, acceptLocal } = this.#options;
    if (address !== noAddress && (address === local || accepts(local, acceptLocal, address))) {
      return address === remote ? `the peer wants us to be ${formatIp4(address)}, which it is itself` : undefined;
    }
    if (address === noAddress) return 'the peer has no address for us';
    return `the peer wants us to be ${formatIp4(address)}, the config says local: ${described(local, acceptLocal)}`;
  }

  /** Why the peer can't be this; undefined when it can. `local` is what we are, or 0. */
  againstRemote(address: Ip4, local: Ip4): string | undefined {
    const { acceptRemote } = this.#options;
    const { remote } = this;
    if (address === noAddress) return `the peer asks us for its address, ${this.#due}`;
    const claim = `the peer claims ${formatIp4(address)}`;
    if (address === local && address !== remote) return `${claim}, which is ours`;
    if (!this.#isAllowed(address)) return `${claim}, ${this.#forbidden}`;
    if (address === remote || accepts(remote, acceptRemote, address)) return undefined;
    return `${claim}, ${this.#due}`;
  }

  /** Why the addresses that came of it are of no use; undefined when they are. */
  objection(local: Ip4, remote: Ip4): string | undefined {
    if (local === noAddress) return 'the peer gave us no address, the config says local: from-peer';
    if (remote === noAddress) return `the peer did not tell its address, ${this.#due}`;
    return local === remote ? `both ends would be ${formatIp4(local)}` : undefined;
  }

  /** What the peer shall be, in words. */
  get #due(): string {
    const { assigned, remote, acceptRemote } = this.#options;
    const known = assigned ? this.#assigned : remote;
    const source = assigned ? 'linkd gives it' : 'the config says remote:';
    const forbidden = known !== noAddress && !this.#isAllowed(known) ? `, ${this.#forbidden}` : '';
    return `${source} ${described(known, acceptRemote)}${forbidden}`;
  }

  /** pppd's rule: a secret without addresses in its fourth column allows none. */
  get #forbidden(): string {
    const why = this.#rules?.length === 0 ? ': its fourth column names no address (`*` allows any)' : '';
    return `which its secret does not allow${why}`;
  }

  #isAllowed(address: Ip4): boolean {
    if (this.#rules === undefined) return true;
    return this.#rules.find(({ prefix }) => contains(prefix, address))?.kind === 'allow';
  }

  /** The address that the peer's secret names, if it names one alone. */
  #onlyAllowed(): Ip4 | undefined {
    const allowed = (this.#rules ?? []).filter(({ kind }) => kind === 'allow');
    const [first] = allowed;
    return allowed.length === 1 && first?.prefix.length === 32 ? first.prefix.address : undefined;
  }
}

/** An end whose address we don't know may be anything, unless ranges are given. */
function accepts(known: Ip4, ranges: readonly Prefix[], address: Ip4): boolean {
  if (!isHost(address)) return false;
  return (known === noAddress && ranges.length === 0) || ranges.some((range) => contains(range, address));
}

function contains(prefix: Prefix, address: Ip4): boolean {
  return overlaps(prefix, { address, length: 32 });
}

/** Nobody is called by a loopback, multicast or reserved address, nor by one of 0.0.0.0/8. RFC 1122 §3.2.1.3 */
function isHost(address: Ip4): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

/** As the config has it. */
function described(address: Ip4, ranges: readonly Prefix[]): string {
  const texts = [...(address === noAddress ? [] : [formatIp4(address)]), ...ranges.map(formatPrefix)];
  return texts.length === 0 ? 'from-peer' : texts.join(', or of ');
}
