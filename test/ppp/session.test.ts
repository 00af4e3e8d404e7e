/** Whole sessions in virtual time: with each other, on a looped line, and with peers of every bad habit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHex, putU32 } from '../../src/base/bytes.js';
import { cause, type CauseCode } from '../../src/base/cause.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import { defaultFraming } from '../../src/ppp/outputs.js';
import { buildPacket, parsePacket } from '../../src/ppp/packet.js';
import { Session } from '../../src/ppp/session.js';
import { cleanLine, LossyLine, type Frame } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import {
  ip,
  mirrored,
  ScriptedPeer,
  SessionStation,
  sessionOptions,
  Wire,
  type Station,
} from '../support/session-pair.js';
import { Bench, must } from './bench.js';

const { configureAck, configureNak, configureReject, configureRequest, terminateAck, terminateRequest } = Code;

function wireOf(a: Station, b?: Station): Wire {
  return new Wire(new LossyLine(cleanLine, seededRandom(1)), a, b);
}

function lcp(code: number, id: number, data: Uint8Array | string = ''): Frame {
  const octets = typeof data === 'string' ? parseHex(data) : data;
  return { protocol: Protocol.lcp, packet: buildPacket({ code, id, data: octets }) };
}

describe('two sessions', () => {
  it('come up within a few round trips, and tell both addresses and the mtu', () => {
    const a = new SessionStation(sessionOptions({ mru: 1400 }), 1);
    const b = new SessionStation(mirrored({ mru: 576 }), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(200);
    const up = (station: SessionStation) => station.outputs.find((output) => output.type === 'network-up')?.network;
    const [left, right] = [ip('10.0.0.1'), ip('10.0.0.2')];
    assert.deepEqual(up(a), { mtu: 576, ip4: { local: left, remote: right, dns: [], wins: [] }, ip6: undefined });
    assert.deepEqual(up(b), { mtu: 1400, ip4: { local: right, remote: left, dns: [], wins: [] }, ip6: undefined });
    assert(wire.sent <= 8, `${wire.sent} frames`);
  });

  it('stay up on a quiet line for a day, by echoes', () => {
    const a = new SessionStation(sessionOptions(), 1);
    const b = new SessionStation(mirrored(), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(86_400_000, undefined, 100_000);
    assert.deepEqual([a.ups, a.downs, b.ups, b.downs], [1, 0, 1, 0]);
    assert(a.outputs.some(({ type }) => type === 'echo'));
  });

  it('both learn that one is closed', () => {
    const a = new SessionStation(sessionOptions(), 1);
    const b = new SessionStation(mirrored(), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(1000);
    a.close(1000, cause('shutdown'));
    wire.run(10_000);
    assert.deepEqual(a.finished, cause('shutdown'));
    assert.deepEqual(b.finished, cause('peer-terminated', 'linkd is shutting down'));
  });

  it('that choose the same magic number once choose again', () => {
    const same = (seed: number) => {
      const random = seededRandom(seed);
      let first = true;
      return () => (first ? ((first = false), 0xcafe) : random());
    };
    const a = new SessionStation(sessionOptions(), 0, same(1));
    const b = new SessionStation(mirrored(), 0, same(2));
    const wire = wireOf(a, b);
    wire.start();
    wire.run(10_000);
    assert(a.isUp && b.isUp);
    assert.notEqual(a.session.describe().options['local-magic'], a.session.describe().options['remote-magic']);
  });

  it('that always choose the same magic number are taken for a looped line', () => {
    const a = new SessionStation(sessionOptions(), 5);
    const b = new SessionStation(mirrored(), 5);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(60_000);
    assert([a.finished?.code, b.finished?.code].includes('loopback'));
    assert(a.finished !== undefined && b.finished !== undefined);
  });

  it('with addresses that do not mirror each other fail at both ends', () => {
    const a = new SessionStation(sessionOptions(), 1);
    const b = new SessionStation(mirrored({}, { remote: ip('10.0.0.7') }), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(60_000);
    assert.equal(a.finished?.code, 'ipcp-failed');
    assert.equal(b.finished?.code, 'ipcp-failed');
    assert.match(must(a.finished.detail), /wants us to be 10\.0\.0\.7.*local: 10\.0\.0\.1/);
    assert.match(must(b.finished.detail), /claims 10\.0\.0\.1.*remote: 10\.0\.0\.7/);
  });
});

describe('who begins', () => {
  const active: Partial<LcpOptions> = {};
  const silent: Partial<LcpOptions> = { silent: true };
  const passive: Partial<LcpOptions> = { passive: true, maxConfigure: 3 };
  const combinations: [string, Partial<LcpOptions>, Partial<LcpOptions>][] = [
    ['silent and active', silent, active],
    ['silent and passive', silent, passive],
    ['passive and active', passive, active],
    ['passive and passive', passive, passive],
  ];
  for (const [name, left, right] of combinations) {
    it(`${name} come up`, () => {
      const a = new SessionStation(sessionOptions(left), 1);
      const b = new SessionStation(mirrored(right), 2);
      const wire = wireOf(a, b);
      wire.start();
      wire.run(1000);
      assert(a.isUp && b.isUp);
    });
  }

  it('silent and silent wait for each other, and send nothing', () => {
    const a = new SessionStation(sessionOptions(silent), 1);
    const b = new SessionStation(mirrored(silent), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(3600_000);
    assert.equal(wire.sent, 0);
    assert.equal(a.session.describe().phase, 'establish');
    assert.equal(a.finished, undefined);
  });

  it('a passive session on a dead line falls silent, and answers the peer that comes later', () => {
    const a = new SessionStation(sessionOptions(passive), 1);
    const nobody = wireOf(a, new ScriptedPeer(() => []));
    nobody.start();
    nobody.run(3600_000);
    assert.deepEqual([a.sends, a.finished, a.nextTimeout()], [3, undefined, undefined]);
    assert(a.notes.includes('LCP: no answer; waiting for the peer to begin'));
    const b = new SessionStation(mirrored(), 2);
    const late = wireOf(a, b);
    late.now = 3600_000;
    b.start(late.now);
    late.run(3601_000);
    assert(a.isUp && b.isUp);
  });

  it('a passive session ends when the peer terminates', () => {
    const bench = new Bench(sessionOptions(passive));
    bench.openIp();
    bench.lcp(terminateRequest, 1);
    bench.expire();
    assert.equal(bench.station.finished?.code, 'peer-terminated');
  });
});

describe('a looped line', () => {
  it('is noticed by the magic number, soon', () => {
    const a = new SessionStation(sessionOptions());
    const wire = wireOf(a);
    wire.start();
    wire.run(60_000, () => a.finished !== undefined);
    assert.deepEqual(a.finished, cause('loopback', 'our own magic number comes back to us'));
    assert(wire.now < 1000 && wire.sent < 20, `${wire.sent} frames in ${wire.now} ms`);
    assert.equal(a.ups, 0);
  });

  it('never carries IP, even without magic numbers', () => {
    const a = new SessionStation(sessionOptions({ magic: false }));
    const wire = wireOf(a);
    wire.start();
    wire.run(60_000);
    assert.equal(a.finished?.code, 'ipcp-failed');
    assert.equal(a.ups, 0);
  });

  it('is noticed by the echoes when it is looped while up', () => {
    const a = new SessionStation(sessionOptions(), 1);
    const b = new SessionStation(mirrored(), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(1000);
    const looped = wireOf(a);
    looped.now = wire.now;
    looped.run(120_000);
    assert.equal(a.finished?.code, 'loopback');
  });

  it('is noticed when it is looped under traffic: our own packets are no proof of a peer', () => {
    const echoIntervalMs = 5000;
    const a = new SessionStation(sessionOptions({ echoIntervalMs }), 1);
    const wire = wireOf(a, new SessionStation(mirrored(), 2));
    wire.start();
    wire.run(1000);
    assert(a.isUp);
    let now = 1000;
    for (; a.finished === undefined && now < 120_000; now += 100) {
      a.receive({ protocol: Protocol.ip, packet: new Uint8Array(40) }, now);
      a.timeout(now);
      for (const frame of a.take()) a.receive(frame, now);
    }
    assert.equal(a.finished?.code, 'loopback');
    assert(now <= 1000 + 6 * echoIntervalMs + 1000, `after ${now} ms`);
  });
});

/** Asks anew for the same after each answer, and acknowledges what we ask for. */
function insisting(data: string): ScriptedPeer {
  let id = 1;
  return new ScriptedPeer(
    ({ packet }) => {
      const received = must(parsePacket(packet));
      if (received.code === configureRequest) return [lcp(configureAck, received.id, received.data)];
      if (received.code === terminateRequest) return [lcp(terminateAck, received.id)];
      return received.code === configureAck || received.code === terminateAck
        ? []
        : [lcp(configureRequest, ++id, data)];
    },
    [lcp(configureRequest, id, data)],
  );
}

/** Answers each of our Configure-Requests with `code` and what `change` makes of its options. */
function answering(code: number, change: (data: Uint8Array) => Uint8Array): ScriptedPeer {
  return new ScriptedPeer(({ packet }) => {
    const { code: received, id, data } = must(parsePacket(packet));
    return received === configureRequest ? [lcp(code, id, change(data))] : [];
  });
}

/** Naks whatever we ask for, and asks for what we must nak, as fast as it can. */
function quarrelling(): ScriptedPeer {
  let id = 0;
  return new ScriptedPeer(({ packet }) => {
    const received = must(parsePacket(packet));
    if (received.code !== configureRequest) return [lcp(configureRequest, ++id & 0xff, '01040000')];
    return [lcp(configureNak, received.id, `0104000${id & 1}`), lcp(configureRequest, ++id & 0xff, '01040000')];
  });
}

describe('a peer of bad habits', () => {
  let random = 1;
  const cases: [string, () => ScriptedPeer, CauseCode, RegExp][] = [
    ['that is not there', () => new ScriptedPeer(() => []), 'no-answer', /^$/],
    ['that never acknowledges', () => silentAcker(), 'lcp-failed', /sends LCP requests, but does not answer/],
    [
      'that agrees to all and asks for nothing',
      () => answering(configureAck, (data) => data),
      'lcp-failed',
      /after 60 packets/,
    ],
    ['that naks for ever', () => answering(configureNak, () => parseHex('01040000')), 'lcp-failed', /wants mru 0/],
    [
      'that naks with ever new magic numbers',
      () =>
        answering(configureNak, () => {
          const data = parseHex('050600000000');
          putU32(data, 2, random++);
          return data;
        }),
      'lcp-failed',
      /wants magic number/,
    ],
    ['that naks and asks for the impossible', () => quarrelling(), 'lcp-failed', /mru/],
    ['that rejects everything, and no more', () => rejecter(), 'lcp-failed', /does not agree to our LCP request/],
    ['that acknowledges other options', () => answering(configureAck, () => parseHex('0702')), 'no-answer', /^$/],
    ['that insists on authentication', () => insisting('0304c023'), 'auth-unsupported', /authentication by PAP/],
    ['that insists on multilink', () => insisting('110405dc'), 'lcp-failed', /multilink/],
    ['that insists on an mru of 0', () => insisting('01040000'), 'lcp-failed', /mru 0/],
    ['that insists on the magic number 0', () => insisting('050600000000'), 'lcp-failed', /0x00000000/],
    ['that echoes a text', () => new ScriptedPeer((frame) => [frame]), 'loopback', /comes back/],
    [
      'that answers by Terminate-Request',
      () =>
        new ScriptedPeer(({ packet }) => (packet[0] === configureRequest ? [lcp(terminateRequest, 7, '676f')] : [])),
      'peer-terminated',
      /^go$/,
    ],
    [
      'that rejects our Configure-Request as unknown',
      () => new ScriptedPeer(({ packet }) => [lcp(Code.codeReject, 1, packet)]),
      'protocol-error',
      /Configure-Request/,
    ],
  ];
  for (const [name, peer, code, detail] of cases) {
    it(`${name}: ${code}`, () => {
      const a = new SessionStation(sessionOptions({ mru: 1400 }));
      const wire = wireOf(a, peer());
      wire.start();
      wire.run(600_000, () => a.finished !== undefined, 1000);
      assert.equal(a.finished?.code, code);
      assert.match(a.finished.detail ?? '', detail);
      assert.equal(a.ups, 0);
      assert(a.sends <= 200, `${a.sends} packets`);
    });
  }

  it('that gives authentication up, but terminates over it: auth-unsupported', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.start()[0]);
    assert.equal(bench.lcp(configureRequest, 1, '0305c223050506aabbccdd')[0]?.code, configureReject);
    bench.lcp(configureRequest, 2, '0506aabbccdd');
    bench.ack(ours);
    assert.equal(bench.station.session.describe().phase, 'network');
    bench.lcp(terminateRequest, 3, Buffer.from('peer refused to authenticate').toString('hex'));
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('auth-unsupported', 'it asked for CHAP (0xc223) with MD5'));
  });

  it('that gives authentication up and goes on is served', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.start()[0]);
    bench.lcp(configureRequest, 1, '0304c023');
    bench.lcp(configureRequest, 2);
    const ipcp = must(bench.ack(ours)[0]);
    bench.ipcp(configureRequest, 1, '03060a000002');
    bench.ack(ipcp);
    assert(bench.station.isUp);
    bench.lcp(terminateRequest, 3);
    bench.expire();
    assert.equal(bench.station.finished?.code, 'peer-terminated', 'it was up: authentication was not the reason');
  });

  it('that rejects all our LCP options is served with the defaults', () => {
    const a = new SessionStation(sessionOptions({ mru: 1400 }), 1);
    const b = new SessionStation(mirrored({ mru: 1500, asyncmap: 0xffffffff, pfc: false, acfc: false }), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(1000);
    assert(a.isUp && b.isUp);
    assert.equal(a.framing.rxAccm, 0);
    assert.equal(b.framing.rxAccm, 0xffffffff);
    assert.equal(a.framing.txPfc, false);
  });

  it('that dies is noticed, and one that restarts is met again', () => {
    const a = new SessionStation(sessionOptions(), 1);
    const b = new SessionStation(mirrored(), 2);
    const wire = wireOf(a, b);
    wire.start();
    wire.run(1000);
    const again = new SessionStation(mirrored(), 3);
    const second = wireOf(a, again);
    second.now = 5000;
    again.start(5000);
    second.run(6000);
    assert.deepEqual([a.ups, a.downs], [2, 1]);
    assert(again.isUp);
    const nobody = wireOf(a, new ScriptedPeer(() => []));
    nobody.now = 6000;
    nobody.run(120_000);
    assert.equal(a.finished?.code, 'peer-dead');
    assert(nobody.now <= 120_000 && a.downs === 2);
  });
});

/** Asks for nothing, again and again, and never answers. */
function silentAcker(): ScriptedPeer {
  return new ScriptedPeer(({ packet }) => (packet[0] === configureRequest ? [lcp(configureRequest, 1)] : []));
}

/** Rejects every option that we ask for, then answers no more. */
function rejecter(): ScriptedPeer {
  return new ScriptedPeer(({ packet }) => {
    const { code, id, data } = must(parsePacket(packet));
    return code === configureRequest && data.length > 0 ? [lcp(configureReject, id, data)] : [];
  });
}

describe('the end of a session', () => {
  const stages: [string, (bench: Bench) => unknown][] = [
    ['before the start', () => []],
    ['after the first request', (bench) => bench.start()],
    ['with our request acknowledged', (bench) => bench.ack(must(bench.start()[0]))],
    ['with the peer acknowledged', (bench) => [bench.start(), bench.lcp(configureRequest, 1)]],
    ['with LCP open', (bench) => bench.openLcp()],
    ['with IP up', openIp],
    ['after the peer terminated', (bench) => [openIp(bench), bench.lcp(terminateRequest, 1)]],
    ['while closing', closing],
  ];
  for (const [name, reach] of stages) {
    it(`by lineLost ${name}: no finished, and nothing after it`, () => {
      const bench = new Bench(sessionOptions());
      reach(bench);
      bench.station.take();
      bench.station.lineLost(1);
      assert.equal(bench.station.isUp, false);
      assert.deepEqual(bench.station.framing, defaultFraming);
      const outputs = bench.station.outputs.length;
      bench.lcp(configureRequest, 1);
      bench.station.close(2, cause('requested'));
      bench.station.timeout(60_000);
      bench.station.lineLost(3);
      assert.equal(bench.station.outputs.length, outputs);
      assert.equal(bench.station.nextTimeout(), undefined);
      assert.equal(bench.station.session.describe().phase, 'dead');
    });

    it(`by close ${name}: finished once, with its cause`, () => {
      const bench = new Bench(sessionOptions());
      reach(bench);
      bench.station.close(bench.now, cause('shutdown'));
      for (let timer = 0; bench.station.finished === undefined; timer++) {
        assert(timer < 5);
        bench.expire();
      }
      assert.deepEqual(bench.station.finished, cause('shutdown'));
      bench.station.close(bench.now, cause('requested'));
      bench.lcp(configureRequest, 1);
      assert.equal(bench.station.outputs.filter(({ type }) => type === 'finished').length, 1);
    });
  }

  it('is known early: a peer that terminates and hangs up at once leaves its cause behind', () => {
    const bench = new Bench(sessionOptions());
    bench.openIp();
    assert.equal(bench.station.session.ending, undefined);
    bench.lcp(terminateRequest, 1, '627965');
    assert.deepEqual(bench.station.session.ending, cause('peer-terminated', 'bye'));
    bench.station.lineLost(1);
    assert.deepEqual(bench.station.session.ending, cause('peer-terminated', 'bye'));
    const cut = new Bench(sessionOptions());
    cut.openIp();
    cut.station.lineLost(1);
    assert.equal(cut.station.session.ending, undefined);
  });

  it('comes once: a session starts only once', () => {
    const session = new Session(sessionOptions(), seededRandom(1));
    session.start(0);
    assert.throws(() => {
      session.start(0);
    }, /starts once/);
  });
});

function openIp(bench: Bench): Bench {
  bench.openIp();
  return bench;
}

function closing(bench: Bench): void {
  bench.openIp();
  bench.station.close(0, cause('requested'));
}
