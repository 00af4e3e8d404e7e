/** docs/conformance.md names tests that there are, and says of every demand where it is shown or why not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { root } from '../support/root.js';

const standards = ['1661', '1662', '1332', '1334', '1994', '1144', '1962', '1990', '2686', '5072'];
const words = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT'];
const notShown = 'Not by a test: ';

interface Row {
  readonly section: string;
  readonly word: string;
  readonly asks: string;
  readonly shown: string;
}

interface Chapter {
  readonly rfc: string;
  readonly rows: readonly Row[];
}

const chapters: readonly Chapter[] = readFileSync(join(root, 'docs/conformance.md'), 'utf8')
  .split(/^## RFC /m)
  .slice(1)
  .map((text) => ({ rfc: text.slice(0, 4), rows: text.split('\n').flatMap(readRow) }));

function readRow(line: string): Row[] {
  const cells = /^\|(.*)\|$/
    .exec(line)?.[1]
    ?.split('|')
    .map((cell) => cell.trim());
  if (cells === undefined || cells[0] === '§' || /^-+$/.test(cells[0] ?? '')) return [];
  assert.equal(cells.length, 4, line);
  const [section = '', word = '', asks = '', shown = ''] = cells;
  return [{ section, word, asks, shown }];
}

/** The tests that a cell names: `file` “name”, several with a semicolon between. */
function testsOf(shown: string): { readonly file: string; readonly name: string }[] {
  return shown.split('”; ').map((one) => {
    const [, file, name] = /^`(test\/[\w/-]+\.test\.ts)` “(.+?)”?$/.exec(one) ?? [];
    assert(file !== undefined && name !== undefined, `no test: ${one}`);
    return { file, name };
  });
}

/** What a file gives as names: of tests, and of the rows of their tables. A template stands as it is written. */
function namesIn(file: string): ReadonlySet<string> {
  const names = new Set<string>();
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) names.add(node.text);
    else if (ts.isTemplateExpression(node)) names.add(node.getText(source).slice(1, -1));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

describe('docs/conformance.md', () => {
  const known = new Map<string, ReadonlySet<string>>();

  it('has a chapter for every standard, with rows', () => {
    assert.deepEqual(
      chapters.map(({ rfc }) => rfc),
      standards,
    );
    for (const { rfc, rows } of chapters) assert(rows.length >= 5, rfc);
  });

  for (const { rfc, rows } of chapters) {
    it(`names tests that there are, or a reason, for all of RFC ${rfc}`, () => {
      for (const { section, word, asks, shown } of rows) {
        const where = `RFC ${rfc} §${section}: ${asks}`;
        assert.match(section, /^[\dC]/, where);
        assert(words.includes(word), where);
        assert(asks.length > 10, where);
        if (shown.startsWith(notShown)) {
          assert(shown.length > notShown.length + 10, where);
          continue;
        }
        for (const { file, name } of testsOf(shown)) {
          assert(existsSync(join(root, file)), `${where}: there is no ${file}`);
          const names = known.get(file) ?? namesIn(file);
          known.set(file, names);
          assert(names.has(name), `${where}: ${file} has no “${name}”`);
        }
      }
    });
  }

  it('has no row twice, and more tests than reasons', () => {
    const rows = chapters.flatMap(({ rfc, rows: own }) => own.map(({ section, asks }) => `${rfc} ${section} ${asks}`));
    assert.equal(new Set(rows).size, rows.length);
    const reasons = chapters.flatMap(({ rows: own }) => own).filter(({ shown }) => shown.startsWith(notShown));
    assert(reasons.length < rows.length / 5, `${reasons.length} of ${rows.length}`);
  });
});
