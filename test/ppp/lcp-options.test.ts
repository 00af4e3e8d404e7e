/** LCP's options, each as a table: what the peer asks for and what we answer; what the peer answers and what we ask next. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex } from '../../src/base/bytes.js';
import { readEndpoint } from '../../src/multilink/endpoint.js';
import type { MultilinkOptions } from '../../src/multilink/options.js';
import { Code } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import { sessionOptions } from '../support/session-pair.js';
import { Bench, must, shape } from './bench.js';

const { configureAck: ack, configureNak: nak, configureReject: reject, configureRequest: request } = Code;

/** Our magic number is 01020304, and the next one that we draw 54575651. */
const constant = () => 0x01020304;

describe("the peer's LCP request", () => {
  const cases: [string, Partial<LcpOptions>, string, number, string][] = [
    ['nothing: acknowledged', {}, '', ack, ''],
    ['mru 1500', {}, '010405dc', ack, '010405dc'],
    ['mru 296', {}, '01040128', ack, '01040128'],
    ['mru 68, the least for IP', {}, '01040044', ack, '01040044'],
    ['mru 65535', {}, '0104ffff', ack, '0104ffff'],
    ['mru 67: too small', {}, '01040043', nak, '01040044'],
    ['mru 0', {}, '01040000', nak, '01040044'],
    ['mru with a wrong length', {}, '010305', nak, '010405dc'],
    ['asyncmap 0', {}, '020600000000', ack, '020600000000'],
    ['asyncmap with XON and XOFF', {}, '0206000a0000', ack, '0206000a0000'],
    ['asyncmap with a wrong length', {}, '02040000', nak, '0206ffffffff'],
    ['authentication by PAP', {}, '0304c023', reject, '0304c023'],
    ['authentication by CHAP with MD5', {}, '0305c22305', reject, '0305c22305'],
    ['authentication, cut short', {}, '0302', reject, '0302'],
    ['quality reports every second', {}, '0408c02500000064', ack, '0408c02500000064'],
    ['quality reports as answers', {}, '0408c02500000000', ack, '0408c02500000000'],
    ['quality reports too often', {}, '0408c02500000063', nak, '0408c02500000064'],
    ['another quality protocol', {}, '0408c02700000064', nak, '0408c025000003e8'],
    ['a quality protocol, cut short', {}, '0404c025', nak, '0408c025000003e8'],
    ['a magic number', {}, '0506aabbccdd', ack, '0506aabbccdd'],
    ['a magic number where we use none', { magic: false }, '0506aabbccdd', ack, '0506aabbccdd'],
    ['our magic number where we use none', { magic: false }, '050601020304', ack, '050601020304'],
    ['our own magic number', {}, '050601020304', nak, '050654575651'],
    ['magic number 0, which is illegal', {}, '050600000000', nak, '050601020304'],
    ['a magic number with a wrong length', {}, '0504aabb', nak, '050601020304'],
    ['protocol field compression', {}, '0702', ack, '0702'],
    ['protocol field compression, not configured', { pfc: false }, '0702', reject, '0702'],
    ['protocol field compression with data', {}, '070301', reject, '070301'],
    ['address and control field compression', {}, '0802', ack, '0802'],
    ['address and control field compression, not configured', { acfc: false }, '0802', reject, '0802'],
    ['another FCS', {}, '090304', reject, '090304'],
    ['callback', {}, '0d0306', reject, '0d0306'],
    ['multilink', {}, '110405dc', reject, '110405dc'],
    ['a multilink endpoint', {}, '130703aabbccdd', reject, '130703aabbccdd'],
    ['an option that nobody knows', {}, 'c803ff', reject, 'c803ff'],
    ['option 0', {}, '0002', reject, '0002'],
    ['an option twice: the second is rejected', {}, '07020702', reject, '0702'],
    ['good ones, in their order', {}, '0802070201040400', ack, '0802070201040400'],
    ['bad among good: only the bad is nakked', {}, '07020104000008020506aabbccdd', nak, '01040044'],
    ['reject before nak', {}, '0104000011040000020401020802', reject, '11040000'],
    ['several rejects, in their order', {}, '110405dc07020d0306', reject, '110405dc0d0306'],
  ];
  for (const [name, options, asked, code, answer] of cases) {
    it(`asks for ${name}`, () => {
      const bench = new Bench(sessionOptions(options), constant);
      bench.start();
      assert.deepEqual(shape(bench.lcp(request, 42, asked)), [[code, answer]]);
    });
  }
});

describe('our LCP request', () => {
  const everything: Partial<LcpOptions> = { mru: 1400, asyncmap: 0xa0000 };
  const defaults: Partial<LcpOptions> = { mru: 1500, asyncmap: 0xffffffff, magic: false, pfc: false, acfc: false };
  const first: [string, Partial<LcpOptions>, string][] = [
    ['all that the config asks for', everything, '01040578' + '0206000a0000' + '050601020304' + '0702' + '0802'],
    ['no option that has its default value', defaults, ''],
    ['the magic number alone', { ...defaults, magic: true }, '050601020304'],
  ];
  for (const [name, options, expected] of first) {
    it(`has ${name}`, () => {
      assert.deepEqual(shape(new Bench(sessionOptions(options), constant).start()), [[request, expected]]);
    });
  }

  const answers: [string, Partial<LcpOptions>, number, string, string][] = [
    ['a nak with a smaller mru: taken, even if it is the default', { mru: 4000 }, nak, '010405dc', '010405dc'],
    ['a nak with mru 1000: taken', { mru: 1400 }, nak, '010403e8', '010403e8'],
    ['a nak with the default mru, when we asked for less: taken', { mru: 296 }, nak, '010405dc', '010405dc'],
    ['a nak with an mru that we did not offer', { mru: 296 }, nak, '01040640', '01040128'],
    ['a nak with an mru too small for IP', { mru: 1400 }, nak, '01040020', '01040578'],
    ['a nak with an mru of a wrong length', { mru: 1400 }, nak, '010300', '01040578'],
    ['a nak for an mru that we did not send: taken', {}, nak, '01040400', '01040400'],
    ['a nak for an mru that we did not send, beyond ours', {}, nak, '01041000', ''],
    ['a reject of the mru', { mru: 1400 }, reject, '01040578', ''],
    ['a nak with more in the asyncmap: the union', { asyncmap: 0xa0000 }, nak, '020600000003', '0206000a0003'],
    ['a nak for an asyncmap that we did not send', { asyncmap: 0xffffffff }, nak, '020600000003', '0206ffffffff'],
    ['a reject of the asyncmap', { asyncmap: 0xa0000 }, reject, '0206000a0000', ''],
    ['a nak of the magic number: another one', { magic: true }, nak, '050699999999', '050654575651'],
    ['a nak for a magic number where we use none', {}, nak, '050699999999', ''],
    ['a reject of the magic number', { magic: true }, reject, '050601020304', ''],
    ['a nak of a boolean, which is illegal: asked again', { pfc: true }, nak, '0702', '0702'],
    ['a reject of protocol field compression', { pfc: true }, reject, '0702', ''],
    ['a reject of address and control field compression', { acfc: true }, reject, '0802', ''],
    ['a nak for authentication, which we do not ask for', { pfc: true }, nak, '0304c023', '0702'],
    ['a nak for an option that nobody knows', { pfc: true }, nak, 'c803ff', '0702'],
  ];
  for (const [name, options, code, data, expected] of answers) {
    it(`meets ${name}`, () => {
      const bench = new Bench(sessionOptions({ ...defaults, ...options }), constant);
      const ours = must(bench.start()[0]);
      const sent = bench.lcp(code, ours.id, data);
      assert.deepEqual(shape(sent), [[request, expected]]);
      assert.notEqual(must(sent[0]).id, ours.id, 'an answered Identifier is not used again: RFC 1661 §5.1');
    });
  }

  it('never has an option again that the peer rejected, whatever is nakked later', () => {
    const bench = new Bench(sessionOptions({ ...defaults, mru: 1400, pfc: true }), constant);
    let ours = must(bench.start()[0]);
    ours = must(bench.lcp(reject, ours.id, '01040578')[0]);
    assert.deepEqual(shape(bench.lcp(nak, ours.id, '010403e8')), [[request, '0702']]);
  });

  it('gives up an option that is nakked for ever, and goes on without it', () => {
    const bench = new Bench(sessionOptions({ ...defaults, mru: 1400, pfc: true, maxFailure: 3 }), constant);
    let ours = must(bench.start()[0]);
    for (let round = 0; round < 3; round++) {
      ours = must(bench.lcp(nak, ours.id, '01040020')[0]);
      assert.deepEqual(shape([ours]), [[request, '010405780702']]);
    }
    assert.deepEqual(shape(bench.lcp(nak, ours.id, '01040020')), [[request, '0702']]);
  });
});

describe('the options of Multilink (RFC 1990 §5.1, RFC 2686 §6.1)', () => {
  const multilink: MultilinkOptions = {
    mrru: 1600,
    shortSequence: true,
    classes: true,
    isSingle: false,
    endpoint: must(readEndpoint(Uint8Array.of(1, 0xaa, 0xbb))),
    minFragment: 128,
    maxFragmentMs: 50,
  };
  const bundling = (shortSequence: boolean | undefined): Bench =>
    new Bench({ ...sessionOptions(), multilink: { ...multilink, shortSequence } }, constant);
  const [mrru, classes, short, endpoint] = ['11040640', '1b040604', '1202', '130501aabb'] as const;
  /** All that we ask for before it. */
  const usual = '0206000000000506010203040702' + '0802';

  it('are asked for in every negotiation, with the same MRRU', () => {
    const bench = bundling(true);
    const first = must(bench.start()[0]);
    bench.lcp(request, 1, '110405dc');
    bench.ack(first);
    const again = must(bench.lcp(request, 2, '110405dc')[0]);
    for (const { data } of [first, again]) {
      for (const option of [mrru, classes, endpoint]) assert.ok(formatHex(data, '').includes(option), option);
      assert.ok(!formatHex(data, '').includes(short), 'RFC 2686 §6.1: not both');
    }
  });

  it('are granted: MRRU, short numbers, any endpoint; and an endpoint that is missing is not asked for', () => {
    const bench = bundling(true);
    bench.start();
    assert.deepEqual(shape(bench.lcp(request, 1, '110405dc1202130501ccdd')), [[ack, '110405dc1202130501ccdd']]);
    assert.deepEqual(shape(bench.lcp(request, 2, '110405dc')), [[ack, '110405dc']]);
  });

  for (const code of [nak, reject]) {
    it(`our endpoint is not sent again after a ${code === nak ? 'Nak' : 'Reject'} of it`, () => {
      const bench = bundling(true);
      const [again] = bench.lcp(code, must(bench.start()[0]).id, endpoint);
      assert.equal(again?.code, request);
      assert.ok(!formatHex(again.data, '').includes('130501'));
      assert.ok(formatHex(again.data, '').includes(mrru));
    });
  }

  const refusals: [string, boolean | undefined, number, string, string][] = [
    ['the MRRU: then nothing of Multilink is asked for', true, reject, mrru, ''],
    ['all of it, at once', true, reject, mrru + classes + endpoint, ''],
    ['classes: short numbers alone are asked for', true, reject, classes, mrru + short + endpoint],
    [
      'classes, where nothing is said of short numbers: then no round is spent on them',
      undefined,
      reject,
      classes,
      mrru + endpoint,
    ],
    ['classes, where short numbers are not wanted', false, reject, '1b040208', mrru + endpoint],
    ['short numbers with classes: long ones', true, nak, '1b040204', mrru + '1b040204' + endpoint],
    ['so many classes: fewer', true, nak, '1b040602', mrru + '1b040602' + endpoint],
    ['too few classes: asked again', true, nak, '1b040605', mrru + classes + endpoint],
    ['a class at all', true, nak, '1b040600', mrru + classes + endpoint],
    ['the header by one that nobody knows', true, nak, '1b040704', mrru + classes + endpoint],
    ['long numbers where short ones are not wanted', false, nak, '1b040604', mrru + '1b040208' + endpoint],
  ];
  for (const [name, shortSequence, code, data, expected] of refusals) {
    it(`meet a ${code === nak ? 'Nak' : 'Reject'} of ${name}`, () => {
      const bench = bundling(shortSequence);
      const sent = bench.lcp(code, must(bench.start()[0]).id, data);
      assert.deepEqual(shape(sent), [[request, usual + expected]]);
    });
  }

  it('have short numbers no more where the peer rejected them with classes and without', () => {
    const bench = bundling(true);
    const [second] = bench.lcp(reject, must(bench.start()[0]).id, classes);
    assert.deepEqual(shape(bench.lcp(reject, must(second).id, short)), [[request, usual + mrru + endpoint]]);
  });

  const wishes: [string, boolean | undefined, string, number, string][] = [
    ['long numbers with classes', true, '1b040208', ack, '1b040208'],
    ['short numbers with classes', true, '1b040604', ack, '1b040604'],
    ['short numbers where nothing is said of them', undefined, '1202', ack, '1202'],
    ['short numbers where they are not wanted', false, '1202', reject, '1202'],
    ['one class', true, '1b040601', ack, '1b040601'],
    ['no class', true, '1b040600', nak, '1b040604'],
    ['short numbers where we want none', false, '1b040604', nak, '1b040204'],
    ['another header', true, '1b040304', nak, '1b040604'],
    ['a header with a wrong length', true, '1b0306', nak, '1b040604'],
    ['prefix elision (RFC 2686 §6.2)', true, '1a02', reject, '1a02'],
  ];
  for (const [name, shortSequence, asked, code, answer] of wishes) {
    it(`are answered where the peer asks for ${name}`, () => {
      const bench = bundling(shortSequence);
      bench.start();
      assert.deepEqual(shape(bench.lcp(request, 1, asked)), [[code, answer]]);
    });
  }

  it('mean nothing without the MRRU: an endpoint alone asks for no Multilink', () => {
    const bench = bundling(true);
    const ours = must(bench.start()[0]);
    bench.lcp(request, 1, '130501ccdd');
    bench.ack(ours);
    const bundle = bench.station.outputs.findLast((output) => output.type === 'bundle');
    assert.equal(bundle?.bundle.multilink, undefined);
    assert.equal(bench.station.session.describe().phase, 'network');
  });
});

describe('agreed LCP options', () => {
  it('are put into force: the framing both ways, and the mtu', () => {
    const bench = new Bench(sessionOptions({ mru: 1400, asyncmap: 0xa0000 }), constant);
    bench.openIp('01040240' + '020600000011' + '0506aabbccdd' + '0702' + '0802');
    const { station } = bench;
    assert.deepEqual(station.framing, { txAccm: 0x11, txPfc: true, txAcfc: true, rxAccm: 0xa0000 });
    assert.equal(station.outputs.find((output) => output.type === 'network-up')?.network.mtu, 0x240);
    assert.deepEqual(station.session.describe(), {
      phase: 'network',
      localAddress: '10.0.0.1',
      remoteAddress: '10.0.0.2',
      dns: [],
      localIp6: undefined,
      remoteIp6: undefined,
      mtu: 0x240,
      options: {
        'rx-mru': '1400',
        'tx-mru': '576',
        'rx-accm': '0x000a0000',
        'tx-accm': '0x00000011',
        'rx-pfc': 'yes',
        'tx-pfc': 'yes',
        'rx-acfc': 'yes',
        'tx-acfc': 'yes',
        'local-magic': '0x01020304',
        'remote-magic': '0xaabbccdd',
      },
      echoRttMs: undefined,
      peerIdentification: undefined,
      peerName: undefined,
    });
  });

  it('are the defaults where the peer asks for nothing and rejects all', () => {
    const bench = new Bench(sessionOptions({ mru: 1400 }), constant);
    const ours = must(bench.start()[0]);
    bench.lcp(request, 1);
    const second = must(bench.lcp(reject, ours.id, '01040578' + '020600000000' + '050601020304' + '0702' + '0802')[0]);
    assert.deepEqual(shape([second]), [[request, '']]);
    bench.ack(second);
    const { phase, options } = bench.station.session.describe();
    assert.equal(phase, 'network');
    assert.deepEqual(bench.station.framing, { txAccm: 0xffffffff, txPfc: false, txAcfc: false, rxAccm: 0xffffffff });
    assert.equal(options['rx-mru'], '1500');
    assert.equal(options['local-magic'], '0x01020304', 'a rejected magic number stays ours: RFC 1661 §6.4');
    assert.equal(options['remote-magic'], undefined);
  });

  it('hold only while LCP is open', () => {
    const bench = new Bench(sessionOptions(), constant);
    bench.openIp('020600000000' + '0506aabbccdd');
    bench.lcp(Code.terminateRequest, 9);
    assert.deepEqual(bench.station.framing, { txAccm: 0xffffffff, txPfc: false, txAcfc: false, rxAccm: 0xffffffff });
    assert.deepEqual(bench.station.session.describe().options, {});
  });
});
