/** Echo packets octet for octet, what is no answer, and the prober between them and the monitor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { answersProbe, makeEchoRequest, readEchoReply, TOKEN_LENGTH, type Echo } from '../../src/health/echo.js';
import { EchoProber } from '../../src/health/prober.js';
import { ip } from './rounds.js';
import { replyTo } from './responder.js';

const probe: Echo = {
  source: ip('10.9.0.2'),
  destination: ip('10.2.0.5'),
  identifier: 0x1234,
  sequence: 0x0102,
  token: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
};

const echoes = fc.record({
  source: fc.integer({ min: 0, max: 0xffffffff }),
  destination: fc.integer({ min: 0, max: 0xffffffff }),
  identifier: fc.integer({ min: 0, max: 0xffff }),
  sequence: fc.integer({ min: 0, max: 0xffff }),
  token: fc.uint8Array({ minLength: TOKEN_LENGTH, maxLength: TOKEN_LENGTH }),
});

describe('an Echo Request', () => {
  it('is as RFC 792 and RFC 791 have it', () => {
    // RFC 1071 by hand: the header's words add up to d937, the message's to 2b4a; the checksums are their complements.
    assert.equal(
      formatHex(makeEchoRequest(probe)),
      formatHex(
        parseHex(`
          45 00 00 24  00 00 40 00  40 01 26 c8  0a 09 00 02  0a 02 00 05
          08 00 d4 b5  12 34 01 02  01 02 03 04 05 06 07 08`),
      ),
    );
  });

  it('is answered by a reply that is known again', () => {
    fc.assert(
      fc.property(echoes, (echo) => {
        const request = makeEchoRequest(echo);
        const reply = replyTo(request);
        assert.deepEqual(readEchoReply(reply), { ...echo, source: echo.destination, destination: echo.source });
        assert.ok(answersProbe(request, reply, 0, reply.length));
      }),
    );
  });
});

describe('what is no answer', () => {
  const request = makeEchoRequest(probe);
  const reply = replyTo(request);

  it('is everything else, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (packet) => {
        assert.equal(readEchoReply(packet), undefined);
        assert.equal(answersProbe(request, packet, 0, packet.length), false);
      }),
    );
  });

  it('is the request itself', () => {
    assert.equal(readEchoReply(request), undefined);
    assert.equal(answersProbe(request, request, 0, request.length), false);
  });

  it('is a reply with any octet damaged, cut short or grown, but not one that the peer has padded', () => {
    fc.assert(
      fc.property(fc.nat({ max: reply.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = reply.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        assert.equal(readEchoReply(damaged), undefined);
      }),
    );
    const grown = Uint8Array.from([...reply, 0]);
    grown[3] = grown.length;
    for (const packet of [reply.subarray(0, -1), grown]) {
      assert.equal(readEchoReply(packet), undefined);
      assert.equal(answersProbe(request, packet, 0, packet.length), false);
    }
    const padded = Uint8Array.from([...reply, 0xa5, 0xa5]);
    assert.deepEqual(readEchoReply(padded), readEchoReply(reply));
    assert.ok(answersProbe(request, padded, 0, padded.length));
  });

  const others: readonly [string, Partial<Echo>][] = [
    ["to another program's ping", { identifier: 0x1235 }],
    ['to another token', { token: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 9]) }],
    ['to another address', { source: ip('10.9.0.3') }],
  ];
  for (const [what, change] of others) {
    it(`is a reply ${what}`, () => {
      const other = replyTo(makeEchoRequest({ ...probe, ...change }));
      assert.equal(answersProbe(request, other, 0, other.length), false);
    });
  }

  it('is looked for at the place given, inside of a larger buffer', () => {
    const buffer = Uint8Array.from([0xff, 0x03, 0x00, 0x21, ...reply, 0, 0]);
    assert.ok(answersProbe(request, buffer, 4, 4 + reply.length));
    assert.equal(answersProbe(request, buffer, 3, 3 + reply.length), false);
    assert.equal(answersProbe(request, buffer, 5, buffer.length), false);
  });
});

describe('the prober', () => {
  function rig(): { sent: Uint8Array[]; answers: [number, number][]; prober: EchoProber } {
    const sent: Uint8Array[] = [];
    const numbers = [0xabcd1234, 0x01020304, 0x05060708];
    const prober = new EchoProber(
      (packet) => sent.push(packet),
      () => numbers.shift() ?? 0,
    );
    return { sent, answers: [], prober };
  }

  it('sends from our address to the host, and calls back for its answer', () => {
    const { sent, answers, prober } = rig();
    prober.start(probe.source, (host, sequence) => answers.push([host, sequence]));
    prober.probe(probe.destination, probe.sequence);
    assert.deepEqual(
      sent.map((packet) => formatHex(packet)),
      [formatHex(makeEchoRequest(probe))],
    );
    prober.receive(replyTo(sent[0] ?? assert.fail()));
    assert.deepEqual(answers, [[probe.destination, probe.sequence]]);
  });

  it('ignores what is not its own: other tokens, other addresses, garbage', () => {
    const { answers, prober } = rig();
    prober.start(probe.source, (host, sequence) => answers.push([host, sequence]));
    for (const change of [{ identifier: 1 }, { token: new Uint8Array(TOKEN_LENGTH) }, { source: ip('10.9.0.9') }]) {
      prober.receive(replyTo(makeEchoRequest({ ...probe, ...change })));
    }
    prober.receive(new Uint8Array(0));
    assert.deepEqual(answers, []);
  });

  it('is silent before its start and after its stop', () => {
    const { sent, answers, prober } = rig();
    prober.probe(probe.destination, 1);
    prober.receive(replyTo(makeEchoRequest(probe)));
    prober.start(probe.source, (host, sequence) => answers.push([host, sequence]));
    prober.stop();
    prober.probe(probe.destination, 1);
    prober.receive(replyTo(makeEchoRequest(probe)));
    assert.deepEqual([sent, answers], [[], []]);
  });
});
