/** UUCP lock files: made whole, refused while their owner lives, taken over when it is dead. */
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { takeLock } from '../../src/line/uucp-lock.js';
import { Child, run } from '../support/process.js';
import { PATIENCE_MS, scratch } from './rig.js';

const own = `${String(process.pid).padStart(10)}\n`;

/** The number of a process that has just ended. */
async function deadPid(): Promise<number> {
  const { stdout } = await run('sh', ['-c', 'echo $$']);
  return Number(stdout);
}

/** A process that lives as long as the test. */
function liveProcess(t: TestContext): number {
  const child = new Child('sleep', ['600']);
  t.after(() => child.stop('SIGKILL'));
  assert.ok(child.pid !== undefined);
  return child.pid;
}

describe('UUCP lock file', () => {
  it('has the name of the device and our process number, ten characters wide', async (t) => {
    const directory = scratch(t);
    const outcome = await takeLock(directory, '/dev/ttyUSB7');
    assert.equal(outcome.kind, 'taken');
    assert.deepEqual(readdirSync(directory), ['LCK..ttyUSB7']);
    assert.equal(readFileSync(join(directory, 'LCK..ttyUSB7'), 'utf8'), own);
    await outcome.lock.release();
    await outcome.lock.release();
    assert.deepEqual(readdirSync(directory), []);
  });

  const stale: readonly (readonly [string, (pid: number) => string])[] = [
    ['in the usual format', (pid) => `${String(pid).padStart(10)}\n`],
    ['without padding', (pid) => String(pid)],
    ['with the name of its program', (pid) => `${String(pid).padStart(10)} minicom root\n`],
  ];
  for (const [what, text] of stale) {
    it(`of a dead process is taken over: ${what}`, async (t) => {
      const directory = scratch(t);
      writeFileSync(join(directory, 'LCK..ttyS9'), text(await deadPid()));
      const outcome = await takeLock(directory, '/dev/ttyS9');
      assert.equal(outcome.kind, 'taken');
      assert.deepEqual(readdirSync(directory), ['LCK..ttyS9']);
      assert.equal(readFileSync(join(directory, 'LCK..ttyS9'), 'utf8'), own);
    });

    it(`of a live process is respected, and names it: ${what}`, async (t) => {
      const directory = scratch(t);
      const pid = liveProcess(t);
      const path = join(directory, 'LCK..ttyS9');
      writeFileSync(path, text(pid));
      assert.deepEqual(await takeLock(directory, '/dev/ttyS9'), { kind: 'held', holder: `${pid} sleep` });
      assert.deepEqual(readdirSync(directory), ['LCK..ttyS9']);
      assert.equal(readFileSync(path, 'utf8'), text(pid));
    });
  }

  for (const text of ['', 'garbage', '0', '-5', '99999999999', '\0\0\0\0']) {
    it(`without a process number is left alone: ${JSON.stringify(text)}`, async (t) => {
      const directory = scratch(t);
      writeFileSync(join(directory, 'LCK..ttyS9'), text);
      const outcome = await takeLock(directory, '/dev/ttyS9');
      assert.equal(outcome.kind, 'held');
      assert.match(outcome.holder, /LCK\.\.ttyS9 names no process/);
      assert.equal(readFileSync(join(directory, 'LCK..ttyS9'), 'utf8'), text);
    });
  }

  it('with our own number counts only while we have the device open', async (t) => {
    const directory = scratch(t);
    const device = join(directory, 'device');
    writeFileSync(device, '');
    writeFileSync(join(directory, 'LCK..device'), own);
    const fd = openSync(device, 'r');
    try {
      assert.equal((await takeLock(directory, device)).kind, 'held');
    } finally {
      closeSync(fd);
    }
    assert.equal((await takeLock(directory, device)).kind, 'taken');
  });

  it("isn't removed when it has become another's", async (t) => {
    const directory = scratch(t);
    const path = join(directory, 'LCK..ttyS9');
    const outcome = await takeLock(directory, '/dev/ttyS9');
    assert.equal(outcome.kind, 'taken');
    writeFileSync(path, '         1\n');
    await outcome.lock.release();
    assert.ok(existsSync(path));
  });

  it('throws what the system says when the directory is of no use', async (t) => {
    await assert.rejects(takeLock(join(scratch(t), 'none'), '/dev/ttyS9'), { code: 'ENOENT' });
  });

  it('is taken by one alone when many find it stale at the same time', async (t) => {
    const directory = scratch(t);
    writeFileSync(join(directory, 'LCK..ttyS9'), `${String(await deadPid()).padStart(10)}\n`);
    // They start at the same moment (the last line), each tries, and the winner keeps it until its input ends.
    const script = `
      const { takeLock } = await import(${JSON.stringify(import.meta.resolve('../../src/line/uucp-lock.js'))});
      console.log('ready');
      process.stdin.once('data', async () => {
        console.log('outcome ' + (await takeLock(${JSON.stringify(directory)}, '/dev/ttyS9')).kind);
      });`;
    const racers = Array.from({ length: 6 }, () => new Child(process.execPath, ['--input-type=module', '-e', script]));
    t.after(() => Promise.all(racers.map((racer) => racer.stop('SIGKILL'))));
    for (const racer of racers) await racer.printed(/ready/, PATIENCE_MS);
    for (const racer of racers) racer.write('go\n');
    const outcomes = [];
    for (const racer of racers) outcomes.push((await racer.printed(/outcome (\w+)/, PATIENCE_MS))[1]);
    assert.deepEqual(outcomes.sort(), ['held', 'held', 'held', 'held', 'held', 'taken']);
    assert.deepEqual(readdirSync(directory), ['LCK..ttyS9']);
  });
});
