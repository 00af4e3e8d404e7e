/**
 * Two linkd daemons with many links between them, each link a Unix socket that both take for a line of some speed, so that it costs
 * nobody else anything; and one sender that fills all of them from A to B.
 *
 *     sender ── router A ═ line 0 … line n ═ router B ── nowhere
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Daemon } from '../support/daemon.js';
import { TwoRouters } from '../support/two-routers.js';
import { compile } from './compile.js';
import { cpuMs, residentMb } from './process-cost.js';

const baud = 115_200;
/** What a line carries, 10 bits an octet. */
export const lineOctets = baud / 10;
/** The sender's part beyond that. */
const ahead = 1.15;
/** For what belongs to the start to end: the engine goes on compiling and collecting for a while. */
const settleSeconds = { full: 2, idle: 15 };
const upMs = 120_000;
const perNet = 256;

export interface Cost {
  /** Of one core. */
  readonly percent: number;
  readonly residentMb: number;
  /** What the slowest of the lines carried, in octets a second, framing included; Infinity where nothing was sent. */
  readonly slowest: number;
}

export class ManyLines {
  readonly #routers: TwoRouters;
  readonly #lines: number;
  readonly #sender: string;
  readonly #daemon: Daemon;

  private constructor(routers: TwoRouters, lines: number, sender: string, daemon: Daemon) {
    this.#routers = routers;
    this.#lines = lines;
    this.#sender = sender;
    this.#daemon = daemon;
  }

  /** All links are up. */
  static async open(lines: number): Promise<ManyLines> {
    const routers = await TwoRouters.create();
    try {
      const sender = await compile('udp-lines', routers.dir.path);
      const daemon = await routers.start('a', configOf('a', lines, routers.dir.file('line')));
      const peer = await routers.start('b', configOf('b', lines, routers.dir.file('line')));
      await routers.lans.routerB.ip('route add blackhole 10.64.0.0/10');
      for (let i = 0; i < lines; i++) await peer.untilUp(nameOf(i), upMs);
      for (let i = 0; i < lines; i++) await daemon.untilUp(nameOf(i), upMs);
      return new ManyLines(routers, lines, sender, daemon);
    } catch (error) {
      await routers.close();
      throw error;
    }
  }

  /** What daemon A costs over so many seconds; `full`: with all lines full. Before that it has time to settle. */
  async measure(seconds: number, full: boolean): Promise<Cost> {
    const words = [`${this.#lines}`, `${lineOctets * ahead}`, `${settleSeconds.full + seconds + 2}`];
    const sending = full ? this.#routers.lans.routerA.spawn(this.#sender, words) : undefined;
    try {
      await sleep((full ? settleSeconds.full : settleSeconds.idle) * 1000);
      const { pid } = this.#daemon;
      // Asking would be work, and what the engine tidies up behind it as well.
      const octets = full ? await this.#sent() : [];
      const [cpu, start] = [cpuMs(pid), performance.now()];
      await sleep(seconds * 1000);
      const [used, elapsed] = [cpuMs(pid) - cpu, performance.now() - start];
      const after = full ? await this.#sent() : [];
      const rates = after.map((sent, i) => ((sent - (octets[i] ?? 0)) * 1000) / elapsed);
      return { percent: (100 * used) / elapsed, residentMb: residentMb(pid), slowest: Math.min(...rates) };
    } finally {
      await sending?.stop();
    }
  }

  close(): Promise<void> {
    return this.#routers.close();
  }

  /** Octets that each line has carried; linkd tells it each second, so this is up to one old. */
  async #sent(): Promise<readonly number[]> {
    return (await this.#daemon.client.status()).body.links.map(({ line_tx_bytes }) => line_tx_bytes);
  }
}

function nameOf(line: number): string {
  return `line${line}`;
}

function configOf(side: 'a' | 'b', lines: number, path: string): string {
  const links = Array.from({ length: lines }, (_, i) => {
    const [own, peer] = side === 'a' ? [1, 2] : [2, 1];
    const [high, low] = [Math.floor(i / perNet), i % perNet];
    const kind = side === 'a' ? 'unix-listen' : 'unix';
    return [
      `  ${nameOf(i)}:`,
      `    line: {${kind}: ${path}${i}, speed: ${baud}}`,
      `    local: 10.${16 + high}.${low}.${own}`,
      `    remote: 10.${16 + high}.${low}.${peer}`,
      ...(side === 'a' ? [`    networks: [10.${64 + high}.${low}.0/24]`] : []),
      '    compression: off',
      '    restart: {quick: 50ms, quick-max: 100ms, slow: 50ms, slow-max: 100ms}',
    ];
  });
  return ['links:', ...links.flat(), ''].join('\n');
}
