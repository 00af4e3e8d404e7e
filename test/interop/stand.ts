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
import { eventually } from '../support/eventually.js';
import type { Lab, Namespace } from '../support/netns.js';
import { NullModem } from '../support/null-modem.js';
import type { Child } from '../support/process.js';
import type { Case, ConfigSection, ConfigValue, Family, Refused, Up } from './case.js';
import type { Pppd, PppdGuest } from './pppd-guest.js';
import { linkdFiles, pppdSecrets } from './secrets.js';

export const LINK = 'peer';
/** What is waited for takes tenths of a second; the machine may be busy. */
export const WAIT_MS = 30_000;
/** For the case that `late` is about: longer than a Configure-Request takes to be repeated. */
const LATE_MS = 1500;
export const TRANSFER_OCTETS = 32 * 1024;
const TRANSFER_PORT = 7000;
const traffic = join(import.meta.dirname, 'traffic.js');

/** Short timers, as nothing on the way is slow: a repeat isn't waited for long, a retry comes soon. */
const baseConfig: ConfigSection = {
  local: '10.0.0.1',
  remote: '10.0.0.2',
  lcp: { restart: '1s' },
  restart: { quick: '200ms', 'quick-max': '500ms', slow: '500ms', 'slow-max': '1s' },
};
/** A word of the config that begins so is the name of one of the files of `secrets.ts`. */
const FILE = '@';
const basePppd = ['lcp-restart', '1', 'ipcp-restart', '1', 'lcp-max-configure', '30'];
const baseAddresses = '10.0.0.2:10.0.0.1';

/** What pppd's log has while a network is up: whatever was before counts no more once LCP is negotiated anew. */
const isUp: Readonly<Record<Family, RegExp>> = {
  IPv4: /^remote IP address(?![^]*(?:\[LCP ConfReq|Connection terminated))/m,
  IPv6: /^remote LL address(?![^]*(?:\[LCP ConfReq|Connection terminated))/m,
};

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
    await writeSecrets(guest, dir);
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

  /** Those of this case that were started, in this order. */
  get pppds(): readonly Pppd[] {
    return this.#pppds;
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
  async startPppd(more: readonly string[] = [], line = 0): Promise<Pppd> {
    const { guest, name } = this.#parts;
    const options = [...basePppd, this.#case?.addresses ?? baseAddresses, ...(this.#case?.pppd ?? []), ...more];
    const pppd = await guest.startPppd(options, { line: this.#parts.lines[line] ?? 0, namespace: name });
    if (line === 0) this.#pppd = pppd;
    this.#pppds.push(pppd);
    return pppd;
  }

  /** Takes the link out of linkd's config; pppd is told so, and ends. */
  async removeLink(): Promise<void> {
    await this.#configure({ links: {} });
    await this.pppd.untilLogged(/rcvd \[LCP TermReq .*"the link was taken out of the config"\]/, WAIT_MS);
    await this.pppd.exited(WAIT_MS);
  }

  /** Runs a shell script in pppd's namespace of the guest, and gives what it printed. */
  inGuest(script: string, timeoutMs = WAIT_MS): Promise<string> {
    const quoted = script.replaceAll(`'`, `'\\''`);
    return this.#parts.guest.must(`nsenter --net=/run/netns/${this.#parts.name} sh -c '${quoted}'`, timeoutMs);
  }

  link(): Promise<WireLink> {
    return this.#linkd.link(LINK);
  }

  /** Both ends have the networks up that the case is to have. */
  async untilUp(): Promise<WireLink> {
    const carries = this.#families;
    const isThere = ({ state, session }: WireLink): boolean =>
      state === 'up' && carries.every((family) => addressesOf(session)[family] !== undefined);
    const link = await this.#linkd.until(LINK, `is up with ${carries.join(' and ')}`, isThere, WAIT_MS);
    for (const family of carries) {
      await this.pppd.untilLogged(isUp[family], WAIT_MS);
    }
    return link;
  }

  untilCause(code: string): Promise<WireLink> {
    return this.#linkd.untilCause(LINK, code, WAIT_MS);
  }

  /** Waits until linkd's log of this case has the pattern. */
  async untilLinkdLogs(pattern: RegExp): Promise<void> {
    await eventually(() => pattern.test(this.#linkdLog), WAIT_MS, `linkd logs ${pattern}`);
  }

  /** Pings and a checksummed transfer each way, between the addresses that the session has. */
  async carryTraffic(): Promise<void> {
    const there = addressesOf((await this.link()).session);
    await Promise.all(
      this.#families.map(async (family) => {
        const ends = there[family];
        if (ends === undefined) throw new Error(`the session has no ${family}`);
        await this.carryBetween(...ends);
      }),
    );
  }

  async carryBetween(local: string, remote: string): Promise<void> {
    const { expect } = this.#case ?? {};
    const transfers = expect?.kind === 'up' ? (expect.transfers ?? 1) : 1;
    await Promise.all([
      this.#ping(local, remote),
      ...Array.from({ length: transfers }, () => this.transfer(remote, Math.ceil(TRANSFER_OCTETS / transfers))),
    ]);
  }

  async transfer(address: string, octets = TRANSFER_OCTETS): Promise<void> {
    this.#calls += 1;
    const id = this.#calls;
    this.#caller.write(`${id} ${address} ${octets} ${WAIT_MS}\n`);
    const [, result] = await this.#caller.printed(new RegExp(`^${id} (.*)$`, 'm'), WAIT_MS + 5000);
    assert.equal(result, 'intact', `the transfer with ${address}`);
  }

  /** Ends what it started at this side. */
  async close(): Promise<void> {
    await this.#caller.stop();
    await this.#linkd.stop();
    for (const modem of this.modems) modem.close();
  }

  async #start({
    before,
    late = before === undefined ? undefined : 'pppd',
    linkd = {},
    global = {},
    lines = 1,
  }: Case): Promise<void> {
    const all = this.modems
      .slice(0, lines)
      .map((_, line) => ({ serial: this.device(line), speed: 4_000_000, flow: 'none' }));
    const link = named(merge(merge({ lines: all }, baseConfig), linkd), (name) => this.#parts.dir.file(name));
    const config = { ...global, links: { [LINK]: link } };
    for (const modem of this.modems.slice(0, lines)) modem.plug();
    const pppds = async (): Promise<void> => {
      await this.startPppd();
      // The bundle is the first one's.
      if (lines > 1) await this.pppd.untilLogged(/New bundle/, WAIT_MS);
      for (let line = 1; line < lines; line++) await this.startPppd([], line);
    };
    const start = { linkd: () => this.#configure(config), pppd: pppds };
    if (late === undefined) {
      await Promise.all([start.linkd(), start.pppd()]);
      return;
    }
    await start[late === 'linkd' ? 'pppd' : 'linkd']();
    if (before !== undefined) await this.inGuest(`TTY=/dev/ttyS${this.#line}\n${before}`);
    else await sleep(LATE_MS);
    await start[late]();
  }

  async #seeUp({ session: shown = {}, options = {}, pppd = [], first, then }: Up): Promise<void> {
    const { session, errors } = await this.untilUp();
    const found = Object.entries(addressesOf(session)).flatMap(([family, ends]) =>
      ends === undefined ? [] : [family],
    );
    assert.deepEqual(found, this.#families, 'what the session carries');
    const facts: Record<string, unknown> = { ...session };
    for (const [name, value] of Object.entries(shown))
      assert.deepEqual(facts[name], value, `${name} in linkd's status`);
    await this.#showsOptions(options);
    for (const pattern of pppd) await this.pppd.untilLogged(pattern, WAIT_MS);
    if (this.#case?.before === undefined) assert.equal(errors['fcs'], undefined, 'a clean line has no FCS errors');
    await first?.play(this);
    await this.carryTraffic();
    assert.equal((await this.link()).errors['fcs'], errors['fcs'], 'traffic brings no FCS errors');
    if (then !== undefined) await then.play(this);
    else await this.removeLink();
  }

  /** Some are agreed on beside the network, by CCP. */
  async #showsOptions(options: Readonly<Record<string, string | undefined>>): Promise<void> {
    const names = Object.keys(options);
    const isThere = ({ session }: WireLink): boolean =>
      names.every((name) => options[name] === undefined || session?.options[name] !== undefined);
    const { session } = await this.#linkd.until(LINK, `shows ${names.join(', ')}`, isThere, WAIT_MS);
    for (const name of names) assert.equal(session?.options[name], options[name], `${name} in linkd's status`);
  }

  async #seeRefused({ cause, detail, pppd = [] }: Refused): Promise<void> {
    const { last_cause } = await this.untilCause(cause);
    if (detail !== undefined) assert.match(last_cause?.detail ?? '', detail, "the cause's detail");
    for (const pattern of pppd) await this.pppd.untilLogged(pattern, WAIT_MS);
  }

  get #linkdLog(): string {
    return this.#linkd.log.slice(this.#logStart);
  }

  get #families(): readonly Family[] {
    const { expect } = this.#case ?? {};
    return expect?.kind === 'up' ? (expect.carries ?? ['IPv4']) : [];
  }

  async #ping(local: string, remote: string): Promise<void> {
    const [there] = await Promise.all([
      this.#parts.lab.ping(this.#namespace, remote, { count: 2, timeoutMs: 10_000 }),
      this.inGuest(`ping -n -c 2 -i 0.2 -W 10 ${local}`),
    ]);
    assert.equal(there.loss, 0, 'pings to pppd');
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
    for (const modem of this.modems) modem.pull(); // nothing that is still said waits in the line for the next pppd
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
    return [`linkd's log:`, this.#linkdLog.slice(-8000), ...logs].join('\n');
  }
}

/** Our address and the peer's; those of the link itself (fe80::) as each end has to call them. */
function addressesOf(session: WireLink['session']): Readonly<Record<Family, [string, string] | undefined>> {
  const { local_address, remote_address, local_ip6, remote_ip6 } = session ?? {};
  return {
    IPv4: local_address && remote_address ? [local_address, remote_address] : undefined,
    IPv6: local_ip6 && remote_ip6 ? [`${local_ip6}%ppp0`, `${remote_ip6}%${LINK}`] : undefined,
  };
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

/** With the paths of files in place of their names. */
function named(section: ConfigSection, path: (name: string) => string): ConfigSection {
  const value = (given: ConfigValue): ConfigValue => {
    if (typeof given === 'string') return given.startsWith(FILE) ? path(given.slice(FILE.length)) : given;
    return isSection(given) ? named(given, path) : given;
  };
  return Object.fromEntries(Object.entries(section).map(([key, given]) => [key, value(given)]));
}

/** Of both sides; the files are the same for all cases. */
async function writeSecrets(guest: PppdGuest, dir: TempDir): Promise<void> {
  for (const [name, text] of Object.entries(linkdFiles)) await writeFile(dir.file(name), text, { mode: 0o600 });
  await guest.must(
    ['pap', 'chap'].map((kind) => `(umask 077; cat >/etc/ppp/${kind}-secrets) <<'END'\n${pppdSecrets}END`).join('\n'),
  );
}

function isSection(value: ConfigValue | undefined): value is ConfigSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
