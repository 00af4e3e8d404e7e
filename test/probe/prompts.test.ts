/** A real getty and a real shell at the end of a null modem are told for what they are. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemScheduler } from '../../src/link/scheduler.js';
import type { Finding } from '../../src/probe/finding.js';
import { probePort } from '../../src/probe/probe.js';
import { NullModem } from '../support/null-modem.js';
import { Child } from '../support/process.js';

/** What a probe of one end finds while a program has the other as its terminal. */
async function findingOf(t: TestContext, program: (terminal: string) => readonly string[]): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'linkd-prompt-'));
  const [here, there] = [join(folder, 'here'), join(folder, 'there')];
  const cable = new NullModem({ a: { kind: 'pty', link: here }, b: { kind: 'pty', link: there }, baud: 115_200 });
  const child = new Child('setsid', program(realpathSync(there)));
  t.after(async () => {
    // A shell on a terminal ends by a hang-up.
    cable.close();
    await child.stop();
    rmSync(folder, { recursive: true });
  });
  const options = {
    speeds: [115200],
    patience: 2,
    scheduler: systemScheduler,
    lockDir: folder,
    doing: () => undefined,
  };
  return (await probePort(here, options, AbortSignal.timeout(60_000))).finding;
}

describe('a probe', { timeout: 120_000 }, () => {
  it('finds the login of agetty', async (t) => {
    const finding = await findingOf(t, (terminal) => [
      ...['agetty', '--noclear', '--login-program', '/bin/true', '--local-line'],
      ...[terminal.replace('/dev/', ''), '115200', 'vt100'],
    ]);
    assert.ok(finding.kind === 'login', JSON.stringify(finding));
    assert.match(finding.screen.at(-1) ?? '', /login:$/);
  });

  it('finds the console of a shell', async (t) => {
    const finding = await findingOf(t, (terminal) => [
      ...['sh', '-c', 'stty sane <"$1"; exec env PS1="depot# " sh -i <"$1" >"$1" 2>&1', 'sh', terminal],
    ]);
    assert.ok(finding.kind === 'console', JSON.stringify(finding));
    assert.equal(finding.screen.at(-1), 'depot#');
  });
});
