/** Default routes of others: given way, kept and put back, as a table, and as a property over any lives and crashes. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planDefaults, type WantedDefault } from '../../src/net/defaults.js';
import type { MovedDefault } from '../../src/net/memory.js';
import type { ForeignDefault } from '../../src/net/observed.js';
import { describe as command, type Operation } from '../../src/net/operation.js';

const route = (name: string, metric: number): ForeignDefault => ({
  family: 4,
  raw: name,
  text: `default dev ${name}`,
  metric,
});
const moved = (name: string, metric: number, ...to: number[]): MovedDefault => ({
  raw: name,
  text: `default dev ${name}`,
  metric,
  moved: to,
});
const link = (metric: number, supersede = true): WantedDefault => ({ family: 4, name: 'tun0', metric, supersede });

describe('planDefaults', () => {
  const table: {
    name: string;
    wanted: WantedDefault[];
    observed: ForeignDefault[];
    remembered?: MovedDefault[];
    expected: string[];
    before?: MovedDefault[];
    after?: MovedDefault[];
  }[] = [
    {
      name: 'one with a higher metric is not in the way',
      wanted: [link(10)],
      observed: [route('eth0', 100)],
      expected: [],
    },
    {
      name: 'one that wins goes behind',
      wanted: [link(10)],
      observed: [route('eth0', 0)],
      expected: ['ip route add default dev eth0 metric 11 && ip route del default dev eth0 metric 0'],
      before: [moved('eth0', 0, 11)],
      after: [moved('eth0', 0, 11)],
    },
    {
      name: 'one of the same metric as well; several keep their order and find free places',
      wanted: [link(10)],
      observed: [route('eth0', 1), route('eth1', 10), route('eth2', 12)],
      expected: [
        'ip route add default dev eth0 metric 13 && ip route del default dev eth0 metric 1',
        'ip route add default dev eth1 metric 21 && ip route del default dev eth1 metric 10',
      ],
      before: [moved('eth0', 1, 13), moved('eth1', 10, 21)],
      after: [moved('eth0', 1, 13), moved('eth1', 10, 21)],
    },
    {
      name: 'a second link with a higher metric moves it on; until that is done, both places are known',
      wanted: [link(10), link(20)],
      observed: [route('eth0', 11)],
      remembered: [moved('eth0', 0, 11)],
      expected: ['ip route add default dev eth0 metric 21 && ip route del default dev eth0 metric 11'],
      before: [moved('eth0', 0, 11, 21)],
      after: [moved('eth0', 0, 21)],
    },
    {
      name: 'half moved before a crash: the rest',
      wanted: [link(10)],
      observed: [route('eth0', 0), route('eth0', 11)],
      remembered: [moved('eth0', 0, 11)],
      expected: ['ip route del default dev eth0 metric 0'],
      before: [moved('eth0', 0, 11)],
      after: [moved('eth0', 0, 11)],
    },
    {
      name: 'no link needs it: back',
      wanted: [],
      observed: [route('eth0', 11)],
      remembered: [moved('eth0', 0, 11)],
      expected: ['ip route add default dev eth0 && ip route del default dev eth0 metric 11'],
      before: [moved('eth0', 0, 11)],
    },
    {
      name: 'half moved back',
      wanted: [],
      observed: [route('eth0', 0), route('eth0', 11), route('eth0', 21)],
      remembered: [moved('eth0', 0, 11, 21)],
      expected: ['ip route del default dev eth0 metric 11', 'ip route del default dev eth0 metric 21'],
      before: [moved('eth0', 0, 11, 21)],
    },
    {
      name: 'withdrawn by its owner',
      wanted: [],
      observed: [],
      remembered: [moved('eth0', 0, 11)],
      expected: [],
      before: [moved('eth0', 0, 11)],
    },
    {
      name: 'withdrawn while superseded',
      wanted: [link(10)],
      observed: [],
      remembered: [moved('eth0', 0, 11)],
      expected: [],
    },
  ];
  for (const { name, wanted, observed, remembered = [], expected, before = [], after = [] } of table) {
    it(name, () => {
      const plan = planDefaults(wanted, observed, remembered);
      assert.deepEqual(plan.operations.map(command), expected);
      assert.deepEqual([plan.before, plan.after], [before, after]);
    });
  }

  it('warns of one that wins where the link does not supersede, and moves nothing', () => {
    const { operations, warnings } = planDefaults([link(10, false)], [route('eth0', 0), route('eth1', 20)], []);
    assert.deepEqual(operations, []);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]?.message ?? '',
      /tun0 \(metric 10\) is not in use: another one wins, default dev eth0 metric 0\./,
    );
  });

  it('puts everything back, whatever the links do and wherever a crash comes in between', () => {
    const steps = fc.array(
      fc.record({
        wanted: fc.array(
          fc.integer({ min: 0, max: 40 }).map((metric) => link(metric)),
          { maxLength: 2 },
        ),
        // How many of the kernel's single steps are done before the crash; none is a plan that comes to its end.
        crash: fc.option(fc.nat(6), { nil: undefined }),
      }),
      { maxLength: 6 },
    );
    const routes = fc
      .uniqueArray(fc.nat(30), { maxLength: 3 })
      .map((metrics) => metrics.map((metric, i) => route(`eth${i >> 1}`, metric)));
    fc.assert(
      fc.property(routes, steps, (original, lives) => {
        let kernel = original;
        let memory: readonly MovedDefault[] = [];
        for (const { wanted, crash } of [...lives, { wanted: [], crash: undefined }]) {
          const plan = planDefaults(wanted, kernel, memory);
          memory = plan.before;
          const single = plan.operations.flatMap(singleSteps);
          for (const step of crash === undefined ? single : single.slice(0, crash)) kernel = step(kernel);
          if (crash === undefined) memory = plan.after;
          if (crash === undefined && wanted.length > 0) {
            const floor = Math.max(...wanted.map(({ metric }) => metric));
            assert.ok(kernel.every(({ metric }) => metric > floor));
          }
          assert.deepEqual(
            new Set(kernel.map(({ raw }) => raw)),
            new Set(original.map(({ raw }) => raw)),
            'never without',
          );
        }
        const sorted = (list: readonly ForeignDefault[]): string[] =>
          list.map(({ raw, metric }) => `${raw} ${metric}`).sort();
        assert.deepEqual(sorted(kernel), sorted(original));
        assert.deepEqual(memory, []);
      }),
      { numRuns: 2000 },
    );
  });
});

type Step = (kernel: readonly ForeignDefault[]) => ForeignDefault[];

/** As the kernel sees it: one route more, or one less. */
function singleSteps(operation: Operation): Step[] {
  if (operation.kind !== 'move-default' && operation.kind !== 'delete-default') throw new Error(operation.kind);
  const { raw, metric: old } = operation.route;
  const remove: Step = (kernel) => kernel.filter((one) => one.raw !== raw || one.metric !== old);
  if (operation.kind === 'delete-default') return [remove];
  const { metric } = operation;
  const add: Step = (kernel) => {
    if (kernel.some((one) => one.metric === metric)) throw new Error(`EEXIST: metric ${metric}`);
    return [...kernel, route(raw, metric)];
  };
  return [add, remove];
}
