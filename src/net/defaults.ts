/**
 * Default routes of others: never replaced. One that wins over a link's is reported; where the link supersedes, it is
 * moved to a metric behind the link's, with all that it has, and back when no link needs that any more. Pure; the routes
 * of one family have nothing to do with those of the other.
 *
 * A moved route that is gone was withdrawn by its owner, and does not come back; one that its owner made again is moved
 * again.
 */
import type { Family } from '../base/ip.js';
import type { MovedDefault } from './memory.js';
import type { ForeignDefault } from './observed.js';
import type { Operation } from './operation.js';
import type { DefaultRoute } from './options.js';

/** The kernel's metrics have 32 bits. */
const WORST_METRIC = 0xffffffff;

export interface WantedDefault extends DefaultRoute {
  readonly family: Family;
  /** The interface. */
  readonly name: string;
}

export interface DefaultsPlan {
  readonly operations: readonly Operation[];
  /** To be remembered before the operations, and after them. */
  readonly before: readonly MovedDefault[];
  readonly after: readonly MovedDefault[];
  readonly warnings: readonly { readonly name: string; readonly message: string }[];
}

export function planDefaults(
  wanted: readonly WantedDefault[],
  observed: readonly ForeignDefault[],
  remembered: readonly MovedDefault[],
): DefaultsPlan {
  const plans = families.map((family) =>
    planFamily(
      wanted.filter((one) => one.family === family),
      observed.filter((one) => one.family === family),
      remembered.filter(({ raw }) => familyOfRaw(raw) === family),
    ),
  );
  return {
    operations: plans.flatMap(({ operations }) => operations),
    before: plans.flatMap(({ before }) => before),
    after: plans.flatMap(({ after }) => after),
    warnings: plans.flatMap(({ warnings }) => warnings),
  };
}

const families: readonly Family[] = [4, 6];

/** An RTM_NEWROUTE message begins with the number of its family, AF_INET (2) or AF_INET6 (10). */
function familyOfRaw(raw: string): Family {
  return raw.startsWith('0a') ? 6 : 4;
}

/** All of these are of one family. */
function planFamily(
  wanted: readonly WantedDefault[],
  observed: readonly ForeignDefault[],
  remembered: readonly MovedDefault[],
): DefaultsPlan {
  const floor = Math.max(...wanted.filter(({ supersede }) => supersede).map(({ metric }) => metric));
  const plan = Number.isFinite(floor) ? supersede(floor, observed, remembered) : putBack(observed, remembered);
  return { ...plan, warnings: wanted.flatMap((one) => warn(one, observed, plan.operations)) };
}

type Plan = Omit<DefaultsPlan, 'warnings'>;

/** Every default route of others goes behind `floor`. */
function supersede(floor: number, observed: readonly ForeignDefault[], remembered: readonly MovedDefault[]): Plan {
  // Nor where another one is to go back to, or may have been put.
  const noted = remembered.flatMap(({ metric, moved }) => [metric, ...moved]);
  const taken = new Set([...observed.map(({ metric }) => metric), ...noted]);
  const operations: Operation[] = [];
  const changed = new Map<MovedDefault, MovedDefault>();
  const added: MovedDefault[] = [];
  for (const route of observed.filter(({ metric }) => metric <= floor)) {
    const record = remembered.find(({ raw, metric, moved }) => isOf(route, raw, [metric, ...moved]));
    const copy = record && observed.find((one) => one.metric > floor && isOf(one, record.raw, record.moved));
    // A crash in the middle of a move leaves the route twice.
    if (copy !== undefined || (record !== undefined && changed.has(record))) {
      operations.push({ kind: 'delete-default', route });
      continue;
    }
    const metric = freeMetric(floor + 1 + (record?.metric ?? route.metric), taken);
    if (metric === undefined) continue;
    taken.add(metric);
    operations.push({ kind: 'move-default', route, metric });
    if (record !== undefined) changed.set(record, { ...record, moved: [...record.moved, metric] });
    else added.push({ raw: route.raw, text: route.text, metric: route.metric, moved: [metric] });
  }
  // One that is nowhere was withdrawn.
  const standing = remembered.filter(({ raw, metric, moved }) =>
    observed.some((one) => isOf(one, raw, [metric, ...moved])),
  );
  const before = [...standing.map((record) => changed.get(record) ?? record), ...added];
  return { operations, before, after: before.flatMap((record) => whereItIs(record, observed, operations)) };
}

/** The record with the place where the route will be, of all those where it may have been. */
function whereItIs(
  record: MovedDefault,
  observed: readonly ForeignDefault[],
  operations: readonly Operation[],
): MovedDefault[] {
  const gone = routesGone(operations);
  const stay = observed
    .filter((route) => route.raw === record.raw && !gone.includes(route))
    .map(({ metric }) => metric);
  const come = operations.flatMap((one) =>
    one.kind === 'move-default' && one.route.raw === record.raw ? [one.metric] : [],
  );
  const moved = record.moved.filter((metric) => stay.includes(metric) || come.includes(metric));
  return moved.length === 0 ? [] : [{ ...record, moved }];
}

/** Every moved route goes back to where it was. */
function putBack(observed: readonly ForeignDefault[], remembered: readonly MovedDefault[]): Plan {
  const operations = remembered.flatMap(({ raw, metric, moved }): Operation[] => {
    const [copy, ...more] = observed.filter((one) => one.metric !== metric && isOf(one, raw, moved));
    if (copy === undefined) return [];
    const isBack = observed.some((one) => isOf(one, raw, [metric]));
    return [
      isBack ? { kind: 'delete-default', route: copy } : { kind: 'move-default', route: copy, metric },
      ...more.map((route) => ({ kind: 'delete-default', route }) as const),
    ];
  });
  return { operations, before: remembered, after: [] };
}

function warn(
  { name, metric }: WantedDefault,
  observed: readonly ForeignDefault[],
  operations: readonly Operation[],
): { name: string; message: string }[] {
  const gone = routesGone(operations);
  return observed
    .filter((route) => route.metric < metric && !gone.includes(route))
    .map((route) => ({
      name,
      message:
        `the ${route.family === 6 ? 'IPv6 ' : ''}default route of ${name} (metric ${metric}) is not in use: another one wins, ${route.text} metric ${route.metric}. ` +
        'Give the link a lower metric, or let it supersede the other',
    }));
}

function routesGone(operations: readonly Operation[]): ForeignDefault[] {
  return operations.flatMap((one) => (one.kind === 'move-default' || one.kind === 'delete-default' ? [one.route] : []));
}

function freeMetric(from: number, taken: ReadonlySet<number>): number | undefined {
  for (let metric = from; metric <= WORST_METRIC; metric++) if (!taken.has(metric)) return metric;
  return undefined;
}

function isOf(route: ForeignDefault, raw: string, metrics: readonly number[]): boolean {
  return route.raw === raw && metrics.includes(route.metric);
}
