/**
 * The main job, for system tests: two LANs and a linkd on the router of each.
 *
 *     hostA 10.1.0.2 ── 10.1.0.1 routerA ═══ line ═══ routerB 10.2.0.1 ── 10.2.0.2 hostB
 *                          10.0.0.1                  10.0.0.2
 */
import assert from 'node:assert/strict';
import { Daemon, TempDir } from './daemon.js';
import { Lab, type TwoLans } from './netns.js';

/** The config of one end; `line` is YAML in flow style, `more` further lines of the link. */
export function linkConfig(side: 'a' | 'b', line: string, more: readonly string[] = []): string {
  const [own, peer, network] =
    side === 'a' ? ['10.0.0.1', '10.0.0.2', '10.2.0.0/16'] : ['10.0.0.2', '10.0.0.1', '10.1.0.0/16'];
  return [
    'links:',
    '  branch:',
    ...[`line: ${line}`, `local: ${own}`, `remote: ${peer}`, `networks: [${network}]`, ...more].map(
      (entry) => `    ${entry}`,
    ),
    '',
  ].join('\n');
}

/** Config lines by which a link uses all that `src/net` can do; its LAN is on `lan0`. */
export const everyDuty = [
  'unreachable: on',
  'proxy-arp: [{target: peer, interface: lan0}]',
  'masquerade: link',
  'forward: [lan0]',
  'firewall: {in: drop, through: accept, allow: [ping]}',
  'restart: {quick: 50ms, quick-max: 100ms}',
];

export class TwoRouters {
  readonly lab: Lab;
  readonly lans: TwoLans;
  readonly dir: TempDir;
  readonly #daemons: Daemon[] = [];
  readonly #ends: (() => Promise<void> | void)[] = [];

  private constructor(lab: Lab, lans: TwoLans, dir: TempDir) {
    this.lab = lab;
    this.lans = lans;
    this.dir = dir;
  }

  static async create(): Promise<TwoRouters> {
    const lab = await Lab.create();
    const dir = await TempDir.create();
    try {
      return new TwoRouters(lab, await lab.twoLans(), dir);
    } catch (error) {
      await lab.close();
      await dir.dispose();
      throw error;
    }
  }

  /** Runs `end` when the test is over, before the namespaces go. */
  atEnd(end: () => Promise<void> | void): void {
    this.#ends.unshift(end);
  }

  async startA(line: string, more?: readonly string[]): Promise<Daemon> {
    return this.#start('a', line, more);
  }

  async startB(line: string, more?: readonly string[]): Promise<Daemon> {
    return this.#start('b', line, more);
  }

  async #start(side: 'a' | 'b', line: string, more?: readonly string[]): Promise<Daemon> {
    const router = side === 'a' ? this.lans.routerA : this.lans.routerB;
    const daemon = await Daemon.start(router, this.dir, side, linkConfig(side, line, more));
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Pings and transfers from LAN host to LAN host, both ways; every octet has to arrive. */
  async carryTraffic(bytes: number): Promise<void> {
    const { hostA, hostB } = this.lans;
    for (const [from, to] of [
      [hostA, hostB],
      [hostB, hostA],
    ] as const) {
      const { received, sent } = await this.lab.ping(from, to, { count: 3, timeoutMs: 5000 });
      assert.equal(received, sent, `pings from ${from.label} to ${to.label}`);
      const transfer = await this.lab.tcpTransfer(from, to, bytes);
      assert.deepEqual([transfer.bytes, transfer.intact], [bytes, true], `transfer from ${from.label} to ${to.label}`);
    }
  }

  /** Takes everything down; call it in a `finally` or an `after`. */
  async close(): Promise<void> {
    for (const end of this.#ends) await end();
    await Promise.all(this.#daemons.map((daemon) => daemon.stop()));
    await this.lab.close();
    await this.dir.dispose();
  }
}
