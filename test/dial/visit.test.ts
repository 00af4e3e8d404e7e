/** A visit on real descriptors: the visitor's connection at one side, the line at the other, and who closes what. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { cause } from '../../src/base/cause.js';
import { encodeText } from '../../src/base/text.js';
import { HandLineSource, type HandParts } from '../../src/dial/hand-source.js';
import { Visit } from '../../src/dial/visit.js';
import { DescriptorLine } from '../../src/line/descriptor-line.js';
import { FdStream } from '../../src/line/fd-stream.js';
import { LineError, type Line, type LineSource } from '../../src/line/line.js';
import { Rfc2217Source } from '../../src/line/rfc2217.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { native } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';
import { MemoryLog, PATIENCE_MS } from '../line/rig.js';
import { TerminalServer } from '../line/terminal-server.js';

const lcp = '\x7e\xff\x7d\x23\xc0\x21\x7d\x21';

/** The other end of a connection or a line: what it got, and whether it was closed. */
class End {
  readonly near: number;
  got = '';
  closed = false;
  readonly #far: number;
  readonly #stream: FdStream;
  readonly #buffer = Buffer.alloc(4096);

  constructor(t: TestContext) {
    [this.near, this.#far] = native.socketPair(0);
    this.#stream = new FdStream(this.#far);
    this.#stream.start({
      readable: () => {
        this.got += this.#buffer.toString('latin1', 0, this.#stream.read(this.#buffer));
      },
      writable: () => undefined,
      ended: () => (this.closed = true),
    });
    t.after(() => {
      this.drop();
    });
  }

  say(text: string): void {
    const octets = Buffer.from(text, 'latin1');
    assert.equal(this.#stream.write(octets, 0, octets.length), octets.length);
  }

  /** Takes nothing from here on. */
  pause(): void {
    this.#stream.watchReadable(false);
  }

  /** Says so much that it must wait in the kernel for good. */
  async fill(): Promise<void> {
    const octets = Buffer.alloc(4096, 'x');
    for (let quiet = 0; quiet < 20; quiet++) {
      await turn();
      if (this.#stream.write(octets, 0, octets.length) > 0) quiet = 0;
    }
  }

  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#stream.stop();
    native.close(this.#far);
  }

  #dropped = false;

  async until(pattern: RegExp): Promise<void> {
    await eventually(() => pattern.test(this.got), PATIENCE_MS, `${pattern} in ${JSON.stringify(this.got)}`);
  }

  async untilClosed(): Promise<void> {
    await eventually(() => this.closed, PATIENCE_MS, 'it is closed');
  }
}

class Rig {
  readonly person: End;
  readonly far: End;
  readonly visit: Visit;
  readonly source: HandLineSource;
  readonly told: string[] = [];
  breaks = 0;
  /** Lets the line open. */
  ready: () => void = () => undefined;
  readonly abort = new AbortController();

  constructor(t: TestContext, { hangUp, bar, waits = false }: Partial<HandParts> & { readonly waits?: boolean } = {}) {
    this.person = new End(t);
    this.far = new End(t);
    const until = waits ? new Promise<void>((resolve) => (this.ready = resolve)) : Promise.resolve();
    const line = new DescriptorLine({
      fd: this.far.near,
      ...{ name: '/dev/ttyX0', speed: 57_600 },
      explain: () => cause('line-hangup', '/dev/ttyX0'),
      release: () => {
        native.close(this.far.near);
      },
    });
    const opened: Line = Object.assign(line, {
      sendBreak: () => {
        this.breaks++;
        return Promise.reject(new Error('no such thing'));
      },
    });
    const bare: LineSource = {
      open: async (signal) => {
        const aborted = new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('no longer wanted', { cause: signal.reason }));
          });
        });
        await Promise.race([until, aborted]);
        return opened;
      },
      dispose: () => Promise.resolve(),
      handable: (given) => (given === opened ? 77 : undefined),
      handOver: () => Promise.reject(new Error('nothing to hand over')),
    };
    const tell = (level: string, message: string): void => void this.told.push(`${level}: ${message}`);
    this.source = new HandLineSource(bare, bare, { scheduler: systemScheduler, tell, hangUp, bar });
    this.visit = new Visit({ fd: this.person.near, name: 'ann' });
  }

  open(): Promise<Line> {
    return within(this.source.openByHand(this.visit, this.abort.signal), PATIENCE_MS, 'the line');
  }

  /** Opens, and gives the cause that it came to, which the visitor is told then. */
  async failure(): Promise<string> {
    try {
      await this.open();
    } catch (error) {
      const reason = error instanceof LineError ? error.reason : cause('requested');
      this.visit.end(reason);
      return `${reason.code}: ${reason.detail ?? ''}`;
    }
    throw new Error('it opened');
  }
}

describe('a visit to a line', () => {
  it('leads it to PPP, and gives it on as it is', async (t) => {
    const rig = new Rig(t);
    const opening = rig.open();
    await rig.person.until(/menu\.[^]*On the line: \/dev\/ttyX0, 57600 baud/);
    assert.equal(rig.source.activity, 'in the hands of ann');
    rig.person.say('ppp\r');
    await rig.far.until(/^ppp\r$/);
    rig.far.say(`CONNECT 28800\r\n${lcp}`);
    const line = await opening;
    rig.visit.end(undefined);
    await rig.person.until(/CONNECT 28800\r\n[^]*linkd takes the line over/);
    await rig.person.untilClosed();
    assert.deepEqual(Buffer.from(line.initial ?? []).toString('latin1'), lcp);
    assert.equal(line.speed, 28_800);
    assert.equal(rig.source.handable(line), 77);
    assert.equal(rig.far.closed, false);
    await line.close();
    await rig.far.untilClosed();
    assert.equal(rig.source.activity, undefined);
  });

  it('sends what was typed before the line was open', async (t) => {
    const rig = new Rig(t, { waits: true });
    const opening = rig.open();
    rig.person.say('ATZ\r');
    await rig.person.until(/menu/);
    rig.ready();
    await rig.far.until(/^ATZ\r$/);
    rig.person.say('\x1dp');
    await (await opening).close();
  });

  it('ends when he hangs up, after the modem has', async (t) => {
    const rig = new Rig(t, { hangUp: { hangup: 'escape', modem: 'hayes' } });
    const failing = rig.failure();
    await rig.person.until(/On the line/);
    rig.person.say('\x1dq');
    assert.equal(await failing, 'by-hand: ann hung up');
    await rig.far.until(/^\+\+\+ATH0\r$/);
    await rig.far.untilClosed();
    await rig.person.until(/hanging up[^]*ann hung up/);
    await rig.person.untilClosed();
  });

  it('ends when he is gone, be the line open or not', async (t) => {
    const open = new Rig(t);
    const failing = open.failure();
    await open.person.until(/On the line/);
    open.person.drop();
    assert.equal(await failing, 'by-hand: ann is gone');
    await open.far.untilClosed();

    const closed = new Rig(t, { waits: true });
    const waiting = closed.failure();
    closed.person.drop();
    assert.equal(await waiting, 'by-hand: ann is gone');
  });

  it('ends with the line, and says so', async (t) => {
    const rig = new Rig(t);
    const failing = rig.failure();
    await rig.person.until(/On the line/);
    rig.far.drop();
    assert.equal(await failing, 'line-hangup: /dev/ttyX0');
    await rig.person.until(/the line was hung up \(\/dev\/ttyX0\)/);
    await rig.person.untilClosed();
  });

  it('ends when the link is taken down, and hangs up', async (t) => {
    const rig = new Rig(t);
    const failing = rig.failure();
    await rig.person.until(/On the line/);
    rig.abort.abort(new Error('no longer wanted'));
    assert.equal(await failing, 'requested: ');
    await rig.far.untilClosed();
    await rig.person.until(/taken down by command/);
  });

  it('outlasts him who leaves the line as it is, and goes on with the next', async (t) => {
    const rig = new Rig(t);
    const opening = rig.open();
    await rig.person.until(/On the line/);
    assert.equal(rig.visit.isLeft, false);
    rig.person.say('\x1dl');
    await rig.person.untilClosed();
    assert.equal(rig.visit.isLeft, true);
    assert.equal(rig.source.activity, 'left as it is by ann');
    const next = new End(t);
    rig.visit.attach({ fd: next.near, name: 'ben' });
    assert.equal(rig.source.activity, 'in the hands of ben');
    next.say('x');
    await rig.far.until(/^x$/);
    rig.visit.beginPpp();
    const line = await opening;
    assert.equal(line.initial?.length, 0);
    rig.visit.end(undefined);
    await next.until(/PPP begins/);
    await line.close();
  });

  it('says what the line cannot do', async (t) => {
    const rig = new Rig(t);
    const opening = rig.open();
    await rig.person.until(/On the line/);
    rig.person.say('\x1db');
    await rig.person.until(/no break: no such thing/);
    assert.equal(rig.breaks, 1);
    rig.person.say('\x1dp');
    await (await opening).close();
  });

  it('ends when he is gone while the line takes nothing', async (t) => {
    const rig = new Rig(t);
    rig.far.pause();
    const failing = rig.failure();
    await rig.person.until(/On the line/);
    await rig.person.fill();
    rig.person.drop();
    assert.equal(await failing, 'by-hand: ann is gone');
  });

  it('leads no line to PPP where callers have to log in first', async (t) => {
    const rig = new Rig(t, { bar: 'They log in first.' });
    const failing = rig.failure();
    await rig.person.until(/On the line/);
    rig.far.say(lcp);
    await rig.person.until(/They log in first/);
    rig.visit.beginPpp();
    assert.equal(await failing, 'by-hand: ann was in the way of PPP');
    await rig.far.untilClosed();
  });

  it('reads no more than the line takes', async (t) => {
    const rig = new Rig(t, { waits: true });
    const opening = rig.open();
    const much = 'x'.repeat(8192);
    for (let times = 0; times < 6; times++) rig.person.say(much);
    rig.ready();
    await eventually(() => rig.far.got.length === 6 * much.length, PATIENCE_MS, 'all of it arrives');
    rig.far.say(Buffer.from(encodeText('done')).toString());
    await rig.person.until(/done/);
    rig.person.say('\x1dp');
    await (await opening).close();
  });
});

/** A visit to a port behind a terminal server, which answers to SET-CONTROL like this. RFC 2217 §3 */
async function serverRig(
  t: TestContext,
  control: (value: Uint8Array) => Uint8Array | undefined,
  hangUp: HandParts['hangUp'],
): Promise<{ readonly server: TerminalServer; readonly person: End; readonly opening: Promise<Line> }> {
  const server = await TerminalServer.open(t, { answers: new Map([[5, control]]) });
  const place = { host: '127.0.0.1', port: server.port } as const;
  const options = { kind: 'rfc2217', ...place, speed: 57_600, flow: 'none', carrier: 'auto' } as const;
  const bare = new Rfc2217Source(options, new MemoryLog());
  const person = new End(t);
  const visit = new Visit({ fd: person.near, name: 'ann' });
  const source = new HandLineSource(bare, bare, { scheduler: systemScheduler, tell: () => undefined, hangUp });
  const opening = within(source.openByHand(visit, new AbortController().signal), PATIENCE_MS, 'the end of the visit');
  await person.until(/On the line/);
  return { server, person, opening };
}

describe('a visit to a port of a terminal server', () => {
  const dtr = { ask: 7, on: 8, off: 9 };
  const withDtr = (value: Uint8Array): Uint8Array => (value[0] === dtr.ask ? Uint8Array.of(dtr.on) : value);
  const withoutDtr = (value: Uint8Array): Uint8Array | undefined =>
    [dtr.ask, dtr.on, dtr.off].includes(value[0] ?? 0) ? undefined : value;

  for (const [what, control, escape] of [
    ['hangs up by DTR', withDtr, ''],
    ['hangs up by +++ where the server steers no DTR', withoutDtr, '+++ATH0\r'],
  ] as const) {
    it(`sends a break, and ${what}`, async (t) => {
      const { server, person, opening } = await serverRig(t, control, { hangup: 'auto', modem: 'hayes' });
      const failing = assert.rejects(opening, /ann hung up/);
      person.say('one\x1db');
      await server.heard('0505');
      await server.heard('0506');
      assert.ok(server.commands.indexOf('0505') < server.commands.indexOf('0506'));
      person.say('two\x1dq');
      await failing;
      assert.equal(server.commands.at(-1), '0509', 'DTR is dropped in any case');
      assert.equal(Buffer.from(server.data).toString('latin1'), `onetwo${escape}`);
    });
  }

  it('ends a break that still goes on when PPP begins', async (t) => {
    const { server, person, opening } = await serverRig(t, withDtr, undefined);
    person.say('\x1db\x1dp');
    const line = await opening;
    await server.heard('0506');
    await line.close();
  });
});
