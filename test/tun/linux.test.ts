/** openTun and LinuxPacketPort with the kernel's own TUN, each scenario in a network namespace of its own. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { run } from '../support/process.js';
import { type refusals, scenarios } from './linux-scenarios.js';

const child = fileURLToPath(new URL('./linux-child.js', import.meta.url));

/** What the process is run by, and so what it lacks. */
const lacking: Readonly<Record<keyof typeof refusals, readonly string[]>> = {
  'refuses without the capability': ['setpriv', '--bounding-set=-net_admin'],
  'refuses without the device': ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /dev/net && exec "$@"', 'sh'],
};

for (const thread of ['main', 'worker'] as const) {
  describe(`a TUN interface, ${thread} thread`, () => {
    for (const name of Object.keys(scenarios)) it(name, () => succeeds([], name, thread));
    for (const [name, by] of Object.entries(lacking)) it(name, () => succeeds(by, name, thread));
  });
}

async function succeeds(by: readonly string[], name: string, thread: 'main' | 'worker'): Promise<void> {
  const { code, stdout, stderr } = await run('unshare', ['--net', ...by, process.execPath, child, name, thread]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' }, stderr);
}
