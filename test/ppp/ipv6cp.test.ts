/** IPV6CP: the table of RFC 5072 §4.1, and what becomes of a session when one of its networks fails. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex } from '../../src/base/bytes.js';
import { cause } from '../../src/base/cause.js';
import {
  drawInterfaceId,
  interfaceIdOctets,
  linkLocalAddress,
  noInterfaceId,
  readInterfaceId,
} from '../../src/ppp/ipv6cp/identifier.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { Ipv6cpOptions } from '../../src/ppp/options.js';
import { sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape, type Sent } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
const one = '0000000000000001';
const two = '0000000000000002';
const three = '0000000000000003';

/** The option Interface-Identifier. */
function option(id: string): string {
  return `010a${id}`;
}

/** IPv6 alone. */
function alone(ipv6cp: Partial<Ipv6cpOptions> = { local: one }): { bench: Bench; ours: Sent } {
  const options = sessionOptions({ echoIntervalMs: 0, maxFailure: 3 }, {}, ipv6cp);
  const bench = new Bench({ ...options, ipcp: undefined });
  return { bench, ours: must(bench.openLcp()[0]) };
}

/** Both; the requests of IPCP and of IPV6CP. */
function both(): { bench: Bench; ours4: Sent; ours6: Sent } {
  const bench = new Bench(sessionOptions({ echoIntervalMs: 0, maxFailure: 3, maxConfigure: 3 }, {}, { local: one }));
  const [ours4, ours6] = bench.openLcp();
  return { bench, ours4: must(ours4), ours6: must(ours6) };
}

describe('an interface identifier', () => {
  it('becomes a link-local address', () => {
    const cases = [
      [one, 'fe80::1'],
      ['02a0c9fffe123456', 'fe80::2a0:c9ff:fe12:3456'],
      ['00010000000000ff', 'fe80::1:0:0:ff'],
    ] as const;
    for (const [id, text] of cases) assert.equal(linkLocalAddress(id), text);
  });

  it('that is drawn is neither 0 nor another, and of local meaning only, whatever the chance', () => {
    for (const chance of [0, 0xffffffff, 0x01020304]) {
      const drawn = drawInterfaceId(() => chance, noInterfaceId);
      const next = drawInterfaceId(() => chance, drawn);
      assert.notEqual(next, drawn);
      for (const id of [drawn, next]) {
        assert.notEqual(id, noInterfaceId);
        assert.equal(interfaceIdOctets(id)[0]! & 2, 0);
      }
    }
  });

  it('has 64 bits', () => {
    assert.equal(readInterfaceId(new Uint8Array(7)), undefined);
    assert.equal(readInterfaceId(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)), one);
  });
});

describe("the peer's IPV6CP request (RFC 5072 §4.1)", () => {
  it('with another identifier than ours is acknowledged', () => {
    const { bench } = alone();
    assert.deepEqual(shape(bench.ipv6cp(request, 1, option(two))), [[ack, option(two)]]);
  });

  for (const [name, asked] of [
    ['with ours', option(one)],
    ['with 0', option(noInterfaceId)],
    ['without one', ''],
    ['with one of a wrong length', '0104abcd'],
  ] as const) {
    it(`${name} is told another, which it may then have`, () => {
      const { bench } = alone();
      const [answer] = bench.ipv6cp(request, 1, asked);
      assert.equal(answer?.code, nak);
      const told = formatHex(answer.data, '');
      assert.match(told, /^010a[0-9a-f]{16}$/);
      assert.notEqual(told, option(one));
      assert.notEqual(told, option(noInterfaceId));
      assert.deepEqual(shape(bench.ipv6cp(request, 2, told)), [[ack, told]]);
    });
  }

  it('with 0 is rejected while we have none either', () => {
    const { bench, ours } = alone();
    bench.ipv6cp(reject, ours.id, option(one));
    assert.deepEqual(shape(bench.ipv6cp(request, 1, option(noInterfaceId))), [[reject, option(noInterfaceId)]]);
  });

  it('with header compression is rejected in this', () => {
    const { bench } = alone();
    assert.deepEqual(shape(bench.ipv6cp(request, 1, `02040061${option(two)}`)), [[reject, '02040061']]);
  });

  it('must have the identifier of the config, where there is one', () => {
    const { bench } = alone({ local: one, remote: two });
    for (let id = 1; id <= 3; id++) {
      assert.deepEqual(shape(bench.ipv6cp(request, id, option(three))), [[nak, option(two)]]);
    }
    bench.ipv6cp(request, 4, option(three));
    bench.expire();
    bench.expire();
    const detail = 'the peer claims ::3, the config says remote: ::2';
    assert.deepEqual(bench.station.finished, cause('ipv6cp-failed', detail));
  });

  it('knows the codes 1 to 7 only', () => {
    const { bench } = alone();
    assert.equal(bench.ipv6cp(Code.echoRequest, 1, '00000000')[0]?.code, Code.codeReject);
  });
});

describe('our IPV6CP request', () => {
  it('asks for what the config says, whatever the peer naks with', () => {
    const { bench, ours } = alone();
    assert.deepEqual(shape([ours]), [[request, option(one)]]);
    assert.deepEqual(shape(bench.ipv6cp(nak, ours.id, option(three))), [[request, option(one)]]);
  });

  it('takes what the peer tells us, where the config says nothing', () => {
    const { bench, ours } = alone({});
    assert.equal(ours.data[2]! & 2, 0);
    assert.deepEqual(shape(bench.ipv6cp(nak, ours.id, option(three))), [[request, option(three)]]);
  });

  it('chooses anew when our own Nak comes back: a looped line', () => {
    const { bench, ours } = alone({});
    const mine = formatHex(ours.data, '');
    const [told] = bench.ipv6cp(request, 1, mine);
    assert.equal(told?.code, nak);
    const [second] = bench.ipv6cp(nak, ours.id, formatHex(told.data, ''));
    assert.equal(second?.code, request);
    assert.notDeepEqual(second.data, told.data);
    assert.notDeepEqual(second.data, ours.data);
  });

  it('keeps the identifier that the peer rejects: the link-local address is made of it all the same', () => {
    const { bench, ours } = alone();
    const [second] = bench.ipv6cp(reject, ours.id, option(one));
    assert.deepEqual(shape([must(second)]), [[request, '']]);
    bench.ipv6cp(request, 1, option(two));
    bench.ack(must(second));
    assert.deepEqual(bench.station.network?.ip6, { local: 'fe80::1', remote: 'fe80::2' });
  });

  it('asks for the same identifier in every negotiation of a session', () => {
    const { bench, ours } = alone({});
    const [lcp] = bench.lcp(request, 9, '0506aabbccdd');
    assert.deepEqual(shape([must(bench.ack(must(lcp))[0])]), shape([ours]));
  });
});

describe('a link of IPv6 alone', () => {
  it('comes up without IPv4, which it rejects', () => {
    const { bench, ours } = alone();
    bench.ipv6cp(request, 1, option(two));
    bench.ack(ours);
    assert.deepEqual(bench.station.network, {
      mtu: 1500,
      ip4: undefined,
      ip6: { local: 'fe80::1', remote: 'fe80::2' },
    });
    const [answer] = bench.ipcp(request, 1, '03060a000002');
    assert.deepEqual([answer?.protocol, answer?.code], [Protocol.lcp, Code.protocolReject]);
  });

  it('fails when the peer does not speak IPv6', () => {
    const { bench } = alone();
    bench.lcp(Code.protocolReject, 1, '8057');
    bench.expire();
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('ipv6-refused', 'it rejects IPV6CP'));
  });

  it('fails when the peer takes no packets of 1280 octets (RFC 8200 §5)', () => {
    const options = sessionOptions({ echoIntervalMs: 0 }, {}, { local: one });
    const bench = new Bench({ ...options, ipcp: undefined });
    const ours = must(bench.openLcp('0104 0240 0506 11223344')[0]);
    bench.ipv6cp(request, 1, option(two));
    bench.ack(ours);
    assert.equal(bench.station.isUp, false);
    bench.expire();
    bench.expire();
    const detail = 'the peer takes packets of 576 octets, and IPv6 needs 1280';
    assert.deepEqual(bench.station.finished, cause('ipv6cp-failed', detail));
  });

  it('fails when the peer never tells an identifier', () => {
    const { bench, ours } = alone();
    bench.ipv6cp(request, 1);
    assert.deepEqual(shape(bench.ipv6cp(request, 2)), [[ack, '']]);
    bench.ack(ours);
    bench.expire();
    bench.expire();
    assert.deepEqual(bench.station.finished, cause('ipv6cp-failed', 'the peer has no interface identifier'));
  });
});

describe('a link of both', () => {
  function open4({ bench, ours4 }: ReturnType<typeof both>): void {
    bench.ipcp(request, 1, '03060a000002');
    bench.ack(ours4);
  }
  function open6({ bench, ours6 }: ReturnType<typeof both>): void {
    bench.ipv6cp(request, 1, option(two));
    bench.ack(ours6);
  }
  const families = ({ bench }: ReturnType<typeof both>): string =>
    [...(bench.station.session.carriesIp4 ? ['4'] : []), ...(bench.station.session.carriesIp6 ? ['6'] : [])].join(
      ' and ',
    );
  const reports = ({ bench }: ReturnType<typeof both>): string[] =>
    bench.station.outputs.map(({ type }) => type).filter((type) => type.startsWith('network-'));

  it('is up with the first, and tells when the other joins and leaves', () => {
    const link = both();
    open6(link);
    open4(link);
    assert.equal(families(link), '4 and 6');
    link.bench.ipcp(Code.terminateRequest, 5);
    assert.equal(families(link), '6');
    link.bench.ipv6cp(Code.terminateRequest, 5);
    assert.equal(families(link), '');
    assert.deepEqual(reports(link), ['network-up', 'network-changed', 'network-changed', 'network-down']);
  });

  it('goes down at once with LCP, not in two steps', () => {
    const link = both();
    open4(link);
    open6(link);
    link.bench.lcp(Code.terminateRequest, 5);
    assert.deepEqual(reports(link), ['network-up', 'network-changed', 'network-down']);
  });

  for (const [name, refuse] of [
    ['IPV6CP', '8057'],
    ['IPv6 packets', '0057'],
  ] as const) {
    it(`goes on with IPv4 when the peer rejects ${name}`, () => {
      const link = both();
      open4(link);
      open6(link);
      link.bench.lcp(Code.protocolReject, 1, refuse);
      assert.equal(families(link), '4');
      assert.equal(link.bench.station.finished, undefined);
      assert.deepEqual(link.bench.ipv6cp(request, 7, option(two)), [], 'it does not speak it, it said');
      assert.match(must(link.bench.station.notes.at(-1)), /goes on without IPV6CP/);
    });
  }

  it('goes on with IPv6 when the peer rejects IPCP, and ends when it rejects both', () => {
    const link = both();
    open6(link);
    link.bench.lcp(Code.protocolReject, 1, '8021');
    assert.equal(families(link), '6');
    link.bench.lcp(Code.protocolReject, 2, '8057');
    link.bench.expire();
    link.bench.expire();
    assert.deepEqual(link.bench.station.finished, cause('ip-refused', 'it rejects IPCP'));
  });

  it('says once why it goes on with IPv4, however often the peer tries', () => {
    const link = both();
    open4(link);
    // As pppd 2.4.9 does: it claims what we are, gives up its option, and rejects ours with another value in it.
    const naks = (id: number): Sent[] => link.bench.ipv6cp(nak, id, option(three));
    let ours = link.ours6;
    link.bench.ipv6cp(request, 1, option(one));
    for (let i = 0; i < 3; i++) ours = must(naks(ours.id)[0]);
    for (let round = 0; round < 5; round++) {
      link.bench.ipv6cp(request, 2 + round);
      link.bench.ipv6cp(request, 2 + round);
      let expired = 0;
      while (link.bench.station.nextTimeout() !== undefined && expired++ < 20) link.bench.expire();
    }
    assert.equal(families(link), '4');
    assert.deepEqual(
      link.bench.station.notes.filter((note) => note.includes('goes on without')),
      ['the link goes on without IPV6CP: IPv6 could not be agreed on (both ends claim ::1)'],
    );
  });

  it('goes on with IPv6 when the addresses cannot be agreed on; the peer is told', () => {
    const link = both();
    open6(link);
    let last: Sent | undefined;
    for (let id = 1; id <= 4; id++) [last] = link.bench.ipcp(request, id, '03060a000009');
    assert.deepEqual([last?.protocol, last?.code], [Protocol.ipcp, Code.terminateRequest]);
    assert.equal(families(link), '6');
    link.bench.ipcp(Code.terminateAck, must(last).id);
    assert.equal(link.bench.ipcp(request, 9, '03060a000002')[0]?.code, Code.terminateAck, 'given up for good');
    assert.equal(link.bench.station.finished, undefined);
  });

  it('tries both again when LCP starts over', () => {
    const link = both();
    open4(link);
    open6(link);
    link.bench.lcp(Code.protocolReject, 1, '8057');
    const [lcp] = link.bench.lcp(request, 9, '0506aabbccdd');
    const sent = link.bench.ack(must(lcp));
    assert.deepEqual(
      sent.map(({ protocol }) => protocol),
      [Protocol.ipcp, Protocol.ipv6cp],
    );
  });

  it('lets the peer begin late with the one that did not answer', () => {
    const link = both();
    open4(link);
    let rounds = 0;
    while (link.bench.station.nextTimeout() !== undefined && rounds++ < 20) link.bench.expire();
    assert.match(must(link.bench.station.notes.at(-1)), /goes on without IPV6CP/);
    const [again, answer] = link.bench.ipv6cp(request, 3, option(two));
    assert.deepEqual([again?.code, answer?.code], [request, ack]);
    link.bench.ack(must(again));
    assert.equal(families(link), '4 and 6');
  });
});
