/** linkctl on a real terminal: colours, and the status drawn anew while linkd comes and goes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { upLink } from '../support/fake-steering.js';
import { serve, startLinkctlOnTerminal, temporaryDirectory, waitUntil, type Running } from './rig.js';

const size = { rows: 40, columns: 100 };

describe('linkctl on a terminal', () => {
  it('colours, unless NO_COLOR is set', async (t) => {
    const { path } = await serve(t);
    const args = ['--control', path, 'status', 'branch'];
    const coloured = await startLinkctlOnTerminal(t, size, args).ended;
    const plain = await startLinkctlOnTerminal(t, size, args, { NO_COLOR: '1' }).ended;
    assert.equal(coloured.code, exitCodes.ok);
    assert.ok(coloured.stdout.includes('\x1b[32mup\x1b[39m'));
    assert.ok(!plain.stdout.includes('\x1b'));
    assert.match(plain.stdout, /^branch {2}up for /);
  });

  it('fits the overview into its width', async (t) => {
    const { path } = await serve(t);
    const { stdout } = await startLinkctlOnTerminal(t, { rows: 24, columns: 70 }, [
      '--control',
      path,
      'status',
      '--brief',
    ]).ended;
    for (const line of stripVTControlCharacters(stdout).split(/\r?\n/)) assert.ok(line.length <= 70, line);
  });
});

describe('linkctl status --watch', () => {
  it('draws anew, survives a restart of linkd and says so, and ends with Ctrl-C', async (t) => {
    const first = await serve(t, { links: [upLink({ name: 'before' })] });
    const watching = startLinkctlOnTerminal(t, size, ['--control', first.path, 'status', '--watch']);
    await shows(watching, /before {2}up for/);
    first.steering.set('before', { interface: 'ppp-renamed' });
    await shows(watching, /interface +ppp-renamed/);
    await first.server.close();
    await shows(watching, /linkd has not answered for \d+s; trying every second\.\s+cannot reach linkd at/);
    await serve(t, { path: first.path, links: [upLink({ name: 'after' })] });
    await shows(watching, /after {2}up for[^]*linkd was away from [-\d]+ [:\d]+ to [-\d]+ [:\d]+\./);
    watching.type('\x03');
    const { code, stdout } = await watching.ended;
    assert.equal(code, exitCodes.ok);
    assert.ok(stdout.lastIndexOf('\x1b[?25h') > stdout.lastIndexOf('\x1b[?25l'), 'the cursor is still hidden');
  });

  it('waits for a linkd that does not run yet', async (t) => {
    const path = join(await temporaryDirectory(t), 'control.sock');
    const watching = startLinkctlOnTerminal(t, size, ['--control', path, 'status', '--watch', 'branch']);
    await shows(watching, /linkd has not answered/);
    await serve(t, { path });
    await shows(watching, /branch {2}up for/);
  });

  it('cuts what does not fit at the bottom', async (t) => {
    const links = Array.from({ length: 30 }, (_, i) => upLink({ name: `link-${i}` }));
    const { path } = await serve(t, { links });
    const watching = startLinkctlOnTerminal(t, { rows: 10, columns: 100 }, ['--control', path, 'status', '--watch']);
    await shows(watching, /^linkd 0\.1\.0[^]*link-4 [^]*\(25 more lines\)/);
    assert.ok(!watching.stdout().includes('link-10 '));
  });

  it('ends at once for a link that there is not', async (t) => {
    const { path } = await serve(t);
    const { code, stdout } = await startLinkctlOnTerminal(t, size, ['--control', path, 'status', 'brnch', '--watch'])
      .ended;
    assert.equal(code, exitCodes.unknownLink);
    assert.match(stdout, /there is no link "brnch"/);
  });
});

async function shows(watching: Running, text: RegExp): Promise<void> {
  try {
    await waitUntil(`it shows ${String(text)}`, () =>
      text.test(stripVTControlCharacters(watching.stdout()).replaceAll('\r', '')),
    );
  } catch (thrown) {
    throw new Error(`it showed ${watching.stdout().slice(-2000)}`, { cause: thrown });
  }
}
