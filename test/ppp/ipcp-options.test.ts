/** IPCP's options beside the address: name servers (RFC 1877) and the compression of TCP headers (RFC 1332 §4). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VjOptions } from '../../src/compress/method.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { IpcpOptions } from '../../src/ppp/options.js';
import { ip, sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
const local = '03060a000001';
const remote = '03060a000002';
const sixteen: VjOptions = { slots: 16, slotCompression: true };

function open(options: Partial<IpcpOptions>): { bench: Bench; ours: ReturnType<Bench['openLcp']>[number] } {
  const bench = new Bench(sessionOptions({ echoIntervalMs: 0, maxFailure: 3 }, options));
  return { bench, ours: must(bench.openLcp()[0]) };
}

describe('name servers that the peer asks for', () => {
  const dns = { ask: false, offer: [ip('10.2.0.53'), ip('10.2.0.54')] };
  const wins = { ask: false, offer: [ip('10.2.0.9')] };
  const cases: [string, string, number, string][] = [
    ['the first, not knowing it', '810600000000', nak, '81060a020035'],
    ['the first, knowing it', '81060a020035', ack, '81060a020035'],
    ['the first, believing in another', '810601020304', nak, '81060a020035'],
    ['both', '810600000000830600000000', nak, '81060a02003583060a020036'],
    ['a NetBIOS name server', '820600000000', nak, '82060a020009'],
    ['a second NetBIOS name server, of which there is none', '840600000000', reject, '840600000000'],
    ['the first with a wrong length', '81050a0200', nak, '81060a020035'],
  ];
  for (const [name, asked, code, answer] of cases) {
    it(name, () => {
      const { bench } = open({ dns, wins });
      const whole = code === ack ? remote + answer : answer;
      assert.deepEqual(shape(bench.ipcp(request, 1, remote + asked)), [[code, whole]]);
    });
  }

  for (const type of ['81', '82', '83', '84']) {
    it(`are rejected without any to offer: option 0x${type}`, () => {
      const { bench } = open({});
      assert.deepEqual(shape(bench.ipcp(request, 1, `${remote}${type}0600000000`)), [[reject, `${type}0600000000`]]);
    });
  }
});

describe('name servers that we ask for', () => {
  const question = '810600000000830600000000';
  const asking = { dns: { ask: true, offer: [] } };

  it('are taken from the Nak, and told with the network', () => {
    const { bench, ours } = open(asking);
    assert.deepEqual(shape([ours]), [[request, local + question]]);
    const second = must(bench.ipcp(nak, ours.id, '81060a02003583060a020036')[0]);
    assert.deepEqual(shape([second]), [[request, `${local}81060a02003583060a020036`]]);
    bench.ipcp(request, 1, remote);
    bench.ack(second);
    assert.deepEqual(bench.station.network?.ip4?.dns, [ip('10.2.0.53'), ip('10.2.0.54')]);
    assert.deepEqual(bench.station.session.describe().dns, ['10.2.0.53', '10.2.0.54']);
  });

  it('are no more asked for once they are rejected', () => {
    const { bench, ours } = open(asking);
    const second = must(bench.ipcp(reject, ours.id, '830600000000')[0]);
    assert.deepEqual(shape([second]), [[request, `${local}810600000000`]]);
    const third = must(bench.ipcp(nak, second.id, '81060a02003583060a020036')[0]);
    assert.deepEqual(shape([third]), [[request, `${local}81060a020035`]], 'nor when they are offered then');
    bench.ipcp(request, 1, remote);
    bench.ack(third);
    assert.deepEqual(bench.station.network?.ip4?.dns, [ip('10.2.0.53')]);
  });

  it('are none when the peer acknowledges the question, and one when it tells it twice', () => {
    const { bench, ours } = open({ ...asking, wins: { ask: true, offer: [] } });
    const second = must(bench.ipcp(nak, ours.id, '81060a02003583060a020035')[0]);
    bench.ipcp(request, 1, remote);
    bench.ack(second);
    assert.deepEqual(bench.station.network?.ip4?.dns, [ip('10.2.0.53')]);
    assert.deepEqual(bench.station.network.ip4.wins, []);
  });

  it('end no session: a peer that naks without end gets a request without them', () => {
    const { bench, ours } = open(asking);
    let last = ours;
    for (let round = 1; round <= 6; round++) {
      const octet = round.toString(16).padStart(2, '0');
      last = must(bench.ipcp(nak, last.id, `81060a0200${octet}`)[0]);
      assert.equal(last.code, request);
    }
    assert.deepEqual(shape([last]), [[request, `${local}830600000000`]]);
  });
});

describe('header compression that the peer asks for', () => {
  const cases: [string, string, number, string, VjOptions | undefined][] = [
    ['as usual', '0206002d0f01', ack, '0206002d0f01', sixteen],
    ['with the number always sent', '0206002d0f00', ack, '0206002d0f00', { slots: 16, slotCompression: false }],
    ['of one slot', '0206002d0001', ack, '0206002d0001', { slots: 1, slotCompression: true }],
    ['of 256 slots', '0206002dff01', ack, '0206002dff01', { slots: 256, slotCompression: true }],
    ['by another protocol', '0206006103e8', nak, '0206002d0f01', undefined],
    ['by the old number of RFC 1172', '02040037', nak, '0206002d0f01', undefined],
    ['with a wrong length', '0205002d0f', nak, '0206002d0f01', undefined],
    ['by half a protocol', '020300', nak, '0206002d0f01', undefined],
  ];
  for (const [name, asked, code, answer, send] of cases) {
    it(name, () => {
      const { bench, ours } = open({ vj: sixteen });
      const whole = code === ack ? asked + remote : answer;
      assert.deepEqual(shape(bench.ipcp(request, 1, asked + remote)), [[code, whole]]);
      if (send === undefined) return;
      bench.ack(ours);
      assert.deepEqual(bench.station.compression, { send, receive: sixteen });
    });
  }

  it('is rejected where the config has it off', () => {
    const { bench } = open({});
    assert.deepEqual(shape(bench.ipcp(request, 1, `0206002d0f01${remote}`)), [[reject, '0206002d0f01']]);
  });
});

describe('header compression that we ask for', () => {
  const question = '0206002d0f01';
  const cases: [string, number, string, string, VjOptions | undefined][] = [
    ['fewer slots are taken', nak, '0206002d0301', `0206002d0301${local}`, { slots: 4, slotCompression: true }],
    ['more slots are not', nak, '0206002d1f01', `${question}${local}`, sixteen],
    [
      'numbers always sent are taken',
      nak,
      '0206002d0f00',
      `0206002d0f00${local}`,
      { slots: 16, slotCompression: false },
    ],
    ['another protocol is not', nak, '0206006103e8', local, undefined],
    ['a rejection is', reject, question, local, undefined],
  ];
  for (const [name, code, answer, next, receive] of cases) {
    it(name, () => {
      const { bench, ours } = open({ vj: sixteen });
      assert.deepEqual(shape([ours]), [[request, question + local]]);
      const second = must(bench.ipcp(code, ours.id, answer)[0]);
      assert.deepEqual(shape([second]), [[request, next]]);
      bench.ipcp(request, 1, remote);
      bench.ack(second);
      const expected = receive === undefined ? undefined : { send: undefined, receive };
      assert.deepEqual(bench.station.compression, expected);
    });
  }

  it('is told before the network, and taken back when IPCP closes', () => {
    const { bench, ours } = open({ vj: sixteen });
    bench.ipcp(request, 1, question + remote);
    bench.ack(ours);
    const types = bench.station.outputs.map(({ type }) => type);
    assert(types.indexOf('header-compression') < types.indexOf('network-up'));
    const { options } = bench.station.session.describe();
    assert.deepEqual(
      [options['rx-vj'], options['tx-vj']],
      ['16 slots, slot-id compressed', '16 slots, slot-id compressed'],
    );
    bench.ipcp(Code.terminateRequest, 7);
    assert.equal(bench.station.compression, undefined);
    assert.equal(bench.station.session.describe().options['tx-vj'], undefined);
  });

  it('is stopped, and nothing else, when the peer rejects compressed packets', () => {
    const { bench, ours } = open({ vj: sixteen });
    bench.ipcp(request, 1, question + remote);
    bench.ack(ours);
    bench.lcp(Code.protocolReject, 3, `${Protocol.vjCompressed.toString(16).padStart(4, '0')}00`);
    assert.deepEqual(bench.station.compression, { send: undefined, receive: sixteen });
    assert.equal(bench.station.session.describe().options['tx-vj'], undefined);
    assert(bench.station.isUp);
  });
});
