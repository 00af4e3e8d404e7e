/** `linkctl probe` as a process: what it lists, what it leaves alone, what it finds on a pty, and the config that it writes. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { z } from 'zod';
import { sameBytes } from '../../src/base/bytes.js';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { native } from '../../src/native/binding.js';
import { linkctl, temporaryDirectory } from '../control/rig.js';
import { Exchange } from '../support/hayes-exchange.js';
import { eventually } from '../support/eventually.js';
import { ModemPort } from '../support/hayes-pty.js';
import { Child } from '../support/process.js';

async function modemPort(t: TestContext): Promise<{ path: string; port: ModemPort; file: (name: string) => string }> {
  const folder = await temporaryDirectory(t);
  const file = (name: string): string => join(folder, name);
  const port = new ModemPort(file('modem'), new Exchange(systemScheduler), { identity: 'Acme 56k' });
  t.after(() => {
    port.close();
  });
  return { path: port.path, port, file };
}

const bin = join(import.meta.dirname, '../../src/bin/linkctl.js');

/** No linkd runs for these. */
const nobody = ['--control', '/nonexistent/linkd.sock'];

describe('linkctl probe', () => {
  it('lists the ports and sends nothing', async (t) => {
    const { code, stdout, stderr } = await linkctl(t, [...nobody, 'probe', '--json']);
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
    const { ports } = reportIn(stdout);
    for (const { device, finding, problem } of ports)
      assert.deepEqual([device.startsWith('/dev/tty'), finding, problem], [true, null, null]);
  });

  it('finds a modem, and writes a config that linkctl check takes', async (t) => {
    const { path, file } = await modemPort(t);
    const config = file('found.yaml');
    const found = await linkctl(t, [
      ...nobody,
      'probe',
      path,
      '--speeds',
      '115200',
      '--patience',
      '3',
      '--output',
      config,
    ]);
    assert.equal(found.code, exitCodes.ok, found.stderr);
    assert.match(found.stdout, /a modem at 115200 baud/);
    assert.match(found.stdout, /ATI1 +Acme 56k/);
    assert.match(await readFile(config, 'utf8'), /line: \{ serial: .*modem, speed: 115200, flow: none \}/);
    const checked = await linkctl(t, ['check', '--file-only', config]);
    assert.deepEqual([checked.code, checked.stderr], [exitCodes.ok, '']);
  });

  it('puts the port back as it was when Ctrl-C ends it', async (t) => {
    const { master, slave, path } = native.openPty();
    native.close(slave);
    const child = new Child(process.execPath, [bin, ...nobody, 'probe', path, '--patience', '20']);
    t.after(async () => {
      await child.stop();
      native.close(master);
    });
    // The two ends have their settings in common; to look at them from here opens nothing.
    const before = native.getTerminal(master);
    await eventually(() => !sameBytes(native.getTerminal(master), before), 60_000, 'the port is set up');
    child.signal('SIGINT');
    const { code, stderr } = await child.exited(60_000);
    assert.equal(code, exitCodes.failed);
    assert.match(stderr, /SIGINT/);
    assert.deepEqual(native.getTerminal(master), before);
  });

  it('overwrites no file', async (t) => {
    const { path, file } = await modemPort(t);
    await writeFile(file('precious'), 'mine');
    const { code, stderr } = await linkctl(t, [
      ...nobody,
      'probe',
      path,
      '--speeds',
      '115200',
      '--output',
      file('precious'),
    ]);
    assert.equal(code, exitCodes.failed);
    assert.match(stderr, /EEXIST.*Name a new one/);
    assert.equal(await readFile(file('precious'), 'utf8'), 'mine');
  });

  it('leaves a port alone that somebody has open', async (t) => {
    const { master, slave, path } = native.openPty();
    t.after(() => {
      native.close(master);
      native.close(slave);
    });
    const { code, stdout } = await linkctl(t, [...nobody, 'probe', path, '--json']);
    assert.equal(code, exitCodes.failed);
    const [port] = reportIn(stdout).ports;
    assert.deepEqual(port?.held_by, [{ who: `${process.pid} node`, how: 'open' }]);
    assert.equal(port.problem, 'it is held');
    assert.equal(native.errnoName(native.read(master, new Uint8Array(16), 0, 16)), 'EAGAIN', 'nothing was sent');
  });

  it('says so where there is no such port, and where it is none', async (t) => {
    const { code, stdout } = await linkctl(t, [...nobody, 'probe', '/dev/linkd-none', '/dev/null']);
    assert.equal(code, exitCodes.failed);
    assert.match(stdout, /\/dev\/linkd-none +could not be probed: there is no such port/);
    assert.match(stdout, /\/dev\/null +could not be probed: it is no serial port/);
  });

  for (const [args, problem] of [
    [['--output', '/tmp/x'], /--output needs a port/],
    [['--speeds', 'fast'], /Speeds from 50/],
    [['--patience', '0'], /from 1 to 20/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async (t) => {
      const { code, stderr } = await linkctl(t, ['probe', ...args]);
      assert.equal(code, exitCodes.usage);
      assert.match(stderr, problem);
    });
  }
});

const reportShape = z.object({
  ports: z.array(z.object({ device: z.string(), finding: z.unknown(), problem: z.unknown(), held_by: z.unknown() })),
});

function reportIn(stdout: string): z.infer<typeof reportShape> {
  return reportShape.parse(JSON.parse(stdout));
}
