/** loadConfig: which files are read, and what is said of those that can't be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.js';
import { throughClosedFolders } from '../support/open-folders.js';
import { shown } from './support.js';

const link = (name: string, n: number): string =>
  `links:\n  ${name}: {line: /dev/ttyS${n}, local: 10.0.0.1, remote: 10.0.1.${n}}\n`;

describe('loadConfig', () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);
  const complaintsOf = async (name = 'linkd.yaml'): Promise<readonly string[]> =>
    shown(await loadConfig(at(name))).map((line) => line.replaceAll(`${folder}/`, ''));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `linkd-load-${process.pid}-`));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads the file and the drop-ins beside it, by name', async () => {
    writeFileSync(at('linkd.yaml'), link('first', 1));
    mkdirSync(at('links.d'));
    writeFileSync(at('links.d/20.yaml'), link('third', 3));
    writeFileSync(at('links.d/10.yaml'), link('second', 2));
    for (const name of ['.hidden.yaml', '30.yaml~', '40.yaml.bak', 'README']) writeFileSync(at(`links.d/${name}`), '[');
    const result = await loadConfig(at('linkd.yaml'));
    assert.deepEqual(shown(result), []);
    assert.ok(result.ok);
    assert.deepEqual(
      result.config.links.map(({ name }) => name),
      ['first', 'second', 'third'],
    );
  });

  it('takes relative paths of arguments from the working directory', async () => {
    writeFileSync(at('linkd.yaml'), 'links:\n');
    const result = await loadConfig(at('linkd.yaml'), { control: 'a.sock', stateDir: '../state' }, {});
    assert.ok(result.ok);
    assert.equal(result.config.daemon.control, join(process.cwd(), 'a.sock'));
    assert.equal(result.config.daemon.stateDir, join(process.cwd(), '../state'));
  });

  it('tells of files that are not there, with the mistakes in the others', async () => {
    mkdirSync(at('links.d'));
    writeFileSync(at('links.d/a.yaml'), 'links: 5\n');
    symlinkSync('nowhere', at('links.d/b.yaml'));
    assert.deepEqual(await complaintsOf(), [
      'linkd.yaml:0:0: the file does not exist; create it, or name another one',
      'links.d/b.yaml:0:0: the file does not exist; create it, or name another one',
      'links.d/a.yaml:1:8: links: is no section; allowed: a key for each link, its name',
    ]);
  });

  it('tells of what is no file', async () => {
    mkdirSync(at('linkd.yaml'));
    mkdirSync(at('links.d'));
    mkdirSync(at('links.d/a.yaml'));
    execFileSync('mkfifo', [at('links.d/b.yaml')]);
    symlinkSync('/dev/zero', at('links.d/c.yaml'));
    symlinkSync('d.yaml', at('links.d/d.yaml'));
    writeFileSync(at('links.d/e.yml'), link('first', 1));
    const found = await complaintsOf();
    assert.deepEqual(found.slice(0, 4), [
      'linkd.yaml:0:0: this is a directory; name a file in it',
      'links.d/a.yaml:0:0: this is a directory; name a file in it',
      'links.d/b.yaml:0:0: this is not a regular file; a config file has to be one',
      'links.d/c.yaml:0:0: this is not a regular file; a config file has to be one',
    ]);
    assert.match(found[4] ?? '', /^links\.d\/d\.yaml:0:0: it cannot be read: ELOOP/);
    assert.deepEqual(found.slice(5), ['links.d/e.yml:0:0: drop-ins are named *.yaml; rename it']);
  });

  it('tells of a folder that is a file', async () => {
    writeFileSync(at('linkd.yaml'), 'links:\n');
    writeFileSync(at('links.d'), '');
    assert.deepEqual(await complaintsOf(), ['links.d:0:0: this is no directory']);
    assert.deepEqual(await complaintsOf('linkd.yaml/x'), [
      'linkd.yaml/x:0:0: this is no directory',
      'linkd.yaml/links.d:0:0: this is no directory',
    ]);
  });

  it('tells of a file that may not be read', () => {
    writeFileSync(at('linkd.yaml'), 'links:\n');
    chmodSync(at('linkd.yaml'), 0);
    const module = JSON.stringify(new URL('../../src/config/load.js', import.meta.url));
    const script = `const { loadConfig } = await import(${module});
      console.log(JSON.stringify(await loadConfig(${JSON.stringify(at('linkd.yaml'))})));`;
    const command = [process.execPath, '--input-type=module', '-e', script];
    // Root may read everything, unless it has no capabilities.
    const powerless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const [program = '', ...args] =
      process.getuid?.() === 0 ? throughClosedFolders([...powerless, ...command]) : command;
    const output = execFileSync(program, args, { encoding: 'utf8' });
    assert.match(output, /permission to read it was refused; give it to the user that runs this command/);
  });

  it('refuses a file that is too large', async () => {
    writeFileSync(at('linkd.yaml'), `links:\n${' '.repeat(1 << 20)}`);
    assert.deepEqual(await complaintsOf(), [
      'linkd.yaml:0:0: the file has more than 1 MiB, the most for a config file',
    ]);
  });

  const encodings: readonly (readonly [string, Buffer, string])[] = [
    ['UTF-16', Buffer.from('\ufefflinks:\n', 'utf16le'), '1:1'],
    ['Latin-1', Buffer.from('links:\n  # caf\xe9\n', 'latin1'), '2:8'],
    ['octets', Buffer.from([0x6c, 0x0a, 0x00, 0xff]), '2:1'],
    ['a surrogate', Buffer.from([0x6c, 0xed, 0xa0, 0x80]), '1:2'],
  ];
  for (const [name, octets, place] of encodings) {
    it(`refuses ${name} instead of UTF-8, and says where`, async () => {
      writeFileSync(at('linkd.yaml'), octets);
      assert.deepEqual(await complaintsOf(), [`linkd.yaml:${place}: this is not UTF-8 text; save the file as UTF-8`]);
    });
  }
});
