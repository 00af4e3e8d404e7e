/** Lines folded into sessions and totals: tables, and laws for any lines. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatLine, header, parseLine, type SessionLine } from '../../src/accounting/lines.js';
import { root } from '../support/root.js';
import { Accounts, type MonthTotals } from '../../src/accounting/sessions.js';

const begin = '2026-11-30T23:50:00.000+01:00';

function line(id: number, change: Partial<SessionLine> = {}): SessionLine {
  const at = change.begin ?? begin;
  return { type: 'session', id, link: 'branch', begin, at, rxBytes: 0, txBytes: 0, seconds: 0, ...change };
}

function fold(lines: readonly SessionLine[], kept = 100): Accounts {
  const accounts = new Accounts(kept);
  for (const one of lines) accounts.apply(one);
  return accounts;
}

describe('a session', () => {
  it('is what its last line says', () => {
    const accounts = fold([
      line(1),
      line(1, { at: '2026-11-30T23:50:10.000+01:00', rxBytes: 100, txBytes: 10, seconds: 10 }),
      line(1, {
        at: '2026-11-30T23:51:00.000+01:00',
        rxBytes: 300,
        txBytes: 20,
        seconds: 60,
        cause: 'peer-dead',
        detail: 'd',
      }),
    ]);
    assert.deepEqual(accounts.history(undefined, 9), [
      {
        id: 1,
        link: 'branch',
        begin: new Date('2026-11-30T22:50:00.000Z'),
        end: new Date('2026-11-30T22:51:00.000Z'),
        rxBytes: 300,
        txBytes: 20,
        seconds: 60,
        cause: 'peer-dead',
        detail: 'd',
      },
    ]);
  });

  it('is open without a cause', () => {
    const accounts = fold([line(3), line(4, { cause: 'requested' })]);
    assert.deepEqual(accounts.open(), [line(3)]);
    const { end, cause } = accounts.history('branch', 9)[1] ?? assert.fail();
    assert.deepEqual([end, cause, accounts.nextId], [undefined, undefined, 5]);
  });

  it('belongs to the months in which it gained something', () => {
    const lines = [
      line(1),
      line(1, { at: '2026-11-30T23:59:59.000+01:00', rxBytes: 100, txBytes: 10, seconds: 599 }),
      line(1, { at: '2026-12-01T00:10:00.000+01:00', rxBytes: 150, txBytes: 11, seconds: 1200 }),
      line(1, { at: '2027-01-01T00:10:00.000+01:00', rxBytes: 250, txBytes: 12, seconds: 5000, cause: 'requested' }),
    ];
    const expected: MonthTotals[] = [
      { month: '2026-11', rxBytes: 100, txBytes: 10, seconds: 599, sessions: 1 },
      { month: '2026-12', rxBytes: 50, txBytes: 1, seconds: 601, sessions: 0 },
      { month: '2027-01', rxBytes: 100, txBytes: 1, seconds: 3800, sessions: 0 },
    ];
    assert.deepEqual(fold(lines).totals('branch'), expected);
    assert.deepEqual(fold(lines, 0).totals('branch'), expected);
  });

  it('takes nothing after its end, and never shrinks', () => {
    const accounts = fold([
      line(1, { rxBytes: 100, seconds: 10 }),
      line(1, { rxBytes: 50, txBytes: 5, seconds: 3 }),
      line(1, { rxBytes: 110, cause: 'requested' }),
      line(1, { rxBytes: 900 }),
      line(1, { rxBytes: 900, cause: 'peer-dead' }),
    ]);
    const { rxBytes, txBytes, seconds, cause } = accounts.history('branch', 1)[0] ?? assert.fail();
    assert.deepEqual([rxBytes, txBytes, seconds, cause], [110, 5, 10, 'requested']);
  });

  it('leaves the history after others of its link, but not the totals', () => {
    const lines = Array.from({ length: 10 }, (_, i) => line(i + 1, { rxBytes: 7, cause: 'peer-dead' }));
    const accounts = fold([...lines, line(11, { link: 'other', cause: 'requested' }), line(12, { rxBytes: 1 })], 3);
    assert.deepEqual(
      accounts.history(undefined, 99).map(({ id }) => id),
      [12, 11, 10, 9, 8],
    );
    assert.deepEqual(
      accounts.history('branch', 2).map(({ id }) => id),
      [12, 10],
    );
    assert.deepEqual(
      accounts.totals('branch').map(({ rxBytes, sessions }) => [rxBytes, sessions]),
      [[71, 11]],
    );
    assert.deepEqual(accounts.totals('nobody'), []);
  });
});

describe('a line', () => {
  const garbage = [
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"type":"session"}',
    JSON.stringify(line(0)),
    JSON.stringify(line(1, { rxBytes: -1 })),
    JSON.stringify(line(1, { rxBytes: 1.5 })),
    JSON.stringify(line(1, { rxBytes: 2 ** 60 })),
    JSON.stringify(line(1, { begin: 'yesterday' })),
    JSON.stringify({ ...line(1), link: '' }),
    '{"type":"header","format":"other","version":1}',
    '{"type":"month","link":"a","month":"2026","rxBytes":0,"txBytes":0,"seconds":0,"sessions":0}',
  ];
  for (const text of garbage) {
    it(`is not ${text === '' ? 'an empty one' : text.slice(0, 100)}`, () => {
      assert.equal(parseLine(text), undefined);
    });
  }

  it('says the same when it is read', () => {
    const named = line(1, { link: 'a "link"\nü', cause: 'peer-dead', detail: '\u0000\n' });
    for (const one of [header, named]) {
      assert.deepEqual(parseLine(formatLine(one)), one);
      assert.equal(formatLine(one).indexOf('\n'), formatLine(one).length - 1);
    }
  });

  it('is shown in docs/accounting.md as it is', () => {
    const shown = readFileSync(join(root, 'docs/accounting.md'), 'utf8').match(/^\{"type".*$/gm) ?? [];
    assert.equal(shown.length, 4);
    for (const text of shown) assert.equal(formatLine(parseLine(text) ?? assert.fail(text)), `${text}\n`);
  });

  it('is never more than text, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseLine(text);
      }),
    );
    assert.equal(parseLine('{"type":"session","__proto__":null}'), undefined);
  });
});

/** Lines as linkd writes them: sessions of three links that overlap, counts that rise, a calendar that wanders. */
const histories = fc
  .array(
    fc.record({
      id: fc.integer({ min: 1, max: 12 }),
      month: fc.integer({ min: 1, max: 4 }),
      rx: fc.nat({ max: 1000 }),
      tx: fc.nat({ max: 1000 }),
      seconds: fc.nat({ max: 100 }),
      ends: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    const last = new Map<number, SessionLine>();
    return steps.flatMap(({ id, month, rx, tx, seconds, ends }) => {
      const at = `2026-0${month}-15T12:00:00.000+01:00`;
      const before = last.get(id) ?? line(id, { link: `link${id % 3}`, begin: at, at });
      if (before.cause !== undefined) return [];
      const next = {
        ...before,
        at,
        rxBytes: before.rxBytes + rx,
        txBytes: before.txBytes + tx,
        seconds: before.seconds + seconds,
        ...(ends ? { cause: 'peer-dead' } : {}),
      };
      last.set(id, next);
      return [next];
    });
  });

const links = ['link0', 'link1', 'link2'];

function sum(accounts: Accounts): Record<string, number> {
  const months = links.flatMap((link) => accounts.totals(link));
  const total = (of: (month: MonthTotals) => number): number => months.reduce((all, month) => all + of(month), 0);
  return {
    rx: total(({ rxBytes }) => rxBytes),
    tx: total(({ txBytes }) => txBytes),
    seconds: total(({ seconds }) => seconds),
    sessions: total(({ sessions }) => sessions),
  };
}

describe('any lines', () => {
  it('add up to what the sessions had', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 0, max: 5 }), (lines, kept) => {
        const last = [...new Map(lines.map((one) => [one.id, one])).values()];
        assert.deepEqual(sum(fold(lines, kept)), {
          rx: last.reduce((all, { rxBytes }) => all + rxBytes, 0),
          tx: last.reduce((all, { txBytes }) => all + txBytes, 0),
          seconds: last.reduce((all, { seconds }) => all + seconds, 0),
          sessions: last.length,
        });
      }),
    );
  });

  it('say the same in their fewest lines, now and for what follows', () => {
    fc.assert(
      fc.property(histories, fc.nat({ max: 60 }), fc.integer({ min: 0, max: 5 }), (lines, cut, kept) => {
        const whole = fold(lines, kept);
        const rewritten = new Accounts(kept);
        for (const one of fold(lines.slice(0, cut), kept).lines()) {
          rewritten.apply(parseLine(formatLine(one)) ?? assert.fail());
        }
        for (const one of lines.slice(cut)) rewritten.apply(one);
        for (const link of links) assert.deepEqual(rewritten.totals(link), whole.totals(link));
        assert.deepEqual(rewritten.history(undefined, 99), whole.history(undefined, 99));
        assert.equal(rewritten.lines().length, whole.lines().length);
      }),
    );
  });

  it('never make the totals less, and do not count twice when they come twice', () => {
    fc.assert(
      fc.property(histories, (lines) => {
        const accounts = new Accounts(100);
        let before = sum(accounts);
        for (const one of lines) {
          accounts.apply(one);
          const now = sum(accounts);
          for (const [name, value] of Object.entries(now)) assert.ok(value >= (before[name] ?? 0), name);
          accounts.apply(one);
          assert.deepEqual(sum(accounts), now);
          before = now;
        }
      }),
    );
  });
});
