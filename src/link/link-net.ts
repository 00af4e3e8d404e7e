/**
 * What one link has in the system's network: addresses, routes and filters, made from its config and from what PPP agreed
 * on, and taken back. One change at a time; what the system refuses is said and kept for the status.
 */
import { messageOf } from '../base/errors.js';
import type { LinkConfig } from '../config/types.js';
import type { Network } from '../net/network.js';
import { metricOf, outlasting, wantedInterface, type Outlasting, type WantedInterface } from '../net/wanted.js';
import type { Agreed } from './companions.js';

/** The parts of `Network` that a link uses. */
export type LinkNetwork = Pick<Network, 'up' | 'hold' | 'down' | 'release'>;

export interface LinkNetHost {
  readonly config: LinkConfig;
  note(level: 'warn', message: string): void;
  /** What the system refused or makes useless, as sentences. */
  problems(sentences: readonly string[]): void;
}

/** What became of an installation; `superseded`: something else was agreed on meanwhile. */
export type Installation = 'installed' | 'superseded' | { readonly failure: unknown };

/** In place of the addresses of a family that the link doesn't carry. */
const noAddress = 0;

export class LinkNet {
  /** What PPP agreed on, while it holds. */
  agreed: Agreed | undefined;
  /** Added to the metric of the routes while what lies behind the link doesn't answer. */
  #metricAdd = 0;
  #installed = false;
  #problems: readonly string[] = [];
  /** The change of the system's network that is under way. */
  #changing: Promise<unknown> | undefined;
  readonly #network: LinkNetwork;
  readonly #host: LinkNetHost;

  constructor(network: LinkNetwork, host: LinkNetHost) {
    this.#network = network;
    this.#host = host;
  }

  /** What stands in the system's network whether the link is up or not. */
  get outlasting(): Outlasting {
    return outlasting(this.#facts(), this.#host.config.net);
  }

  /** What the system's network shall be while the link is up. */
  get wanted(): WantedInterface {
    const { net } = this.#host.config;
    const networks = net.networks.map((network) => ({ ...network, metric: this.#metricOf(network) }));
    return wantedInterface(this.#facts(), { ...net, networks });
  }

  /** Makes the system's network as agreed. */
  async install(): Promise<Installation> {
    const { agreed } = this;
    this.#installed = true;
    const failure = await this.#settle();
    if (this.agreed !== agreed) return 'superseded';
    return failure === undefined ? 'installed' : { failure };
  }

  /** Makes the system's network as the config has it, for a link that waits for packets. False when that failed. */
  async standBy(): Promise<boolean> {
    this.agreed = undefined;
    this.#tellProblems([]);
    this.#installed = true;
    return (await this.#settle()) === undefined;
  }

  /** Takes back what holds only while the link is up. */
  async uninstall(): Promise<void> {
    this.agreed = undefined;
    this.#tellProblems([]);
    if (!this.#installed) return;
    this.#installed = false;
    await this.#settle();
  }

  /** Brings what is there to a changed config; what fails leaves the link as it is. */
  async reconfigured(): Promise<void> {
    await this.#tell(this.#installed ? this.#bringUp() : this.#network.hold(this.outlasting));
  }

  addMetric(add: number): void {
    this.#metricAdd = add;
    if (this.#installed) void this.#tell(this.#bringUp());
  }

  /** Goes on with what an earlier process installed. */
  inherit(agreed: Agreed, metricAdd: number): void {
    this.agreed = agreed;
    this.#metricAdd = metricAdd;
    this.#installed = true;
  }

  /** Waits for the change that is under way, and tells what is installed then. */
  async settled(): Promise<{ readonly agreed: Agreed | undefined; readonly metricAdd: number }> {
    await this.#changing;
    return { agreed: this.#installed ? this.agreed : undefined, metricAdd: this.#metricAdd };
  }

  /** Takes everything back, what outlasts a redial as well. */
  async release(): Promise<void> {
    await this.#tell(this.#network.release(this.#host.config.interface));
  }

  #facts(): Parameters<typeof wantedInterface>[0] {
    const { name: link, interface: name, mtu, local, remote } = this.#host.config;
    if (this.agreed === undefined) return { link, name, mtu, local, remote };
    const { ip4, ip6 } = this.agreed;
    return {
      ...{ link, name, mtu: this.agreed.mtu },
      ...{ local: ip4?.local ?? noAddress, remote: ip4?.remote ?? noAddress },
      ...{ linkLocal6: ip6?.local, peerLinkLocal6: ip6?.remote, awaitsIp6: this.#host.config.ipv6cp !== undefined },
      carries: [...(ip4 === undefined ? [] : [4 as const]), ...(ip6 === undefined ? [] : [6 as const])],
    };
  }

  #metricOf(network: LinkConfig['net']['networks'][number]): number | undefined {
    return this.#metricAdd === 0 ? network.metric : metricOf(network) + this.#metricAdd;
  }

  /**
   * Brings the system's network to what holds now (`#installed`): one change at a time, the last wish counts, so that a peer
   * that negotiates without end doesn't queue up work for all links. Gives what the last change failed of.
   */
  #settle(): Promise<unknown> {
    this.#changing ??= this.#change().finally(() => (this.#changing = undefined));
    return this.#changing;
  }

  async #change(): Promise<unknown> {
    for (;;) {
      const [installed, agreed] = [this.#installed, this.agreed];
      let failure: unknown;
      try {
        await (installed ? this.#bringUp() : this.#network.down(this.#host.config.interface));
      } catch (error) {
        failure = error;
        this.#host.note('warn', messageOf(error));
      }
      if (installed === this.#installed && agreed === this.agreed) return failure;
    }
  }

  /** Makes the system's network as it shall be while the link is up; keeps and says what the system refused. */
  async #bringUp(): Promise<void> {
    const { refused, warnings } = await this.#network.up(this.wanted);
    const problems = [...refused.map(({ message }) => message), ...warnings];
    for (const problem of problems) if (!this.#problems.includes(problem)) this.#host.note('warn', problem);
    this.#tellProblems(problems);
  }

  #tellProblems(problems: readonly string[]): void {
    this.#problems = problems;
    this.#host.problems(problems);
  }

  async #tell(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#host.note('warn', messageOf(error));
    }
  }
}
