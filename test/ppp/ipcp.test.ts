/** IPCP between two fixed addresses: what it takes and refuses, and how it comes to nothing. RFC 1332 §3.3 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { Code } from '../../src/ppp/numbers.js';
import { sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;
/** 10.0.0.1, 10.0.0.2 (the peer's, by config) and 10.0.0.9. */
const local = '03060a000001';
const remote = '03060a000002';
const other = '03060a000009';

describe("the peer's IPCP request", () => {
  const cases: [string, string, number, string][] = [
    ['its own address', remote, ack, remote],
    ['another address', other, nak, remote],
    ['our address', local, nak, remote],
    ['0.0.0.0: it wants to be told', '030600000000', nak, remote],
    ['an address with a wrong length', '03050a0000', nak, remote],
    ['nothing: its address is asked after', '', nak, remote],
    ['the deprecated IP-Addresses', `010a0a0000020a000001${remote}`, reject, '010a0a0000020a000001'],
    ['header compression', `0206002d0f01${remote}`, reject, '0206002d0f01'],
    ['a DNS server', `81060000000083060000000003060a000002`, reject, '810600000000830600000000'],
  ];
  for (const [name, asked, code, answer] of cases) {
    it(`asks for ${name}`, () => {
      const bench = new Bench(sessionOptions());
      bench.openLcp();
      assert.deepEqual(shape(bench.ipcp(request, 5, asked)), [[code, answer]]);
    });
  }

  it('may do without an address: it is asked once, and then has the one of the config', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.openLcp()[0]);
    assert.deepEqual(shape(bench.ipcp(request, 1)), [[nak, remote]]);
    assert.deepEqual(shape(bench.ipcp(request, 2)), [[ack, '']]);
    bench.ack(ours);
    assert.equal(bench.station.session.describe().remoteAddress, '10.0.0.2');
  });

  it('knows the codes 1 to 7 only', () => {
    const bench = new Bench(sessionOptions());
    bench.openLcp();
    assert.deepEqual(shape(bench.ipcp(Code.echoRequest, 1, '00000000')), [[Code.codeReject, '0901000800000000']]);
  });
});

describe('our IPCP request', () => {
  it('asks for our address, whatever the peer naks with', () => {
    const bench = new Bench(sessionOptions());
    let ours = must(bench.openLcp()[0]);
    for (let round = 0; round < 5; round++) {
      assert.deepEqual(shape([ours]), [[request, local]]);
      ours = must(bench.ipcp(nak, ours.id, other)[0]);
    }
  });

  it('goes without the address when the peer rejects it: both are known by config', () => {
    const bench = new Bench(sessionOptions());
    const ours = must(bench.openLcp()[0]);
    const second = must(bench.ipcp(reject, ours.id, local)[0]);
    assert.deepEqual(shape([second]), [[request, '']]);
    bench.ipcp(request, 1, remote);
    bench.ack(second);
    assert.equal(bench.station.session.describe().localAddress, '10.0.0.1');
  });
});

describe('a dispute over addresses ends the session, and names both', () => {
  it('when the peer wants us to be someone else', () => {
    const bench = new Bench(sessionOptions({ maxFailure: 4 }));
    let sent = bench.openLcp();
    for (let round = 0; sent[0]?.code === request; round++) {
      assert(round < 10);
      sent = bench.ipcp(nak, sent[0].id, other);
    }
    assert.equal(sent[0]?.code, Code.terminateRequest);
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    const detail = 'the peer wants us to be 10.0.0.9, the config says local: 10.0.0.1';
    assert.deepEqual(bench.station.finished, cause('ipcp-failed', detail));
  });

  it('when the peer insists on being someone else', () => {
    const bench = new Bench(sessionOptions({ maxFailure: 4 }));
    bench.openLcp();
    const codes: (number | undefined)[] = [];
    for (let id = 1; id <= 5; id++) codes.push(bench.ipcp(request, id, other)[0]?.code);
    assert.deepEqual(codes, [nak, nak, nak, nak, Code.terminateRequest], 'naks never become rejects here');
    bench.expire();
    bench.expire();
    const detail = 'the peer claims 10.0.0.9, the config says remote: 10.0.0.2';
    assert.deepEqual(bench.station.finished, cause('ipcp-failed', detail));
  });

  it('when the peer ends LCP over it before we do', () => {
    const bench = new Bench(sessionOptions());
    bench.openLcp();
    bench.ipcp(request, 1, other);
    bench.lcp(Code.terminateRequest, 1);
    bench.expire();
    const detail = 'the peer claims 10.0.0.9, the config says remote: 10.0.0.2';
    assert.deepEqual(bench.station.finished, cause('ipcp-failed', detail));
  });
});

describe('IPCP that comes to nothing', () => {
  it('the peer never answers it', () => {
    const bench = new Bench(sessionOptions({ maxConfigure: 3, echoIntervalMs: 0 }));
    bench.openLcp();
    let sent = bench.expire();
    for (let round = 0; sent[0]?.code === request; round++) {
      assert(round < 5);
      sent = bench.expire();
    }
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('ipcp-failed', 'the peer does not answer IPCP'));
  });

  it('the peer closes it while the link is up', () => {
    const bench = new Bench(sessionOptions({ echoIntervalMs: 0 }));
    bench.openIp();
    assert.deepEqual(shape(bench.ipcp(Code.terminateRequest, 3, '6e6f')), [[Code.terminateAck, '']]);
    assert.equal(bench.station.isUp, false);
    const sent = bench.expire();
    assert.equal(sent[0]?.code, Code.terminateRequest, 'a link without IP has no use');
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('peer-terminated', 'IPCP: no'));
  });

  it('the peer rejects a fundamental code of it', () => {
    const bench = new Bench(sessionOptions());
    bench.openLcp();
    const sent = bench.ipcp(Code.codeReject, 1, '0101000a');
    bench.lcp(Code.terminateAck, must(sent[0]).id);
    assert.deepEqual(bench.station.finished, cause('protocol-error', 'it rejects IPCP Configure-Request'));
  });
});

describe('IPCP packets while LCP is not open', () => {
  it('are dropped and counted', () => {
    const bench = new Bench(sessionOptions());
    bench.start();
    assert.deepEqual(bench.ipcp(request, 1, remote), []);
    assert.equal(bench.counter('not-open'), 1);
  });
});
