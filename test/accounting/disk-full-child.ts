/** A ledger on a disk that is full, then is not: `node disk-full-child.js FOLDER`, where a small file system is mounted. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cause } from '../../src/base/cause.js';
import { codeOf } from '../../src/base/errors.js';
import { Ledger } from '../../src/accounting/ledger.js';
import { parseLine } from '../../src/accounting/lines.js';
import { Clock, KeptLog } from './rig.js';

const [folder = ''] = process.argv.slice(2);
const path = join(folder, 'ledger');
const filler = join(folder, 'filler');
const clock = new Clock();
const log = new KeptLog();
const limits = { compactBytes: 8000, keptSessions: 20 };
const ledger = await Ledger.open(path, { log, scheduler: clock, limits });

const long = ledger.begin('long', clock.date());
let octets = 0;
await sessions(20);
assert.equal(log.complaints.length, 0);

// As it mostly happens: something else fills the disk; what comes next may still fit into the file's last block.
fill();
await sessions(100);
assert.equal(log.complaints.length, 1, log.complaints.join('\n'));
assert.match(log.complaints[0] ?? '', /goes on in memory only: cannot write .*ENOSPC.*Make room on that disk/);
check(ledger);

// A restart in the middle of it finds what was written before, whole.
const found = readFileSync(path, 'utf8').split('\n');
assert.ok(found.slice(0, -1).every((line) => parseLine(line) !== undefined));
assert.ok(found.length > 40);

rmSync(filler);
await clock.pass(10_000);
await ledger.flush();
assert.ok(log.lines.includes('info accounting is written again'));
await sessions(30);
await ledger.close();
const again = await Ledger.open(path, { log, scheduler: clock, limits });
check(again);
await again.close();

// Never room at all: from the start to the end, without a throw.
rmSync(path);
fill();
const homeless = await Ledger.open(path, { log: new KeptLog(), scheduler: clock, limits: { waitingLines: 10 } });
for (let i = 0; i < 50; i++) homeless.begin('short', clock.date()).end(cause('requested'));
assert.equal(homeless.history('short', 99).length, 50);
await homeless.close();
console.log('all is well');

async function sessions(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const short = ledger.begin('short', clock.date());
    octets += 10;
    short.count(10, 0);
    long.count(octets, octets);
    await clock.pass(10_000);
    short.end(cause('requested'));
    await ledger.flush();
  }
}

function check(read: Ledger): void {
  assert.equal(read.usedBytes('short'), octets);
  assert.equal(read.usedBytes('long'), 2 * octets);
}

function fill(): void {
  try {
    for (let i = 0; i < 1000; i++) writeFileSync(filler, 'x'.repeat(1000), { flag: 'a' });
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') return;
    throw error;
  }
  assert.fail('the disk does not fill up');
}
