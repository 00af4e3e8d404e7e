/**
 * The house of docs/architecture.md stands: its table of rooms, read from there, holds for every import; the pure rooms
 * are pure; and what the project promises of every file is so.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from './support/root.js';
import { impurities, importsOf, mutableModuleState, readSources, type Import, type Source } from './support/sources.js';

const LONGEST_FILE = 500;
/** Threads of the daemon: a file that names one doesn't load it. */
const threads = ['src/config/load-thread.ts', 'src/link/worker.ts'];

const architecture = readText('docs/architecture.md');
const rules = readRoomTable(architecture);
const sources = readSources(['src'], ['.ts']);
const everySource = [
  ...sources,
  ...readSources(['src'], ['.c', '.h']),
  ...readSources(['test'], ['.ts', '.mjs', '.c', '.sh']),
];

describe('rooms', () => {
  it('are those of the table', () => {
    assert.deepEqual([...new Set(sources.map(({ path }) => roomOf(path)))].sort(), [...rules.keys()].sort());
  });

  for (const room of rules.keys()) {
    it(`${room} imports only what the table allows`, () => {
      const files = sources.filter(({ path }) => roomOf(path) === room);
      assert.ok(files.length > 0);
      assert.deepEqual(
        files.flatMap((source) => forbiddenImports(source, rules)),
        [],
      );
    });
  }

  it('are told apart by these rules: what the table does not name is found', () => {
    const text = "import { pump } from '../link/pump.js';\nimport type { LcpOptions } from '../ppp/options.js';";
    const forged = (path: string): string[] => forbiddenImports({ path, text, lines: 2 }, rules);
    assert.deepEqual(forged('src/net/forged.ts'), [
      'src/net/forged.ts imports src/link/pump.ts',
      'src/net/forged.ts imports src/ppp/options.ts',
    ]);
    assert.deepEqual(forged('src/config/forged.ts'), ['src/config/forged.ts imports src/link/pump.ts']);
    const values = "import { parseAllowRule } from '../net/nft/allow.js';\nimport { planUp } from '../net/plan.js';";
    assert.deepEqual(forbiddenImports({ path: 'src/config/forged.ts', text: values, lines: 2 }, rules), [
      'src/config/forged.ts imports src/net/plan.ts',
    ]);
    assert.deepEqual(forged('src/control/client-forged.ts').length, 2);
    assert.deepEqual(forged('src/bin/forged.ts'), []);
  });
});

describe('pure rooms', () => {
  const pure = pureSources(architecture);

  it('exist as the document names them', () => {
    assert.ok(pure.size >= 20, `only ${pure.size} files`);
  });

  it('import no I/O, not even through another file', () => {
    const found = [...pure].flatMap((source) =>
      importsOf(source)
        .filter((one) => !one.typeOnly && one.target.startsWith('node:') && !isDeterministic(one, source))
        .map((one) => `${source.path} imports ${one.target}`),
    );
    assert.deepEqual(found, []);
  });

  it('take no time, chance or environment from anywhere', () => {
    const found = [...pure].flatMap((source) => impurities(source).map((what) => `${source.path}: ${what}`));
    assert.deepEqual(found, []);
  });

  it('would be seen using them', () => {
    const text =
      'const a = Date.now() + Math.random();\nsetTimeout(() => process.exit(), a);\nnew Date(); x.process(1);';
    assert.deepEqual(impurities({ path: 'src/ppp/forged.ts', text, lines: 3 }), [
      'Date.now at line 1',
      'Math.random at line 1',
      'setTimeout at line 2',
      'process at line 2',
      'new Date() at line 3',
    ]);
  });
});

describe('the daemon, when it has started', () => {
  const loaded = reachable(
    sources.filter(({ path }) => path === 'src/bin/daemon.ts'),
    (one) => !one.typeOnly && !threads.includes(one.target) && !one.later,
  );

  it('has loaded neither what checks a config nor what linkctl alone needs: memory is dear', () => {
    const paths = [...loaded].map(({ path }) => path);
    assert.ok(
      paths.includes('src/link/manager.ts') && paths.includes('src/control/server.ts'),
      'the search finds files',
    );
    const config = ['format', 'load-apart', 'text'].map((name) => `src/config/${name}.ts`);
    const rooms = ['setup', 'import', 'probe'];
    assert.deepEqual(
      paths.filter((path) => rooms.includes(roomOf(path)) || (roomOf(path) === 'config' && !config.includes(path))),
      [],
    );
    const heavy = ['zod', 'yaml', 'convict', 'commander', 'serialport', '@serialport/bindings-cpp', 'pino-pretty'];
    const found = [...loaded].flatMap((source) =>
      importsOf(source)
        .filter((one) => !one.typeOnly && !one.later && heavy.includes(one.target))
        .map((one) => `${source.path} imports ${one.target}`),
    );
    assert.deepEqual(found, []);
  });
});

describe('every file', () => {
  it(`is shorter than ${LONGEST_FILE} lines`, () => {
    assert.deepEqual(
      everySource.filter(({ lines }) => lines >= LONGEST_FILE).map(({ path, lines }) => `${path}: ${lines}`),
      [],
    );
  });

  it('begins by saying what it is', () => {
    const start = /^(?:#!.*\n)?(?:\/\*\*?\s|# )/;
    assert.deepEqual(
      everySource.filter(({ text }) => !start.test(text)).map(({ path }) => path),
      [],
    );
  });

  it('obeys the linter and the compiler without exceptions', () => {
    const exception = new RegExp(['eslint', 'disable|@ts', '(?:ignore|expect-error|nocheck)'].join('-'));
    assert.deepEqual(
      everySource.filter(({ text }) => exception.test(text)).map(({ path }) => path),
      [],
    );
  });

  it('keeps no state in its module', () => {
    const found = sources.flatMap((source) => mutableModuleState(source).map((name) => `${source.path}: ${name}`));
    assert.deepEqual(found, []);
  });
});

describe('the project', () => {
  it('names no registry in its lock file', () => {
    assert.doesNotMatch(readText('package-lock.json'), /"resolved"/);
  });

  for (const command of ['npm run demo', 'npm test']) {
    it(`tells of "${command}" in its README`, () => {
      assert.ok(readText('README.md').includes(command));
    });
  }
});

/** What a room may import: rooms, files, files whose types alone it may use, and other rules for files that begin with a name. */
interface Rule {
  readonly rooms: ReadonlySet<string>;
  readonly single: ReadonlySet<string>;
  readonly typesOf: ReadonlySet<string>;
  readonly files: readonly { readonly beginnings: readonly string[]; readonly rooms: ReadonlySet<string> }[];
}

/**
 * The table of rooms: | `room` | holds | may import |. A cell is made of parts, `;` in between: rooms; `nothing`, `all`,
 * `all above`; `the option types of ROOM and ROOM`; `the pure file `PATH``; `FILE, FILE: rooms` for files that begin with such a name, where the
 * last such part holds for all other files. Everything may import base.
 */
function readRoomTable(text: string): Map<string, Rule> {
  const rows = [...text.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(([, room = '', cell = '']) => ({
    room,
    cell,
  }));
  const names = rows.map(({ room }) => room);
  assert.ok(names.includes('base') && names.includes('bin'), 'docs/architecture.md has no table of rooms');
  return new Map(rows.map(({ room, cell }, index) => [room, readRule(cell, names, names.slice(0, index))]));
}

function readRule(cell: string, all: readonly string[], above: readonly string[]): Rule {
  const rooms = new Set<string>();
  const single = new Set<string>();
  const typesOf = new Set<string>();
  const files: { beginnings: readonly string[]; rooms: ReadonlySet<string> }[] = [];
  for (const part of cell.split(/\s*;\s*/)) {
    const [, beginnings, list = part] = /^([\w, ]+): (.*)$/.exec(part) ?? [];
    const types = /^the option types of (.*)$/.exec(part)?.[1];
    const file = /^the pure file `(.*)`$/.exec(part)?.[1];
    if (file !== undefined) single.add(`src/${file}.ts`);
    else if (beginnings !== undefined)
      files.push({ beginnings: words(beginnings), rooms: readRooms(list, all, above) });
    else if (types === undefined) readRooms(part, all, above).forEach((room) => rooms.add(room));
    else words(types).forEach((room) => typesOf.add(`src/${room}/options.ts`));
  }
  files.at(-1)?.rooms.forEach((room) => rooms.add(room));
  return { rooms, single, typesOf, files: files.slice(0, -1) };
}

function readRooms(list: string, all: readonly string[], above: readonly string[]): Set<string> {
  if (list === 'nothing') return new Set();
  if (list === 'all') return new Set(all);
  if (list === 'all above') return new Set(above);
  const rooms = words(list);
  assert.ok(
    rooms.every((room) => all.includes(room)),
    `docs/architecture.md: "${list}" is no list of rooms`,
  );
  return new Set(['base', ...rooms]);
}

function words(list: string): string[] {
  return list.split(/,\s*| and /).map((word) => word.trim());
}

/** The imports of a source that its room's rule does not allow. Files of its own room count by what they import in turn. */
function forbiddenImports(source: Source, table: ReadonlyMap<string, Rule>): string[] {
  const rule = table.get(roomOf(source.path));
  assert.ok(rule, `${source.path} is in no room of the table`);
  const name = source.path.split('/').at(-1) ?? '';
  const special = rule.files.find(({ beginnings }) => beginnings.some((beginning) => name.startsWith(beginning)));
  const allowed = special?.rooms ?? rule.rooms;
  const files = special === undefined ? [source] : [...reachable([source], sameRoom)];
  return files.flatMap((file) =>
    importsOf(file)
      .filter((one) => one.own && roomOf(one.target) !== roomOf(source.path))
      .filter((one) => !allowed.has(roomOf(one.target)) && !rule.single.has(one.target))
      .filter((one) => !(one.typeOnly && rule.typesOf.has(one.target)))
      .map((one) => `${file.path} imports ${one.target}`),
  );
}

/** What Node brings along that computes and nothing else; of its crypto only what `base/digest.ts` lends. */
function isDeterministic({ target }: Import, from: Source): boolean {
  if (target === 'node:crypto') return from.path === 'src/base/digest.ts';
  return target === 'node:path' || target === 'node:zlib';
}

/** The files of the pure rooms, and every file that they reach when they run. */
function pureSources(text: string): Set<Source> {
  const sentence = /\*\*Pure rooms\*\*([^.]*)\./.exec(text)?.[1] ?? '';
  const names = [...sentence.matchAll(/`([\w/-]+)`/g)].map(([, name = '']) => name);
  assert.ok(names.length > 0, 'docs/architecture.md names no pure rooms');
  const roots = names.flatMap((name) => {
    const files = sources.filter(({ path }) => path.startsWith(`src/${name}/`) || path === `src/${name}.ts`);
    assert.ok(files.length > 0, `docs/architecture.md: there is no pure room ${name}`);
    return files;
  });
  return reachable(roots, (one) => !one.typeOnly);
}

function reachable(roots: readonly Source[], follow: (one: Import, from: Source) => boolean): Set<Source> {
  const found = new Set(roots);
  for (const source of found) {
    for (const one of importsOf(source)) {
      const target = sources.find(({ path }) => path === one.target);
      if (target !== undefined && follow(one, source)) found.add(target);
    }
  }
  return found;
}

function sameRoom(one: Import, from: Source): boolean {
  return roomOf(one.target) === roomOf(from.path);
}

function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
