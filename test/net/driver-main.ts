/**
 * Runs a Network inside the namespace in which it is started. Standard input: one DriverCall in JSON per line, begun as
 * they come; standard output: one DriverAnswer per call, when it is done. `driver.ts` is at the other end.
 */
import { createInterface } from 'node:readline';
import { assertNever, codeOf, messageOf, OpError } from '../../src/base/errors.js';
import type { LogFields } from '../../src/base/log.js';
import { Network } from '../../src/net/network.js';
import { isCall, type DriverAnswer, type DriverCall, type DriverError } from './driver.js';

let commands: string[] = [];
let warnings: string[] = [];
const network = new Network({
  debug: ({ command }: LogFields) => commands.push(String(command)),
  info: () => undefined,
  warn: (_fields, message) => warnings.push(message),
  error: (_fields, message) => warnings.push(message),
});

const calls: Promise<void>[] = [];
for await (const line of createInterface({ input: process.stdin })) calls.push(answer(line));
network.close();
await Promise.all(calls);

async function answer(line: string): Promise<void> {
  const call: unknown = JSON.parse(line);
  if (!isCall(call)) throw new Error(`not a call: ${line}`);
  const error = await carryOut(call).then(
    () => undefined,
    (thrown: unknown) => describe(thrown),
  );
  console.log(JSON.stringify({ commands, warnings, ...(error && { error }) } satisfies DriverAnswer));
  commands = [];
  warnings = [];
}

function carryOut(call: DriverCall): Promise<void> {
  switch (call.call) {
    case 'up':
      return network.up(call.wanted);
    case 'down':
      return network.down(call.name);
    case 'sweep':
      return network.sweep(call.names);
    default:
      return assertNever(call);
  }
}

function describe(thrown: unknown): DriverError {
  const code = codeOf(thrown);
  const remedy = thrown instanceof OpError ? thrown.remedy : undefined;
  return { message: messageOf(thrown), ...(code && { code }), ...(remedy && { remedy }) };
}
