/** Two linkd daemons in network namespaces of their own, joined by a fast line, and what goes from TUN to TUN. */
import { z } from 'zod';
import { linkConfig, TwoRouters } from '../support/two-routers.js';
import { compile } from './compile.js';

/** `pty`: A has the master, B the slave. */
export type TunnelLine = 'unix' | 'pty';

const localB = '10.0.0.2';
/** Of the network behind B; packets to it end there. */
const nowhere = '10.2.9.9';
const iperfPort = '5201';
/** The slowest that a pty may be told to be: it takes any, and linkd reckons with it. */
const ptySpeed = 100_000_000;

const iperfReport = z.object({ end: z.object({ sum_received: z.object({ bits_per_second: z.number() }) }) });

export class Tunnel {
  readonly #routers: TwoRouters;
  readonly #flood: string;

  private constructor(routers: TwoRouters, flood: string) {
    this.#routers = routers;
    this.#flood = flood;
  }

  /** Both ends are up. `through` is what starts node, for both (`Daemon.start`). */
  static async open(line: TunnelLine, through?: (side: 'a' | 'b') => readonly string[]): Promise<Tunnel> {
    const routers = await TwoRouters.create();
    try {
      const flood = await compile('udp-flood', routers.dir.path);
      const path = routers.dir.file('line');
      const [lineA, lineB] =
        line === 'unix'
          ? [`{unix-listen: ${path}}`, `{unix: ${path}}`]
          : [`{pty: ${path}}`, `{serial: ${path}, speed: ${ptySpeed}, flow: none}`];
      const more = ['compression: off', 'restart: {quick: 50ms, quick-max: 100ms, slow: 50ms, slow-max: 100ms}'];
      const a = await routers.start('a', linkConfig('a', lineA, more), through?.('a'));
      const b = await routers.start('b', linkConfig('b', lineB, more), through?.('b'));
      await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
      await routers.lans.routerB.ip(`route add blackhole ${nowhere}`);
      const server = routers.lans.routerB.spawn('iperf3', ['-s', '-B', localB, '-p', iperfPort, '--forceflush']);
      await server.printed(/listening/, 10_000);
      return new Tunnel(routers, flood);
    } catch (error) {
      await routers.close();
      throw error;
    }
  }

  /** TCP from A to B: what arrives, in Mbit/s of payload. */
  async tcp(seconds: number): Promise<number> {
    const args = ['-c', localB, '-p', iperfPort, '-t', String(seconds), '-O', '1', '-J'];
    const printed = await this.#routers.lans.routerA.must('iperf3', args, { timeoutMs: (seconds + 20) * 1000 });
    return iperfReport.parse(JSON.parse(printed)).end.sum_received.bits_per_second / 1e6;
  }

  /** IP packets of 64 octets from A to B, so many offered a second: how many come out of B's TUN a second. */
  async packets(offered: number, seconds: number): Promise<number> {
    const flooding = this.#routers.lans.routerA.must(this.#flood, [nowhere, String(offered), String(seconds)]);
    const before = await this.#arrived();
    const start = performance.now();
    await flooding;
    const arrived = (await this.#arrived()) - before;
    return (arrived * 1000) / (performance.now() - start);
  }

  close(): Promise<void> {
    return this.#routers.close();
  }

  async #arrived(): Promise<number> {
    return Number(await this.#routers.lans.routerB.must('cat', ['/sys/class/net/branch/statistics/rx_packets']));
  }
}
