/** Guards for data of linkd's own: what they take, and what they refuse. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  either,
  exactly,
  isBoolean,
  isNumber,
  isText,
  list,
  matching,
  nullable,
  object,
  oneOf,
  optional,
  record,
  whole,
} from '../../src/base/shape.js';

interface Named {
  readonly name: string;
  readonly age?: number | undefined;
}

const fields = { name: isText, age: optional(whole(0, 150)) };
const tolerant = object<Named>(fields);
const strict = exactly<Named>(fields);

const cases: readonly (readonly [string, (value: unknown) => boolean, readonly unknown[], readonly unknown[]])[] = [
  ['text', isText, ['', 'x'], [1, null, undefined, ['x']]],
  ['text by a pattern', matching(/^[a-f]+$/), ['abc'], ['', 'xyz', 12]],
  ['a boolean', isBoolean, [true, false], [0, 'true', null]],
  ['a number', isNumber, [0, -1.5], ['1', Number.NaN, Number.POSITIVE_INFINITY, 1n, null]],
  ['a whole number', whole(1, 9), [1, 9], [0, 10, 1.5, '1']],
  ['a whole number without an upper end', whole(0), [0, Number.MAX_SAFE_INTEGER], [-1, 2 ** 53, 1e300]],
  ['words', oneOf('in', 'out'), ['in', 'out'], ['up', 1, undefined]],
  ['what may be null', nullable(isText), [null, 'x'], [undefined, 1]],
  ['a list', list(whole(0)), [[], [1, 2]], [[1, 'x'], {}, '12', { length: 0 }]],
  ['a record', record(whole(0)), [{}, { a: 1 }], [{ a: '1' }, [1], null]],
  ['one of several', either<string | number>(isText, whole(0)), ['x', 1], [-1, null]],
  ['an object', tolerant, [{ name: 'x' }, { name: 'x', age: 1 }, { name: 'x', more: 1 }], [{}, { name: 'x', age: -1 }]],
  ['an object of nothing else', strict, [{ name: 'x' }, { name: 'x', age: undefined }], [{ name: 'x', more: 1 }, {}]],
  ['an object, not something like one', strict, [], [null, undefined, [], 'x', 1, { age: 1 }]],
];

describe('guards', () => {
  for (const [what, guard, right, wrong] of cases) {
    it(`know ${what}`, () => {
      for (const value of right) assert.equal(guard(value), true, String(value));
      for (const value of wrong) assert.equal(guard(value), false, String(value));
    });
  }

  it('ask for what is the object’s own: nothing that all objects have counts', () => {
    assert.equal(exactly<{ readonly a: string }>({ a: isText })(JSON.parse('{"a":"x","__proto__":{}}')), false);
  });
});
