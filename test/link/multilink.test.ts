/** Packets over several lines in virtual time: what they carry together, what goes first, what loss and errors do, a line pulled. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameEncoder } from '../../src/framing/encoder.js';
import { Protocol } from '../../src/ppp/numbers.js';
import { BundlePair, type BundleOptions } from '../support/bundle-pair.js';
import { MemoryStream, udpPacket } from '../support/pump-pair.js';
import { seededRandom } from '../support/random.js';
import { tcpChecksum, tcpPacket } from '../compress/vj-packets.js';

/** Octets a second that lines of these speeds carry of full packets, when there are always some waiting. */
async function throughput(speeds: readonly number[], options: BundleOptions = {}): Promise<number> {
  const pair = new BundlePair(speeds, options);
  await pair.up();
  const seconds = 10;
  for (let i = 0; i < 10 * seconds; i++) {
    pair.a.port.send(...Array.from({ length: 8 }, (_, flow) => udpPacket(1500, flow % 3)));
    await pair.scheduler.pass(100);
  }
  return pair.b.port.delivered.reduce((sum, { length }) => sum + length, 0) / seconds;
}

describe('Several lines carry together', () => {
  it('1.9 times what one carries, when they are two of 115200 baud', async () => {
    const one = await throughput([115_200], { multilink: 'off' });
    const two = await throughput([115_200, 115_200]);
    const short = await throughput([115_200, 115_200], { multilink: { shortSequence: true } });
    assert.ok(one > 10_500, `one carries ${one}`);
    assert.ok(two >= 1.9 * one, `${two} against ${one}`);
    assert.ok(short >= two, `${short} with short numbers, ${two} with long ones`);
  });

  it('close to the sum of them, when they differ in speed', async () => {
    for (const speeds of [
      [115_200, 38_400],
      [9600, 115_200],
      [57_600, 19_200, 115_200],
    ]) {
      const alone = await Promise.all(speeds.map((speed) => throughput([speed], { multilink: 'off' })));
      const sum = alone.reduce((total, one) => total + one, 0);
      const together = await throughput(speeds);
      assert.ok(together >= 0.93 * sum, `${speeds.join(' + ')}: ${together} of ${sum}`);
    }
  });
});

describe('Bit errors over several lines, with compressed headers and Deflate', () => {
  for (const [bitErrors, least] of [
    [1e-5, 0.8],
    [1e-4, 0.2],
  ] as const) {
    for (const shortSequence of [false, true]) {
      it(`of ${bitErrors}: nothing corrupt gets through, nothing stalls, with ${shortSequence ? 'short' : 'long'} numbers`, async () => {
        const pair = new BundlePair([115_200, 38_400], {
          multilink: { shortSequence },
          ccp: { send: ['deflate'], receive: ['deflate'], mppe: undefined },
          vj: { slots: 16, slotCompression: true },
        });
        await pair.up();
        pair.bitErrors = bitErrors;
        const stream = new TcpStreams();
        const seconds = 120;
        let longest = 0;
        let last = pair.scheduler.now();
        for (let i = 0; i < 20 * seconds; i++) {
          // All connections may wait for their timers at once; a small packet shows that the way is open.
          pair.a.port.send(udpPacket(60, 9), ...stream.next(pair.scheduler.now(), pair.b.port.delivered));
          const before = pair.b.port.delivered.length;
          await pair.scheduler.pass(50);
          if (pair.b.port.delivered.length > before) last = pair.scheduler.now();
          longest = Math.max(longest, pair.scheduler.now() - last);
        }
        const { whole, strange } = stream;
        assert.equal(strange, 0, 'packets that nobody sent, with a right checksum');
        assert.ok(whole >= least * stream.sent, `${whole} of ${stream.sent} arrived`);
        assert.ok(longest <= 1000, `nothing arrived for ${longest} ms`);
        assert.deepEqual(
          pair.a.messages.filter(({ type }) => type === 'network-down'),
          [],
        );
        const { errors } = pair.b.pump.counters();
        assert.ok((errors['fragments-lost'] ?? 0) > 0 && (errors['fcs'] ?? 0) > 0, JSON.stringify(errors));
      });
    }
  }
});

describe('A line of several', () => {
  for (const noticedAfterMs of [0, 3000]) {
    it(`can be pulled and plugged again under traffic; the pull is noticed after ${noticedAfterMs} ms`, async () => {
      const pair = new BundlePair([115_200, 115_200]);
      await pair.up();
      const carry = async (ms: number): Promise<number> => {
        const before = pair.b.port.delivered.length;
        for (let i = 0; i < ms / 100; i++) {
          pair.a.port.send(...Array.from({ length: 4 }, (_, flow) => udpPacket(1200, flow)));
          await pair.scheduler.pass(100);
        }
        return pair.b.port.delivered.length - before;
      };
      const both = await carry(3000);
      await pair.pull(1, noticedAfterMs);
      await carry(1000);
      const alone = await carry(3000);
      pair.plug(1);
      await carry(2000);
      const again = await carry(3000);
      assert.ok(alone > 0.45 * both && alone < 0.6 * both, `${alone} of ${both} over one`);
      assert.ok(again > 0.95 * both, `${again} of ${both} when it was back`);
      for (const { messages } of [pair.a, pair.b]) {
        assert.equal(messages.filter(({ type }) => type === 'network-up').length, 1);
        assert.equal(
          messages.some(({ type }) => type === 'network-down'),
          false,
        );
        const open = messages.flatMap((message) => (message.type === 'lines-open' ? [message.lines] : []));
        assert.deepEqual(open.at(-1)?.toSorted(), [0, 1]);
      }
    });
  }

  it('that has not joined carries nothing, whatever is up on the others', async () => {
    const pair = new BundlePair([115_200]);
    await pair.up();
    const stranger = new MemoryStream(pair.scheduler, 12, 4096);
    pair.a.pump.join(stranger, { number: 1, speed: 115_200 });
    const frame = new Uint8Array(200);
    const packet = udpPacket(40);
    for (const protocol of [Protocol.ip, Protocol.compressed, Protocol.multilink]) {
      const end = new FrameEncoder().encode(protocol, packet, 0, packet.length, frame, 0, true);
      stranger.receive([...frame.subarray(0, end)]);
    }
    await pair.scheduler.pass(100);
    assert.deepEqual(pair.a.port.delivered, []);
    assert.equal(pair.a.pump.counters().errors['not-open'], 2);
  });

  it('hears nothing of LCP’s negotiation through the bundle (RFC 1990 §2)', async () => {
    const pair = new BundlePair([115_200]);
    const stream = new MemoryStream(pair.scheduler, 12, 4096);
    const far = new MemoryStream(pair.scheduler, 12, 4096);
    [stream.peer, far.peer] = [far, stream];
    pair.a.pump.attach(stream, pair.a.options);
    pair.b.pump.attach(far, pair.b.options);
    await pair.scheduler.pass(2000);
    assert.ok(pair.a.has('network-up'));
    const [header, lcp] = [Uint8Array.of(0xc0, 0, 0, 0), Uint8Array.of(0xc0, 0x21)];
    for (const [sequence, code] of [1, 5].entries()) {
      header[3] = 100 + sequence;
      const fragment = Uint8Array.of(...header, ...lcp, code, 99, 0, 4);
      const frame = new Uint8Array(100);
      const end = new FrameEncoder().encode(Protocol.multilink, fragment, 0, fragment.length, frame, 0, true);
      stream.receive([...frame.subarray(0, end)]);
    }
    await pair.scheduler.pass(1000);
    assert.equal(pair.a.has('network-down'), false);
    assert.equal(pair.a.pump.session?.phase, 'network');
  });

  it('that comes when the session is over is sent back', async () => {
    const pair = new BundlePair([115_200, 115_200]);
    await pair.up();
    await pair.pull(1, 0);
    for (const end of [pair.a, pair.b]) end.messages.length = 0;
    await pair.end(0);
    pair.plug(1);
    assert.deepEqual(
      pair.a.messages.map((message) => ('line' in message ? [message.type, message.line] : message.type)),
      ['network-down', 'lines-open', ['line-ended', 0], ['line-finished', 1]],
    );
  });
});

/**
 * Connections that send segments of text, and a lost one again: without that a compressed header, which tells what changed, would
 * never be right again. RFC 1144 §4.1
 */
class TcpStreams {
  readonly #random = seededRandom(9);
  readonly #flows = Array.from({ length: 3 }, (_, flow) => ({
    flow,
    sequence: 1000,
    last: new Uint8Array(0),
    at: -Infinity,
  }));
  readonly #sent = new Set<string>();
  readonly #arrived = new Set<string>();
  #judged = 0;
  /** Delivered packets that TCP would take though nobody sent them. */
  strange = 0;

  get sent(): number {
    return this.#sent.size;
  }

  get whole(): number {
    return this.#arrived.size;
  }

  /** What they send now that these packets have been delivered. */
  next(now: number, delivered: readonly Uint8Array[]): Uint8Array[] {
    this.#judge(delivered);
    return this.#flows.flatMap((flow) => {
      if (flow.last.length > 0 && !this.#arrived.has(keyOf(flow.last))) {
        if (now - flow.at < 300) return [];
        flow.at = now;
        return [flow.last];
      }
      flow.at = now;
      return [this.#segment(flow), this.#segment(flow)];
    });
  }

  #segment(flow: { flow: number; sequence: number; last: Uint8Array }): Uint8Array {
    const length = 20 + (this.#random() % 500);
    const word = 32 + (this.#random() % 64);
    const payload = Uint8Array.from({ length }, (_, i) => (i % 7 === 0 ? this.#random() % 256 : word));
    flow.last = tcpPacket({ ports: [1000 + flow.flow, 80], sequence: flow.sequence, id: this.#sent.size, payload });
    flow.sequence += length;
    this.#sent.add(keyOf(flow.last));
    return flow.last;
  }

  #judge(delivered: readonly Uint8Array[]): void {
    for (const packet of delivered.slice(this.#judged)) {
      const key = keyOf(packet);
      if (this.#sent.has(key)) this.#arrived.add(key);
      else if (tcpChecksum(packet) === 0) this.strange += 1;
    }
    this.#judged = delivered.length;
  }
}

function keyOf(packet: Uint8Array): string {
  return Buffer.from(packet).toString('latin1');
}
