/** Reset-Requests, from the peer and to it, and what follows when they help nothing. RFC 1962 §3.1 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/ppp/numbers.js';
import { must } from './bench.js';
import { bsd, common, deflate, draft, encrypted, keys, Rig } from './ccp-rig.js';

const { configureRequest: request, codeReject, resetRequest, resetAck } = Code;

describe('Reset-Request', () => {
  it('from the peer: the compressor begins afresh before the Reset-Ack by the same Identifier', () => {
    const rig = new Rig(common).open(deflate);
    assert.deepEqual(rig.receive(resetRequest, 77, 'abcd'), ['reset-compressor', `send ${resetAck} #77`]);
    assert.deepEqual(rig.receive(resetRequest, 77), ['reset-compressor', `send ${resetAck} #77`], 'again');
  });

  it('from the peer: means nothing where nothing is compressed', () => {
    const rig = new Rig({ ...common, send: [] }).open('');
    assert.deepEqual(rig.receive(resetRequest, 1), []);
    assert.deepEqual(rig.counted, ['not-open']);
  });

  it('is sent once for a row of damaged packets, and again while they go on, ever more slowly', () => {
    const rig = new Rig(common).open(deflate);
    const [first] = rig.damaged();
    assert.match(must(first), /^send 14 #\d+$/);
    assert.deepEqual(rig.damaged(), []);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = rig.now;
      assert.deepEqual(rig.expire(), [first], 'by the same Identifier');
      pauses.push(rig.now - before);
      rig.damaged();
    }
    assert.deepEqual(pauses, [300, 300, 600, 1200, 2400]);
  });

  it('is not sent again when nothing more is damaged', () => {
    const rig = new Rig(common).open(deflate);
    rig.damaged();
    assert.deepEqual(rig.expire(), []);
    assert.equal(rig.ccp.nextTimeout(), undefined);
  });

  it('comes again sooner or later as the last answer took shorter or longer', () => {
    for (const [took, pause] of [
      [10, 200],
      [400, 800],
      [5000, 3000],
    ] as const) {
      const rig = new Rig(common).open(deflate);
      const id = Number(must(rig.damaged()[0]).split('#')[1]);
      rig.now = took;
      rig.receive(resetAck, id);
      rig.damaged();
      assert.equal(must(rig.ccp.nextTimeout()) - rig.now, pause);
    }
  });

  it('is answered by each Reset-Ack of its Identifier, and by no other', () => {
    const rig = new Rig(common).open(deflate);
    assert.deepEqual(rig.receive(resetAck, 0), [], 'nothing was asked for');
    const id = Number(must(rig.damaged()[0]).split('#')[1]);
    assert.deepEqual(rig.receive(resetAck, id + 1), []);
    assert.deepEqual(rig.counted, ['wrong-id', 'wrong-id']);
    assert.deepEqual(rig.receive(resetAck, id), ['reset-decompressor']);
    assert.deepEqual(rig.receive(resetAck, id), ['reset-decompressor'], 'doubled');
    assert.deepEqual(rig.damaged(), [`send ${resetRequest} #${id + 1}`], 'another Identifier for another damage');
  });

  it('without any answer: CCP is negotiated anew, and given up in the end', () => {
    const rig = new Rig(common).open(deflate);
    let restarts = 0;
    for (let i = 0; i < 200 && rig.isOpen(); i++) {
      const told = [...rig.damaged(), ...rig.damaged(), ...(rig.ccp.nextTimeout() === undefined ? [] : rig.expire())];
      if (rig.isOpen()) continue;
      if (!told.some((what) => what.startsWith(`send ${request} `))) break;
      restarts++;
      rig.open(deflate);
    }
    assert.equal(restarts, 3);
    assert(!rig.isOpen());
    assert.deepEqual(rig.failures, [], 'the link goes on');
  });

  it('that the peer does not know: CCP is negotiated anew', () => {
    const rig = new Rig(common).open(deflate);
    rig.damaged();
    rig.receive(codeReject, 5, '0e010004');
    const told = rig.damaged();
    assert.deepEqual(told.slice(0, 2), ['compressor none', 'decompressor none']);
  });

  /** As many Reset-Requests of their own Identifiers, with so many packets before each; what the last one has done. */
  function ask(rig: Rig, times: number, packets: number): string[] {
    let told: string[] = [];
    for (let i = 0; i < times; i++) {
      rig.sent += packets;
      told = rig.receive(resetRequest, rig.sent & 0xff);
    }
    return told;
  }

  it('one after the other: CCP is negotiated anew, and in the end nothing is compressed', () => {
    const rig = new Rig(common).open(deflate);
    for (let renewals = 0; renewals < 2; renewals++) {
      assert.equal(ask(rig, 4, 2).length, 2);
      assert.deepEqual(ask(rig, 1, 2).slice(1), [
        `send ${resetAck} #${rig.sent & 0xff}`,
        'compressor none',
        'decompressor none',
        `send ${request} ${deflate}${draft}${bsd}`,
      ]);
      rig.open(deflate);
    }
    assert.equal(ask(rig, 5, 2).at(-1), 'compressor none');
    assert(rig.isOpen(), 'the other direction goes on');
    assert.deepEqual(Object.keys(rig.ccp.describe()), ['rx-compression']);
    assert.deepEqual([rig.failures, rig.downs], [[], 2]);
  });

  it('one after the other, but rarely: CCP is negotiated anew each time', () => {
    const rig = new Rig(common).open(deflate);
    for (let renewals = 0; renewals < 10; renewals++) {
      rig.now += 600_001;
      assert(ask(rig, 5, 2).includes('decompressor none'));
      rig.open(deflate);
    }
  });

  it('again and again with packets between them, or by the same Identifier: the peer gets on', () => {
    const rig = new Rig(common).open(deflate);
    for (let i = 0; i < 100; i++) ask(rig, 4 - (i % 2), 9 + i);
    for (let i = 0; i < 100; i++) rig.receive(resetRequest, 77);
    assert(rig.isOpen());
    assert.equal(rig.downs, 0);
  });

  it('one after the other with MPPE, which is not begun anew', () => {
    const stateful = { stateless: false };
    const rig = new Rig(encrypted(stateful), keys).open('120600000040');
    assert.deepEqual(ask(rig, 20, 2), ['reset-compressor', `send ${resetAck} #40`]);
  });

  it('is not sent for stateless MPPE, which mends itself', () => {
    const rig = new Rig(encrypted(), keys).open('120601000040');
    assert.deepEqual(rig.damaged(), []);
  });
});
