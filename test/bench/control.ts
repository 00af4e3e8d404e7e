/** Whether those who ask linkd much make its packets late: pings over a fast line, alone and while the control socket is polled hard. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import { TwoRouters } from '../support/two-routers.js';
import { median, quantile, type Benchmark, type Result } from './benchmark.js';

const pings = 2000;
const pingEveryMs = 3;
/** Each of the askers waits so long behind an answer. */
const pauseMs = 10;
const peer = '10.0.0.2';

const setup = [
  `${pings} pings of 56 octets, ${pingEveryMs} ms apart, from TUN to TUN over a Unix socket between two daemons; the difference of the 99th`,
  'percentiles, the median of the runs. Meanwhile clients ask the first daemon for its status, for the link and for its last events, each',
  `again ${pauseMs} ms behind the answer. All of it shares the machine’s cores.`,
].join(' ');

export const control: Benchmark = {
  name: 'control',
  title: 'Control work beside packets',
  async run({ runs, say }): Promise<Result> {
    const routers = await TwoRouters.create();
    try {
      const path = routers.dir.file('line');
      const a = await routers.startA(`{unix-listen: ${path}}`, ['compression: off']);
      const b = await routers.startB(`{unix: ${path}}`, ['compression: off']);
      await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
      const p99 = async (): Promise<number> => {
        const { rttsMs } = await routers.lab.ping(routers.lans.routerA, peer, {
          count: pings,
          intervalMs: pingEveryMs,
        });
        return quantile(rttsMs, 0.99);
      };
      const [quiet, polled, asked]: [number[], number[], number[]] = [[], [], []];
      for (let run = 0; run < runs; run++) {
        say(`control: run ${run + 1} of ${runs}`);
        quiet.push(await p99());
        const askers = new Askers(a.control);
        const start = performance.now();
        try {
          polled.push(await p99());
        } finally {
          asked.push(((await askers.stop()) * 1000) / (performance.now() - start));
        }
      }
      const added = quiet.map((alone, i) => (polled[i] ?? Number.NaN) - alone);
      return {
        rows: [
          { name: 'p99 of pings, alone', value: median(quiet), unit: 'ms' },
          { name: 'p99 of pings, polled hard', value: median(polled), unit: 'ms' },
          {
            name: 'added by control work',
            value: median(added),
            unit: 'ms',
            target: { bound: 'at most', value: 1 },
            nextStep:
              'the askers, both daemons and ping share two cores: give the packet worker a higher priority than its main thread.',
          },
          { name: 'answers of the control socket', value: median(asked), unit: 'a second' },
        ],
        notes: [setup],
      };
    } finally {
      await routers.close();
    }
  },
};

/** Clients that ask until they are stopped. */
class Askers {
  readonly #ended = new AbortController();
  readonly #work: Promise<unknown>;
  #answers = 0;

  constructor(socket: string) {
    const client = new ControlClient(socket);
    const questions = [() => client.status(), () => client.link('branch'), () => client.log('branch')];
    this.#work = Promise.all(questions.map((ask) => this.#askOn(ask)));
  }

  /** How many answers there were. */
  async stop(): Promise<number> {
    this.#ended.abort();
    await this.#work;
    return this.#answers;
  }

  async #askOn(ask: () => Promise<unknown>): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await ask();
      this.#answers += 1;
      await sleep(pauseMs);
    }
  }
}
