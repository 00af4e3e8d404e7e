/**
 * Writes a ledger as fast as it can until it is killed: `node crash-child.js FILE OCTETS`, OCTETS being what is in it. Says
 * `count N` before it counts N octets in all, and `synced N` when that many must be in the file.
 */
import { writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cause } from '../../src/base/cause.js';
import { Ledger } from '../../src/accounting/ledger.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { KeptLog } from './rig.js';

const [path = '', octets = ''] = process.argv.slice(2);
const limits = { checkpointMs: 2, compactBytes: 3000, keptSessions: 2 };
const ledger = await Ledger.open(path, { log: new KeptLog(), scheduler: systemScheduler, limits });
say('counting');

let total = Number(octets);
for (let i = 0; ; i++) {
  const session = ledger.begin(i % 2 === 0 ? 'a' : 'b', new Date());
  for (let rx = 10; rx <= 100; rx += 10) {
    total += 10;
    say(`count ${total}`);
    session.count(rx, 0);
    await nextTurn();
  }
  session.end(cause('peer-dead'));
  if (i % 3 !== 0) continue;
  await ledger.flush();
  say(`synced ${total}`);
}

/** Waits for the reader when it is slow: what console.log keeps for later would die with the process. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
