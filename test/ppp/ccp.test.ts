/** CCP: which method each end comes to, when a direction begins, and what becomes of a link without it. RFC 1962 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MppeKeys } from '../../src/ppp/auth/mppe-keys.js';
import { Code } from '../../src/ppp/numbers.js';
import type { CcpOptions, MppePolicy } from '../../src/ppp/options.js';
import { bsd, common, deflate, draft, encrypted, everything, keys, predictor, Rig, strong } from './ccp-rig.js';

const {
  configureRequest: request,
  configureAck: ack,
  configureNak: nak,
  configureReject: reject,
  terminateRequest: terminate,
} = Code;

describe('our request', () => {
  const cases: [string, CcpOptions, MppeKeys | undefined, string][] = [
    ['lists what we can read, best first', common, undefined, deflate + draft + bsd],
    ['keeps to the order of the config', { ...common, receive: ['bsd', 'deflate'] }, undefined, bsd + deflate + draft],
    ['lists nothing of what we only send', { ...common, receive: ['predictor1'] }, undefined, predictor],
    ['is empty where we want nothing', { ...common, receive: [] }, undefined, ''],
    ['asks for MPPE alone where it is required', { ...common, mppe: strong }, keys, '120601000040'],
    [
      'lists MPPE first where it is optional',
      { ...common, mppe: { ...strong, required: false } },
      keys,
      `120601000040${deflate}${draft}${bsd}`,
    ],
    ['asks for all lengths of key', encrypted({ bits: [40, 56, 128], stateless: false }), keys, '1206000000e0'],
    [
      'asks for no MPPE without keys',
      { ...common, mppe: { ...strong, required: false } },
      undefined,
      deflate + draft + bsd,
    ],
  ];
  for (const [name, options, startKeys, data] of cases) {
    it(name, () => {
      assert.deepEqual(new Rig(options, startKeys).told(), [`send ${request} ${data}`.trimEnd()]);
    });
  }
});

describe("the peer's request", () => {
  const cases: [string, CcpOptions, string, number, string, string?][] = [
    ['Deflate', common, deflate, ack, deflate, 'deflate'],
    ['Deflate by its old number', common, draft, ack, draft, 'deflate'],
    ['a list: the first counts', common, bsd + deflate, ack, bsd + deflate, 'bsd'],
    ['a list: the other way round', common, deflate + draft + bsd, ack, deflate + draft + bsd, 'deflate'],
    ['a small window', common, '1a041800', ack, '1a041800', 'deflate'],
    ['the smallest window, which zlib has not', common, '1a040800', reject, '1a040800'],
    ['another method of zlib', common, '1a047700', nak, deflate],
    ['another check', common, '1a047801', nak, deflate],
    ['codes of 12 bits', common, '15032c', ack, '15032c', 'bsd'],
    ['codes of 16 bits', common, '150330', ack, '150330', 'bsd'],
    ['codes of 8 bits', common, '150328', nak, bsd],
    ['another version of BSD-Compress', common, '15034f', nak, bsd],
    ['Predictor-1 by config', everything, predictor, ack, predictor],
    ['Predictor-1 otherwise', common, predictor, reject, predictor],
    ['Stac LZS', common, '1105000103', reject, '1105000103'],
    ['MPPE without keys', common, '120601000040', reject, '120601000040'],
    ['a known and an unknown one', common, `1105000103${bsd}`, reject, '1105000103'],
    ['nothing', common, '', ack, ''],
    ['what we only receive', { ...common, send: [] }, deflate + bsd, reject, deflate + bsd],
    [
      'what we do not send behind what we do',
      { ...common, send: ['deflate'] },
      deflate + bsd + predictor,
      ack,
      deflate + bsd + predictor,
      'deflate',
    ],
    ['what we do not send ahead of what we do', { ...common, send: ['deflate'] }, bsd + deflate, reject, bsd],
    ['MPPE without keys behind what we send', common, `${deflate}120601000040`, reject, '120601000040'],
  ];
  for (const [name, options, asked, code, data, method] of cases) {
    it(`${name}: ${code === ack ? 'yes' : code === nak ? 'another' : 'no'}`, () => {
      const rig = new Rig(options);
      rig.told();
      const begins = method === undefined ? [] : [`compressor ${method}`];
      assert.deepEqual(rig.receive(request, 9, asked), [`send ${code} ${data}`.trimEnd(), ...begins]);
    });
  }
});

describe('a request for MPPE', () => {
  const all: MppePolicy['bits'] = [40, 56, 128];
  const cases: [string, Partial<MppePolicy>, string, number, string][] = [
    ['128 bits, stateless', {}, '01000040', ack, '01000040'],
    ['several: the strongest', { bits: all }, '010000e0', nak, '01000040'],
    ['several: the strongest of ours', { bits: [40, 56] }, '010000e0', nak, '01000080'],
    ['a length that we do not allow', { bits: [128] }, '01000020', nak, '01000040'],
    ['no length', {}, '01000000', nak, '01000040'],
    ['stateful, where we want stateless', {}, '00000040', nak, '01000040'],
    ['stateful, where we take it', { stateless: false }, '00000040', ack, '00000040'],
    ['stateless, where we take either', { stateless: false }, '01000040', ack, '01000040'],
    ['with MPPC', {}, '01000041', nak, '01000040'],
    ['with the obsolete bit', {}, '01000050', nak, '01000040'],
  ];
  for (const [name, policy, asked, code, data] of cases) {
    it(`${name}: ${code === ack ? 'yes' : 'another'}`, () => {
      const rig = new Rig(encrypted(policy), keys);
      rig.told();
      assert.deepEqual(rig.receive(request, 9, `1206${asked}`), [`send ${code} 1206${data}`]);
    });
  }

  it('is asked for where encryption is required and the peer asks for something else', () => {
    const rig = new Rig({ ...common, mppe: strong }, keys);
    rig.told();
    assert.deepEqual(rig.receive(request, 1, deflate), [`send ${reject} ${deflate}`]);
    assert.deepEqual(rig.receive(request, 2), [`send ${nak} 120601000040`]);
  });

  it('takes what the peer chooses of ours', () => {
    const rig = new Rig(encrypted({ bits: all, stateless: false }), keys);
    rig.told();
    assert.deepEqual(rig.reply(nak, '120601000020'), [`send ${request} 120601000020`]);
    assert.deepEqual(rig.acknowledge(), ['decompressor mppe']);
  });
});

describe('fallback', () => {
  it('asks for the next method when one is rejected, and for nothing when all are', () => {
    const rig = new Rig(common);
    rig.told();
    assert.deepEqual(rig.reply(reject, deflate + draft), [`send ${request} ${bsd}`]);
    assert.deepEqual(rig.reply(reject, bsd), [`send ${request}`]);
    assert.deepEqual(rig.acknowledge(), []);
    rig.receive(request, 1, '');
    assert(rig.ccp.isOpen, 'no compression, and no trouble');
    assert.deepEqual(rig.ccp.describe(), {});
  });

  it('takes a smaller window, and gives up a method when the Nak makes no sense', () => {
    const rig = new Rig(common);
    rig.told();
    assert.deepEqual(rig.reply(nak, '1a041800'), [`send ${request} 1a041800${draft}${bsd}`]);
    assert.deepEqual(rig.reply(nak, '1a040800'), [`send ${request} ${draft}${bsd}`]);
    assert.deepEqual(rig.reply(nak, '15032a'), [`send ${request} ${draft}15032a`]);
  });

  it('agrees on another method for each direction', () => {
    const rig = new Rig(common).open(bsd);
    assert.deepEqual(rig.ccp.describe(), {
      'tx-compression': 'BSD-Compress with codes of 15 bits',
      'rx-compression': 'Deflate with a window of 32768 octets',
    });
  });
});

describe('a direction', () => {
  it('begins with the Configure-Ack; our packets are compressed only when CCP is open', () => {
    const rig = new Rig(common);
    rig.told();
    assert.deepEqual(rig.receive(request, 1, deflate), [`send ${ack} ${deflate}`, 'compressor deflate']);
    assert.deepEqual(
      rig.receive(request, 1, deflate),
      [`send ${ack} ${deflate}`, 'compressor deflate'],
      'our Ack was lost',
    );
    assert.deepEqual(rig.acknowledge(), ['decompressor deflate', 'start-compressor']);
  });

  it('begins with the Configure-Ack in the other order, too', () => {
    const rig = new Rig(common);
    rig.told();
    assert.deepEqual(rig.acknowledge(), ['decompressor deflate']);
    assert.deepEqual(rig.receive(request, 1, bsd), [`send ${ack} ${bsd}`, 'compressor bsd', 'start-compressor']);
  });

  it('has no history before CCP is open, where plain packets are no part of it', () => {
    const rig = new Rig(everything);
    rig.told();
    assert.deepEqual(rig.receive(request, 1, predictor), [`send ${ack} ${predictor}`]);
    assert.deepEqual(rig.acknowledge(), ['decompressor deflate', 'compressor predictor1', 'start-compressor']);
  });

  it('ends and begins anew when the peer does', () => {
    const rig = new Rig(common).open(deflate);
    assert.deepEqual(rig.receive(request, 2, bsd), [
      'compressor none',
      'decompressor none',
      `send ${request} ${deflate}${draft}${bsd}`,
      `send ${ack} ${bsd}`,
      'compressor bsd',
    ]);
    assert.equal(rig.downs, 1);
    assert.deepEqual(rig.acknowledge(), ['decompressor deflate', 'start-compressor']);
  });

  it('ends with the layer below, once', () => {
    const rig = new Rig(common).open(deflate);
    rig.ccp.down(0);
    assert.deepEqual(rig.told(), ['compressor none', 'decompressor none']);
    rig.ccp.down(0);
    assert.deepEqual(rig.told(), []);
    rig.ccp.up(0);
    assert.deepEqual(rig.told(), [`send ${request} ${deflate}${draft}${bsd}`]);
  });
});

describe('a link without compression', () => {
  const endings: [string, (rig: Rig) => void][] = [
    [
      'the peer rejects CCP',
      (rig) => {
        rig.ccp.rejected(0x80fd, 0);
      },
    ],
    [
      'the peer rejects compressed packets',
      (rig) => {
        rig.ccp.rejected(0x00fd, 0);
      },
    ],
    [
      'the peer closes CCP',
      (rig) => {
        rig.open(rig.ccp.mustHold ? '120601000040' : deflate);
        rig.receive(terminate, 3);
        rig.expire();
      },
    ],
    [
      'the peer never answers',
      (rig) => {
        for (let i = 0; i < 60 && rig.ccp.nextTimeout() !== undefined; i++) rig.expire();
      },
    ],
    [
      'the peer insists on what we have not',
      (rig) => {
        for (let i = 0; i < 60; i++) rig.receive(request, i, '1105000103');
      },
    ],
  ];
  for (const [name, end] of endings) {
    it(`goes on when ${name}`, () => {
      const rig = new Rig(common);
      end(rig);
      assert.deepEqual(rig.failures, []);
      assert(!rig.ccp.isOpen && !rig.ccp.mustHold);
    });

    it(`ends when ${name}, and encryption is required`, () => {
      const rig = new Rig(encrypted(), keys);
      assert(rig.ccp.mustHold);
      end(rig);
      assert.equal(rig.failures[0]?.code, 'encryption-refused');
    });
  }

  it('ends when there are no keys, and encryption is required', () => {
    const rig = new Rig(encrypted());
    rig.receive(request, 1, '');
    rig.acknowledge();
    assert.equal(rig.failures[0]?.code, 'encryption-refused');
  });
});

describe('encryption', () => {
  it('holds the link until both directions are encrypted, each with its own key', () => {
    const rig = new Rig(encrypted(), keys);
    assert.equal(rig.ccp.overhead, 4);
    rig.open('120601000040');
    assert(!rig.ccp.mustHold);
    assert.deepEqual(rig.ccp.describe(), {
      'tx-compression': 'MPPE with 128 bits, stateless',
      'rx-compression': 'MPPE with 128 bits, stateless',
    });
  });

  it('is asked for once in each Restart time: pppd ends the link when it meets a request after it has opened', () => {
    for (const [options, pauses] of [
      [encrypted(), [3000, 3000, 3000]],
      [common, [300, 600, 1200]],
    ] as const) {
      const rig = new Rig(options, keys);
      for (const pause of pauses) {
        const before = rig.now;
        rig.expire();
        assert.equal(rig.now - before, pause);
      }
    }
  });

  it('does not begin with the same keys again and again', () => {
    const rig = new Rig(encrypted(), keys);
    for (let run = 0; run < 3; run++) rig.open('120601000040');
    rig.receive(request, 9, '120601000040');
    rig.acknowledge();
    for (let i = 10; i < 40 && rig.failures.length === 0; i++) rig.receive(request, i, '120601000040');
    assert.equal(rig.failures[0]?.code, 'encryption-refused');
  });
});
