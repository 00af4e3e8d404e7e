/**
 * docs/configuration.md says what the schema says: the tables between `<!-- keys: SECTION -->` and `<!-- end -->` are those
 * that the schema gives. `LINKD_WRITE_DOCS=1 node --test dist/test/config/docs.test.js` writes them.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import { settingNames } from '../../src/config/daemon.js';
import { keyFacts } from '../../src/config/keys.js';
import { sections } from '../../src/config/schema.js';
import { root } from '../support/root.js';

const path = join(root, 'docs/configuration.md');
const marked = /(<!-- keys: ([\w -]+) -->\n)([^]*?)(<!-- end -->)/g;

if (process.env['LINKD_WRITE_DOCS'] === '1') {
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(marked, (_, begin: string, name: string, __, end: string) => begin + tableOf(name) + end),
  );
}

describe('docs/configuration.md', () => {
  const tables = new Map(Array.from(readFileSync(path, 'utf8').matchAll(marked), ([, , name, table]) => [name, table]));

  it('has a table for every section', () => {
    assert.deepEqual([...tables.keys()].sort(), Object.keys(sections).sort());
  });

  for (const name of Object.keys(sections)) {
    it(`has the keys of ${name} as the schema has them`, () => {
      assert.equal(tables.get(name), tableOf(name));
    });
  }

  it('has words for every key', () => {
    for (const [name, shape] of Object.entries(sections)) {
      for (const [key, schema] of Object.entries(shape)) {
        const facts = keyFacts.get(schema);
        assert.ok(facts !== undefined && facts.about !== '' && facts.allowed !== '', `${name}.${key}`);
      }
    }
  });
});

function tableOf(name: string): string {
  const rows = Object.entries(sections[name] ?? {}).map(([key, schema]) => rowOf(name, key, schema));
  return ['| key | default | allowed | what it is |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function rowOf(section: string, key: string, schema: z.ZodType): string {
  const facts = keyFacts.get(schema);
  assert.ok(facts);
  const isRequired = !schema.safeParse(undefined).success;
  const byDefault = facts.default === undefined || facts.default === '' ? '–' : literal(facts.default);
  const outside = Object.entries(settingNames).find(([name]) => section === 'daemon' && name === key)?.[1];
  const about = [
    facts.about,
    ...(facts.rfc === undefined ? [] : [`${facts.rfc}.`]),
    ...(outside === undefined ? [] : [`\`${outside.variable}\`, \`${outside.option}\`.`]),
  ];
  const cells = [`\`${key}\``, isRequired ? 'required' : byDefault, facts.allowed, about.join(' ')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** A default that can be written like this is code, others are words. */
function literal(text: string): string {
  return text.includes(' ') ? text : `\`${text}\``;
}
