/** Peers that do what no standard foresees, or only just: in virtual time, each met, refused politely, or ended with its cause. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { cause, type CauseCode } from '../../src/base/cause.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import { defaultFraming } from '../../src/ppp/outputs.js';
import { buildPacket, parsePacket } from '../../src/ppp/packet.js';
import { cleanLine, LossyLine, type Frame } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, ScriptedPeer, SessionStation, sessionOptions, Wire, type Station } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
const { terminateAck, terminateRequest } = Code;
const theirMagic = '0506aabbccdd';

function lcp(code: number, id: number, data: Uint8Array | string = ''): Frame {
  const octets = typeof data === 'string' ? parseHex(data) : data;
  return { protocol: Protocol.lcp, packet: buildPacket({ code, id, data: octets }) };
}

function wireOf(a: Station, b: Station): Wire {
  return new Wire(new LossyLine(cleanLine, seededRandom(1)), a, b);
}

/** A session whose IP is up, with the peer's magic number aabbccdd. */
function upBench(options: Partial<LcpOptions> = {}): Bench {
  const bench = new Bench(sessionOptions(options));
  bench.openIp(theirMagic);
  return bench;
}

/** A peer whose port opens later: until then it hears nothing. */
class LateStation implements Station {
  readonly #station: SessionStation;
  readonly #opensAt: number;
  #open = false;

  constructor(station: SessionStation, opensAt: number) {
    this.#station = station;
    this.#opensAt = opensAt;
  }

  start(): void {
    // not yet
  }

  receive(frame: Frame, now: number): void {
    if (this.#open) this.#station.receive(frame, now);
  }

  nextTimeout(): number | undefined {
    return this.#open ? this.#station.nextTimeout() : this.#opensAt;
  }

  timeout(now: number): void {
    if (this.#open) this.#station.timeout(now);
    else if (now >= this.#opensAt) {
      this.#open = true;
      this.#station.start(now);
    }
  }

  take(): Frame[] {
    return this.#station.take();
  }
}

describe('a slow starter', () => {
  for (const kind of ['active', 'passive', 'silent'] as const) {
    it(`that is ${kind} is met whenever it comes`, () => {
      for (const lateMs of [0, 4, 7, 50, 299, 1000, 2999, 8000, 21_000, 25_000]) {
        const a = new SessionStation(sessionOptions(), 1);
        const b = new SessionStation(mirrored({ passive: kind === 'passive', silent: kind === 'silent' }), 2);
        const wire = wireOf(a, new LateStation(b, lateMs));
        wire.start();
        wire.run(60_000, () => a.isUp && b.isUp);
        assert(a.isUp && b.isUp, `${lateMs} ms late`);
        // A silent one waits for our next request; the others are met at once, or when they have not answered soon.
        const limit = kind === 'silent' ? 4500 : 150;
        assert(wire.now - lateMs <= limit, `${wire.now - lateMs} ms after it came ${lateMs} ms late`);
      }
    });
  }
});

describe('a peer that naks or rejects', () => {
  const kinds: [string, number, string, string][] = [
    ['an MRU that we did not ask about', nak, '01040578', '01040578'],
    ['with authentication, which we did not offer', nak, '0304c023', ''],
    ['with callback', nak, '0d0300', ''],
    ['with an option that nobody knows', nak, 'c804ffff', ''],
    ['an MRU of 0', nak, '01040000', ''],
    ['an MRU of 65535', nak, '0104ffff', ''],
    ['an MRU with a wrong length', nak, '010300', ''],
    ['an ACCM with a wrong length', nak, '0204ffff', '020600000000'],
    ['a magic number of 0', nak, '050600000000', '0506'],
    ['protocol field compression, which is no matter of Naks', nak, '0702', '0702'],
    ['an endpoint discriminator, which we did not ask for', nak, '130300', ''],
  ];
  for (const [name, code, data, stillAsked] of kinds) {
    it(`${name}: goes on, and comes up`, () => {
      const bench = new Bench(sessionOptions());
      const ours = must(bench.start()[0]);
      const again = must(bench.lcp(code, ours.id, data)[0]);
      assert.equal(again.code, request);
      assert.notEqual(again.id, ours.id);
      assert(formatHex(again.data, '').includes(stillAsked), formatHex(again.data, ''));
      assert(!formatHex(again.data, '').includes('0104ffff') && !formatHex(again.data, '').includes('01040000'));
      bench.lcp(request, 1, theirMagic);
      bench.ack(again);
      assert.equal(bench.station.session.describe().phase, 'network');
    });
  }

  it('what we did not send: discarded', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.start()[0]);
    for (const data of ['01040578', 'c804ffff', '0d0300']) assert.deepEqual(bench.lcp(reject, ours.id, data), []);
    assert.equal(bench.counter('bad-reply'), 3);
  });
});

describe('the MRU of a peer', () => {
  const cases: [number, number, number][] = [
    [0, nak, 68],
    [67, nak, 68],
    [68, ack, 68],
    [128, ack, 128],
    [296, ack, 296],
    [575, ack, 575],
    [1501, ack, 1501],
    [9000, ack, 9000],
    [65535, ack, 65535],
  ];
  for (const [mru, code, answer] of cases) {
    it(`of ${mru} is ${code === ack ? 'granted, and our packets keep to it' : 'refused: no IP packet is sure to pass'}`, () => {
      const hex = (value: number): string => `0104${value.toString(16).padStart(4, '0')}`;
      const bench = new Bench(sessionOptions());
      const ours = must(bench.start()[0]);
      assert.deepEqual(shape(bench.lcp(request, 1, hex(mru))), [[code, hex(answer)]]);
      if (code !== ack) return;
      bench.ack(ours);
      const big = `00000000${'ee'.repeat(3000)}`;
      const reply = must(bench.lcp(Code.echoRequest, 5, big)[0]);
      assert.equal(reply.data.length, Math.min(3004, mru - 4));
      assert.equal(bench.station.session.describe().options['tx-mru'], String(mru));
    });
  }
});

describe('options that are not for linkd', () => {
  const refused: [string, string][] = [
    ['another FCS', '090304'],
    ['self-describing padding', '0a0308'],
    ['callback', '0d0306'],
    ['connect-time', '0e02'],
    ['compound frames', '0f02'],
    ['multilink', '110405dc'],
    ['short multilink headers', '1202'],
    ['a multilink endpoint', '1306000a000001'.slice(0, 12)],
    ['the Proprietary one', '0004aabb'],
    ['one of tomorrow', 'fe0411aa'],
  ];
  for (const [name, data] of refused) {
    it(`${name}: rejected as it came, once; without it the link comes up`, () => {
      const bench = new Bench(sessionOptions());
      const ours = must(bench.start()[0]);
      assert.deepEqual(shape(bench.lcp(request, 1, theirMagic + data)), [[reject, data]]);
      assert.deepEqual(shape(bench.lcp(request, 2, theirMagic)), [[ack, theirMagic]]);
      bench.ack(ours);
      assert.equal(bench.station.session.describe().phase, 'network');
    });
  }
});

describe('a renegotiation while up', () => {
  it('of LCP takes the network down, the framing back to its defaults, and both up again', () => {
    const bench = upBench();
    const [ours, answer] = bench.lcp(request, 9, theirMagic);
    assert.deepEqual([ours?.code, answer?.code], [request, ack]);
    assert.deepEqual([bench.station.downs, bench.station.framing], [1, defaultFraming]);
    assert.deepEqual(bench.receiveRaw(Protocol.ip, new Uint8Array(40)), [], 'data is dropped');
    assert.equal(bench.counter('not-open'), 1);
    const [ipcp] = bench.ack(must(ours));
    bench.ipcp(request, 2, '03060a000002');
    bench.ack(must(ipcp));
    assert.deepEqual([bench.station.ups, bench.station.downs, bench.station.isUp], [2, 1, true]);
    assert.notDeepEqual(bench.station.framing, defaultFraming);
  });

  it('of IPCP takes the network down and up, and leaves LCP alone', () => {
    const bench = upBench();
    const framing = bench.station.framing;
    const [ours, answer] = bench.ipcp(request, 7, '03060a000002');
    assert.deepEqual([ours?.code, answer?.code], [request, ack]);
    assert.equal(bench.station.isUp, false);
    assert.deepEqual(bench.station.framing, framing);
    bench.ack(must(ours));
    assert.deepEqual([bench.station.ups, bench.station.downs], [2, 1]);
    assert.equal(bench.station.outputs.filter(({ type }) => type === 'framing').length, 1);
  });

  it('that the peer gives up half-way ends with a cause', () => {
    const bench = upBench();
    bench.lcp(request, 9, theirMagic);
    for (let timer = 0; bench.station.finished === undefined; timer++) {
      assert(timer < 20);
      bench.expire();
    }
    assert.equal(bench.station.finished.code, 'lcp-failed');
  });
});

/** What it makes of each LCP packet of ours; it opens with a request. */
function script(
  answer: (code: number, id: number, data: Uint8Array) => readonly Frame[],
  opening = '0506aabbccdd',
): ScriptedPeer {
  return new ScriptedPeer(
    ({ protocol, packet }) => {
      const parsed = parsePacket(packet);
      if (protocol !== Protocol.lcp || parsed === undefined) return [];
      if (parsed.code === terminateRequest) return [lcp(terminateAck, parsed.id)];
      return answer(parsed.code, parsed.id, parsed.data);
    },
    [lcp(request, 1, opening)],
  );
}

describe('a Configure loop', () => {
  let turn = 0;
  const loops: [string, () => ScriptedPeer, CauseCode, RegExp][] = [
    [
      'of Naks, each with another value',
      () =>
        script((code, id) =>
          code === request ? [lcp(nak, id, `0104${(600 + turn++).toString(16).padStart(4, '0')}`)] : [],
        ),
      'lcp-failed',
      /mru/,
    ],
    [
      'of Naks, with two values in turn',
      () => script((code, id) => (code === request ? [lcp(nak, id, turn++ % 2 === 0 ? '01040400' : '01040500')] : [])),
      'lcp-failed',
      /mru/,
    ],
    [
      'of Rejects, of whatever is left',
      () => script((code, id, data) => (code === request ? [lcp(reject, id, data.slice(0, data[1]))] : [])),
      'lcp-failed',
      /./,
    ],
    [
      'of requests that alternate between two values we refuse',
      () => {
        let id = 1;
        return script((code, theirs, data) => {
          if (code === request) return [lcp(ack, theirs, data)];
          return code === ack ? [] : [lcp(request, ++id & 0xff, id % 2 === 0 ? '01040000' : '01040001')];
        }, '01040000');
      },
      'lcp-failed',
      /mru/,
    ],
    [
      'of requests that begin anew whenever LCP opens',
      () => {
        let id = 1;
        return script((code, theirs, data) => {
          if (code === request) return [lcp(ack, theirs, data)];
          return code === ack ? [lcp(request, ++id & 0xff, '0506aabbccdd')] : [];
        });
      },
      'restless',
      /LCP over as soon/,
    ],
    [
      'of Terminate-Requests to each of our requests',
      () => script((code) => (code === request ? [lcp(terminateRequest, 3, '6e6f')] : [])),
      'peer-terminated',
      /^no$/,
    ],
  ];
  for (const [name, peer, code, detail] of loops) {
    it(`${name} ends: ${code}`, () => {
      const a = new SessionStation(sessionOptions({ mru: 1400 }));
      const wire = wireOf(a, peer());
      wire.start();
      wire.run(600_000, () => a.finished !== undefined, 3000);
      assert.equal(a.finished?.code, code, a.finished?.detail);
      assert.match(a.finished.detail ?? '', detail);
      assert(a.sends <= 400, `${a.sends} packets`);
    });
  }

  it('of a peer that renegotiates now and then, for weeks, is none', () => {
    const bench = upBench({ echoIntervalMs: 0 });
    for (let round = 0; round < 500; round++) {
      bench.now += 20_000;
      const [ours] = bench.lcp(request, round & 0xff, theirMagic);
      const [ipcp] = bench.ack(must(ours));
      bench.ipcp(request, round & 0xff, '03060a000002');
      bench.ack(must(ipcp));
      assert(bench.station.isUp, `round ${round}`);
    }
  });
});

describe('Protocol-Reject', () => {
  const harmless: [string, string][] = [
    ['of compressed TCP', '002d'],
    ['of uncompressed TCP', '002f'],
    ['of CCP', '80fd'],
    ['of compressed data', '00fd'],
    ['of IPV6CP, which we do not ask for', '8057'],
    ['of IPv6', '0057'],
    ['of link quality reports', 'c025'],
    ['of PAP', 'c023'],
    ['of CHAP', 'c223'],
    ['of multilink', '003d'],
    ['of a protocol that there is not', '1235'],
  ];
  for (const [name, protocol] of harmless) {
    it(`${name} leaves the link up`, () => {
      const bench = upBench();
      bench.lcp(Code.protocolReject, 1, `${protocol}01010004`);
      assert(bench.station.isUp);
      assert.equal(bench.station.finished, undefined);
    });
  }

  it('of IPCP leaves a link up that carries IPv6, and the other way round', () => {
    for (const [rejected, left] of [
      ['8021', 'carriesIp6'],
      ['0021', 'carriesIp6'],
      ['8057', 'carriesIp4'],
      ['0057', 'carriesIp4'],
    ] as const) {
      const a = new SessionStation(sessionOptions({}, {}, {}), 1);
      const b = new SessionStation(mirrored({}, {}, {}), 2);
      const wire = wireOf(a, b);
      wire.start();
      wire.run(1000);
      assert(a.session.carriesIp4 && a.session.carriesIp6);
      wire.inject(a, lcp(Code.protocolReject, 9, `${rejected}01010004`));
      wire.run(2000);
      assert(a.isUp && a.session[left], rejected);
      assert.notEqual(a.session.carriesIp4, a.session.carriesIp6, rejected);
    }
  });
});

describe('Code-Reject', () => {
  for (let code = 0; code <= 16; code++) {
    const isFundamental = code >= Code.configureRequest && code <= Code.codeReject;
    it(`of code ${code} ${isFundamental ? 'ends the link: nothing goes without it' : 'is taken, and the link stays up'}`, () => {
      const bench = upBench();
      const sent = bench.lcp(Code.codeReject, 1, `${code.toString(16).padStart(2, '0')}010004`);
      if (!isFundamental) {
        assert.deepEqual([sent, bench.station.isUp], [[], true]);
        return;
      }
      assert.equal(sent[0]?.code, terminateRequest);
      bench.lcp(terminateAck, must(sent[0]).id);
      assert.equal(bench.station.finished?.code, 'protocol-error');
    });
  }
});

describe('octets that do not belong there', () => {
  it('padding behind the Length field is ignored, whatever the packet', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.start()[0]);
    const padded = (code: number, id: number, data: string): Uint8Array => {
      const packet = buildPacket({ code, id, data: parseHex(data) });
      return Uint8Array.from([...packet, ...new Uint8Array(30).fill(0xa5)]);
    };
    const [answer] = bench.receiveRaw(Protocol.lcp, padded(request, 1, theirMagic));
    assert.deepEqual(shape([must(answer)]), [[ack, theirMagic]]);
    const [ipcp] = bench.receiveRaw(Protocol.lcp, padded(ack, ours.id, formatHex(ours.data)));
    bench.receiveRaw(Protocol.ipcp, padded(request, 1, '03060a000002'));
    bench.receiveRaw(Protocol.ipcp, padded(ack, must(ipcp).id, formatHex(must(ipcp).data)));
    assert(bench.station.isUp);
    assert.equal(bench.receiveRaw(Protocol.lcp, padded(Code.echoRequest, 1, 'aabbccdd'))[0]?.data.length, 4);
    assert.deepEqual(bench.station.session.counters, {});
  });

  it('numbers that no protocol can have are rejected as unknown ones (RFC 1661 §2)', () => {
    const bench = upBench();
    for (const number of [0x8020, 0x0102, 0x01ff]) {
      const [answer] = bench.receiveRaw(number, Uint8Array.of(1, 2, 3, 4));
      assert.deepEqual(shape([must(answer)]), [
        [Code.protocolReject, `${number.toString(16).padStart(4, '0')}01020304`],
      ]);
    }
    assert.equal(bench.counter('unknown-protocol'), 3);
  });

  it('packets of a few octets are malformed, and nothing more', () => {
    const bench = upBench();
    let malformed = 0;
    for (const protocol of [Protocol.lcp, Protocol.ipcp]) {
      for (let length = 0; length < 4; length++) {
        assert.deepEqual(bench.receiveRaw(protocol, new Uint8Array(length).fill(1)), []);
        malformed++;
      }
    }
    assert.equal(bench.counter('malformed'), malformed);
    assert(bench.station.isUp);
  });
});

describe('Identifiers', () => {
  it('that the peer never changes do no harm', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.start()[0]);
    assert.equal(bench.lcp(request, 0, `${theirMagic}0d0300`)[0]?.code, reject);
    assert.equal(bench.lcp(request, 0, `${theirMagic}01040000`)[0]?.code, nak);
    assert.equal(bench.lcp(request, 0, theirMagic)[0]?.code, ack);
    const [ipcp] = bench.ack(ours);
    assert.equal(bench.ipcp(request, 0, '030600000000')[0]?.code, nak);
    assert.equal(bench.ipcp(request, 0, '03060a000002')[0]?.code, ack);
    bench.ack(must(ipcp));
    assert(bench.station.isUp);
  });

  it('of an older request of ours make no answer', () => {
    const bench = new Bench(sessionOptions());
    const first = must(bench.start()[0]);
    const second = must(bench.lcp(nak, first.id, '0206000a0000')[0]);
    bench.lcp(request, 1, theirMagic);
    assert.deepEqual(bench.ack({ ...second, id: first.id }), []);
    assert.equal(bench.counter('wrong-id'), 1);
    bench.ack(second);
    assert.equal(bench.station.session.describe().phase, 'network');
  });
});

describe('the end, strangely', () => {
  const phases: [string, (bench: Bench) => unknown, boolean][] = [
    ['before its first request', (bench) => bench.start(), false],
    ['with our request acknowledged', (bench) => bench.ack(must(bench.start()[0])), false],
    ['with its request acknowledged', (bench) => [bench.start(), bench.lcp(request, 1, theirMagic)], false],
    ['with LCP open', (bench) => bench.openLcp(), true],
    ['with IPCP half-way', (bench) => [bench.openLcp(), bench.ipcp(request, 1, '03060a000002')], true],
    [
      'with IP up',
      (bench) => {
        bench.openIp();
      },
      true,
    ],
  ];
  for (const [name, reach, wasOpen] of phases) {
    it(`a Terminate-Request ${name} is acknowledged, and then the session ends with the peer's words`, () => {
      const bench = new Bench(sessionOptions({ maxConfigure: 3 }));
      reach(bench);
      assert.deepEqual(shape(bench.lcp(terminateRequest, 77, '627965')), [[terminateAck, '']]);
      const from = bench.now;
      for (let timer = 0; bench.station.finished === undefined; timer++) {
        assert(timer < 10);
        bench.expire();
      }
      assert.deepEqual(bench.station.finished, cause('peer-terminated', 'bye'));
      if (wasOpen) assert.equal(bench.now - from, 500);
    });
  }

  it('our Terminate-Request without an answer is repeated, and then it is over', () => {
    const bench = upBench();
    bench.station.close(0, cause('requested'));
    assert.equal(bench.station.take().length, 1);
    assert.equal(bench.expire()[0]?.code, terminateRequest);
    assert.deepEqual(bench.expire(), []);
    assert.deepEqual([bench.station.finished, bench.now], [cause('requested'), 6000]);
  });

  it('a Terminate-Ack that nobody asked for makes LCP begin anew', () => {
    const bench = upBench();
    assert.equal(bench.lcp(terminateAck, 1)[0]?.code, request);
    assert.equal(bench.station.isUp, false);
  });
});
