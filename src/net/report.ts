/** A plan for people: what is in place and what would change, as one script. Pure. */
import type { MachinePlan } from './machine.js';
import { planMachine } from './machine.js';
import { nothingToRemember } from './memory.js';
import { interfaceNamed, type Observed, type ObservedInterface } from './observed.js';
import { describe } from './operation.js';
import { planUp } from './plan.js';
import type { WantedInterface } from './wanted.js';

export interface Present {
  readonly observed: Observed;
  /** What would change around the interface, for all links. */
  readonly machine: MachinePlan;
  /** What would be there without linkd. */
  readonly untouched: Observed;
}

/** Comments (`# …`) for what is in place or can't be done, then the commands that `up` would carry out. */
export function linesOfPlan(wanted: WantedInterface, { observed, machine, untouched }: Present): string[] {
  const { name } = wanted;
  const fresh: ObservedInterface = {
    name,
    index: 0,
    mtu: 0,
    up: false,
    loopback: false,
    addresses: [],
    routes: [],
    peers: [],
  };
  const present = interfaceNamed(observed, name);
  const around = planMachine([{ outlasting: wanted, wanted }], untouched, nothingToRemember);
  const whole = [...around.operations, ...planUp(wanted, fresh)].map(describe);
  const changes = [
    ...(present === undefined ? [`ip tuntap add mode tun name ${name}`] : []),
    ...[...machine.operations, ...planUp(wanted, present ?? fresh)].map(describe),
  ];
  const problems = [
    ...machine.problems.filter((problem) => problem.name === name).map(({ error }) => error.message),
    ...machine.warnings.filter((warning) => warning.name === name).map(({ message }) => message),
  ];
  return [
    ...whole.filter((command) => !changes.includes(command)).map((command) => `# in place: ${command}`),
    ...problems.map((problem) => `# ${problem}`),
    ...changes,
  ];
}
