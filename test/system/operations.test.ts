/**
 * docs/operations.md: what it says of installing and upgrading is done, word by word, in a clone on a machine with systemd.
 * (`deb.test.ts` runs the rest of its commands.)
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TempDir } from '../support/daemon.js';
import { commandsBelow } from '../support/documents.js';
import { Machine } from '../support/machine.js';
import { root } from '../support/root.js';
import { linkConfig } from '../support/two-routers.js';

const document = 'docs/operations.md';
const clone = '/root/clone';
const upgraded = '99.0.0';

describe(document, () => {
  let dir: TempDir;
  let machine: Machine;

  before(async () => {
    dir = await TempDir.create();
    // The machine sees this tree, and writes beside it.
    machine = await Machine.boot(root);
    await machine.provideNode();
    await machine.sh(
      'mkdir -p "$1" /tmp/upper /tmp/work && mount -t overlay overlay -o lowerdir=/run/share,upperdir=/tmp/upper,workdir=/tmp/work "$1" && rm -f "$1"/dist/*.deb',
      clone,
    );
  });
  after(async () => {
    await machine.close();
    await dir.dispose();
  });

  /** Runs a block of the document in the clone, and gives what it says. */
  async function follow(heading: string, block: number): Promise<string> {
    const script = `set -e\ncd "$1"\nexec 2>&1\n${commandsBelow(document, heading, block)}`;
    return machine.must('sh', ['-c', script, 'sh', clone], {
      timeoutMs: 150_000,
      env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    });
  }

  const mainPid = (): Promise<string> => machine.property('linkd.service', 'MainPID');

  it('installs', { timeout: 170_000 }, async () => {
    await follow('## Install', 0);
    assert.equal(await machine.property('linkd.service', 'ActiveState'), 'active');
  });

  it('puts a config in force', { timeout: 60_000 }, async () => {
    await machine.write('/etc/linkd/linkd.yaml', linkConfig('a', '{unix-listen: /run/linkd/line}'));
    assert.match(await follow('## Install', 1), /branch/);
  });

  it('upgrades, with the interface kept', { timeout: 170_000 }, async () => {
    await machine.sh(
      'sed -i "s/\\"version\\": \\"[^\\"]*\\"/\\"version\\": \\"$2\\"/" "$1/package.json"',
      clone,
      upgraded,
    );
    await machine.sh('rm "$1"/dist/*.deb', clone);
    const before = [await mainPid(), await machine.must('ip', ['-o', 'link', 'show', 'dev', 'branch'])];
    await follow('## Upgrade', 0);
    const [pid, device] = [await mainPid(), await machine.must('ip', ['-o', 'link', 'show', 'dev', 'branch'])];
    assert.equal(device, before[1]);
    assert.notEqual(pid, before[0]);
    assert.match(await machine.must('linkctl', ['status']), new RegExp(`linkd ${upgraded}, pid ${pid}`));
  });
});
