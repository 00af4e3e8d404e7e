/**
 * What goes along with one link's life: its hooks, the watch on what lies behind it, its sessions in the ledger, and its
 * quota. The link says what happens; what has to be done about it goes back through `CompanionHost`.
 */
import type { Ledger, SessionHandle } from '../accounting/ledger.js';
import { judgeQuota } from '../accounting/quota.js';
import { cause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import type { LinkConfig } from '../config/types.js';
import type { AgreedNetwork } from '../ppp/outputs.js';
import { HealthMonitor } from '../health/monitor.js';
import { EchoProber } from '../health/prober.js';
import type { LinkFacts } from '../hooks/environment.js';
import type { HookMoment } from '../hooks/options.js';
import { describeOutcome, succeeded, type HookResult } from '../hooks/result.js';
import type { Resolver } from '../resolver/resolver.js';
import { LinkHooks, type HookStarter } from './link-hooks.js';
import { NameServers } from './name-servers.js';
import type { HookStatus, LinkCounters, LinkEvent, LinkState, LinkStatus } from './types.js';

export interface CompanionParts {
  readonly hooks: HookStarter;
  readonly ledger: Pick<Ledger, 'begin' | 'usedBytes' | 'history'>;
  readonly resolver: Pick<Resolver, 'take' | 'release'>;
  readonly scheduler: Scheduler;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** The path of the control socket, for hooks. */
  readonly control: string;
}

/** What the link is at this moment, and what it can do for its companions. */
export interface CompanionHost {
  readonly config: LinkConfig;
  readonly state: LinkState;
  readonly cause: Cause | undefined;
  readonly counters: LinkCounters;
  readonly line: { readonly name: string; readonly speed: number | undefined };
  note(level: LinkEvent['level'], message: string): void;
  /** Puts an IP packet into the link's queue. */
  probe(packet: Uint8Array): void;
  hookEnded(hook: HookStatus): void;
  /** Nothing behind the peer answers, and the config wants the link restarted. */
  restart(reason: string): void;
  /** Adds to the metric of the link's routes, so that another path is preferred; 0 is as configured. */
  addMetric(add: number): void;
  /** The month's quota is used up. */
  cutOff(why: Cause): void;
}

/** What PPP agreed on. */
export type Agreed = AgreedNetwork;

interface Session {
  readonly ledger: SessionHandle;
  readonly startedAt: Millis;
  readonly rxBefore: number;
  readonly txBefore: number;
}

const uint32 = 0x1_0000_0000;

export class Companions {
  readonly #host: CompanionHost;
  readonly #parts: CompanionParts;
  readonly #hooks: LinkHooks;
  readonly #nameServers: NameServers;
  #health: HealthMonitor | undefined;
  #prober: EchoProber | undefined;
  #session: Session | undefined;
  #agreed: Agreed | undefined;
  /** The addresses of the last time that the link was up. */
  #last: Agreed | undefined;
  /** With these addresses an earlier process had the link up, and ran its hooks. */
  #inherited: Agreed | undefined;
  #quotaState: 'ok' | 'warn' | 'used-up' = 'ok';

  constructor(host: CompanionHost, parts: CompanionParts) {
    this.#host = host;
    this.#parts = parts;
    this.#hooks = new LinkHooks({
      runner: parts.hooks,
      options: () => host.config.hooks,
      ended: (result) => {
        this.#hookEnded(result);
      },
    });
    this.#nameServers = new NameServers(parts.resolver, host);
    this.#makeMonitor();
  }

  get health(): LinkStatus['health'] {
    if (this.#health === undefined) return undefined;
    const { state, lastChange } = this.#health.status;
    return { state, reason: lastChange?.reason };
  }

  get quota(): LinkStatus['quota'] {
    const { quota, name } = this.#host.config;
    return quota && judgeQuota(this.#parts.ledger.usedBytes(name), quota, this.#parts.scheduler.date());
  }

  /** Why the link must not be up, when the quota is used up and cuts it off. */
  get cutOff(): Cause | undefined {
    const { quota, name } = this.#host.config;
    if (quota === undefined) return undefined;
    const verdict = judgeQuota(this.#parts.ledger.usedBytes(name), quota, this.#parts.scheduler.date());
    return verdict.cutOff ? quotaCause(verdict.renewsAt) : undefined;
  }

  /** The config changed under the link. */
  reconfigured(previous: LinkConfig): void {
    if (this.#agreed !== undefined && previous.resolver !== this.#host.config.resolver)
      this.#nameServers.agreed(this.#agreed);
    if (JSON.stringify(previous.track) === JSON.stringify(this.#host.config.track)) return;
    this.#health?.stop();
    this.#makeMonitor();
    this.#watch();
  }

  /** An earlier process had the link up with these addresses, and it is to go on: to hooks, nothing happens. */
  inherit(agreed: Agreed): void {
    this.#inherited = agreed;
    this.#last = agreed;
    this.#nameServers.inherit(agreed);
  }

  /** The line shall be opened: resolves when it may. */
  async rising(): Promise<void> {
    if (this.#inherited === undefined) await this.#run('pre-up');
  }

  /** Addresses and routes are in. */
  up(agreed: Agreed): void {
    this.#agreed = agreed;
    this.#session ??= this.#beginSession();
    const isNew = this.#inherited === undefined || addressesOf(this.#inherited) !== addressesOf(agreed);
    this.#inherited = undefined;
    this.#nameServers.agreed(agreed);
    if (isNew) void this.#run('up');
    this.#tellAddresses(agreed);
    this.#watch();
  }

  /** Addresses and routes are in for what the link carries now, while it is up. */
  changed(agreed: Agreed): void {
    if (this.#agreed === undefined || this.#agreed === agreed) return;
    this.#agreed = agreed;
    this.#nameServers.agreed(agreed);
    this.#tellAddresses(agreed);
    this.#health?.stop();
    this.#watch();
  }

  /** The link is up no more. */
  down(): void {
    this.#health?.stop();
    this.#hooks.fall();
    this.#nameServers.down();
    void this.#run('down');
    this.#agreed = undefined;
  }

  /** The line is closed; `opened` says whether it had been open at all, `why` is the reason for its end. */
  closed(opened: boolean, why: Cause): void {
    const wasUp = this.#session !== undefined || this.#inherited !== undefined;
    this.#hooks.fall();
    // It was up, though not here.
    if (this.#inherited !== undefined) {
      this.#nameServers.down();
      void this.#run('down');
    }
    this.#inherited = undefined;
    this.#count();
    this.#session?.ledger.end(why);
    if (opened) void this.#run('post-down');
    this.#session = undefined;
    // Who took the line by hand and hung up has had no failure.
    if (!wasUp && why.code !== 'by-hand') void this.#run('fail');
  }

  /** The worker has counted. */
  counted(): void {
    this.#count();
    this.#judgeQuota();
  }

  /** A packet came that answers a probe. */
  probeReply(packet: Uint8Array): void {
    this.#prober?.receive(packet);
  }

  /** The link is given up: waits for what runs, but not longer than `patience`, and then ends it. */
  async end(patience: Millis): Promise<void> {
    this.#health?.stop();
    const timer = this.#parts.scheduler.after(patience, () => {
      this.#hooks.endAll();
    });
    await Promise.all([this.#hooks.idle(), this.#nameServers.idle()]);
    timer.cancel();
  }

  #tellAddresses(agreed: Agreed): void {
    const previous = this.#last;
    this.#last = agreed;
    if (addressesOf(previous) !== addressesOf(agreed)) void this.#run('address-changed', previous);
  }

  /** What is tracked is asked by IPv4. */
  #watch(): void {
    const ip4 = this.#agreed?.ip4;
    if (ip4 !== undefined) this.#health?.start(ip4.local);
  }

  #makeMonitor(): void {
    const { track } = this.#host.config;
    const { scheduler, random } = this.#parts;
    this.#health = undefined;
    this.#prober = undefined;
    if (track === undefined) return;
    this.#prober = new EchoProber(
      (packet) => {
        this.#host.probe(packet);
      },
      () => Math.floor(random() * uint32),
    );
    this.#health = new HealthMonitor(track, {
      scheduler,
      prober: this.#prober,
      onChange: (state, reason) => {
        this.#healthChanged(state, reason);
      },
    });
  }

  #healthChanged(state: 'healthy' | 'failed', reason: string): void {
    const { action } = this.#host.config.track ?? {};
    this.#host.note(state === 'failed' ? 'warn' : 'info', `what lies behind the link is ${state}: ${reason}`);
    if (action === undefined) return;
    switch (action.kind) {
      case 'restart':
        if (state === 'failed') this.#host.restart(reason);
        return;
      case 'metric':
        this.#host.addMetric(state === 'failed' ? action.add : 0);
        return;
      case 'hook':
        void this.#run(state === 'failed' ? 'fail' : 'up');
        return;
      default:
        assertNever(action);
    }
  }

  #beginSession(): Session {
    const { counters, config } = this.#host;
    const { ledger, scheduler } = this.#parts;
    return {
      ledger: ledger.begin(config.name, scheduler.date()),
      startedAt: scheduler.now(),
      rxBefore: counters.rxBytes,
      txBefore: counters.txBytes,
    };
  }

  #count(): void {
    const session = this.#session;
    if (session === undefined) return;
    const { rxBytes, txBytes } = this.#host.counters;
    session.ledger.count(rxBytes - session.rxBefore, txBytes - session.txBefore);
  }

  #judgeQuota(): void {
    const { quota, name } = this.#host.config;
    if (quota === undefined) return;
    const verdict = judgeQuota(this.#parts.ledger.usedBytes(name), quota, this.#parts.scheduler.date());
    if (verdict.state !== this.#quotaState) {
      this.#quotaState = verdict.state;
      const used = `${verdict.usedBytes} of ${verdict.monthlyBytes} octets of this month's quota are used`;
      this.#host.note(verdict.state === 'ok' ? 'info' : 'warn', used);
    }
    if (verdict.cutOff) this.#host.cutOff(quotaCause(verdict.renewsAt));
  }

  #run(moment: HookMoment, previous?: Agreed): Promise<boolean> {
    if (this.#host.config.hooks.hooks[moment].length === 0) return Promise.resolve(true);
    return this.#hooks.run(moment, this.#facts(previous));
  }

  #facts(previous: Agreed | undefined): LinkFacts {
    const { config, state, cause, counters, line } = this.#host;
    const session = this.#session;
    const agreed = this.#agreed;
    return {
      link: config.name,
      state,
      cause,
      interface: config.interface,
      device: line.name,
      speed: line.speed,
      local: agreed === undefined ? known(config.local) : agreed.ip4?.local,
      remote: agreed === undefined ? known(config.remote) : agreed.ip4?.remote,
      local6: agreed?.ip6?.local,
      remote6: agreed?.ip6?.remote,
      dns: agreed?.ip4?.dns ?? [],
      wins: agreed?.ip4?.wins ?? [],
      previous: previous?.ip4,
      mtu: agreed?.mtu,
      networks: config.net.networks.map(({ prefix }) => prefix),
      metric: config.net.networks[0]?.metric,
      upMs: session && this.#parts.scheduler.now() - session.startedAt,
      rxBytes: session && counters.rxBytes - session.rxBefore,
      txBytes: session && counters.txBytes - session.txBefore,
      control: this.#parts.control,
    };
  }

  #hookEnded(result: HookResult): void {
    const { moment, command, startedAt, durationMs, output } = result;
    const [program] = command;
    const ok = succeeded(result);
    const outcome = describeOutcome(result);
    this.#host.hookEnded({ moment, program, at: startedAt, durationMs, ok, outcome, output });
    const said = output.trim() === '' ? '' : `; it said: ${output.trimEnd()}`;
    this.#host.note(
      ok || result.outcome.kind === 'cancelled' ? 'info' : 'warn',
      `hook ${moment} ${program}: ${outcome}${said}`,
    );
  }
}

function quotaCause(renewsAt: Date): Cause {
  return cause('quota-used-up', `until ${renewsAt.toISOString()}`);
}

/** For people: `10.0.0.1 to 10.0.0.2, fe80::1 to fe80::2`. */
export function describeAgreed({ ip4, ip6 }: Agreed): string {
  return [
    ...(ip4 === undefined ? [] : [`${formatIp4(ip4.local)} to ${formatIp4(ip4.remote)}`]),
    ...(ip6 === undefined ? [] : [`${ip6.local} to ${ip6.remote}`]),
  ].join(', ');
}

/** By which a change of addresses is noticed. */
function addressesOf(agreed: Agreed | undefined): string | undefined {
  return agreed && describeAgreed(agreed);
}

/** The config has 0 where it leaves an address to the peer. */
function known(address: Ip4): Ip4 | undefined {
  return address === 0 ? undefined : address;
}
