/**
 * Name servers taken over and put back: the files, the memory, and what resolvectl and resolvconf are told, by stand-ins that
 * write down their arguments and their input. `machine.test.ts` has the real ones.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { OpError } from '../../src/base/errors.js';
import { Resolver, type ResolverParts } from '../../src/resolver/resolver.js';
import { TempDir } from '../support/daemon.js';

const servers = [0x0a000035, '2001:db8::53'];
const content = '# Made by linkd.\nnameserver 10.0.0.53\nnameserver 2001:db8::53\n';

describe('Resolver', () => {
  let dir: TempDir;
  let warnings: string[];
  let parts: ResolverParts;

  beforeEach(async () => {
    dir = await TempDir.create();
    warnings = [];
    await mkdir(join(dir.path, 'bin'));
    parts = {
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (_, message) => warnings.push(message),
        error: (_, message) => warnings.push(message),
      },
      stateDir: dir.path,
      resolvedSocket: join(dir.path, 'resolved'),
      searchPath: join(dir.path, 'bin'),
    };
  });
  afterEach(() => dir.dispose());

  const make = (): Resolver => new Resolver(parts);
  const file = (name: string): string => join(dir.path, name);
  const calls = (): string => (existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8') : '');

  /** A program that writes down how it was called, and then runs these commands of the shell. */
  const install = async (name: string, then = 'exit 0'): Promise<void> => {
    const path = join(dir.path, 'bin', name);
    const script = `#!/bin/sh\n{ echo "${name} $*"; /bin/cat; } >> "${file('calls')}"\n${then}\n`;
    await writeFile(path, script);
    await chmod(path, 0o755);
  };
  const runResolved = async (): Promise<void> => {
    await install('resolvectl');
    await writeFile(file('resolved'), '');
  };

  it('has a file of its own where there is nothing else, and takes it away', async () => {
    const resolver = make();
    const taking = resolver.take('branch', 'tun0', servers);
    assert.equal(await readFile(file('resolv.branch.conf'), 'utf8'), content, 'there at once, for the hook');
    assert.equal(await taking, 'file');
    await resolver.release('branch');
    assert.deepEqual([existsSync(file('resolv.branch.conf')), existsSync(file('resolver.json'))], [false, false]);
  });

  it('tells systemd-resolved where it runs, and has it forget', async () => {
    await runResolved();
    await install('resolvconf');
    const resolver = make();
    assert.equal(await resolver.take('branch', 'lo', servers), 'systemd-resolved');
    assert.equal(calls(), 'resolvectl dns lo 10.0.0.53 2001:db8::53\nresolvectl domain lo ~.\n');
    await resolver.release('branch');
    assert.match(calls(), /\nresolvectl revert lo\n$/);
  });

  it('leaves systemd-resolved alone for an interface that is gone: it has forgotten by itself', async () => {
    await runResolved();
    const resolver = make();
    await resolver.take('branch', 'linkd-nowhere', servers);
    await resolver.release('branch');
    assert.doesNotMatch(calls(), /revert/);
  });

  it('tells resolvconf where systemd-resolved does not run', async () => {
    await install('resolvectl');
    await install('resolvconf');
    const resolver = make();
    assert.equal(await resolver.take('branch', 'tun0', servers), 'resolvconf');
    assert.equal(calls(), `resolvconf -a tun0.linkd\n${content}`);
    await resolver.release('branch');
    assert.equal(calls(), `resolvconf -a tun0.linkd\n${content}resolvconf -d tun0.linkd\n`);
  });

  it('goes the way that the config names', async () => {
    await runResolved();
    await install('resolvconf');
    const resolver = make();
    assert.equal(await resolver.take('branch', 'tun0', servers, 'file'), 'file');
    assert.equal(calls(), '');
    assert.equal(await resolver.take('branch', 'tun0', servers, 'resolvconf'), 'resolvconf');
    assert.equal(await resolver.take('branch', 'tun0', servers, 'off'), 'off');
    assert.equal(calls(), `resolvconf -a tun0.linkd\n${content}resolvconf -d tun0.linkd\n`);
    assert.equal(existsSync(file('resolv.branch.conf')), false);
  });

  it('has other servers take the place of the former ones, and none put all back', async () => {
    await install('resolvconf');
    const resolver = make();
    await resolver.take('branch', 'tun0', servers);
    await resolver.take('branch', 'tun0', ['2001:db8::54']);
    assert.match(calls(), /tun0\.linkd\n# Made by linkd\.\nnameserver 2001:db8::54\n$/);
    await resolver.take('branch', 'tun0', []);
    assert.match(calls(), /resolvconf -d tun0\.linkd\n$/);
  });

  it('sweeps what a crash left, but not of a link that is up still', async () => {
    await install('resolvconf');
    await make().take('branch', 'tun0', servers);
    await make().take('depot', 'tun1', servers);
    const next = make();
    await next.sweep(['depot']);
    assert.match(calls(), /resolvconf -d tun0\.linkd\n$/);
    assert.deepEqual([existsSync(file('resolv.branch.conf')), existsSync(file('resolv.depot.conf'))], [false, true]);
    await next.sweep();
    assert.match(calls(), /resolvconf -d tun1\.linkd\n$/);
    assert.equal(existsSync(file('resolver.json')), false);
  });

  it('says what the system refused, and tries to put it back at the next start', async () => {
    await install('resolvconf', 'echo "resolvconf: permission denied" >&2; exit 1');
    const resolver = make();
    await assert.rejects(resolver.take('branch', 'tun0', servers), (error) => {
      assert.ok(error instanceof OpError);
      assert.match(error.message, /`resolvconf -a tun0\.linkd`: resolvconf: permission denied\. .*`resolver: file`/);
      return true;
    });
    assert.equal(await readFile(file('resolv.branch.conf'), 'utf8'), content, 'a hook can use it all the same');
    await assert.rejects(resolver.release('branch'), /permission denied/);
    await make().sweep();
    assert.match(warnings.join(), /permission denied/);
    await install('resolvconf');
    await make().sweep();
    assert.equal(existsSync(file('resolver.json')), false);
  });

  it('does not wait for ever', async () => {
    await install('resolvconf', 'exec /bin/sleep 600');
    parts = { ...parts, timeoutMs: 300 };
    await assert.rejects(make().take('branch', 'tun0', servers), /no end within 300 ms/);
  });

  it('takes a memory that it cannot read for none, and says so', async () => {
    await writeFile(file('resolver.json'), '{"version":1,"links":{"branch":{"way":"magic"}}}');
    await make().sweep();
    assert.match(warnings.join(), /resolver\.json/);
  });

  it('names the state directory that it cannot write', async () => {
    const resolver = make();
    await rm(dir.path, { recursive: true });
    await assert.rejects(resolver.take('branch', 'tun0', servers), /cannot write .*resolv\.branch\.conf/);
    await mkdir(dir.path);
  });
});
