/**
 * Tells the runner (run.mjs) what one test file did: a line of JSON for each test that ended, and a last one for the end.
 * A node:test reporter, so it sees every event in its order.
 */
import { inspect } from 'node:util';

export default async function* report(events) {
  const names = [];
  // Tests end from the inside out: whatever ended one level deeper since the last one of this level was inside this one.
  const endedInside = [];
  for await (const { type, data } of events) {
    if (type === 'test:dequeue') yield line({ begun: data.name });
    if (type === 'test:start') {
      names.length = data.nesting;
      names.push(data.name);
      continue;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const error = data.details.error;
    const leaf = data.details.type !== 'suite' && !endedInside[data.nesting + 1];
    endedInside[data.nesting + 1] = false;
    endedInside[data.nesting] = true;
    yield line({
      name: [...names.slice(0, data.nesting), data.name].join(' › '),
      leaf,
      // Said of the children already.
      failed: type === 'test:fail' && error?.failureType !== 'subtestsFailed',
      notRun: data.skip !== undefined ? 'skipped' : data.todo !== undefined ? 'todo' : undefined,
      error: error === undefined ? undefined : inspect(error.cause ?? error),
    });
  }
  yield line({ end: true });
}

function line(value) {
  return `${JSON.stringify(value)}\n`;
}
