/** All links of one daemon: made from the config, steered by name, reloaded, their events kept and passed on. */
import type { Ledger } from '../accounting/ledger.js';
import { cause, causeCodes, describeCause } from '../base/cause.js';
import type { Scheduler } from '../base/clock.js';
import type { LogFields, Logger } from '../base/log.js';
import { messageOf } from '../base/errors.js';
import type { LinkConfig } from '../config/types.js';
import type { HandedLine } from '../line/handed.js';
import { discardLine } from '../line/source.js';
import { TerminalDesk } from '../line/terminal.js';
import { crossCheck } from '../net/checks.js';
import type { Network } from '../net/network.js';
import { AddressPools } from '../pool/pools.js';
import { inheritTun, openTun } from '../tun/linux.js';
import { diffLinks, type LinkChange } from './config-diff.js';
import { EventLog } from './event-log.js';
import { holdMs, lineKey, linesOf, type Grip, type HandedLink } from './handed.js';
import type { Resolver } from '../resolver/resolver.js';
import type { HookStarter } from './link-hooks.js';
import type { LinkIoParts, LinkWorker } from './link-io.js';
import { lineSources } from './line-sources.js';
import { Link } from './link.js';
import { resolveHost } from './remote-address.js';
import { Repeats } from './repeats.js';
import { explainRoutes } from './routes.js';
import type {
  BroughtTerminal,
  DaemonSteering,
  LinkCommand,
  LinkEvent,
  LinkState,
  LinkStatus,
  MonthRecord,
  ReloadOutcome,
  RestartOutcome,
  RouteExplanation,
  SessionRecord,
} from './types.js';

export interface ManagerParts {
  readonly log: Logger;
  readonly scheduler: Scheduler;
  readonly worker: LinkWorker;
  readonly network: Network;
  readonly hooks: HookStarter;
  readonly ledger: Ledger;
  readonly resolver: Resolver;
  /** The path of the control socket, for hooks. */
  readonly control: string;
  /** Where the lock files of serial ports go. */
  readonly lockDir: string;
  /** Lets a new linkd take the place of this one, with the links' interfaces and lines. */
  readonly restart: () => Promise<RestartOutcome>;
  /** What an earlier process handed on, of these links and of others. */
  readonly handed?: readonly HandedLink[];
  /** See `LinkIoParts`. */
  readonly endpoint?: LinkIoParts['endpoint'];
  /** Reads the links' config anew. */
  readonly load: () => Promise<LoadedLinks>;
}

export type LoadedLinks =
  | { readonly ok: true; readonly links: readonly LinkConfig[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

interface TakenUp {
  readonly inherited: LinkIoParts['inherited'];
  /** In the order of the config. */
  readonly lines: readonly (HandedLine | undefined)[];
}

export class LinkManager implements DaemonSteering {
  readonly #parts: ManagerParts;
  readonly #links = new Map<string, Link>();
  readonly #events = new EventLog();
  readonly #repeats = new Repeats();
  readonly #pools = new AddressPools();
  readonly #terminals = new TerminalDesk();
  /** The end of the queue: one reload at a time. */
  #lastReload: Promise<unknown> = Promise.resolve();

  constructor(configs: readonly LinkConfig[], parts: ManagerParts) {
    this.#parts = parts;
    for (const config of configs) {
      this.#links.set(
        config.name,
        this.#makeLink(
          config,
          parts.handed?.find(({ name }) => name === config.name),
        ),
      );
    }
  }

  /** Sweeps what a crash left, and starts every link that the config doesn't hold back. */
  async start(): Promise<void> {
    const links = [...this.#links.values()];
    await this.#sweep([]);
    await this.#crossCheck(links.map(({ config }) => config));
    for (const link of links) startIfWanted(link);
  }

  /**
   * As `start`, for links that an earlier process handed on: what it installed stays, those that were up negotiate anew at
   * once. Resolves when they are up, or won't be soon.
   */
  async takeOver(): Promise<void> {
    const links = [...this.#links.values()];
    const { handed = [] } = this.#parts;
    const of = ({ config }: Link): HandedLink | undefined => handed.find(({ name }) => name === config.name);
    const inherited = links.filter((link) => of(link)?.agreed);
    // The network does one thing after the other: the sweep is before what the links ask for.
    const swept = this.#sweep(inherited);
    for (const link of handed) if (!this.#links.has(link.name)) this.#discard(link);
    for (const link of links) {
      if (of(link)?.wanted ?? link.config.autostart) link.begin();
    }
    await swept;
    await this.#decided(inherited);
    for (const link of inherited) link.endInheritance();
    void this.#crossCheck(links.map(({ config }) => config));
  }

  /** The descriptors that a new process has to be born with. */
  get grips(): readonly Grip[] {
    return [...this.#links.values()].map(({ grip }) => grip);
  }

  /** Lets go of all links for a new process to go on with, see `Link.handOver`. Nothing may follow. */
  async handOver(grips: readonly Grip[]): Promise<readonly HandedLink[]> {
    await this.#lastReload;
    const links = [...this.#links.values()];
    await Promise.all(links.map((link) => link.freeze()));
    const handOne = async (link: Link): Promise<HandedLink> => {
      const { name } = link.config;
      const claim = this.#pools.heldBy(name);
      return { ...(await link.handOver(grips.find((grip) => grip.link === name))), claim };
    };
    const handOver = (some: readonly Link[]): Promise<HandedLink[]> => Promise.all(some.map(handOne));
    // What can't be handed on takes its time to end: the others carry packets until then.
    const slow = links.filter(({ grip }) => grip.lines.some(({ fd }) => fd === undefined));
    return [...(await handOver(slow)), ...(await handOver(links.filter((link) => !slow.includes(link))))];
  }

  /** Resolves when these links are up, or have failed, or their packets are held no longer. */
  async #decided(links: readonly Link[]): Promise<void> {
    const undecided: readonly LinkState[] = ['opening', 'negotiating', 'closing'];
    await new Promise<void>((resolve) => {
      const timer = this.#parts.scheduler.after(holdMs, () => {
        end();
      });
      const unsubscribe = this.subscribe(() => {
        look();
      });
      const end = (): void => {
        timer.cancel();
        unsubscribe();
        resolve();
      };
      const look = (): void => {
        if (!links.some(({ state }) => undecided.includes(state))) end();
      };
      look();
    });
  }

  async #sweep(inherited: readonly Link[]): Promise<void> {
    const links = [...this.#links.values()];
    await this.#tell(
      this.#parts.network.sweep(
        links.map(({ config }) => config.interface),
        links.map(({ outlasting }) => outlasting),
        inherited.map(({ wanted }) => wanted),
      ),
    );
    await this.#parts.resolver.sweep(inherited.map(({ config }) => config.name));
  }

  /** Says what the machine's network has against these links; each of them tries all the same. */
  async #crossCheck(configs: readonly LinkConfig[]): Promise<readonly string[]> {
    const { log, network } = this.#parts;
    const lines: string[] = [];
    await this.#tell(
      network.snapshot().then((snapshot) => {
        for (const { level, link, message, remedy } of crossCheck(configs, snapshot)) {
          log[level === 'error' ? 'error' : 'warn']({ link }, `${message}. ${remedy}`);
          lines.push(`this machine: ${link}: ${level}: ${message}. ${remedy}`);
        }
      }),
    );
    return lines;
  }

  /** Ends every link, all at the same time, and resolves when all is given back. */
  async shutdown(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => this.#tell(link.shutdown())));
  }

  names(): readonly string[] {
    return [...this.#links.keys()];
  }

  status(name: string): LinkStatus | undefined {
    return this.#links.get(name)?.status();
  }

  command(name: string, command: LinkCommand): boolean {
    const link = this.#links.get(name);
    link?.command(command);
    return link !== undefined;
  }

  maySteer(name: string, user: string): boolean {
    return this.#links.get(name)?.config.steer.includes(user) ?? false;
  }

  bringTerminal(name: string, connect: () => BroughtTerminal): 'taken' | 'not-waiting' | 'no-terminal' | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return undefined;
    if (!linesOf(link.config).some(({ kind }) => kind === 'terminal')) return 'no-terminal';
    if (!this.#terminals.isWaiting(name)) return 'not-waiting';
    this.#terminals.bring(name, connect());
    return 'taken';
  }

  takeByHand(name: string, connect: () => BroughtTerminal): 'taken' | LinkState | undefined {
    return this.#links.get(name)?.takeByHand(connect);
  }

  log(name: string): readonly LinkEvent[] | undefined {
    return this.#links.has(name) ? this.#events.of(name) : undefined;
  }

  subscribe(listener: (event: LinkEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  async diff(): Promise<ReloadOutcome> {
    const loaded = await this.#parts.load();
    if (!loaded.ok) return loaded;
    return { ok: true, changes: diffLinks(this.#configs, loaded.links), warnings: loaded.warnings };
  }

  reload(): Promise<ReloadOutcome> {
    const done = this.#lastReload.then(() => this.#reload());
    this.#lastReload = done.catch(() => undefined);
    return done;
  }

  restart(): Promise<RestartOutcome> {
    return this.#parts.restart();
  }

  async plan(name: string): Promise<readonly string[] | undefined> {
    const link = this.#links.get(name);
    return link && (await this.#parts.network.plan(link.wanted));
  }

  async routes(): Promise<readonly RouteExplanation[]> {
    return explainRoutes(await this.#parts.network.routes(), this.#configs);
  }

  history(link: string | undefined, limit: number): readonly SessionRecord[] {
    return this.#parts.ledger
      .history(link, limit)
      .map(({ link: name, begin, end, rxBytes, txBytes, cause: code, detail }) => ({
        link: name,
        startedAt: begin,
        endedAt: end,
        rxBytes,
        txBytes,
        endCause: code && describeEnd(code, detail),
      }));
  }

  totals(link: string | undefined): readonly MonthRecord[] {
    const names = link === undefined ? this.names() : [link];
    return names.flatMap((name) => this.#parts.ledger.totals(name).map((month) => ({ ...month, link: name })));
  }

  get #configs(): readonly LinkConfig[] {
    return [...this.#links.values()].map(({ config }) => config);
  }

  async #reload(): Promise<ReloadOutcome> {
    const outcome = await this.#parts.load();
    if (!outcome.ok) return outcome;
    const { links, warnings } = outcome;
    const changes = diffLinks(this.#configs, links);
    const findings = await this.#crossCheck(links.filter(({ name }) => changes.some(({ link }) => link === name)));
    // What goes gives back what others may want: so it goes first.
    await Promise.all(changes.map((change) => this.#takeOut(change)));
    for (const change of changes) {
      const config = links.find(({ name }) => name === change.link);
      if (config !== undefined) await this.#bringIn(change, config);
    }
    return { ok: true, changes, warnings: [...warnings, ...findings] };
  }

  async #takeOut({ kind, link: name }: LinkChange): Promise<void> {
    if (kind !== 'remove' && kind !== 'restart') return;
    const link = this.#links.get(name);
    const why = cause(kind === 'remove' ? 'config-removed' : 'config-changed');
    if (link !== undefined) await this.#tell(link.shutdown(why));
    this.#links.delete(name);
  }

  async #bringIn({ kind }: LinkChange, config: LinkConfig): Promise<void> {
    const present = this.#links.get(config.name);
    if (kind === 'apply' && present !== undefined) return present.reconfigure(config);
    const link = this.#makeLink(config);
    this.#links.set(config.name, link);
    await this.#tell(this.#parts.network.hold(link.outlasting));
    startIfWanted(link);
  }

  async #tell(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.log.error({ err: error }, messageOf(error));
    }
  }

  #makeLink(config: LinkConfig, handed?: HandedLink): Link {
    if (handed?.claim) this.#pools.remember(handed.claim);
    const { inherited, lines } = this.#takeUp(config, handed);
    const { lockDir, scheduler } = this.#parts;
    const terminals = { link: config.name, desk: this.#terminals };
    return new Link(config, {
      ...this.#parts,
      ...{ handed: inherited && handed, inherited },
      lines: lineSources(config, { log: this.#logOf(config.name), lockDir, scheduler, terminals, handed: lines }),
      random: Math.random,
      isWell: (name) => {
        const status = this.status(name);
        return status?.state === 'up' && status.health?.state !== 'failed';
      },
      pools: this.#pools,
      resolve: resolveHost,
      openTun,
      emit: (event) => {
        this.#emit(event);
      },
    });
  }

  /** What of a link that was handed on is of use with this config; the rest is given back. */
  #takeUp(config: LinkConfig, handed?: HandedLink): TakenUp {
    if (handed === undefined) return { inherited: undefined, lines: [] };
    const fitsTun = handed.interface === config.interface;
    const keys = linesOf(config).map(lineKey);
    const useless = handed.lines.filter(({ key }, i) => key !== keys[i]);
    this.#discard({ ...handed, ...(fitsTun && { tun: null }), lines: useless });
    return {
      inherited:
        fitsTun && handed.tun !== null
          ? { tun: inheritTun(config.interface, handed.tun), hold: handed.agreed !== null }
          : undefined,
      lines: handed.lines.map(({ key, line }, i) => (key === keys[i] ? (line ?? undefined) : undefined)),
    };
  }

  /** Ends what was handed on of a link that is no more, or not the same. */
  #discard({ name, interface: device, tun, lines }: HandedLink): void {
    if (tun !== null) inheritTun(device, tun).close();
    for (const { line } of lines) {
      if (line === null) continue;
      void this.#tell(discardLine(line, { log: this.#parts.log, lockDir: this.#parts.lockDir }));
      this.#parts.log.info({ link: name }, 'a line of the linkd before is of no use here: closed');
    }
  }

  #emit(event: LinkEvent): void {
    this.#events.add(event);
    this.#write(event);
    for (const link of this.#links.values()) link.otherChanged(event.link);
  }

  /** What a line has to say, as the link's own events. */
  #logOf(link: string): Logger {
    const say = (level: LinkEvent['level']) => (fields: LogFields, words: string) => {
      const message = Object.keys(fields).length === 0 ? words : `${words}: ${JSON.stringify(fields)}`;
      const state = this.#links.get(link)?.state ?? 'down';
      this.#emit({ time: this.#parts.scheduler.date(), link, type: 'log', level, message, state, cause: undefined });
    };
    return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  }

  /** Into the log; what repeats itself is counted. */
  #write({ level, link, state, cause: why, message }: LinkEvent): void {
    const { log, scheduler } = this.#parts;
    const withheld = level === 'debug' ? 0 : this.#repeats.admit(link, message, scheduler.now());
    if (withheld === undefined) return;
    log[level]({ link, state, ...(why && { cause: why.code }), ...(withheld > 0 && { repeated: withheld }) }, message);
  }
}

function startIfWanted(link: Link): void {
  if (link.config.autostart) link.begin();
}

/** The ledger keeps codes; one that it made itself (`crash`), or that linkd no longer knows, stays as it is. */
function describeEnd(code: string, detail: string | undefined): string {
  const known = causeCodes.find((candidate) => candidate === code);
  if (known !== undefined) return describeCause(cause(known, detail));
  return detail === undefined ? code : `${code} (${detail})`;
}
