/**
 * Runs a Network inside the namespace in which it is started; the arguments are the state directory and, in JSON, the
 * limits on fights. Standard input: one DriverCall in JSON per line, begun as they come; standard output: one DriverAnswer
 * per call, when it is done. `driver.ts` is at the other end.
 */
import { createInterface } from 'node:readline';
import { assertNever, codeOf, messageOf, OpError } from '../../src/base/errors.js';
import type { LogFields } from '../../src/base/log.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { fightLimits, type FightLimits } from '../../src/net/fights.js';
import { Network, type UpResult } from '../../src/net/network.js';
import { isCall, type DriverAnswer, type DriverCall, type DriverError } from './driver.js';

const [, , stateDir = '', limits = '{}'] = process.argv;

let commands: string[] = [];
let warnings: string[] = [];
/** What is said when nobody asked goes to the standard error as it comes. */
const warn = (fields: LogFields, message: string): void => {
  warnings.push(message);
  console.error(`${message} ${JSON.stringify(fields)}`);
};
const network = new Network({
  log: {
    debug: ({ command }: LogFields) => {
      if (typeof command === 'string') commands.push(command);
    },
    info: () => undefined,
    warn,
    error: warn,
  },
  scheduler: systemScheduler,
  stateDir,
  fights: { ...fightLimits, ...readLimits(JSON.parse(limits)) },
});

const calls: Promise<void>[] = [];
for await (const line of createInterface({ input: process.stdin })) calls.push(answer(line));
await network.close();
await Promise.all(calls);

async function answer(line: string): Promise<void> {
  const call: unknown = JSON.parse(line);
  if (!isCall(call)) throw new Error(`not a call: ${line}`);
  const outcome = await carryOut(call).then(
    (result) => ({ result }),
    (thrown: unknown) => ({ error: describe(thrown) }),
  );
  console.log(JSON.stringify({ commands, warnings, ...outcome } satisfies DriverAnswer));
  commands = [];
  warnings = [];
}

async function carryOut(call: DriverCall): Promise<unknown> {
  switch (call.call) {
    case 'up':
      return readable(await network.up(call.wanted));
    case 'hold':
      return readable(await network.hold(call.outlasting));
    case 'down':
      return network.down(call.name);
    case 'release':
      return network.release(call.name);
    case 'sweep':
      return network.sweep(call.names, call.held);
    case 'plan':
      return network.plan(call.wanted);
    case 'routes':
      return network.routes();
    case 'snapshot':
      return network.snapshot();
    default:
      return assertNever(call);
  }
}

/** The refused with what JSON keeps of an error. */
function readable({ refused, warnings }: UpResult): unknown {
  return { refused: refused.map(describe), warnings };
}

function describe(thrown: unknown): DriverError {
  const code = codeOf(thrown);
  const remedy = thrown instanceof OpError ? thrown.remedy : undefined;
  return { message: messageOf(thrown), ...(code && { code }), ...(remedy && { remedy }) };
}

function readLimits(value: unknown): Partial<FightLimits> {
  return typeof value === 'object' && value !== null ? value : {};
}
