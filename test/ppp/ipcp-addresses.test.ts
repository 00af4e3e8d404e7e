/** IPCP where addresses come from the peer, go to the peer, or may be chosen within ranges. RFC 1332 §3.3 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { parsePrefix, type Prefix } from '../../src/base/ip.js';
import { AddressPolicy } from '../../src/ppp/ipcp/addresses.js';
import { Code } from '../../src/ppp/numbers.js';
import type { AddressRule } from '../../src/ppp/auth/options.js';
import type { IpcpOptions } from '../../src/ppp/options.js';
import { ip, plainIpcp, sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
const none = 0;

function net(text: string): Prefix {
  return must(parsePrefix(text));
}

/** The option IP-Address. */
function address(text: string): string {
  return `0306${ip(text).toString(16).padStart(8, '0')}`;
}

function bench(options: Partial<IpcpOptions>): { bench: Bench; ours: ReturnType<Bench['openLcp']>[number] } {
  const made = new Bench(sessionOptions({ echoIntervalMs: 0, maxFailure: 3 }, options));
  return { bench: made, ours: must(made.openLcp()[0]) };
}

describe('our address, told by the peer', () => {
  const cases: [string, Partial<IpcpOptions>, string, string | undefined][] = [
    ['from-peer takes any', { local: none }, '10.7.0.9', '10.7.0.9'],
    [
      'from-peer within ranges takes what is in them',
      { local: none, acceptLocal: [net('10.7.0.0/16')] },
      '10.7.0.9',
      '10.7.0.9',
    ],
    [
      'from-peer within ranges refuses others',
      { local: none, acceptLocal: [net('10.7.0.0/16')] },
      '10.8.0.9',
      undefined,
    ],
    ['from-peer refuses a loopback address', { local: none }, '127.0.0.1', undefined],
    ['from-peer refuses a multicast address', { local: none }, '224.0.0.1', undefined],
    ['from-peer refuses one of 0.0.0.0/8', { local: none }, '0.0.0.1', undefined],
    ["from-peer refuses the peer's own", { local: none }, '10.0.0.2', undefined],
    ['a fixed one is kept', {}, '10.7.0.9', undefined],
    ['a fixed one gives way within ranges', { acceptLocal: [net('10.7.0.0/16')] }, '10.7.0.9', '10.7.0.9'],
    ['a fixed one gives way to any', { acceptLocal: [net('0.0.0.0/0')] }, '192.0.2.1', '192.0.2.1'],
    ['a fixed one is kept against others', { acceptLocal: [net('10.7.0.0/16')] }, '10.8.0.9', undefined],
  ];
  for (const [name, options, offered, taken] of cases) {
    it(name, () => {
      const { bench: one, ours } = bench(options);
      const asked = address(options.local === none ? '0.0.0.0' : '10.0.0.1');
      assert.deepEqual(shape([ours]), [[request, asked]]);
      one.ipcp(request, 1, address('10.0.0.2'));
      const second = must(one.ipcp(nak, ours.id, address(offered))[0]);
      assert.deepEqual(shape([second]), [[request, taken === undefined ? asked : address(taken)]]);
      if (taken === undefined) return;
      one.ack(second);
      assert.equal(one.station.session.describe().localAddress, taken);
    });
  }

  for (const [name, answer, detail] of [
    ['acknowledges 0.0.0.0', ack, 'the peer gave us no address, the config says local: from-peer'],
    ['rejects the option', reject, 'the peer gave us no address, the config says local: from-peer'],
  ] as const) {
    it(`fails when the peer ${name}`, () => {
      const { bench: one, ours } = bench({ local: none });
      one.ipcp(request, 1, address('10.0.0.2'));
      const [next] = one.ipcp(answer, ours.id, address('0.0.0.0'));
      if (answer === reject) one.ack(must(next));
      assert.equal(one.station.isUp, false);
      one.expire();
      one.expire();
      assert.deepEqual(one.station.finished, cause('ipcp-failed', detail));
    });
  }

  it('begins again with the question when LCP starts over', () => {
    const { bench: one, ours } = bench({ local: none });
    one.ipcp(request, 1, address('10.0.0.2'));
    one.ack(must(one.ipcp(nak, ours.id, address('10.7.0.9'))[0]));
    assert(one.station.isUp);
    const [lcp] = one.lcp(request, 9, '0506aabbccdd');
    const [again] = one.ack(must(lcp));
    assert.deepEqual(shape([must(again)]), [[request, address('0.0.0.0')]]);
  });
});

describe("the peer's address", () => {
  const cases: [string, Partial<IpcpOptions>, string, number, string | undefined][] = [
    ['from-peer takes any', { remote: none }, '10.7.0.9', ack, '10.7.0.9'],
    [
      'from-peer within ranges takes what is in them',
      { remote: none, acceptRemote: [net('10.7.0.0/16')] },
      '10.7.0.9',
      ack,
      '10.7.0.9',
    ],
    [
      'from-peer within ranges has nothing for others',
      { remote: none, acceptRemote: [net('10.7.0.0/16')] },
      '10.8.0.9',
      reject,
      '10.8.0.9',
    ],
    ['from-peer has nothing to tell', { remote: none }, '0.0.0.0', reject, '0.0.0.0'],
    ['from-peer refuses ours', { remote: none }, '10.0.0.1', reject, '10.0.0.1'],
    ['from-peer refuses a reserved one', { remote: none }, '240.0.0.1', reject, '240.0.0.1'],
    ['a fixed one is told', {}, '0.0.0.0', nak, '10.0.0.2'],
    ['a fixed one is held against others', {}, '10.7.0.9', nak, '10.0.0.2'],
    ['a fixed one may be another within ranges', { acceptRemote: [net('10.7.0.0/16')] }, '10.7.0.9', ack, '10.7.0.9'],
    ['a fixed one is held beyond ranges', { acceptRemote: [net('10.7.0.0/16')] }, '10.8.0.9', nak, '10.0.0.2'],
    ['a range that holds ours does not give it', { acceptRemote: [net('0.0.0.0/0')] }, '10.0.0.1', nak, '10.0.0.2'],
  ];
  for (const [name, options, claimed, code, answer] of cases) {
    it(name, () => {
      const { bench: one } = bench(options);
      assert.deepEqual(shape(one.ipcp(request, 1, address(claimed))), [[code, address(must(answer))]]);
    });
  }

  it('is needed: without one the session fails, and says what to do', () => {
    const { bench: one, ours } = bench({ remote: none });
    one.ipcp(request, 1);
    one.ack(ours);
    assert.equal(one.station.isUp, false);
    one.expire();
    one.expire();
    const detail = 'the peer did not tell its address, the config says remote: from-peer';
    assert.deepEqual(one.station.finished, cause('ipcp-failed', detail));
  });

  it('may not be ours in the end', () => {
    const { bench: one, ours } = bench({ local: none, remote: none });
    one.ipcp(request, 1, address('10.7.0.9'));
    const again = one.ipcp(nak, ours.id, address('10.7.0.9'));
    assert.deepEqual(shape(again), [[request, address('0.0.0.0')]]);
  });
});

describe("what the peer's secret allows", () => {
  const rules = (...texts: readonly string[]): AddressRule[] =>
    texts.map((text) => ({ kind: text.startsWith('!') ? 'deny' : 'allow', prefix: net(text.replace('!', '')) }));
  const any = net('0.0.0.0/0');
  const cases: [string, Partial<IpcpOptions>, readonly AddressRule[], string, string | undefined][] = [
    ['the fixed address', {}, rules('10.0.0.2'), '10.0.0.2', undefined],
    ['everything', {}, rules('0.0.0.0/0'), '10.0.0.2', undefined],
    [
      'nothing, without a fourth column',
      {},
      [],
      '10.0.0.2',
      'the peer claims 10.0.0.2, which its secret does not allow: its fourth column names no address (`*` allows any)',
    ],
    [
      'another than the fixed one',
      {},
      rules('10.0.0.3'),
      '10.0.0.2',
      'the peer claims 10.0.0.2, which its secret does not allow',
    ],
    [
      'what the first rule denies',
      { acceptRemote: [any] },
      rules('!10.7.0.9', '10.7.0.0/16'),
      '10.7.0.9',
      'the peer claims 10.7.0.9, which its secret does not allow',
    ],
    ['what is not denied first', { acceptRemote: [any] }, rules('!10.7.0.9', '10.7.0.0/16'), '10.7.0.8', undefined],
    [
      'what the config refuses',
      {},
      rules('10.7.0.0/16', '10.0.0.2'),
      '10.7.0.8',
      'the peer claims 10.7.0.8, the config says remote: 10.0.0.2',
    ],
  ];
  for (const [name, options, list, claimed, why] of cases) {
    it(`${name}: ${claimed}`, () => {
      const policy = new AddressPolicy({ ...plainIpcp, ...options });
      policy.restrict(list);
      assert.equal(policy.againstRemote(ip(claimed), ip('10.0.0.1')), why);
    });
  }

  it('is what the peer is told, where it names one address and the config none', () => {
    const policy = new AddressPolicy({ ...plainIpcp, remote: none });
    policy.restrict(rules('10.7.0.9'));
    assert.equal(policy.remote, ip('10.7.0.9'));
    policy.restrict(rules('10.7.0.9', '10.7.0.10'));
    assert.equal(policy.remote, none);
  });

  it('is no longer told what it may not have', () => {
    const policy = new AddressPolicy(plainIpcp);
    policy.restrict(rules('10.7.0.0/16'));
    assert.equal(policy.remote, none);
    assert.match(must(policy.objection(ip('10.0.0.1'), none)), /remote: 10\.0\.0\.2, which its secret does not allow$/);
    policy.restrict([]);
    assert.match(must(policy.objection(ip('10.0.0.1'), none)), /does not allow: its fourth column names no address/);
  });
});

describe('an address that is assigned', () => {
  it('is asked for before anything is sent, and what the peer sends meanwhile is kept', () => {
    const made = new Bench(sessionOptions({ echoIntervalMs: 0 }, { remote: none, assigned: true }));
    assert.deepEqual(made.openLcp(), []);
    assert.equal(made.station.wanted, 1);
    assert.deepEqual(made.ipcp(request, 1, address('0.0.0.0')), []);
    assert.deepEqual(shape(made.assign(1, ip('10.9.0.5'))), [
      [request, address('10.0.0.1')],
      [nak, address('10.9.0.5')],
    ]);
    made.ipcp(request, 2, address('10.9.0.5'));
    assert.deepEqual(shape(made.assign(1, ip('10.9.0.6'))), [], 'a question is answered once');
  });

  it('is asked for anew when LCP starts over, and an answer to the old question counts for nothing', () => {
    const made = new Bench(sessionOptions({ echoIntervalMs: 0 }, { remote: none, assigned: true }));
    made.openLcp();
    const [lcp] = made.lcp(request, 9, '0506aabbccdd');
    made.ack(must(lcp));
    assert.equal(made.station.wanted, 2);
    assert.deepEqual(made.assign(1, ip('10.9.0.5')), []);
    assert.deepEqual(shape(made.assign(2, ip('10.9.0.5'))), [[request, address('10.0.0.1')]]);
  });
});
