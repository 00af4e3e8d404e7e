/** PAP and CHAP packet by packet: whose Identifier an answer has, and what comes at a wrong time. RFC 1334 §2.2, RFC 1994 §4.1 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex } from '../../src/base/bytes.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import type { AuthOptions } from '../../src/ppp/options.js';
import { sessionOptions } from '../support/session-pair.js';
import { answering, asking, goodSecret } from './auth-support.js';
import { Bench, must, shape, type Sent } from './bench.js';

const hex = (text: string): string => Buffer.from(text).toString('hex');

/** A field of PAP: its length, then its octets. */
const field = (text: string): string => text.length.toString(16).padStart(2, '0') + hex(text);
const goodPair = field('branch') + field(goodSecret);
const [papRequest, papAck, papNak] = [1, 2, 3];
const [chapChallenge, chapResponse] = [1, 2];

function benchWith(auth: AuthOptions): Bench {
  return new Bench({ ...sessionOptions({ echoIntervalMs: 0 }), auth });
}

/** LCP open; what is sent at once. `request` is what the peer asks LCP for. */
function open(bench: Bench, request: string): Sent[] {
  const ours = must(bench.start()[0]);
  bench.lcp(Code.configureRequest, 1, request);
  return bench.ack(ours);
}

describe('PAP', () => {
  it('our requests are repeated under a new Identifier each, and the answer to any of them counts', () => {
    const bench = benchWith(answering(['pap']));
    const sent = [must(open(bench, '0304c023')[0])];
    for (let i = 0; i < 3; i++) sent.push(must(bench.expire()[0]));
    assert.deepEqual(
      shape(sent),
      Array.from({ length: 4 }, () => [papRequest, goodPair]),
    );
    assert.equal(new Set(sent.map(({ id }) => id)).size, 4);
    bench.receive(Protocol.pap, papAck, must(sent[1]).id, '00');
    assert.equal(bench.station.session.describe().phase, 'network');
  });

  it('an answer to none of our requests counts for nothing', () => {
    const bench = benchWith(answering(['pap']));
    const { id } = must(open(bench, '0304c023')[0]);
    bench.receive(Protocol.pap, papAck, (id + 1) & 0xff, '00');
    assert.equal(bench.counter('wrong-id'), 1);
    assert.equal(bench.station.session.describe().phase, 'authenticate');
  });

  it('the peer’s requests are answered under their own Identifiers, repeated ones again', () => {
    const bench = benchWith(asking(['pap']));
    open(bench, '');
    for (const id of [77, 200, 3]) {
      const answer = bench
        .receive(Protocol.pap, papRequest, id, goodPair)
        .filter(({ protocol }) => protocol === Protocol.pap);
      assert.deepEqual(
        answer.map(({ code, id: own }) => [code, own]),
        [[papAck, id]],
      );
    }
    assert.equal(bench.station.session.describe().peerName, 'branch');
  });

  it('a wrong pair is nakked, and the link terminated', () => {
    const bench = benchWith(asking(['pap']));
    open(bench, '');
    const sent = bench.receive(Protocol.pap, papRequest, 9, field('branch') + field('guess'));
    assert.deepEqual([sent[0]?.code, sent[0]?.id, sent[1]?.code], [papNak, 9, Code.terminateRequest]);
  });

  it('requests before LCP is open, or where nobody asked for them, are discarded', () => {
    const early = benchWith(asking(['pap']));
    early.start();
    assert.deepEqual(early.receive(Protocol.pap, papRequest, 1, goodPair), []);
    assert.equal(early.counter('not-open'), 1);
    const uninvited = benchWith(answering(['pap']));
    open(uninvited, '');
    const answers = uninvited
      .receive(Protocol.pap, papRequest, 1, goodPair)
      .filter(({ protocol }) => protocol === Protocol.pap);
    assert.deepEqual(answers, []);
  });
});

describe('CHAP', () => {
  it('a Challenge is answered under its Identifier', () => {
    const bench = benchWith(answering(['chap']));
    open(bench, '0305c22305');
    for (const id of [5, 250]) {
      const [response] = bench.receive(Protocol.chap, chapChallenge, id, `08${'a1'.repeat(8)}${hex('hq')}`);
      assert.deepEqual([response?.code, response?.id], [chapResponse, id]);
      assert.equal(formatHex(must(response).data.subarray(17), ''), hex('branch'));
    }
  });

  it('Challenges are repeated until a Response comes, each with another Identifier and value', () => {
    const bench = benchWith(asking(['chap']));
    const sent = open(bench, '').filter(({ protocol }) => protocol === Protocol.chap);
    for (let i = 0; i < 3; i++) sent.push(must(bench.expire()[0]));
    assert.deepEqual(
      sent.map(({ code }) => code),
      [1, 1, 1, 1],
    );
    assert.equal(new Set(sent.map(({ id }) => id)).size, 4);
    assert.equal(new Set(sent.map(({ data }) => formatHex(data))).size, 4);
  });

  it('a Response before LCP is open, or where nobody asked, is discarded', () => {
    const early = benchWith(asking(['chap']));
    early.start();
    assert.deepEqual(early.receive(Protocol.chap, chapResponse, 1, `10${'00'.repeat(16)}${hex('branch')}`), []);
    assert.equal(early.counter('not-open'), 1);
    const uninvited = benchWith(answering(['chap']));
    open(uninvited, '');
    const answers = uninvited.receive(Protocol.chap, chapResponse, 1, `10${'00'.repeat(16)}${hex('branch')}`);
    assert.deepEqual(
      answers.filter(({ protocol }) => protocol === Protocol.chap),
      [],
    );
  });
});
