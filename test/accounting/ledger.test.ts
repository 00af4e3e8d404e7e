/** The ledger on real files, with a virtual clock. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import type { Ledger } from '../../src/accounting/ledger.js';
import { parseLine } from '../../src/accounting/lines.js';
import { Desk } from './rig.js';

const dayMs = 86_400_000;

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}

/** A session of some octets, begun and ended at once. */
function session(ledger: Ledger, desk: Desk, link: string, rxBytes: number): void {
  const handle = ledger.begin(link, desk.clock.date());
  handle.count(rxBytes, 0);
  handle.end(cause('carrier-lost', '/dev/ttyS0'));
}

describe('the ledger', () => {
  it('keeps sessions with their octets, time and cause, over a restart', async (t) => {
    const desk = new Desk(t);
    const first = await desk.open();
    const handle = first.begin('branch', desk.clock.date());
    await desk.clock.pass(90_500);
    handle.count(1000, 200);
    handle.end(cause('peer-dead', 'no echo'));
    handle.count(5000, 5000);
    handle.end(cause('requested'));
    await first.close();
    for (const ledger of [first, await desk.open()]) {
      const [only, ...others] = ledger.history('branch', 10);
      assert.deepEqual(others, []);
      assert.deepEqual(
        { ...only, begin: undefined, end: undefined },
        {
          ...{ id: 1, link: 'branch', begin: undefined, end: undefined, rxBytes: 1000, txBytes: 200, seconds: 90 },
          ...{ cause: 'peer-dead', detail: 'no echo' },
        },
      );
      assert.equal((only?.end?.getTime() ?? 0) - (only?.begin.getTime() ?? 0), 90_500);
      assert.equal(ledger.usedBytes('branch'), 1200);
    }
    assert.deepEqual(desk.log.lines, []);
  });

  it('shows what goes on now', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    const handle = ledger.begin('branch', desk.clock.date());
    handle.count(10, 5);
    await desk.clock.pass(3000);
    const { end, cause: why, seconds } = ledger.history(undefined, 1)[0] ?? assert.fail();
    assert.deepEqual([end, why, seconds], [undefined, undefined, 3]);
    assert.deepEqual(
      ledger.totals('branch').map((month) => [month.rxBytes, month.txBytes, month.seconds, month.sessions]),
      [[10, 5, 3, 1]],
    );
    assert.equal(ledger.usedBytes('branch'), 15);
    assert.equal(ledger.usedBytes('other'), 0);
  });

  it('writes at the begin, every ten seconds while octets change, every minute otherwise, and at the end', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    const handle = ledger.begin('branch', desk.clock.date());
    const written = async (): Promise<number> => {
      await ledger.flush();
      return (await linesOf(desk.path)).length - 1; // the header
    };
    assert.equal(await written(), 1);
    for (let second = 1; second <= 30; second++) {
      handle.count(second * 100, 0);
      await desk.clock.pass(1000);
    }
    assert.equal(await written(), 4);
    await desk.clock.pass(120_000);
    assert.equal(await written(), 6);
    handle.end(cause('requested'));
    assert.equal(await written(), 7);
    await desk.clock.pass(600_000);
    assert.equal(await written(), 7);
  });

  it('closes what a crash left open, as it stood last, with the cause crash', async (t) => {
    const desk = new Desk(t);
    const crashed = await desk.open();
    const handle = crashed.begin('branch', desk.clock.date());
    handle.count(1000, 0);
    await desk.clock.pass(10_000);
    handle.count(1700, 0);
    await crashed.flush();
    const copy = `${desk.path}.copy`;
    await writeFile(copy, await readFile(desk.path));
    await desk.clock.pass(3_600_000);
    const ledger = await desk.open({}, copy);
    const { rxBytes, seconds, cause: why, begin, end } = ledger.history('branch', 1)[0] ?? assert.fail();
    assert.deepEqual([rxBytes, seconds, why, (end?.getTime() ?? 0) - begin.getTime()], [1000, 10, 'crash', 10_000]);
    session(ledger, desk, 'branch', 1);
    assert.deepEqual(
      ledger.history('branch', 9).map(({ id }) => id),
      [2, 1],
    );
  });

  it('ends open sessions with the cause shutdown when it is closed', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    ledger.begin('branch', desk.clock.date()).count(7, 7);
    await ledger.close();
    assert.equal(desk.clock.waiting, 0);
    assert.equal((await desk.open()).history('branch', 1)[0]?.cause, 'shutdown');
  });

  it('refuses what is no number of octets, and does not believe less than before', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    const handle = ledger.begin('branch', desk.clock.date());
    for (const wrong of [-1, 0.5, Number.NaN, Infinity]) {
      assert.throws(() => {
        handle.count(0, wrong);
      }, /not a number of octets/);
    }
    handle.count(100, 50);
    handle.count(90, 60);
    assert.equal(ledger.usedBytes('branch'), 160);
  });
});

describe('the calendar', () => {
  it('gives each month its part of a session, also after a restart', async (t) => {
    const desk = new Desk(t);
    desk.clock.set(new Date(2026, 10, 30, 23, 59, 50));
    const ledger = await desk.open();
    const handle = ledger.begin('branch', desk.clock.date());
    for (let second = 1; second <= 25; second++) {
      await desk.clock.pass(1000);
      handle.count(second * 100, second);
    }
    const shown = ledger.totals('branch');
    assert.deepEqual(shown, [
      { month: '2026-11', rxBytes: 900, txBytes: 9, seconds: 9, sessions: 1 },
      { month: '2026-12', rxBytes: 1600, txBytes: 16, seconds: 16, sessions: 0 },
    ]);
    assert.equal(ledger.usedBytes('branch'), 1616);
    handle.end(cause('requested'));
    await ledger.close();
    assert.deepEqual((await desk.open()).totals('branch'), shown);
  });

  it('may jump backwards and forwards: time is counted by the other clock, nothing is lost or doubled', async (t) => {
    const desk = new Desk(t);
    desk.clock.set(new Date(2026, 10, 15));
    const ledger = await desk.open();
    const handle = ledger.begin('branch', desk.clock.date());
    const dates = [new Date(2026, 10, 15), new Date(1970, 0, 2), new Date(2031, 5, 1), new Date(2026, 10, 15, 1)];
    for (const [i, date] of dates.entries()) {
      desk.clock.set(date);
      await desk.clock.pass(12_000);
      handle.count(1000 * (i + 1), 0);
    }
    handle.end(cause('requested'));
    const shown = ledger.totals('branch');
    await ledger.close();
    const read = await desk.open();
    assert.deepEqual(read.totals('branch'), shown);
    assert.deepEqual(
      shown.map(({ month }) => month),
      ['1970-01', '2026-11', '2031-06'],
    );
    assert.equal(
      shown.reduce((all, { rxBytes }) => all + rxBytes, 0),
      4000,
    );
    assert.equal(
      shown.reduce((all, { seconds }) => all + seconds, 0),
      48,
    );
    assert.equal(read.history('branch', 1)[0]?.seconds, 48);
  });
});

describe('the file', () => {
  it('is made with its folders, readable for its owner and group only, when there is something to write', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    await assert.rejects(stat(dirname(desk.path)), { code: 'ENOENT' });
    session(ledger, desk, 'branch', 1);
    await ledger.flush();
    assert.equal((await stat(desk.path)).mode & 0o137, 0);
  });

  it('is mended where a crash tore it off: the next line begins cleanly', async (t) => {
    const desk = new Desk(t);
    const first = await desk.open();
    session(first, desk, 'branch', 100);
    await first.close();
    const whole = await readFile(desk.path, 'utf8');
    for (const torn of ['{"type":"session","id":2,"li', '\0\0\0\0\0', 'x'.repeat(5000)]) {
      await writeFile(desk.path, whole + torn);
      const ledger = await desk.open();
      assert.equal(ledger.usedBytes('branch'), 100);
      session(ledger, desk, 'other', 1);
      await ledger.close();
      const lines = await linesOf(desk.path);
      assert.ok(lines.every((line) => parseLine(line) !== undefined));
      assert.ok(`${lines.join('\n')}\n`.startsWith(whole));
    }
    assert.deepEqual(desk.log.complaints, []);
  });

  it('may hold lines that cannot be read: they are skipped, with one warning', async (t) => {
    const desk = new Desk(t);
    const first = await desk.open();
    for (let i = 0; i < 5; i++) session(first, desk, 'branch', 100);
    await first.close();
    const lines = await linesOf(desk.path);
    lines[3] = 'garbage';
    lines[7] = lines[7]?.slice(0, 30) ?? '';
    lines.splice(5, 0, '\0'.repeat(100), '{"type":"session","id":"7"}');
    await writeFile(desk.path, `${lines.join('\n')}\n`);
    const ledger = await desk.open();
    // A session's other line is enough.
    assert.equal(ledger.history('branch', 9).length, 5);
    assert.deepEqual(desk.log.complaints, ['warn accounting: lines that cannot be read were skipped']);
  });

  it('of a newer version is set aside, with a warning', async (t) => {
    const desk = new Desk(t);
    const newer = '{"type":"header","format":"linkd-accounting","version":7}\n{"new":true}\n';
    await mkdir(dirname(desk.path), { recursive: true });
    await writeFile(desk.path, newer);
    const ledger = await desk.open();
    session(ledger, desk, 'branch', 5);
    await ledger.close();
    assert.equal(await readFile(`${desk.path}.v7`, 'utf8'), newer);
    assert.equal((await desk.open()).usedBytes('branch'), 5);
    assert.equal(desk.log.complaints.length, 1);
  });

  it('that cannot be read is the system refusing, and says so', async (t) => {
    const desk = new Desk(t);
    await mkdir(desk.path, { recursive: true });
    await assert.rejects(desk.open(), { name: 'OpError', code: 'EISDIR', subject: desk.path });
  });

  it('that cannot be written is said once; everything is written when it can be', async (t) => {
    const desk = new Desk(t);
    const ledger = await desk.open();
    await writeFile(`${desk.folder}/state`, 'a file where the folder should be');
    const handle = ledger.begin('branch', desk.clock.date());
    for (let i = 1; i <= 50; i++) {
      handle.count(i * 10, 0);
      await desk.clock.pass(10_000);
      await ledger.flush();
    }
    assert.equal(ledger.usedBytes('branch'), 500);
    assert.equal(desk.log.complaints.length, 1);
    assert.match(desk.log.complaints[0] ?? '', /goes on in memory only: cannot write .*accounting.jsonl/);
    await rm(`${desk.folder}/state`);
    await desk.clock.pass(10_000);
    await ledger.flush();
    assert.ok(desk.log.lines.includes('info accounting is written again'));
    await ledger.close();
    assert.equal((await desk.open()).usedBytes('branch'), 500);
  });

  it('loses nothing when more waits than memory is given to', async (t) => {
    const desk = new Desk(t);
    const limits = { waitingLines: 20, keptSessions: 5 };
    const ledger = await desk.open(limits);
    await writeFile(`${desk.folder}/state`, 'in the way');
    for (let i = 0; i < 300; i++) session(ledger, desk, i % 2 === 0 ? 'branch' : 'depot', 10);
    await ledger.flush();
    await rm(`${desk.folder}/state`);
    for (let i = 0; i < 30; i++) session(ledger, desk, 'branch', 1);
    await desk.clock.pass(10_000);
    await ledger.close();
    const read = await desk.open(limits);
    assert.deepEqual([read.usedBytes('branch'), read.usedBytes('depot')], [1530, 1500]);
    assert.deepEqual(
      read.totals('branch').map(({ sessions }) => sessions),
      [180],
    );
  });
});

describe('compaction', () => {
  it('keeps the file small, the last sessions and all totals', async (t) => {
    const desk = new Desk(t);
    const limits = { compactBytes: 4000, keptSessions: 5, idleCheckpointMs: dayMs };
    const ledger = await desk.open(limits);
    const long = ledger.begin('depot', desk.clock.date());
    for (let i = 1; i <= 400; i++) {
      session(ledger, desk, 'branch', 10);
      long.count(i, i);
      await desk.clock.pass(dayMs / 8);
      await ledger.flush();
      assert.ok((await stat(desk.path)).size < 10_000);
    }
    const shown = [ledger.totals('branch'), ledger.totals('depot')];
    assert.equal(shown[0]?.length, 2);
    const running = ledger.history(undefined, 99);
    assert.equal(running.length, 6);
    const copy = `${desk.path}.copy`;
    await writeFile(copy, await readFile(desk.path));
    await ledger.close();
    const read = await desk.open(limits);
    assert.deepEqual([read.totals('branch'), read.totals('depot')], shown);
    const mended = await desk.open(limits, copy);
    assert.equal(mended.usedBytes('branch'), ledger.usedBytes('branch'));
    assert.deepEqual((await readdir(dirname(desk.path))).sort(), ['accounting.jsonl', 'accounting.jsonl.copy']);
  });

  it('goes on by lines when there is no room for a second file', async (t) => {
    const desk = new Desk(t);
    const limits = { compactBytes: 1000 };
    await mkdir(`${desk.path}.new/x`, { recursive: true }); // where the new file would be
    const ledger = await desk.open(limits);
    for (let i = 0; i < 50; i++) {
      session(ledger, desk, 'branch', 10);
      await ledger.flush();
    }
    await ledger.close();
    assert.deepEqual(desk.log.complaints, []);
    assert.equal((await linesOf(desk.path)).length, 101);
    assert.equal((await desk.open(limits)).usedBytes('branch'), 500);
  });

  it('is not hindered by what an earlier one left', async (t) => {
    const desk = new Desk(t);
    await mkdir(dirname(desk.path), { recursive: true });
    await writeFile(`${desk.path}.new`, 'half a fi');
    await chmod(`${desk.path}.new`, 0o600);
    const ledger = await desk.open({ compactBytes: 500, keptSessions: 1 });
    for (let i = 0; i < 20; i++) {
      session(ledger, desk, 'branch', 10);
      await ledger.flush();
    }
    await ledger.close();
    assert.ok((await linesOf(desk.path)).length < 10);
    assert.equal((await desk.open()).usedBytes('branch'), 200);
  });
});
