/** parseConfig across files and layers: drop-ins, the environment, arguments, and what is true of every result. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import { complaints, good } from './support.js';

const north = 'links:\n  north: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2}\n';
const south = 'links:\n  south: {line: /dev/ttyS1, local: 10.0.0.1, remote: 10.0.0.3}\n';

describe('drop-ins', () => {
  it('add links, in the order of the files', () => {
    const result = parseConfig([
      { file: 'linkd.yaml', text: 'daemon: {log-level: debug}\nlinks:\n' },
      { file: 'links.d/b.yaml', text: south },
      { file: 'links.d/a.yaml', text: north },
    ]);
    assert.ok(result.ok);
    assert.deepEqual(
      result.config.links.map(({ name }) => name),
      ['south', 'north'],
    );
    assert.equal(result.config.daemon.logLevel, 'debug');
  });

  it('have links only', () => {
    const files = [
      { file: 'linkd.yaml', text: north },
      { file: 'links.d/a.yaml', text: `daemon: {log-level: loud}\nlogging: 1\n${south}` },
    ];
    assert.deepEqual(complaints(files), [
      'links.d/a.yaml:1:1: daemon: `daemon` is allowed in the main file only',
      'links.d/a.yaml:2:1: logging: unknown key `logging`; allowed: links, pools',
    ]);
  });

  it('are checked together with the main file', () => {
    const files = [
      { file: 'linkd.yaml', text: north },
      { file: 'links.d/a.yaml', text: north },
      {
        file: 'links.d/b.yaml',
        text: 'links:\n  other:\n    line: /dev/ttyS0\n    local: 10.0.0.7\n    remote: 10.0.0.7\n',
      },
      { file: 'links.d/c.yaml', text: '' },
      { file: 'links.d/d.yaml', text: 'links: [\n' },
    ];
    assert.deepEqual(complaints(files), [
      'links.d/a.yaml:2:3: links.north: there is a link of this name already (linkd.yaml:2:3)',
      'links.d/b.yaml:3:11: links.other.line: /dev/ttyS0 is already used by link `north` (linkd.yaml:2:17)',
      'links.d/b.yaml:5:13: links.other.remote: 10.0.0.7 is the local address too; each end needs its own',
      'links.d/d.yaml:1:8: the bracket that opens here is not closed',
      'warning: links.d/c.yaml:1:1: nothing is configured here; allowed: links, pools',
    ]);
  });

  it('that could not be read are mistakes among the others', () => {
    const files = [
      { file: 'linkd.yaml', failure: 'it is gone' },
      { file: 'links.d/a.yaml', text: 'links: 5\n' },
    ];
    assert.deepEqual(complaints(files), [
      'linkd.yaml:0:0: it is gone',
      'links.d/a.yaml:1:8: links: is no section; allowed: a key for each link, its name',
    ]);
  });
});

describe('the settings of the daemon', () => {
  const file =
    'daemon: {control: /file/socket, control-group: operators, control-mode: 0600, log-level: debug}\nlinks:\n';

  it('have defaults', () => {
    assert.deepEqual(good('links:\n').daemon, {
      control: '/run/linkd/control.sock',
      controlGroup: undefined,
      controlMode: 0o666,
      stateDir: '/var/lib/linkd',
      logLevel: 'info',
      logFormat: 'auto',
    });
    assert.deepEqual(good('daemon:\nlinks:\n').daemon, good('links:\n').daemon);
  });

  it('come from the file, over that from the environment, over that from the arguments', () => {
    const environment = { LINKD_CONTROL: '/environment/socket', LINKD_STATE_DIR: '/environment', LINKD_LOG_FORMAT: '' };
    const overrides = { controlMode: '0660', stateDir: '/arguments', logFormat: 'json', logLevel: undefined };
    assert.deepEqual(good(file, overrides, environment).daemon, {
      control: '/environment/socket',
      controlGroup: 'operators',
      controlMode: 0o660,
      stateDir: '/arguments',
      logLevel: 'debug',
      logFormat: 'json',
    });
  });

  it('are judged in every layer, whichever wins', () => {
    const files = [{ file: 'linkd.yaml', text: 'daemon: {log-level: loud, control: }\nlinks:\n' }];
    const modes = ['666', '0777', '0466', '6660'];
    for (const mode of modes)
      assert.match(complaints([], { controlMode: mode })[0] ?? '', /--control-mode: .*; allowed: /);
    assert.match(complaints([], { controlGroup: 'no body' })[0] ?? '', /--control-group: .* is no name of a group/);
    const environment = { LINKD_LOG_LEVEL: 'silent', LINKD_STATE_DIR: 'state' };
    assert.deepEqual(complaints(files, { logLevel: 'info', control: '', stateDir: '007' }, environment), [
      'environment:0:0: LINKD_STATE_DIR: state is not an absolute path; allowed: an absolute path',
      'environment:0:0: LINKD_LOG_LEVEL: silent is unknown; allowed: debug, info, warn, error',
      'command line:0:0: --control: "" is not an absolute path; allowed: an absolute path of at most 107 bytes',
      'command line:0:0: --state-dir: 007 is not an absolute path; allowed: an absolute path',
      'linkd.yaml:1:21: daemon.log-level: loud is unknown; allowed: debug, info, warn, error',
      'linkd.yaml:1:27: daemon.control: has no value; allowed: an absolute path of at most 107 bytes',
    ]);
  });

  it("take nothing from this process's own environment and arguments", () => {
    process.env['LINKD_LOG_LEVEL'] = 'error';
    process.argv.push('--control=/argv');
    try {
      assert.deepEqual(good('links:\n').daemon.logLevel, 'info');
      assert.deepEqual(good('links:\n').daemon.control, '/run/linkd/control.sock');
    } finally {
      delete process.env['LINKD_LOG_LEVEL'];
      process.argv.pop();
    }
  });

  it('decide which socket is taken', () => {
    const text = 'links:\n  vm: {line: {unix-listen: /run/a}, local: 10.0.0.1, remote: 10.0.0.2}\n';
    assert.deepEqual(complaints([{ file: 'linkd.yaml', text }], { control: '/run/a' }), [
      'linkd.yaml:2:28: links.vm.line.unix-listen: /run/a is the control socket',
    ]);
  });
});

describe('every result', () => {
  it('is frozen through and through', () => {
    const { links, daemon } = good(
      'links:\n  a: {line: {exec: [ssh]}, local: 10.0.0.1, remote: 10.0.0.2, networks: [10.2.0.0/16]}\n',
    );
    assert.ok(!isFrozen([links, daemon]), 'a fresh list is not');
    assert.ok(isFrozen(links) && isFrozen(daemon));
    const bad = parseConfig([{ file: 'linkd.yaml', text: 'links: 5\n' }]);
    assert.ok(isFrozen(bad));
  });

  it('names 200 mistakes and then their number', () => {
    const text = `links:\n${Array.from({ length: 300 }, (_, i) => `  a${i}: 5\n`).join('')}`;
    const messages = complaints([{ file: 'linkd.yaml', text }]);
    assert.equal(messages.length, 201);
    assert.equal(messages.at(-1), 'linkd.yaml:201:9: there are 100 more mistakes like these');
  });
});

function isFrozen(value: unknown): boolean {
  return (
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
  );
}
