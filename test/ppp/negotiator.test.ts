/** The common law of RFC 1661 §4 and §5, shown with LCP: identifiers, retransmission, limits, Terminate, Code-Reject. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHex } from '../../src/base/bytes.js';
import { cause } from '../../src/base/cause.js';
import { Negotiator, type Ending, type Layer } from '../../src/ppp/negotiator.js';
import { Code } from '../../src/ppp/numbers.js';
import { buildPacket } from '../../src/ppp/packet.js';
import { defaultLcp, sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
const constant = () => 0x01020304;
const theirMagic = '0506aabbccdd';

describe('replies to our requests', () => {
  const invalid: [string, number, number, string, string][] = [
    ['an Ack with another Identifier', ack, 99, '', 'wrong-id'],
    ['a Nak with another Identifier', nak, 99, '010405dc', 'wrong-id'],
    ['a Reject with another Identifier', reject, 99, '0702', 'wrong-id'],
    ['an Ack of other options', ack, 0, '0702', 'bad-reply'],
    ['an Ack with an option too many', ack, 0, '020600000000050601020304070208020904ffff', 'bad-reply'],
    ['an Ack in another order', ack, 0, '050601020304020600000000' + '07020802', 'bad-reply'],
    ['a Reject of what we did not ask for', reject, 0, '01040578', 'bad-reply'],
    ['a Reject of another value', reject, 0, '050601020305', 'bad-reply'],
    ['a Reject in another order', reject, 0, '08020702', 'bad-reply'],
    ['a Reject that names an option twice', reject, 0, '07020702', 'bad-reply'],
    ['an empty Nak', nak, 0, '', 'malformed'],
    ['an empty Reject', reject, 0, '', 'malformed'],
    ['a Nak whose options do not fit', nak, 0, '0109', 'malformed'],
    ['a Reject whose options do not fit', reject, 0, '0701', 'malformed'],
  ];
  for (const [name, code, offset, data, counter] of invalid) {
    it(`${name} is discarded, and the timer runs on`, () => {
      const bench = new Bench(sessionOptions(), constant);
      const ours = must(bench.start()[0]);
      assert.deepEqual(bench.lcp(code, ours.id + offset, data), []);
      assert.equal(bench.counter(counter), 1);
      assert.deepEqual(bench.expire(), [ours], 'the request is sent again');
    });
  }

  it('a second reply to one request is out of sequence and discarded', () => {
    const bench = new Bench(sessionOptions(), constant);
    const ours = must(bench.start()[0]);
    bench.ack(ours);
    assert.deepEqual(bench.lcp(nak, ours.id, '010405dc'), []);
    assert.deepEqual(bench.lcp(ack, ours.id, '0702'), []);
    assert.equal(bench.counter('wrong-id'), 2);
    assert.deepEqual(bench.ack(ours), []);
    assert.equal(bench.counter('wrong-id'), 2, 'the same Ack once more is no error: we may have asked twice');
  });

  it('a doubled Ack does not take an open link down', () => {
    const bench = new Bench(sessionOptions(), constant);
    const ours = must(bench.start()[0]);
    bench.lcp(request, 1, theirMagic);
    const ipcp = must(bench.ack(ours)[0]);
    bench.ack(ours);
    bench.ipcp(request, 1, '03060a000002');
    bench.ack(ipcp);
    bench.ack(ipcp);
    assert.equal(bench.station.ups, 1);
    assert.equal(bench.station.downs, 0);
  });
});

describe('retransmission', () => {
  /** When our requests go out, and when the session gives up, with nobody there. */
  function retries(options: Parameters<typeof sessionOptions>[0]): number[] {
    const bench = new Bench(sessionOptions(options), constant);
    const first = must(bench.start()[0]);
    const times = [bench.now];
    for (let sent = bench.expire(); ; sent = bench.expire()) {
      times.push(bench.now);
      if (sent.length === 0) break;
      assert.deepEqual(sent, [first], 'the same Identifier');
      assert(times.length < 300);
    }
    assert.deepEqual(bench.station.finished, cause('no-answer'));
    return times;
  }

  it('repeats the request with its Identifier, quickly at first, Max-Configure times in all', () => {
    assert.deepEqual(retries({}), [0, 300, 900, 2100, 4500, 8750, 13_000, 17_250, 21_500, 25_750, 30_000]);
    assert.deepEqual(retries({ maxConfigure: 4, restartMs: 700 }), [0, 300, 900, 1850, 2800]);
    assert.deepEqual(retries({ maxConfigure: 1 }), [0, 3000]);
    assert.deepEqual(retries({ maxConfigure: 3, restartMs: 100 }), [0, 100, 200, 300]);
  });

  it('gives up after Max-Configure Restart times, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 100, max: 60_000 }),
        (maxConfigure, restartMs) => {
          const times = retries({ maxConfigure, restartMs });
          assert.equal(times.length, maxConfigure + 1);
          assert.equal(times.at(-1), maxConfigure * restartMs);
          for (let i = 1; i < times.length; i++) assert(times[i]! - times[i - 1]! >= Math.min(restartMs, 300) - 1);
        },
      ),
    );
  });

  it('leaves the peer a whole Restart time for its own request, once it has answered ours', () => {
    const bench = new Bench(sessionOptions(), constant);
    const ours = must(bench.start()[0]);
    bench.now = 100;
    bench.ack(ours);
    bench.expire();
    assert.equal(bench.now, 3000);
  });

  it('sends the request once more, ahead of the reply, when the peer is late', () => {
    const bench = new Bench(sessionOptions(), constant);
    const ours = must(bench.start()[0]);
    bench.now = 41;
    const sent = bench.lcp(request, 1, theirMagic);
    assert.deepEqual([sent[0], sent[1]?.code, sent.length], [ours, ack, 2]);
    assert.equal(bench.lcp(request, 1, theirMagic).length, 1, 'only once');
    assert.equal(bench.station.nextTimeout(), 3041);
  });

  it('waits for a quick answer first where the peer’s request may have crossed ours', () => {
    const bench = new Bench(sessionOptions(), constant);
    const ours = must(bench.start()[0]);
    bench.now = 40;
    assert.deepEqual(
      bench.lcp(request, 1, theirMagic).map(({ code }) => code),
      [ack],
    );
    assert.equal(bench.station.nextTimeout(), 120);
    assert.deepEqual(bench.expire(), [ours]);
    assert.equal(bench.station.nextTimeout(), 3120);
  });

  it('does not repeat it for a peer that was there when it came', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.now = 4;
    assert.deepEqual(
      bench.lcp(request, 1, theirMagic).map(({ code }) => code),
      [ack],
    );
  });

  it('takes a new Identifier when the request was answered, and when its options changed', () => {
    const bench = new Bench(sessionOptions({ mru: 1400 }), constant);
    const ids = [must(bench.start()[0]).id];
    ids.push(must(bench.lcp(nak, must(ids.at(-1)), '010403e8')[0]).id);
    ids.push(must(bench.lcp(reject, must(ids.at(-1)), '0702')[0]).id);
    bench.ack(must(bench.expire()[0]));
    ids.push(must(bench.expire()[0]).id);
    assert.deepEqual(ids, [1, 2, 3, 4]);
  });

  it('fires once, however far the clock has jumped', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.now = 5 * 3600_000;
    bench.station.timeout(bench.now);
    assert.equal(bench.station.take().length, 1);
    assert.equal(bench.station.nextTimeout(), bench.now + 300);
  });

  it('does nothing when called early', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.station.timeout(299);
    assert.deepEqual(bench.station.take(), []);
  });
});

describe('limits', () => {
  it('turns Naks into Rejects after Max-Failure, and counts anew after an Ack', () => {
    const bench = new Bench(sessionOptions({ maxFailure: 3 }), constant);
    bench.start();
    const tooSmall = '01040040' + theirMagic;
    const codes = () => [1, 2, 3, 4].map((id) => must(bench.lcp(request, id, tooSmall)[0]).code);
    assert.deepEqual(codes(), [nak, nak, nak, reject]);
    assert.deepEqual(shape(bench.lcp(request, 5, theirMagic)), [[ack, theirMagic]]);
    assert.deepEqual(codes(), [nak, nak, nak, reject]);
  });

  it('gives up on a peer that insists on what was rejected', () => {
    const bench = new Bench(sessionOptions({ maxFailure: 3 }), constant);
    bench.start();
    for (let id = 1; id <= 3; id++) assert.deepEqual(shape(bench.lcp(request, id, '110405dc')), [[reject, '110405dc']]);
    const last = bench.lcp(request, 4, '110405dc');
    assert.deepEqual(last[0]?.code, Code.terminateRequest);
    bench.lcp(Code.terminateAck, must(last[0]).id);
    assert.deepEqual(bench.station.finished, cause('lcp-failed', 'the peer asks for multilink'));
  });

  it('does not count a mere retransmission as insisting', () => {
    const bench = new Bench(sessionOptions({ maxFailure: 3 }), constant);
    bench.start();
    for (let copy = 0; copy < 10; copy++) assert.equal(bench.lcp(request, 1, '110405dc')[0]?.code, reject);
  });

  it('ends a negotiation in which the peer agrees to all and asks for nothing', () => {
    const bench = new Bench(sessionOptions({ maxConfigure: 2, maxFailure: 1 }), constant);
    let sent = bench.start();
    for (let round = 0; round < 100 && bench.station.finished === undefined; round++) {
      if (sent[0]?.code === request) bench.ack(sent[0]);
      sent = bench.expire();
    }
    const detail = 'no agreement after 12 packets';
    assert.deepEqual(bench.station.finished, cause('lcp-failed', detail));
  });
});

describe('a peer that answers by halves', () => {
  it('one that sends requests, but never answers ours', () => {
    const bench = new Bench(sessionOptions({ maxConfigure: 2 }), constant);
    bench.start();
    bench.lcp(request, 1, theirMagic);
    bench.expire();
    bench.expire();
    const detail = 'the peer sends LCP requests, but does not answer ours';
    assert.deepEqual(bench.station.finished, cause('lcp-failed', detail));
  });

  it('one that answers with Terminate-Ack only: its LCP is closed', () => {
    const bench = new Bench(sessionOptions({ maxConfigure: 2 }), constant);
    bench.lcp(Code.terminateAck, must(bench.start()[0]).id);
    bench.expire();
    bench.expire();
    assert.equal(bench.station.finished?.code, 'peer-terminated');
  });
});

describe('Configure-Requests at other times', () => {
  it('malformed ones are counted and discarded', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    assert.deepEqual(bench.lcp(request, 1, '0506aabb'), []);
    assert.deepEqual(bench.lcp(request, 1, '0501'), []);
    assert.deepEqual(bench.receiveRaw(0xc021, Uint8Array.of(1, 1, 0, 9, 5)), []);
    assert.equal(bench.counter('malformed'), 3);
  });

  it('one in Opened starts over: down, defaults, request and reply; and up again', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    const before = bench.station.outputs.length;
    const sent = bench.lcp(request, 9, '0506aabbccee');
    assert.deepEqual(
      sent.map(({ code }) => code),
      [request, ack],
    );
    const types = bench.station.outputs.slice(before).map(({ type }) => type);
    assert.deepEqual(types, ['note', 'header-compression', 'network-down', 'framing', 'send', 'send']);
    assert.equal(bench.station.notes.at(-1), 'LCP: the peer starts over');
    assert.equal(bench.station.session.describe().phase, 'establish');
    const ipcp = must(bench.ack(must(sent[0]))[0]);
    bench.ipcp(request, 2, '03060a000002');
    bench.ack(ipcp);
    assert.equal(bench.station.ups, 2);
    assert(bench.station.isUp);
  });

  it('those in Closing are not answered', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    bench.station.close(0, cause('requested'));
    bench.station.take();
    assert.deepEqual(bench.lcp(request, 2, theirMagic), []);
  });
});

describe('replies that would not fit', () => {
  it('are cut to whole options within the MRU', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    const [reply] = bench.lcp(request, 1, '63fa'.padEnd(500, '0').repeat(20));
    assert.equal(reply?.code, reject);
    assert.equal(reply.data.length, 5 * 250, 'five options of 250 octets fit into 1496');
  });
});

describe('Terminate', () => {
  it('is sent Max-Terminate times with one Identifier and the reason, then the session ends', () => {
    const bench = new Bench(sessionOptions({ maxTerminate: 3 }), constant);
    bench.openIp();
    bench.station.close(0, cause('requested'));
    assert.equal(bench.station.downs, 1);
    const [first] = bench.station.take();
    assert.equal(must(first).packet[0], Code.terminateRequest);
    assert.equal(new TextDecoder().decode(must(first).packet.subarray(4)), 'taken down by command');
    assert.equal(bench.station.session.describe().phase, 'terminate');
    for (let copy = 2; copy <= 3; copy++) {
      const [again] = bench.expire();
      assert.deepEqual(buildPacket(must(again)), must(first).packet);
    }
    assert.deepEqual(bench.expire(), []);
    assert.deepEqual(bench.station.finished, cause('requested'));
  });

  it('ends the session at the Terminate-Ack', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    bench.station.close(0, cause('shutdown'));
    bench.lcp(Code.terminateAck, 77);
    assert.deepEqual(bench.station.finished, cause('shutdown'));
  });

  it('of the peer is answered under its Identifier, and the line kept until the Ack has gone', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    const reason = formatHex(new TextEncoder().encode('Peer not responding\u0007'));
    const sent = bench.lcp(Code.terminateRequest, 200, reason);
    assert.deepEqual(shape(sent), [[Code.terminateAck, '']]);
    assert.equal(sent[0]?.id, 200);
    assert.equal(bench.station.downs, 1);
    assert.equal(bench.station.finished, undefined);
    assert.deepEqual(shape(bench.lcp(Code.terminateRequest, 201)), [[Code.terminateAck, '']]);
    bench.expire();
    assert.equal(bench.now, 500);
    assert.deepEqual(bench.station.finished, cause('peer-terminated'));
  });

  it("of the peer gives its reason as the cause's detail, printable", () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    bench.lcp(Code.terminateRequest, 200, formatHex(new TextEncoder().encode('bye\u001b[0m')));
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('peer-terminated', 'bye.[0m'));
    assert(bench.station.notes.includes('the peer terminates LCP: "bye.[0m"'));
  });

  it('while negotiating does not end it; if no more comes, its reason is the cause', () => {
    const bench = new Bench(sessionOptions({ maxConfigure: 2 }), constant);
    bench.start();
    assert.deepEqual(shape(bench.lcp(Code.terminateRequest, 3, '6e6f')), [[Code.terminateAck, '']]);
    bench.expire();
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('peer-terminated', 'no'));
  });

  it('at a session that waits ends it at once', () => {
    const bench = new Bench(sessionOptions({ silent: true }), constant);
    bench.start();
    bench.station.close(1, cause('requested'));
    assert.deepEqual(bench.station.finished, cause('requested'));
  });
});

describe('Code-Reject', () => {
  it('answers an unknown code with the whole packet, under a new Identifier each time', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    const replies = [bench.lcp(99, 5, 'aabb'), bench.lcp(99, 5, 'aabb')].map((sent) => must(sent[0]));
    for (const reply of replies) assert.deepEqual(shape([reply]), [[Code.codeReject, '63050006aabb']]);
    assert.notEqual(replies[0]?.id, replies[1]?.id);
    assert.equal(bench.counter('bad-code'), 2);
  });

  it("is cut to the peer's MRU", () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openLcp('01040080');
    const [reply] = bench.lcp(99, 5, 'aa'.repeat(1000));
    assert.equal(reply?.data.length, 0x80 - 4);
  });

  it('of a fundamental code ends the session while negotiating', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.lcp(Code.codeReject, 1, '01010004');
    assert.deepEqual(bench.station.finished, cause('protocol-error', 'it rejects LCP Configure-Request'));
  });

  it('of a fundamental code terminates an open link', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    const sent = bench.lcp(Code.codeReject, 1, '02010004');
    assert.equal(sent[0]?.code, Code.terminateRequest);
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('protocol-error', 'it rejects LCP Configure-Ack'));
  });

  it('of Echo-Request is taken: no more echoes are sent', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp();
    assert.equal(bench.expire()[0]?.code, Code.echoRequest);
    bench.lcp(Code.codeReject, 1, '09020008');
    assert(bench.station.isUp);
    assert.equal(bench.station.nextTimeout(), undefined);
  });

  it('without a code in it is malformed', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.start();
    bench.lcp(Code.codeReject, 1);
    assert.equal(bench.counter('malformed'), 1);
  });
});

describe('the restart option (footnote r)', () => {
  it('goes down and up again when Open comes in Opened', () => {
    const { negotiator, log } = bareNegotiator();
    negotiator.open(0);
    negotiator.up(0);
    negotiator.receive(buildPacket({ code: request, id: 1, data: new Uint8Array(0) }), 0);
    negotiator.receive(buildPacket({ code: ack, id: 1, data: new Uint8Array(0) }), 0);
    assert.equal(negotiator.state, 'Opened');
    negotiator.open(0);
    assert.equal(negotiator.state, 'Req-Sent');
    assert.deepEqual(log, ['send 1', 'send 2', 'up', 'down', 'send 1']);
  });

  it('begins anew when Open comes in Closing', () => {
    const { negotiator } = bareNegotiator();
    negotiator.open(0);
    negotiator.up(0);
    negotiator.close(0, '');
    assert.equal(negotiator.state, 'Closing');
    negotiator.open(0);
    assert.equal(negotiator.state, 'Req-Sent');
  });
});

describe('an event that linkd itself may not cause', () => {
  it('throws', () => {
    assert.throws(() => {
      bareNegotiator().negotiator.down(0);
    }, /illegal event Down in state Initial/);
  });
});

/** A protocol without options. */
function bareNegotiator(): { negotiator: Negotiator; log: string[] } {
  const log: string[] = [];
  const layer: Layer = {
    protocol: 0x8001,
    name: 'test',
    options: [],
    describeUnknown: ({ type }) => String(type),
    failure: 'lcp-failed',
    passive: false,
    silent: false,
    up: () => log.push('up'),
    down: () => log.push('down'),
    finished: (ending: Ending) => log.push(`finished ${ending.kind}`),
    failed: () => log.push('failed'),
    classify: () => 'RUC',
    maintain: () => log.push('maintain'),
    codeRejected: (code) => log.push(`rejected ${code}`),
  };
  const context = {
    limits: defaultLcp,
    emit: (output: { type: string; packet?: Uint8Array }) => log.push(`${output.type} ${output.packet?.[0] ?? ''}`),
    note: () => undefined,
    count: () => undefined,
    random: constant,
    peerMru: () => 1500,
  };
  return { negotiator: new Negotiator(layer, context), log };
}
