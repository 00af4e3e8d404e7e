/** docs/control-api.md against what the server says, docs/linkctl.md against the code. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { cause } from '../../src/base/cause.js';
import { historyLimits } from '../../src/control/answers.js';
import { errorCodes } from '../../src/control/wire.js';
import { defaultLimits } from '../../src/control/server.js';
import {
  monthRecords,
  reloadChanges,
  routeTable,
  sessionRecords,
  upLink,
  watchedLink,
} from '../support/fake-steering.js';
import { http, serve, waitUntil } from './rig.js';

const api = read('docs/control-api.md');

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

describe('docs/control-api.md', () => {
  it('shows the status as it is', async (t) => {
    const { path } = await serve(t, { links: [watchedLink()] });
    assert.deepEqual(shape(await get(path, '/v1/status')), shape(example('### `GET /v1/status`')));
  });

  it('shows a link as it is', async (t) => {
    const { path } = await serve(t, { links: [watchedLink()] });
    const documented = members(example('### `GET /v1/links/NAME`'));
    const link = members(documented['link'] ?? null);
    assert.equal(link['...'], 'as above');
    const [full] = elements(members(example('### `GET /v1/status`'))['links'] ?? null);
    assert.deepEqual(shape(await get(path, '/v1/links/branch')), shape({ ...documented, link: full ?? null }));
  });

  it('shows what is about the daemon and the system as it is', async (t) => {
    const { path, steering } = await serve(t);
    steering.plans = () => Promise.resolve(['# what is there']);
    steering.table = () => Promise.resolve(routeTable);
    steering.sessions = sessionRecords;
    steering.months = monthRecords;
    steering.outcome = () => Promise.resolve({ ok: true, changes: reloadChanges, warnings: ['a.yaml:1:1: warning'] });
    for (const [method, target, heading] of [
      ['GET', '/v1/links/branch/plan', '### `GET /v1/links/NAME/plan`'],
      ['GET', '/v1/routes', '### `GET /v1/routes`'],
      ['GET', '/v1/history', '### `GET /v1/history`'],
      ['GET', '/v1/totals', '### `GET /v1/totals`'],
      ['POST', '/v1/reload', '### `POST /v1/reload` and `GET /v1/diff`'],
    ] as const) {
      const { text } = await http(path, method, target);
      assert.deepEqual(rowShapes(parse(text)), rowShapes(example(heading)), target);
    }
  });

  it('shows a bad config as it is', async (t) => {
    const { path, steering } = await serve(t);
    steering.outcome = () => Promise.resolve({ ok: false, errors: ['linkd.yaml:3:9: a mistake'] });
    const [, documented = ''] = blocks('### `POST /v1/reload` and `GET /v1/diff`', 'json');
    assert.deepEqual(shape(await get(path, '/v1/diff')), shape(parse(documented)));
  });

  it('shows the log as it is', async (t) => {
    const { path, steering } = await serve(t, { links: [upLink()] });
    steering.enter('branch', 'closing', cause('carrier-lost', '/dev/ttyUSB0'));
    assert.deepEqual(shape(await get(path, '/v1/links/branch/log')), shape(example('### `GET /v1/links/NAME/log`')));
  });

  it('shows an error as it is', async (t) => {
    const { path } = await serve(t);
    assert.deepEqual(await get(path, '/v1/links/brnch'), example('## Errors'));
  });

  it('shows the stream as it is', async (t) => {
    const { path, steering, server } = await serve(t, { limits: { maxStreamBytes: 1000 } });
    const answer = http(path, 'GET', '/v1/events');
    await waitUntil('the stream is there', () => steering.listeners === 1);
    steering.enter('branch', 'up');
    steering.emit({
      time: new Date(),
      link: 'depot',
      type: 'log',
      level: 'warn',
      message: 'x',
      state: 'up',
      cause: undefined,
    });
    const tooLong = 'x'.repeat(2000);
    steering.emit({
      time: new Date(),
      link: 'depot',
      type: 'log',
      level: 'warn',
      message: tooLong,
      state: 'up',
      cause: undefined,
    });
    const { text } = await answer;
    await server.close();
    const [documented = ''] = blocks('### `GET /v1/events`', 'ndjson');
    const lines = (ndjson: string): Json[] => ndjson.trimEnd().split('\n').map(parse).map(shape);
    assert.deepEqual(lines(text), lines(documented));
  });

  it('names every field of a link, and no other', async (t) => {
    const { path } = await serve(t, { links: [watchedLink()] });
    const { link } = members(await get(path, '/v1/links/branch'));
    const nested = ['line', 'queue', 'session', 'health', 'quota', 'dialing'];
    const actual = Object.entries(members(link ?? null)).flatMap(([name, value]) => {
      const inner = nested.includes(name) ? Object.keys(members(value)).map((member) => `${name}.${member}`) : [];
      return name === 'line' ? inner : [name, ...inner];
    });
    assert.deepEqual(firstCells('### A link').sort(), actual.sort());
    const [hook] = elements(members(link ?? null)['hooks'] ?? null);
    assert.deepEqual(firstCells('### A hook').sort(), Object.keys(members(hook ?? null)).sort());
  });

  it('names every field of an event and of a cause, and no other', async (t) => {
    const { path, steering } = await serve(t);
    steering.enter('branch', 'closing', cause('carrier-lost', '/dev/ttyUSB0'));
    const [event] = elements(members(await get(path, '/v1/links/branch/log'))['events'] ?? null);
    assert.deepEqual(firstCells('### An event').sort(), Object.keys(members(event ?? null)).sort());
    const why = members(event ?? null)['cause'] ?? null;
    assert.deepEqual(firstCells('### A cause').sort(), Object.keys(members(why)).sort());
  });

  it('tells the limits as they are', () => {
    const text = api.replace(/\s+/g, ' ');
    for (const told of [
      `At most ${defaultLimits.maxStreams} streams`,
      `${defaultLimits.maxStreams} event streams are open`,
      `${defaultLimits.maxStreamBytes / 1024} KiB wait for a reader`,
      `At most ${defaultLimits.maxConnections} connections`,
      `a body of more than ${defaultLimits.maxBodyBytes / 1024} KiB`,
      `headers of more than ${defaultLimits.maxHeaderBytes / 1024} KiB`,
      `headers took more than ${defaultLimits.headersTimeoutMs / 1000} seconds`,
      `whole request more than ${defaultLimits.requestTimeoutMs / 1000}`,
      `within ${defaultLimits.answerTimeoutMs / 1000} seconds`,
      `at most ${defaultLimits.maxConnections / 2} connections and ${defaultLimits.maxStreams / 2} streams`,
      `${historyLimits.usual} without it, ${historyLimits.most} at most`,
      `closed after ${defaultLimits.idleTimeoutMs / 1000} seconds`,
    ]) {
      assert.ok(text.includes(told), told);
    }
  });

  it('names every error code, and no other', () => {
    assert.deepEqual(firstCells('## Errors').sort(), [...errorCodes].sort());
  });
});

describe('docs/linkctl.md', () => {
  it('lists the exit codes as they are', () => {
    const rows = [...section(read('docs/linkctl.md'), '## Exit status').matchAll(/^\| (\d+) +\| `(\w+)`/gm)];
    assert.deepEqual(Object.fromEntries(rows.map(([, code, name = '']) => [name, Number(code)])), exitCodes);
  });
});

/** As `shape`, and of several rows each shape once: an example need not show as many. */
function rowShapes(value: Json): Json {
  const shaped = shape(value);
  return Object.fromEntries(
    Object.entries(members(shaped)).map(([name, member]): [string, Json] => {
      if (!Array.isArray(member)) return [name, member];
      const distinct = new Map(member.map((row) => [JSON.stringify(row), row]));
      return [name, [...distinct.keys()].toSorted().map((key) => distinct.get(key) ?? null)];
    }),
  );
}

/** The same value with every leaf replaced by its type. */
function shape(value: Json): Json {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shape(member)]));
}

async function get(path: string, target: string): Promise<Json> {
  return parse((await http(path, 'GET', target)).text);
}

function parse(text: string): Json {
  const value: unknown = JSON.parse(text);
  assert.ok(isJson(value));
  return value;
}

function isJson(value: unknown): value is Json {
  return value !== undefined;
}

function members(value: Json): Record<string, Json> {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value));
  return value;
}

function elements(value: Json): Json[] {
  assert.ok(Array.isArray(value) && value.length > 0);
  return value;
}

/** The JSON example below a heading. */
function example(heading: string): Json {
  const [block] = blocks(heading, 'json');
  assert.ok(block !== undefined, `no example below ${heading}`);
  return parse(block);
}

function blocks(heading: string, language: string): string[] {
  const found = section(api, heading).matchAll(/^```(\w+)\n(.*?)^```/gms);
  return [...found].filter(([, name]) => name === language).map(([, , text = '']) => text);
}

/** The names in the first column of the table below a heading. */
function firstCells(heading: string): string[] {
  const rows = section(api, heading).matchAll(/^\| (`[^|]*`) *\|/gm);
  const names = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  assert.ok(names.length > 0, `no table below ${heading}`);
  return names;
}

/** The text from a heading to the next one. */
function section(text: string, heading: string): string {
  const start = text.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, `no heading ${heading}`);
  const [found = ''] = text.slice(start + heading.length + 2).split(/^#+ /m);
  return found;
}

function read(file: string): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return readFileSync(join(directory, file), 'utf8');
}
