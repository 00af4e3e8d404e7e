/** A full disk: a tiny tmpfs in a mount namespace of its own, which ends with the process in it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '../support/process.js';
import { tempDir } from './rig.js';

describe('a full disk', () => {
  it('is said once, costs nothing, and is caught up with when there is room', async (t) => {
    const folder = tempDir();
    t.after(folder.remove);
    const script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" "$3" "$1"';
    const child = join(import.meta.dirname, 'disk-full-child.js');
    const { code, stdout, stderr } = await run('unshare', [
      ...['--mount', 'sh', '-c', script, 'sh', folder.path],
      ...[process.execPath, child],
    ]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'all is well\n', stderr: '' }, stderr);
  });
});
