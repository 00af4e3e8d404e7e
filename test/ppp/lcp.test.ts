/** The packets that only LCP has, and the keep-alive. RFC 1661 §5.7 to §5.9, RFC 1570 §1 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { KeepAlive } from '../../src/ppp/lcp/echo.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import { sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const constant = () => 0x01020304;
const theirMagic = 'aabbccdd';

function openBench(lcp: Parameters<typeof sessionOptions>[0] = {}): Bench {
  const bench = new Bench(sessionOptions(lcp), constant);
  bench.openIp(`0506${theirMagic}`);
  return bench;
}

describe('Echo-Request', () => {
  it('is answered with its data and our magic number, under its Identifier', () => {
    const [reply] = openBench().lcp(Code.echoRequest, 33, `${theirMagic}00112233`);
    assert.deepEqual([reply?.id, shape([must(reply)])], [33, [[Code.echoReply, '0102030400112233']]]);
  });

  it('is answered with magic number 0 where we have none', () => {
    const sent = openBench({ magic: false }).lcp(Code.echoRequest, 1, '00000000');
    assert.deepEqual(shape(sent), [[Code.echoReply, '00000000']]);
  });

  it("is answered within the peer's MRU", () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp('01040080');
    const [reply] = bench.lcp(Code.echoRequest, 1, '00000000' + 'ee'.repeat(400));
    assert.equal(reply?.data.length, 0x80 - 4);
  });

  it('is discarded before LCP is open', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    assert.deepEqual(bench.lcp(Code.echoRequest, 1, '00000000'), []);
    assert.equal(bench.counter('not-open'), 1);
  });

  it('too short for a magic number is malformed', () => {
    const bench = openBench();
    assert.deepEqual(bench.lcp(Code.echoRequest, 1, '000000'), []);
    assert.equal(bench.counter('malformed'), 1);
  });

  it("with a stranger's magic number is counted, and answered", () => {
    const bench = openBench();
    assert.equal(bench.lcp(Code.echoRequest, 1, '99999999').length, 1);
    assert.equal(bench.counter('magic-mismatch'), 1);
  });

  it('with our own magic number is not answered; three in a row are a looped line', () => {
    const bench = openBench();
    for (let copy = 1; copy <= 3; copy++) {
      assert.equal(bench.station.finished, undefined);
      assert.deepEqual(bench.lcp(Code.echoRequest, copy, '01020304'), []);
    }
    assert.equal(bench.counter('looped'), 3);
    assert.deepEqual(bench.station.finished, cause('loopback', 'our own echoes come back'));
  });

  it('with our own magic number between good ones does no harm', () => {
    const bench = openBench();
    for (let round = 0; round < 10; round++) {
      bench.lcp(Code.echoRequest, round, '01020304');
      bench.lcp(Code.echoRequest, round, theirMagic);
    }
    assert.equal(bench.counter('looped'), 10);
    assert(bench.station.isUp);
  });
});

describe('Discard-Request', () => {
  it('is discarded', () => {
    const bench = openBench();
    assert.deepEqual(bench.lcp(Code.discardRequest, 1, `${theirMagic}ffff`), []);
    assert(bench.station.isUp);
  });
});

describe('Identification and Time-Remaining', () => {
  it('tell of the peer in any state', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    assert.deepEqual(bench.lcp(Code.identification, 1, `00000000${Buffer.from('Router 7\u0000').toString('hex')}`), []);
    assert.equal(bench.station.session.describe().peerIdentification, 'Router 7.');
    bench.lcp(Code.timeRemaining, 1, `0000000000000e10${Buffer.from('soon').toString('hex')}`);
    assert.equal(bench.station.session.describe().options['time-remaining'], '3600 s');
    assert.deepEqual(bench.station.notes, [
      'the peer identifies itself: "Router 7."',
      'the peer leaves us 3600 s: "soon"',
    ]);
    bench.lcp(Code.timeRemaining, 1, '00000000ffffffff');
    assert.equal(bench.station.session.describe().options['time-remaining'], undefined, 'all ones: for ever');
  });

  it('are told once while they say the same', () => {
    const bench = openBench();
    const before = bench.station.notes.length;
    for (let copy = 0; copy < 5; copy++) bench.lcp(Code.identification, copy, '0000000041');
    assert.equal(bench.station.notes.length, before + 1);
  });

  it('too short are malformed', () => {
    const bench = openBench();
    bench.lcp(Code.identification, 1, '000000');
    bench.lcp(Code.timeRemaining, 1, '00000000000000');
    assert.equal(bench.counter('malformed'), 2);
  });
});

describe('Protocol-Reject', () => {
  it('answers a protocol that linkd does not speak, while LCP is open', () => {
    const bench = openBench();
    const [reply] = bench.receive(0x8057, 1, 1, '010a1122334455667788');
    assert.equal(reply?.protocol, Protocol.lcp);
    assert.deepEqual(shape([reply]), [[Code.protocolReject, '80570101000e010a1122334455667788']]);
    assert.equal(bench.counter('unknown-protocol'), 1);
  });

  it("is cut to the peer's MRU, and has a new Identifier each time", () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp('01040080');
    const replies = [1, 2].map(() => must(bench.receiveRaw(0x0057, new Uint8Array(1400))[0]));
    for (const reply of replies) assert.equal(reply.data.length, 0x80 - 4);
    assert.notEqual(replies[0]?.id, replies[1]?.id);
  });

  it('is not sent before LCP is open, nor after', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    assert.deepEqual(bench.receive(0x8057, 1, 1), []);
    const ours = must(bench.expire()[0]);
    bench.lcp(Code.configureRequest, 1);
    bench.ack(ours);
    bench.station.close(bench.now, cause('requested'));
    bench.station.take();
    assert.deepEqual(bench.receive(0x8057, 1, 1), []);
    assert.equal(bench.counter('not-open'), 2);
  });

  it('is not sent for IP, which linkd speaks; IP before IPCP is open is dropped', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openLcp();
    assert.deepEqual(bench.receiveRaw(Protocol.ip, new Uint8Array(40)), []);
    assert.equal(bench.counter('not-open'), 1);
  });

  it('of IPCP ends the session: the peer refuses IP', () => {
    const bench = openBench();
    const sent = bench.lcp(Code.protocolReject, 1, '80210101000a03060a000001');
    assert.equal(sent[0]?.code, Code.terminateRequest);
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('ip-refused', 'it rejects IPCP'));
  });

  it('of IP itself ends the session too: the peer would drop every packet', () => {
    const bench = openBench();
    const sent = bench.lcp(Code.protocolReject, 1, '00214500001400000000');
    assert.equal(sent[0]?.code, Code.terminateRequest);
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('ip-refused', 'it rejects IPv4 packets'));
  });

  it('of LCP is catastrophic', () => {
    const bench = openBench();
    const sent = bench.lcp(Code.protocolReject, 1, 'c02101010004');
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('protocol-error', 'it rejects LCP'));
  });

  it('of what we never send is noted', () => {
    const bench = openBench();
    assert.deepEqual(bench.lcp(Code.protocolReject, 1, '80fd01010004'), []);
    assert(bench.station.notes.includes('the peer does not speak CCP (0x80fd)'));
    assert(bench.station.isUp);
  });

  it('is discarded before LCP is open, and when it is too short', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.lcp(Code.protocolReject, 1, '8021');
    assert.equal(bench.counter('not-open'), 1);
    openBench().lcp(Code.protocolReject, 1, '80');
    const open = openBench();
    open.lcp(Code.protocolReject, 1, '80');
    assert.equal(open.counter('malformed'), 1);
  });
});

describe('the keep-alive', () => {
  it('sends an echo after an interval of silence, and measures the round trip', () => {
    const bench = openBench({ echoIntervalMs: 4000 });
    const [echo] = bench.expire();
    assert.equal(bench.now, 4000);
    assert.deepEqual(shape([must(echo)]), [[Code.echoRequest, '01020304']]);
    bench.now += 130;
    bench.lcp(Code.echoReply, must(echo).id, theirMagic);
    assert.deepEqual(bench.station.outputs.at(-1), { type: 'echo', rttMs: 130 });
    assert.equal(bench.station.session.describe().echoRttMs, 130);
  });

  it('sends one every four intervals while good frames come, which need not be answered', () => {
    const bench = openBench({ echoIntervalMs: 4000, echoFailures: 1 });
    const echoes: number[] = [];
    for (let second = 1; second <= 100; second++) {
      bench.now = second * 1000;
      bench.station.receive({ protocol: Protocol.ip, packet: new Uint8Array(20) }, bench.now);
      bench.station.timeout(bench.now);
      for (const { packet } of bench.station.take()) {
        assert.equal(packet[0], Code.echoRequest);
        echoes.push(second);
      }
    }
    assert.deepEqual(echoes, [16, 32, 48, 64, 80, 96]);
    assert(bench.station.isUp);
    assert.equal(bench.expire()[0]?.code, Code.echoRequest);
    assert.equal(bench.now, 104_000);
  });

  it('does not count an echo on a busy line as one in silence', () => {
    const bench = openBench({ echoIntervalMs: 4000, echoFailures: 1 });
    for (bench.now = 1000; bench.now <= 16_000; bench.now += 1000) {
      bench.station.receive({ protocol: Protocol.ip, packet: new Uint8Array(20) }, bench.now);
      bench.station.timeout(bench.now);
    }
    assert.equal(bench.station.take().length, 1);
    assert.equal(bench.expire()[0]?.code, Code.echoRequest);
    assert.equal(bench.now, 20_000);
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('peer-dead', 'no sign of life for 8 s'));
  });

  it('measures the round trip on a busy line', () => {
    const bench = openBench({ echoIntervalMs: 4000 });
    for (bench.now = 1000; bench.now <= 16_000; bench.now += 1000) {
      bench.station.receive({ protocol: Protocol.ip, packet: new Uint8Array(20) }, bench.now);
      bench.station.timeout(bench.now);
    }
    const [echo] = bench.station.take();
    bench.now = 16_250;
    bench.lcp(Code.echoReply, must(echo?.packet[1]), theirMagic);
    assert.equal(bench.station.session.describe().echoRttMs, 250);
  });

  it('ends the session after so many echoes without a sign of life', () => {
    const bench = openBench({ echoIntervalMs: 4000, echoFailures: 3 });
    for (let echo = 1; echo <= 3; echo++) assert.equal(bench.expire()[0]?.code, Code.echoRequest);
    assert.deepEqual(bench.expire(), []);
    assert.deepEqual(bench.station.finished, cause('peer-dead', 'no sign of life for 16 s'));
    assert.equal(bench.station.downs, 1);
  });

  it('takes any good frame for life, be it no echo reply', () => {
    const bench = openBench({ echoIntervalMs: 4000, echoFailures: 2 });
    for (let round = 0; round < 20; round++) {
      bench.expire();
      bench.now += 100;
      bench.receiveRaw(0x0057, new Uint8Array(10));
    }
    assert(bench.station.isUp);
  });

  it('counts a reply to another echo as wrong', () => {
    const bench = openBench();
    const [echo] = bench.expire();
    bench.lcp(Code.echoReply, must(echo).id + 1, theirMagic);
    assert.equal(bench.counter('wrong-id'), 1);
    bench.lcp(Code.echoReply, must(echo).id, theirMagic);
    bench.lcp(Code.echoReply, must(echo).id, theirMagic);
    assert.equal(bench.counter('wrong-id'), 2, 'a second reply has no echo');
    assert.equal(bench.station.outputs.filter(({ type }) => type === 'echo').length, 1);
  });

  it('begins again with LCP, whatever an earlier Code-Reject said', () => {
    const bench = openBench({ echoIntervalMs: 4000 });
    bench.lcp(Code.codeReject, 1, '09010008' + '01020304');
    assert.equal(bench.station.nextTimeout(), undefined, 'no more echoes');
    bench.lcp(Code.codeReject, 2, '0a010008' + '01020304');
    assert.deepEqual(bench.lcp(Code.echoRequest, 1, theirMagic), [], 'nor replies');
    const [ours] = bench.lcp(Code.configureRequest, 9, `0506${theirMagic}`);
    bench.ack(must(ours));
    assert.equal(bench.lcp(Code.echoRequest, 2, theirMagic)[0]?.code, Code.echoReply);
    for (let i = 0; i < 20 && bench.now < 4000; i++) bench.expire();
    assert.equal(bench.now, 4000);
  });

  it('is off with an interval of 0', () => {
    assert.equal(openBench({ echoIntervalMs: 0 }).station.nextTimeout(), undefined);
  });

  it('takes a jump of the clock for one silent interval, not for many', () => {
    const keepAlive = new KeepAlive(1000, 2);
    keepAlive.start(0);
    const day = 86_400_000;
    assert.equal(keepAlive.timeout(day), 'echo');
    keepAlive.sent(1, day);
    assert.equal(keepAlive.timeout(day), undefined);
    assert.equal(keepAlive.nextTimeout(), day + 1000);
    keepAlive.heard(day + 10);
    assert.equal(keepAlive.timeout(2 * day), 'echo');
  });

  it('knows the reply to an earlier echo, once, and none to those before it', () => {
    const keepAlive = new KeepAlive(1000, 9);
    keepAlive.start(0);
    for (let id = 1; id <= 4; id++) keepAlive.sent(id, id * 1000);
    assert.equal(keepAlive.replied(3, 4500), 1500);
    assert.equal(keepAlive.replied(3, 4600), undefined);
    assert.equal(keepAlive.replied(2, 4600), undefined);
    assert.equal(keepAlive.replied(4, 4600), 600);
  });

  /** When the keep-alive gives up on a peer that sends data for a minute, and then nothing but its echoes, each after a while. */
  function diesAt(keepAlive: KeepAlive, until: number, roundTripOf: (now: number) => number): number | undefined {
    const replies: { readonly id: number; readonly at: number }[] = [];
    keepAlive.start(0);
    for (let now = 0, id = 1; now < until; now += 10) {
      while (replies[0] !== undefined && replies[0].at <= now) {
        keepAlive.heard(now);
        keepAlive.replied(must(replies.shift()).id, now);
      }
      if (now < 60_000) keepAlive.heard(now);
      const due = keepAlive.timeout(now);
      if (due === 'dead') return now;
      if (due !== 'echo') continue;
      keepAlive.sent(++id, now);
      replies.push({ id, at: now + roundTripOf(now) });
    }
    return undefined;
  }

  it('bears the round trips of a full line: 9600 baud, two frames of 1500 octets each way', () => {
    assert.equal(
      diesAt(new KeepAlive(1000, 2), 3600_000, () => 6300),
      undefined,
    );
  });

  it('gives a dead peer on such a line up, after a few of its round trips', () => {
    const dead = (now: number) => (now < 600_000 ? 3000 : Infinity);
    const at = diesAt(new KeepAlive(1000, 4), 3600_000, dead);
    assert(at !== undefined && at <= 600_000 + 6 * 3500, `at ${at}`);
  });

  it('never gives up with 0 failures', () => {
    const keepAlive = new KeepAlive(1000, 0);
    keepAlive.start(0);
    for (let id = 1; id <= 100; id++) {
      assert.equal(keepAlive.timeout(id * 1000), 'echo');
      keepAlive.sent(id, id * 1000);
    }
  });
});

describe('notes', () => {
  it('are bounded, whatever the peer tells, and say how many were left out', () => {
    const bench = openBench();
    for (let round = 0; round < 1000; round++) {
      const text = Buffer.from(`I am number ${round}`).toString('hex');
      bench.lcp(Code.identification, round & 0xff, `00000000${text}`);
    }
    assert(bench.station.notes.length <= 101, `${bench.station.notes.length} notes`);
    bench.now += 60_000;
    bench.lcp(Code.identification, 1, '0000000042');
    assert.match(must(bench.station.notes.at(-2)), /^\d+ notes were left out$/);
    assert.equal(bench.station.notes.at(-1), 'the peer identifies itself: "B"');
  });
});
