/** A session over several lines: they join one bundle, leave it and come back; what does not belong together is kept apart. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { localEndpoint } from '../../src/multilink/endpoint.js';
import type { MultilinkOptions } from '../../src/multilink/options.js';
import type { SessionOptions } from '../../src/ppp/options.js';
import type { Bundle, SessionOutput } from '../../src/ppp/outputs.js';
import { Session, type SessionDescription } from '../../src/ppp/session.js';
import { seededRandom } from '../support/random.js';
import { mirrored, sessionOptions } from '../support/session-pair.js';

const multilink: MultilinkOptions = {
  mrru: 1500,
  shortSequence: false,
  classes: true,
  endpoint: undefined,
  minFragment: 128,
  maxFragmentMs: Infinity,
  isSingle: false,
};

/** Two sessions with perfect lines between them, which can be cut. */
class Pair {
  readonly #ends: readonly [Session, Session];
  readonly outputs: [SessionOutput[], SessionOutput[]] = [[], []];
  readonly #open = new Set<number>();
  now = 0;

  constructor(left: SessionOptions, right: SessionOptions) {
    this.#ends = [new Session(left, seededRandom(1)), new Session(right, seededRandom(2))];
  }

  /** Opens a line at both ends, and lets everything settle. */
  open(line: number): void {
    this.#open.add(line);
    for (const end of this.#ends) end.start(this.now, line);
    this.run(2000);
  }

  /** A pulled cable: both ends notice. */
  cut(line: number): void {
    this.#open.delete(line);
    for (const end of this.#ends) end.lineLost(this.now, line);
    this.run(2000);
  }

  close(): void {
    this.#ends[0].close(this.now, cause('requested'));
  }

  run(ms: number): void {
    const until = this.now + ms;
    this.#exchange();
    for (;;) {
      const next = Math.min(...this.#ends.map((end) => end.nextTimeout() ?? Infinity));
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const end of this.#ends) end.timeout(this.now);
      this.#exchange();
    }
    this.now = until;
  }

  describe(side: 0 | 1): SessionDescription {
    return this.#ends[side].describe();
  }

  isUp(side: 0 | 1): boolean {
    return this.#ends[side].carriesIp4;
  }

  mtu(side: 0 | 1): number | undefined {
    return this.#ends[side].network?.mtu;
  }

  bundle(side: 0 | 1): Bundle | undefined {
    return this.outputs[side].findLast((output) => output.type === 'bundle')?.bundle;
  }

  openLines(side: 0 | 1): number[] | undefined {
    return this.bundle(side)?.lines.map(({ line }) => line);
  }

  count(side: 0 | 1, type: SessionOutput['type']): number {
    return this.outputs[side].filter((output) => output.type === type).length;
  }

  #exchange(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const side of [0, 1] as const) {
        for (let output = this.#ends[side].poll(); output !== undefined; output = this.#ends[side].poll()) {
          moved = true;
          this.outputs[side].push(output);
          if (output.type !== 'send') continue;
          const line = output.line ?? this.bundle(side)?.lines[0]?.line ?? 0;
          if (this.#open.has(line)) this.#ends[1 - side]?.receive(output.protocol, output.packet, this.now, line);
        }
      }
    }
  }
}

function pair(left: Partial<MultilinkOptions> | undefined, right: Partial<MultilinkOptions> | undefined): Pair {
  const bundled = (options: SessionOptions, own: Partial<MultilinkOptions> | undefined): SessionOptions =>
    own === undefined ? options : { ...options, multilink: { ...multilink, ...own } };
  return new Pair(bundled(sessionOptions(), left), bundled(mirrored(), right));
}

/** One end with several lines, each of which leads to another peer: a cable is in the wrong socket. */
function star(peers: readonly SessionOptions[]): { readonly ours: Session; readonly seen: readonly SessionOutput[] } {
  const ours = new Session({ ...sessionOptions(), multilink }, seededRandom(3));
  const others = peers.map((options, seed) => new Session(options, seededRandom(seed)));
  const seen: SessionOutput[] = [];
  const exchange = (): void => {
    for (let moved = true; moved;) {
      moved = false;
      for (let output = ours.poll(); output !== undefined; output = ours.poll()) {
        moved = true;
        seen.push(output);
        if (output.type === 'send') others[output.line ?? 0]?.receive(output.protocol, output.packet, 0, 0);
      }
      for (const [line, other] of others.entries()) {
        for (let output = other.poll(); output !== undefined; output = other.poll()) {
          moved = true;
          if (output.type === 'send') ours.receive(output.protocol, output.packet, 0, line);
        }
      }
    }
  };
  for (const [line, other] of others.entries()) {
    ours.start(0, line);
    other.start(0, 0);
    exchange();
  }
  for (let now = ours.nextTimeout(); now !== undefined && now < 10_000; now = ours.nextTimeout()) {
    ours.timeout(now);
    for (const other of others) other.timeout(now);
    exchange();
  }
  return { ours, seen };
}

describe('a session over several lines', () => {
  it('shows what the lines agreed on', () => {
    const lines = pair({ mrru: 1600, shortSequence: true }, { mrru: 1700, shortSequence: true });
    lines.open(0);
    const { options } = lines.describe(0);
    assert.deepEqual(
      [options['rx-mrru'], options['tx-mrru'], options['rx-sequence'], options['tx-sequence']],
      ['1600', '1700', '12 bits', '12 bits'],
    );
    assert.ok(options['peer-endpoint']);
    const plain = pair({}, undefined);
    plain.open(0);
    assert.equal(plain.describe(0).options['tx-mrru'], undefined);
  });

  it('carries its networks once, whichever lines are open', () => {
    const lines = pair({}, {});
    lines.open(0);
    assert.deepEqual(lines.openLines(0), [0]);
    lines.open(1);
    assert.deepEqual(lines.bundle(0), lines.bundle(1));
    assert.deepEqual(lines.openLines(0), [0, 1]);
    lines.cut(0);
    assert.deepEqual(lines.openLines(1), [1]);
    lines.open(0);
    assert.deepEqual(
      lines.openLines(1),
      [0, 1].toSorted((a, b) => b - a),
    );
    for (const side of [0, 1] as const) {
      assert.ok(lines.isUp(side));
      assert.equal(lines.count(side, 'network-up'), 1);
      assert.equal(lines.count(side, 'network-down'), 0);
    }
  });

  it('ends with its last line', () => {
    const lines = pair({}, {});
    lines.open(0);
    lines.open(1);
    lines.cut(1);
    assert.ok(lines.isUp(0));
    lines.cut(0);
    assert.ok(!lines.isUp(0));
    assert.equal(lines.count(0, 'network-down'), 1);
  });

  it('agrees on MRRU and headers for each direction', () => {
    const lines = pair({ mrru: 2000, shortSequence: true }, { mrru: 1600, shortSequence: true });
    lines.open(0);
    assert.deepEqual(lines.bundle(0)?.multilink?.send, { mrru: 1600, shortSequence: true, classes: 4 });
    assert.deepEqual(lines.bundle(0)?.multilink?.receive, { mrru: 2000, shortSequence: true, classes: 4 });
    assert.equal(lines.mtu(0), 1600);
    const long = pair({ shortSequence: true }, { shortSequence: false });
    long.open(0);
    assert.deepEqual(long.bundle(0)?.multilink, {
      send: { mrru: 1500, shortSequence: false, classes: 8 },
      receive: { mrru: 1500, shortSequence: false, classes: 4 },
    });
  });

  it('works as a plain one with a peer that takes but one line, and closes the others', () => {
    const { ours, seen } = star([mirrored(), mirrored()]);
    const refused = seen.find((output) => output.type === 'line-finished');
    assert.ok(refused?.type === 'line-finished' && refused.line === 1);
    assert.equal(refused.cause.code, 'multilink-refused');
    const last = seen.findLast((output) => output.type === 'bundle');
    assert.deepEqual(last?.bundle, { lines: [{ line: 0, mru: 1500 }], multilink: undefined });
    assert.ok(ours.carriesIp4);
  });

  it('refuses a line that leads elsewhere', () => {
    const endpoints = [7, 8].map((octet) => localEndpoint(Uint8Array.of(octet)));
    const others = endpoints.map((endpoint) => ({ ...mirrored(), multilink: { ...multilink, endpoint } }));
    const { ours, seen } = star(others);
    const refused = seen.find((output) => output.type === 'line-finished');
    assert.ok(refused?.type === 'line-finished' && refused.line === 1);
    assert.equal(refused.cause.code, 'multilink-refused');
    assert.match(refused.cause.detail ?? '', /leads to local:08, the others lead to local:07/);
    assert.ok(ours.carriesIp4);
  });

  it('closes all lines, and is finished when the last of them is', () => {
    const lines = pair({}, {});
    lines.open(0);
    lines.open(1);
    lines.close();
    lines.run(20_000);
    assert.equal(lines.count(0, 'finished'), 1);
    assert.equal(lines.count(1, 'finished'), 1);
  });
});
