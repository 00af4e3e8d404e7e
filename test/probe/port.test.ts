/** A probe of real terminals: ptys, whose far ends hear and speak at a speed of their own. In the end all is as it was. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LineError } from '../../src/line/line.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { native, READABLE } from '../../src/native/binding.js';
import { findHolders } from '../../src/probe/holders.js';
import { systemRoots } from '../../src/probe/ports.js';
import { probePort, type ProbeOptions, type Probed } from '../../src/probe/probe.js';
import { Exchange } from '../support/hayes-exchange.js';
import { Modem } from '../support/hayes.js';
import { eventually, within } from '../support/eventually.js';
import { run } from '../support/process.js';
import { resample } from '../support/uart.js';

const patienceMs = 60_000;

/** A terminal with somebody at its far end who hears and speaks at this speed. */
class FarEnd {
  readonly path: string;
  readonly slave: number;
  readonly lockDir: string;
  heard = '';
  readonly #master: number;
  readonly #speed: number;
  #open = true;

  constructor(t: TestContext, speed: number, hear: (octets: Uint8Array) => void = () => undefined) {
    const { master, slave, path } = native.openPty();
    this.path = path;
    this.slave = slave;
    this.#master = master;
    this.#speed = speed;
    this.lockDir = mkdtempSync(join(tmpdir(), 'linkd-locks-'));
    const watcher = native.createWatcher(master, () => {
      const buffer = new Uint8Array(4096);
      const count = native.read(master, buffer, 0, buffer.length);
      if (count <= 0) return;
      const octets = resample(buffer.slice(0, count), this.#portSpeed, speed);
      this.heard += Buffer.from(octets).toString('latin1');
      hear(octets);
    });
    watcher.watch(READABLE);
    t.after(() => {
      watcher.close();
      this.unplug();
      native.close(slave);
      rmSync(this.lockDir, { recursive: true });
    });
  }

  say(octets: Uint8Array): void {
    const arrives = resample(octets, this.#speed, this.#portSpeed);
    if (arrives.length > 0) native.write(this.#master, arrives, 0, arrives.length);
  }

  unplug(): void {
    if (this.#open) native.close(this.#master);
    this.#open = false;
  }

  probe(options: Partial<ProbeOptions> = {}, signal = new AbortController().signal): Promise<Probed> {
    const all = {
      speeds: [115200, 9600],
      patience: 1,
      scheduler: systemScheduler,
      lockDir: this.lockDir,
      doing: () => undefined,
    };
    return within(probePort(this.path, { ...all, ...options }, signal), patienceMs, 'the probe');
  }

  /** The speed that the other side has set: a pty's two ends have their settings in common, the speed as the last field. */
  get #portSpeed(): number {
    const settings = native.getTerminal(this.#master);
    return new DataView(settings.buffer).getUint32(settings.length - 4, endianness() === 'LE');
  }
}

describe('a probe of a port', { timeout: 120_000 }, () => {
  it('finds a modem at its speed, and leaves the port as it was, settings and locks', async (t) => {
    const modem = new Modem(
      {
        write: (octets) => {
          far.say(octets);
        },
        room: () => 4096,
        carrier: () => undefined,
      },
      new Exchange(systemScheduler),
      { identity: 'Acme 56k' },
    );
    const far = new FarEnd(t, 9600, (octets) => {
      modem.fromTerminal(octets);
    });
    await run('stty', ['-F', far.path, 'sane', '2400', 'intr', '^A']);
    const before = native.getTerminal(far.slave);
    const doing: string[] = [];
    const { finding, lines } = await far.probe({ patience: 2, doing: (text) => doing.push(text) });
    assert.ok(finding.kind === 'modem', JSON.stringify(finding));
    assert.deepEqual([finding.speed, finding.identity.answers.at(-1)?.lines], [9600, ['Acme 56k']]);
    assert.equal(lines, undefined, 'a pty has no modem lines');
    assert.deepEqual(doing, ['115200 baud', '9600 baud']);
    assert.deepEqual(native.getTerminal(far.slave), before);
    assert.deepEqual(readdirSync(far.lockDir), []);
  });

  it('touches no port with a lock file of somebody who lives', async (t) => {
    const far = new FarEnd(t, 9600);
    writeFileSync(join(far.lockDir, `LCK..${basename(far.path)}`), `${String(process.ppid).padStart(10)}\n`);
    await assert.rejects(far.probe(), (error) => error instanceof LineError && error.reason.code === 'device-busy');
    assert.equal(far.heard, '');
    assert.equal(readdirSync(far.lockDir).length, 1);
  });

  it('ends when it is told to, and the port is as it was', async (t) => {
    const far = new FarEnd(t, 9600);
    const before = native.getTerminal(far.slave);
    const controller = new AbortController();
    const enough = new Error('enough');
    const probing = far.probe({ speeds: [9600, 2400] }, controller.signal);
    await eventually(() => far.heard.includes('\r'), patienceMs, 'something is said');
    controller.abort(enough);
    await assert.rejects(probing, (error) => error === enough);
    assert.deepEqual(native.getTerminal(far.slave), before);
    assert.deepEqual(readdirSync(far.lockDir), []);
  });

  it('says so when the port is pulled out meanwhile', async (t) => {
    const far = new FarEnd(t, 9600);
    const probing = far.probe();
    await eventually(() => far.heard.length > 0, patienceMs, 'something is said');
    far.unplug();
    await assert.rejects(probing, (error) => error instanceof LineError && error.reason.code === 'line-hangup');
    assert.deepEqual(readdirSync(far.lockDir), []);
  });

  for (const [path, code] of [
    ['/dev/null', 'device-failed'],
    ['/dev/linkd-no-such-port', 'device-missing'],
  ] as const) {
    it(`refuses ${path}`, async (t) => {
      const far = new FarEnd(t, 9600);
      const options = {
        speeds: [9600],
        patience: 1,
        scheduler: systemScheduler,
        lockDir: far.lockDir,
        doing: () => undefined,
      };
      await assert.rejects(
        probePort(path, options, new AbortController().signal),
        (error) => error instanceof LineError && error.reason.code === code,
      );
    });
  }
});

describe('who holds a port', () => {
  it('is told by its open descriptor, once, with its name', async (t) => {
    const far = new FarEnd(t, 9600);
    const { holders } = await findHolders([far.path], new Set(), systemRoots, far.lockDir);
    assert.deepEqual(holders.get(far.path), [{ who: `${process.pid} node`, how: 'open' }]);
  });

  it('is told by a lock file, and the console of the kernel by its name', async (t) => {
    const far = new FarEnd(t, 9600);
    writeFileSync(join(far.lockDir, `LCK..${basename(far.path)}`), `${String(process.ppid).padStart(10)}\n`);
    const { holders } = await findHolders([far.path], new Set([basename(far.path)]), systemRoots, far.lockDir);
    assert.deepEqual(
      holders.get(far.path)?.map(({ how }) => how),
      ['console', 'lock-file', 'open'],
    );
  });

  it('is nobody where /dev has none of that name', async (t) => {
    const { lockDir } = new FarEnd(t, 9600);
    const { holders } = await findHolders(['/dev/linkd-none'], new Set(), systemRoots, lockDir);
    assert.deepEqual([...holders], [['/dev/linkd-none', []]]);
  });
});
