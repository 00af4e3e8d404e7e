/**
 * Where cases are played, one after the other: a linkd in a network namespace of its own, a namespace of the guest for pppd,
 * and null-modem cables between them, as fast as they can. linkd stays from case to case: each is a reload.
 *
 *     namespace 10.0.0.1 linkd ══ pty, null modem ══ ttyS pppd 10.0.0.2 namespace of the guest
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/base/errors.js';
import type { WireLink } from '../../src/control/protocol.js';
import { Daemon, type TempDir } from '../support/daemon.js';
import type { Lab, Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import type { Child } from '../support/process.js';
import type { Case, ConfigSection, ConfigValue, Refused, Up } from './case.js';
import type { Pppd, PppdGuest } from './pppd-guest.js';

export const LINK = 'peer';
/** What is waited for takes tenths of a second; the machine may be busy. */
export const WAIT_MS = 30_000;
/** For the case that `late` is about: longer than a Configure-Request takes to be repeated. */
const LATE_MS = 1500;
const TRANSFER_OCTETS = 32 * 1024;
const TRANSFER_PORT = 7000;
const traffic = join(import.meta.dirname, 'traffic.js');

/** Short timers, as nothing on the way is slow: a repeat isn't waited for long, a retry comes soon. */
const baseConfig: ConfigSection = {
  local: '10.0.0.1',
  remote: '10.0.0.2',
  lcp: { restart: '300ms' },
  restart: { quick: '200ms', 'quick-max': '500ms', slow: '500ms', 'slow-max': '1s' },
};
const basePppd = ['lcp-restart', '1', 'ipcp-restart', '1', 'lcp-max-configure', '30'];
const baseAddresses = '10.0.0.2:10.0.0.1';

export interface StandParts {
  readonly guest: PppdGuest;
  readonly lab: Lab;
  readonly dir: TempDir;
  /** Unique among the stands. */
  readonly name: string;
  /** Which of the guest's serial lines are this stand's. */
  readonly lines: readonly number[];
}

export class Stand {
  readonly modems: readonly NullModem[];
  readonly #parts: StandParts;
  readonly #namespace: Namespace;
  readonly #caller: Child;
  #linkd: Daemon;
  #linkds = 1;
  #pppd: Pppd | undefined;
  #pppds: Pppd[] = [];
  #case: Case | undefined;
  /** What linkd is to have. */
  #config: ConfigSection = { links: {} };
  #calls = 0;
  /** How much of linkd's log is of former cases. */
  #logStart = 0;

  private constructor(parts: StandParts, namespace: Namespace, linkd: Daemon) {
    this.#parts = parts;
    this.#namespace = namespace;
    this.#linkd = linkd;
    this.#caller = namespace.spawn(process.execPath, [traffic, 'call', String(TRANSFER_PORT)]);
    this.modems = parts.lines.map((line, index) => {
      const fd = parts.guest.lines[line];
      if (fd === undefined) throw new Error(`the guest has no line ${line}`);
      return new NullModem({ a: { kind: 'pty', link: this.device(index) }, b: { kind: 'fd', fd } });
    });
  }

  /** Whoever creates it closes it; the lab ends what runs in the namespace, the guest what runs there. */
  static async create(parts: StandParts): Promise<Stand> {
    const { guest, lab, dir, name } = parts;
    const namespace = await lab.namespace(name);
    const linkd = await Daemon.start(namespace, dir, name, 'links:\n');
    const serve = [process.execPath, traffic, 'serve', '::', TRANSFER_PORT].map((word) => `'${word}'`).join(' ');
    await guest.must(
      [
        `ip netns add ${name} && cd /run/netns && nsenter --net=${name} ip link set lo up`,
        `nsenter --net=${name} ${serve} >/run/${name} 2>&1 &`,
        `until grep -q serving /run/${name}; do sleep 0.05; done`,
      ].join('\n'),
      WAIT_MS,
    );
    return new Stand(parts, namespace, linkd);
  }

  get linkd(): Daemon {
    return this.#linkd;
  }

  /** The pppd that was started last. */
  get pppd(): Pppd {
    if (this.#pppd === undefined) throw new Error('no pppd was started');
    return this.#pppd;
  }

  /** The cable of the first line. */
  get cable(): NullModem {
    const [cable] = this.modems;
    if (cable === undefined) throw new Error('the stand has no line');
    return cable;
  }

  /** The number of the first line in the guest. */
  get #line(): number {
    const [line] = this.#parts.lines;
    if (line === undefined) throw new Error('the stand has no line');
    return line;
  }

  device(line = 0): string {
    return this.#parts.dir.file(`${this.#parts.name}-tty${line}`);
  }

  /** Plays a case from its beginning to its end. Throws, with both logs, when it isn't as expected. */
  async play(which: Case): Promise<void> {
    this.#case = which;
    this.#logStart = this.#linkd.log.length;
    try {
      await this.#start(which);
      if (which.expect.kind === 'up') await this.#seeUp(which.expect);
      else await this.#seeRefused(which.expect);
    } catch (error) {
      throw new Error([messageOf(error), this.#logs()].join('\n'), { cause: error });
    } finally {
      await this.#clear();
    }
  }

  /** Kills linkd and starts another one with the config of the case. */
  async replaceLinkd(): Promise<void> {
    await this.#linkd.stop('SIGKILL');
    this.#linkds += 1;
    const { dir, name } = this.#parts;
    this.#logStart = 0;
    this.#linkd = await Daemon.start(this.#namespace, dir, `${name}-${this.#linkds}`, JSON.stringify(this.#config));
  }

  /** Another pppd with the options of the case; those before may have ended or not. */
  async startPppd(more: readonly string[] = []): Promise<Pppd> {
    const { guest, name } = this.#parts;
    const options = [...basePppd, this.#case?.addresses ?? baseAddresses, ...(this.#case?.pppd ?? []), ...more];
    this.#pppd = await guest.startPppd(options, { line: this.#line, namespace: name });
    this.#pppds.push(this.#pppd);
    return this.#pppd;
  }

  /** Runs a shell script in pppd's namespace of the guest, and gives what it printed. */
  inGuest(script: string, timeoutMs = WAIT_MS): Promise<string> {
    const quoted = script.replaceAll(`'`, `'\\''`);
    return this.#parts.guest.must(`nsenter --net=/run/netns/${this.#parts.name} sh -c '${quoted}'`, timeoutMs);
  }

  link(): Promise<WireLink> {
    return this.#linkd.link(LINK);
  }

  /** Both ends have the network up. */
  async untilUp(): Promise<WireLink> {
    const link = await this.#linkd.untilUp(LINK, WAIT_MS);
    await this.pppd.untilUp(WAIT_MS);
    return link;
  }

  untilCause(code: string): Promise<WireLink> {
    return this.#linkd.untilCause(LINK, code, WAIT_MS);
  }

  /** Pings and a checksummed transfer each way, between the addresses that the session has. */
  async carryTraffic(): Promise<void> {
    const { session } = await this.link();
    const [local, remote] = [session?.local_address, session?.remote_address];
    if (typeof local !== 'string' || typeof remote !== 'string') throw new Error('the session has no addresses');
    await Promise.all([this.#ping(local, remote), this.transfer(remote)]);
  }

  async transfer(address: string): Promise<void> {
    this.#calls += 1;
    const id = this.#calls;
    this.#caller.write(`${id} ${address} ${TRANSFER_OCTETS} ${WAIT_MS}\n`);
    const [, result] = await this.#caller.printed(new RegExp(`^${id} (.*)$`, 'm'), WAIT_MS + 5000);
    assert.equal(result, 'intact', `the transfer with ${address}`);
  }

  /** Ends what it started at this side. */
  async close(): Promise<void> {
    await this.#caller.stop();
    await this.#linkd.stop();
    for (const modem of this.modems) modem.close();
  }

  async #start({ before, late = before === undefined ? undefined : 'pppd', linkd = {} }: Case): Promise<void> {
    const line = { serial: this.device(), speed: 4_000_000, flow: 'none' };
    const config = { links: { [LINK]: merge(merge({ line }, baseConfig), linkd) } };
    const start = { linkd: () => this.#configure(config), pppd: () => this.startPppd() };
    if (late === undefined) {
      await Promise.all([start.linkd(), start.pppd()]);
      return;
    }
    await start[late === 'linkd' ? 'pppd' : 'linkd']();
    if (before !== undefined) await this.inGuest(`TTY=/dev/ttyS${this.#line}\n${before}`);
    else await sleep(LATE_MS);
    await start[late]();
  }

  async #seeUp({ options = {}, pppd = [], then }: Up): Promise<void> {
    const { session, errors } = await this.untilUp();
    for (const [name, value] of Object.entries(options)) {
      assert.equal(session?.options[name], value, `the option ${name} in linkd's status`);
    }
    for (const pattern of pppd) await this.pppd.untilLogged(pattern, WAIT_MS);
    if (this.#case?.before === undefined) assert.equal(errors['fcs'], undefined, 'a clean line has no FCS errors');
    await this.carryTraffic();
    assert.equal((await this.link()).errors['fcs'], errors['fcs'], 'traffic brings no FCS errors');
    if (then !== undefined) await then.play(this);
    else {
      await this.#configure({ links: {} });
      await this.pppd.untilLogged(/rcvd \[LCP TermReq/, WAIT_MS);
      await this.pppd.exited(WAIT_MS);
    }
  }

  async #seeRefused({ cause, detail, pppd = [] }: Refused): Promise<void> {
    const { last_cause } = await this.untilCause(cause);
    if (detail !== undefined) assert.match(last_cause?.detail ?? '', detail, "the cause's detail");
    for (const pattern of pppd) await this.pppd.untilLogged(pattern, WAIT_MS);
  }

  async #ping(local: string, remote: string): Promise<void> {
    const there = this.#parts.lab.ping(this.#namespace, remote, { count: 2, timeoutMs: 10_000 });
    const back = this.inGuest(`ping -n -c 2 -i 0.2 -W 10 ${local}`);
    assert.equal((await there).loss, 0, 'pings to pppd');
    await back;
  }

  /** A reload, as the user would do it. */
  async #configure(config: ConfigSection): Promise<void> {
    const name = this.#linkds === 1 ? this.#parts.name : `${this.#parts.name}-${this.#linkds}`;
    this.#config = config;
    await writeFile(this.#parts.dir.file(`${name}.yaml`), JSON.stringify(config));
    const { body } = await this.#linkd.client.reload();
    assert.deepEqual([body.ok, body.errors], [true, []], `linkd takes ${JSON.stringify(config)}`);
  }

  /** Nothing of this case reaches the next one. A linkd that can't be cleared is replaced. */
  async #clear(): Promise<void> {
    await Promise.all(this.#pppds.splice(0).map((pppd) => pppd.stop('KILL')));
    try {
      await this.#configure({ links: {} });
    } catch (error) {
      console.error(`linkd is started anew: ${messageOf(error)}`);
      this.#config = { links: {} };
      await this.replaceLinkd();
    }
  }

  #logs(): string {
    const logs = this.#pppds.map((pppd) => `pppd's log:\n${pppd.log}`);
    return [`linkd's log:`, this.#linkd.log.slice(this.#logStart).slice(-8000), ...logs].join('\n');
  }
}

/** Sections are merged, other values replaced, `null` takes away. */
function merge(base: ConfigSection, over: ConfigSection): ConfigSection {
  const merged: Record<string, ConfigValue> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = merged[key];
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = isSection(old) && isSection(value) ? merge(old, value) : value;
  }
  return merged;
}

function isSection(value: ConfigValue | undefined): value is ConfigSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
