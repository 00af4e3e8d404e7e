/** Log lines as the journal's fields, and as they arrive at its socket. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { journalFields, messageId } from '../../src/bin/journal.js';
import { root } from '../support/root.js';

function fields(line: object): Map<string, string> {
  const lines = journalFields(JSON.stringify(line)).trimEnd().split('\n');
  return new Map(lines.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
}

describe('journalFields', () => {
  it('names link, cause and state, and gives the event its id', () => {
    const found = fields({
      level: 40,
      time: 'x',
      pid: 1,
      hostname: 'h',
      link: 'branch',
      state: 'closing',
      cause: 'carrier-lost',
      msg: 'closing: the carrier was lost',
    });
    assert.deepEqual(Object.fromEntries(found), {
      MESSAGE: 'closing: the carrier was lost',
      PRIORITY: '4',
      SYSLOG_IDENTIFIER: 'linkd',
      MESSAGE_ID: messageId('closing'),
      LINK: 'branch',
      STATE: 'closing',
      CAUSE: 'carrier-lost',
    });
  });

  it('keeps every value on its own line, whatever is in it', () => {
    const found = fields({ level: 30, msg: 'a\nMESSAGE_ID=forged\r\nb', '9 odd': { x: 1 } });
    assert.equal(found.get('MESSAGE'), 'a MESSAGE_ID=forged b');
    assert.equal(found.get('LINKD_9_ODD'), '{"x":1}');
    assert.equal(found.has('MESSAGE_ID'), false);
  });

  it('gives each state an id of its own, as the journal wants them', () => {
    const ids = ['down', 'opening', 'negotiating', 'up', 'closing', 'waiting', 'dormant'].map(messageId);
    assert.equal(new Set(ids).size, 7);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    const documented = readFileSync(join(root, 'docs/linkd.md'), 'utf8');
    for (const id of ids) assert.ok(documented.includes(id), `docs/linkd.md has no ${id}`);
  });
});
