/** Link quality monitoring: the packet, what two ends measure over a bad line, the policy, and the negotiation. RFC 1989 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cause, type Cause } from '../../src/base/cause.js';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import type { Counter } from '../../src/ppp/context.js';
import { QualityMonitor, type QualityAgreed } from '../../src/ppp/lqr/monitor.js';
import type { LqrOptions } from '../../src/ppp/lqr/options.js';
import { Intervals } from '../../src/ppp/lqr/policy.js';
import { buildReport, parseReport, type LineCounts } from '../../src/ppp/lqr/report.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import type { SessionOutput } from '../../src/ppp/outputs.js';
import { cleanLine, LossyLine } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { defaultLcp, mirrored, SessionStation, sessionOptions, Wire } from '../support/session-pair.js';
import { answering } from './auth-support.js';
import { Bench, must } from './bench.js';

const policy: LqrOptions = { intervalMs: 10_000, maxLoss: 0.2, keep: 3, of: 5 };
const magics = { us: 0x01020304, peer: 0xaabbccdd } as const;

/** One end: its monitor, and the framing that counts. */
class End {
  readonly monitor: QualityMonitor;
  readonly sent: Uint8Array[] = [];
  readonly counted: Counter[] = [];
  failed: Cause | undefined;
  line = { outPackets: 0, outOctets: 0, inPackets: 0, inOctets: 0, inDiscards: 0, inErrors: 0 };

  constructor(agreed: QualityAgreed, options: LqrOptions | undefined, mine: number = magics.us) {
    const counts = (): LineCounts => ({ ...this.line });
    this.monitor = new QualityMonitor(
      {
        quality: () => agreed,
        senderOf: (magic) => (magic === mine ? 'us' : magic === 0xbad ? 'stranger' : 'peer'),
        ourMagic: mine,
      },
      options,
      counts,
      {
        limits: defaultLcp,
        emit: (output) => {
          if (output.type === 'send') this.sent.push(output.packet);
        },
        note: () => undefined,
        count: (counter) => this.counted.push(counter),
        random: () => 1,
        peerMru: () => 1500,
      },
      (cause) => {
        this.failed = cause;
      },
    );
  }

  take(): Uint8Array[] {
    return this.sent.splice(0);
  }
}

/** Two ends on a line that loses; every frame is counted at both. Returns how many reports went each way. */
class Line {
  now = 0;
  readonly reports = { a: 0, b: 0 };
  readonly #a: End;
  readonly #b: End;
  readonly #random: () => number;
  #under: { readonly at: number; readonly to: End; readonly packet: Uint8Array | undefined }[] = [];
  lossAb = 0;
  lossBa = 0;

  constructor(a: End, b: End, seed = 1) {
    this.#a = a;
    this.#b = b;
    const random = seededRandom(seed);
    this.#random = () => random() / 2 ** 32;
  }

  /** `dataMs`: the pause between two data packets of each end. */
  run(until: number, dataMs = Infinity): void {
    for (; this.now < until; this.now += 10) {
      if (Number.isFinite(dataMs) && this.now % dataMs === 0) {
        this.#carry(this.#a, this.#b, undefined, this.lossAb);
        this.#carry(this.#b, this.#a, undefined, this.lossBa);
      }
      this.#arrive();
      for (const end of [this.#a, this.#b]) {
        const due = end.monitor.nextTimeout();
        if (due !== undefined && due <= this.now) end.monitor.timeout(this.now);
      }
      this.#collect();
    }
  }

  #collect(): void {
    for (const packet of this.#a.take()) {
      this.reports.a++;
      this.#carry(this.#a, this.#b, packet, this.lossAb);
    }
    for (const packet of this.#b.take()) {
      this.reports.b++;
      this.#carry(this.#b, this.#a, packet, this.lossBa);
    }
  }

  #carry(from: End, to: End, packet: Uint8Array | undefined, loss: number): void {
    from.line.outPackets++;
    from.line.outOctets += 55;
    if (this.#random() < loss) to.line.inErrors++;
    else this.#under.push({ at: this.now + 50, to, packet });
  }

  #arrive(): void {
    const due = this.#under.filter(({ at }) => at <= this.now);
    this.#under = this.#under.filter(({ at }) => at > this.now);
    for (const { to, packet } of due) {
      to.line.inPackets++;
      to.line.inOctets += 55;
      if (packet !== undefined) to.monitor.receive(packet, this.now);
    }
  }
}

function pair(a: QualityAgreed, b: QualityAgreed, options = policy): { a: End; b: End; line: Line } {
  const ends = { a: new End(a, options, magics.us), b: new End(b, undefined, magics.peer) };
  ends.a.monitor.up(0);
  ends.b.monitor.up(0);
  return { ...ends, line: new Line(ends.a, ends.b) };
}

/** We ask for reports every 10 s, and the peer agrees. */
const asks: QualityAgreed = { theirPeriodMs: 10_000, ourPeriodMs: undefined };
const serves: QualityAgreed = { theirPeriodMs: undefined, ourPeriodMs: 10_000 };

describe('the Link-Quality-Report', () => {
  it('holds twelve counters in the order of the RFC', () => {
    const bytes = Uint8Array.from({ length: 48 }, (_, i) => i);
    const report = must(parseReport(bytes));
    assert.deepEqual(
      Object.entries<number>({ ...report }).map(([name, value]) => `${name} ${value.toString(16)}`),
      [
        'magic 10203',
        'lastOutLqrs 4050607',
        'lastOutPackets 8090a0b',
        'lastOutOctets c0d0e0f',
        'peerInLqrs 10111213',
        'peerInPackets 14151617',
        'peerInDiscards 18191a1b',
        'peerInErrors 1c1d1e1f',
        'peerInOctets 20212223',
        'peerOutLqrs 24252627',
        'peerOutPackets 28292a2b',
        'peerOutOctets 2c2d2e2f',
      ],
    );
    assert.deepEqual(buildReport(report), bytes);
  });

  it('comes back as it was built, padded or not, and is nothing when it is too short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 60 }), (bytes) => {
        const report = parseReport(bytes);
        assert.equal(report === undefined, bytes.length < 48);
        if (report !== undefined) assert.deepEqual(buildReport(report), bytes.slice(0, 48));
      }),
    );
  });

  it('counts itself, and tells of the peer what came with its last report', () => {
    const end = new End(serves, undefined);
    end.line.outPackets = 7;
    end.monitor.up(0);
    const first = must(parseReport(must(end.take()[0])));
    assert.deepEqual([first.magic, first.peerOutLqrs, first.peerOutPackets], [magics.us, 1, 8]);
    assert.deepEqual([first.lastOutLqrs, first.peerInLqrs, first.peerInPackets], [0, 0, 0]);
    Object.assign(end.line, { inPackets: 20, inOctets: 2000, inErrors: 3, inDiscards: 2 });
    end.monitor.receive(
      buildReport({ ...first, magic: magics.peer, peerOutLqrs: 5, peerOutPackets: 22, peerOutOctets: 2300 }),
      5000,
    );
    end.line.inPackets = 30;
    end.take();
    end.monitor.timeout(10_000);
    const next = must(parseReport(must(end.take()[0])));
    assert.deepEqual([next.lastOutLqrs, next.lastOutPackets, next.lastOutOctets], [5, 22, 2300]);
    assert.deepEqual([next.peerInLqrs, next.peerInPackets, next.peerInOctets], [1, 20, 2000], 'saved when it came');
    assert.deepEqual([next.peerInErrors, next.peerInDiscards], [3, 2]);
  });
});

describe('who reports', () => {
  const cases: [string, QualityAgreed, QualityAgreed, number, number][] = [
    ['the peer by its timer, and we answer each', asks, serves, 6, 6],
    [
      'both by their timers',
      { theirPeriodMs: 10_000, ourPeriodMs: 10_000 },
      { theirPeriodMs: 10_000, ourPeriodMs: 10_000 },
      6,
      6,
    ],
    [
      'we by ours, where the peer will only answer',
      { theirPeriodMs: 0, ourPeriodMs: undefined },
      { theirPeriodMs: undefined, ourPeriodMs: 0 },
      6,
      6,
    ],
    [
      'nobody, where nothing is agreed',
      { theirPeriodMs: undefined, ourPeriodMs: undefined },
      { theirPeriodMs: undefined, ourPeriodMs: undefined },
      0,
      0,
    ],
  ];
  for (const [name, left, right, fromA, fromB] of cases) {
    it(name, () => {
      const { a, b, line } = pair(left, right);
      line.run(60_000);
      assert(Math.abs(line.reports.a - fromA) <= 2, `${line.reports.a} of ours`);
      assert(Math.abs(line.reports.b - fromB) <= 2, `${line.reports.b} of the peer's`);
      assert.deepEqual([a.failed, b.failed], [undefined, undefined]);
      if (fromA > 0) assert.deepEqual(a.monitor.describe(), { 'rx-loss': '0.0%', 'tx-loss': '0.0%' });
    });
  }

  it('two ends that only answer do not answer each other for ever', () => {
    const { a, b, line } = pair(
      { theirPeriodMs: undefined, ourPeriodMs: 0 },
      { theirPeriodMs: undefined, ourPeriodMs: 0 },
    );
    const first = { magic: magics.peer, lastOutLqrs: 0, lastOutPackets: 0, lastOutOctets: 0, peerInLqrs: 0 };
    const rest = { peerInPackets: 0, peerInDiscards: 0, peerInErrors: 0, peerInOctets: 0 };
    a.monitor.receive(buildReport({ ...first, ...rest, peerOutLqrs: 1, peerOutPackets: 1, peerOutOctets: 55 }), 0);
    line.run(60_000);
    assert(line.reports.a + line.reports.b <= 60_000 / 250, `${line.reports.a} and ${line.reports.b}`);
    assert.deepEqual([a.failed, b.failed], [undefined, undefined]);
  });
});

describe('what is measured', () => {
  it('is exact where nothing is lost, under traffic and without', () => {
    for (const dataMs of [10, 170, Infinity]) {
      const { a, b, line } = pair(asks, serves);
      line.run(120_000, dataMs);
      assert.deepEqual(a.monitor.describe(), { 'rx-loss': '0.0%', 'tx-loss': '0.0%' });
      assert.deepEqual(b.monitor.describe(), { 'rx-loss': '0.0%', 'tx-loss': '0.0%' });
    }
  });

  it('tells the directions apart', () => {
    const { a, line } = pair(asks, serves, { ...policy, maxLoss: 1, keep: 1 });
    line.lossAb = 0.3;
    line.run(300_000, 20);
    const { 'rx-loss': rx, 'tx-loss': tx } = a.monitor.describe();
    assert.equal(rx, '0.0%');
    assert(Math.abs(Number.parseFloat(must(tx)) - 30) < 12, tx);
  });

  it('bears counters that go round', () => {
    const { a, b, line } = pair(asks, serves);
    for (const { line: counts } of [a, b]) counts.outPackets = counts.inPackets = 0xffff_ff00;
    line.run(60_000, 20);
    assert.deepEqual(a.monitor.describe(), { 'rx-loss': '0.0%', 'tx-loss': '0.0%' });
  });

  it('is unknown where the peer makes its counters up', () => {
    const end = new End(asks, policy);
    end.monitor.up(0);
    const nonsense = parseHex('aabbccdd' + 'ffffff00'.repeat(11));
    end.monitor.receive(nonsense, 0);
    end.monitor.receive(parseHex('aabbccdd' + '00000001'.repeat(11)), 10_000);
    assert.equal(formatHex(nonsense.subarray(0, 4), ''), 'aabbccdd');
    assert.equal(end.failed, undefined);
    for (const loss of Object.values(end.monitor.describe())) assert.match(loss, /^\d+\.\d%$/);
  });
});

describe('the policy', () => {
  it('keeps a line while k of the last n intervals were good', () => {
    const table: [string, boolean][] = [
      ['', false],
      ['bb', false],
      ['bbb', true],
      ['bbggg', false],
      ['bbgggbb', false],
      ['bgbggbgb', false],
      ['bgbgb', true],
      ['gggggbb', false],
      ['gggggb-b', true],
    ];
    for (const [history, fails] of table) {
      const intervals = new Intervals(policy);
      for (const one of history) intervals.add(one === 'g' ? 0.2 : one === 'b' ? 0.21 : undefined);
      assert.equal(intervals.failed, fails, history);
    }
  });

  it('ends the link over a bad line, with the figures, and bears a fair one', () => {
    const bad = pair(asks, serves);
    bad.line.lossBa = 0.5;
    bad.line.run(200_000, 50);
    assert.equal(bad.a.failed?.code, 'line-quality');
    assert.match(
      must(bad.a.failed.detail),
      /^3 of the last 5 intervals of 10 s were bad; [\d.]+% of what the peer sends is lost/,
    );
    const fair = pair(asks, serves);
    fair.line.lossBa = fair.line.lossAb = 0.05;
    fair.line.run(3600_000, 50);
    assert.equal(fair.a.failed, undefined);
  });

  it('ends it over a line that is dead in one direction only', () => {
    const deaf = pair(asks, serves);
    deaf.line.run(30_000, 100);
    deaf.line.lossAb = 1;
    deaf.line.run(90_000, 100);
    assert.match(must(deaf.a.failed?.detail), /100\.0% of what we send is lost/);
    const mute = pair(asks, serves);
    mute.line.run(30_000, 100);
    mute.line.lossBa = 1;
    mute.line.run(90_000, 100);
    assert.match(must(mute.a.failed?.detail), /the last 3 reports are missing/);
  });

  it('takes a lost report for one lost packet, whoever lost it', () => {
    for (const direction of ['lossAb', 'lossBa'] as const) {
      const { a, line } = pair(asks, serves);
      for (let round = 0; round < 40; round++) {
        line[direction] = 0;
        line.run(line.now + 9000, 100);
        line[direction] = round % 2;
        line.run(line.now + 1000, 100);
      }
      assert.equal(a.failed, undefined, direction);
    }
  });

  it('is not ours where only the peer wants reports', () => {
    const { b, line } = pair(asks, serves);
    line.lossAb = 1;
    line.run(600_000, 100);
    assert.equal(b.failed, undefined);
  });
});

describe('what is no report of the peer', () => {
  const cases: [string, string, Counter | undefined][] = [
    ['too short', 'aabbccdd' + '00'.repeat(43), 'malformed'],
    ['our own, from a looped line', '01020304' + '00'.repeat(44), 'looped'],
    ["a stranger's", '00000bad' + '00'.repeat(44), 'magic-mismatch'],
  ];
  for (const [name, hex, counter] of cases) {
    it(`${name}: counted and dropped`, () => {
      const end = new End(asks, policy);
      end.monitor.up(0);
      end.monitor.receive(parseHex(hex), 100);
      assert.deepEqual(end.counted, [counter]);
      assert.deepEqual([end.sent, end.monitor.describe()], [[], {}]);
    });
  }

  it('any at all, where none were agreed on, before LCP is up, after it, and after a Protocol-Reject', () => {
    const report = parseHex('aabbccdd' + '00'.repeat(44));
    const none = new End({ theirPeriodMs: undefined, ourPeriodMs: undefined }, policy);
    none.monitor.receive(report, 0);
    none.monitor.up(0);
    none.monitor.receive(report, 0);
    const down = new End(asks, policy);
    down.monitor.up(0);
    down.monitor.down();
    down.monitor.receive(report, 0);
    const rejected = new End(asks, policy);
    rejected.monitor.up(0);
    rejected.monitor.rejected();
    rejected.monitor.receive(report, 0);
    assert.deepEqual(none.counted, ['not-open', 'not-open']);
    for (const end of [down, rejected]) {
      assert.deepEqual([end.counted, end.sent, end.monitor.nextTimeout()], [['not-open'], [], undefined]);
    }
  });
});

describe('the negotiation', () => {
  const lqr = { ...policy, intervalMs: 2000 };

  function up(left: Partial<LcpOptions>, right: Partial<LcpOptions>) {
    const a = new SessionStation(sessionOptions(left), 1);
    const b = new SessionStation(mirrored(right), 2);
    const wire = new Wire(new LossyLine(cleanLine, seededRandom(1)), a, b);
    wire.start();
    wire.run(30_000);
    assert(a.isUp && b.isUp);
    const isReport = (output: SessionOutput) => output.type === 'send' && output.protocol === Protocol.lqr;
    return { a, b, wire, reports: [a, b].map(({ outputs }) => outputs.filter(isReport).length) };
  }

  it('is off by default: no reports, and the peer that asks gets them', () => {
    assert.deepEqual(up({}, {}).reports, [0, 0]);
    const [ours, theirs] = up({ lqr }, {}).reports;
    assert(ours! >= 14 && theirs! >= 14, `${ours} and ${theirs}`);
  });

  it('does not delay authentication', () => {
    const bench = new Bench({ ...sessionOptions({ lqr }), auth: answering(['pap']) });
    const ours = must(bench.start()[0]);
    bench.lcp(Code.configureRequest, 1, '0304c023');
    assert(
      bench.ack(ours).some(({ protocol }) => protocol === Protocol.pap),
      'at once, with no report of the peer',
    );
    bench.station.receive({ protocol: Protocol.lqr, packet: parseHex('00000000' + '00'.repeat(44)) }, 0);
    assert.deepEqual(
      bench.station.take().map(({ protocol }) => protocol),
      [Protocol.lqr],
      'reports flow meanwhile',
    );
  });

  it('begins anew with LCP, and stops with it', () => {
    const { a, wire } = up({ lqr }, { lqr });
    a.close(wire.now, cause('requested'));
    wire.run(wire.now + 10_000);
    assert.deepEqual(a.finished, cause('requested'));
  });

  it('refused by a peer like pppd leaves the echoes to keep watch', () => {
    const bench = new Bench(sessionOptions({ lqr, echoIntervalMs: 4000 }));
    const [ours] = bench.start();
    assert.match(formatHex(must(ours).data, ''), /0408c025000000c8/);
    const [again] = bench.lcp(Code.configureReject, must(ours).id, '0408c025000000c8');
    assert.doesNotMatch(formatHex(must(again).data, ''), /0408c025/);
    bench.lcp(Code.configureRequest, 1, '0506aabbccdd');
    bench.ack(must(again));
    assert.deepEqual(bench.receiveRaw(Protocol.lqr, parseHex('aabbccdd' + '00'.repeat(44))), []);
    assert.equal(bench.counter('not-open'), 1);
    bench.station.take();
    for (let i = 0; i < 20 && bench.now < 4000; i++) bench.expire();
    assert.equal(bench.now, 4000, 'the echo');
  });

  it('takes the period that a Nak proposes, unless it is unbearable', () => {
    for (const [hint, asked] of [
      ['000001f4', '000001f4'],
      ['00000000', '00000000'],
      ['00000001', '000000c8'],
    ]) {
      const bench = new Bench(sessionOptions({ lqr }));
      const [ours] = bench.start();
      const [again] = bench.lcp(Code.configureNak, must(ours).id, `0408c025${hint}`);
      assert.match(formatHex(must(again).data, ''), new RegExp(`0408c025${asked}`));
    }
  });

  it('a peer that agrees and then rejects the reports is sent none', () => {
    const bench = new Bench(sessionOptions({ lqr }));
    bench.openIp();
    bench.lcp(Code.protocolReject, 9, 'c025' + '00'.repeat(48));
    bench.station.take();
    for (let i = 0; i < 3; i++)
      assert.deepEqual(
        bench.expire().filter(({ protocol }) => protocol === Protocol.lqr),
        [],
      );
    assert(bench.station.notes.includes('the peer takes no link quality reports: none are sent'));
  });

  it('in a session: reports that never come end it', () => {
    const bench = new Bench(sessionOptions({ lqr, echoIntervalMs: 0 }));
    bench.openIp();
    for (let i = 0; i < 10 && bench.now < 60_000; i++) {
      if (bench.expire().some(({ code, protocol }) => protocol === Protocol.lcp && code === Code.terminateRequest))
        break;
    }
    assert.equal(bench.now, 7000);
    assert.equal(bench.station.session.ending?.code, 'line-quality');
  });
});
