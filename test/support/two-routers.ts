/**
 * The main job, for system tests: two LANs and a linkd on the router of each.
 *
 *     hostA 10.1.0.2 ── 10.1.0.1 routerA ═══ line ═══ routerB 10.2.0.1 ── 10.2.0.2 hostB
 *                          10.0.0.1                  10.0.0.2
 *
 * With `addIpv6` the LANs have 2001:db8:1::/64 and 2001:db8:2::/64 as well, with the same last parts.
 */
import assert from 'node:assert/strict';
import { Daemon, TempDir } from './daemon.js';
import { Lab, type TwoLans } from './netns.js';

/** The config of one end; `line` is YAML in flow style, a list where there are several, `more` further lines of the link. */
export function linkConfig(side: 'a' | 'b', line: string, more: readonly string[] = []): string {
  const [own, peer, network] =
    side === 'a' ? ['10.0.0.1', '10.0.0.2', '10.2.0.0/16'] : ['10.0.0.2', '10.0.0.1', '10.1.0.0/16'];
  return [
    'links:',
    '  branch:',
    ...[
      `${line.startsWith('[') ? 'lines' : 'line'}: ${line}`,
      `local: ${own}`,
      `remote: ${peer}`,
      `networks: [${network}]`,
      ...more,
    ].map((entry) => `    ${entry}`),
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
    return this.start('a', linkConfig('a', line, more));
  }

  async startB(line: string, more?: readonly string[]): Promise<Daemon> {
    return this.start('b', linkConfig('b', line, more));
  }

  /** With a config of its own; `through` as `Daemon.start` has it. */
  async start(side: 'a' | 'b', config: string, through?: readonly string[]): Promise<Daemon> {
    const router = side === 'a' ? this.lans.routerA : this.lans.routerB;
    const daemon = await Daemon.start(router, this.dir, side, config, through);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Gives hosts and routers addresses of IPv6, and the hosts their default routes; forwarding is left alone. */
  async addIpv6(): Promise<void> {
    const { hostA, routerA, routerB, hostB } = this.lans;
    for (const [host, router, net] of [
      [hostA, routerA, '2001:db8:1:'],
      [hostB, routerB, '2001:db8:2:'],
    ] as const) {
      await router.ip(`address add ${net}:1/64 dev lan0 nodad`);
      await host.ip(`address add ${net}:2/64 dev eth0 nodad`);
      await host.ip(`-6 route add default via ${net}:1`);
    }
  }

  /** Pings and transfers from LAN host to LAN host, both ways; every octet has to arrive. */
  async carryTraffic(bytes: number, family: 4 | 6 = 4): Promise<void> {
    const { hostA, hostB } = this.lans;
    const [addressA, addressB] = family === 4 ? ['10.1.0.2', '10.2.0.2'] : ['2001:db8:1::2', '2001:db8:2::2'];
    for (const [from, to, address] of [
      [hostA, hostB, addressB],
      [hostB, hostA, addressA],
    ] as const) {
      const { received, sent } = await this.lab.ping(from, address, { count: 3, timeoutMs: 5000 });
      assert.equal(received, sent, `pings from ${from.label} to ${address}`);
      const transfer = await this.lab.tcpTransfer(from, to, bytes, 60_000, address);
      assert.deepEqual([transfer.bytes, transfer.intact], [bytes, true], `transfer from ${from.label} to ${address}`);
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
