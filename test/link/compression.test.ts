/** Compression as the pump does it: what CCP agrees on holds for packets on the line, and what is damaged is mended. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CcpOptions, CompressorKind } from '../../src/ppp/options.js';
import { answering, asking } from '../ppp/auth-support.js';
import { PumpPair, udpPacket, type PumpEnd } from '../support/pump-pair.js';

const size = 1000;

async function upPair(kind: CompressorKind | undefined): Promise<PumpPair> {
  const pair = new PumpPair();
  const ccp: CcpOptions | undefined = kind && { send: [kind], receive: [kind], mppe: undefined };
  for (const { pump, stream, options } of [pair.a, pair.b]) {
    pump.attach(stream, { ...options, session: { ...options.session, ...(ccp && { ccp }) } });
  }
  await pair.scheduler.pass(1000);
  return pair;
}

/** Octets on the line for so many packets of zeros from a to b. */
async function carry({ a, b, scheduler }: PumpPair, count: number): Promise<number> {
  const [before, arrived] = [a.stream.written.length, b.port.delivered.length];
  for (let i = 0; i < count; i++) {
    a.port.send(udpPacket(size, 1, i));
    await scheduler.pass(200);
  }
  const delivered = b.port.delivered.slice(arrived);
  for (const packet of delivered) assert.deepEqual(packet, udpPacket(size, 1, packet.at(-1)));
  assert.equal(delivered.length, count);
  return a.stream.written.length - before;
}

function options({ pump }: PumpEnd): Readonly<Record<string, string>> {
  return pump.session?.options ?? {};
}

describe('compression on the line', () => {
  for (const kind of ['deflate', 'bsd', 'predictor1'] as const) {
    it(`by ${kind} takes less than half of the line, and shows in the status`, async () => {
      const pair = await upPair(kind);
      const octets = await carry(pair, 20);
      assert(octets < 0.5 * 20 * size, `${octets} octets`);
      for (const end of [pair.a, pair.b]) {
        assert(options(end)['tx-compression'] !== undefined && options(end)['rx-compression'] !== undefined);
      }
    });

    it(`by ${kind} is mended after a loss`, async () => {
      const pair = await upPair(kind);
      await carry(pair, 5);
      const { peer } = pair.a.stream;
      pair.a.stream.peer = undefined;
      pair.a.port.send(udpPacket(size, 2, 77));
      await pair.scheduler.pass(200);
      pair.a.stream.peer = peer;
      // What is damaged brings the reset about; the next one arrives.
      pair.a.port.send(udpPacket(size, 2, 78));
      await pair.scheduler.pass(1000);
      await carry(pair, 5);
    });
  }

  it('is none where none is wanted', async () => {
    const pair = await upPair(undefined);
    assert((await carry(pair, 5)) >= 5 * size);
    assert.equal(options(pair.a)['tx-compression'], undefined);
  });
});

describe('encryption on the line', () => {
  for (const stateless of [true, false]) {
    it(`is negotiated anew when more was lost than its count can tell (${stateless ? 'stateless' : 'stateful'})`, async () => {
      const pair = new PumpPair(200, 2_000_000);
      const ccp: CcpOptions = { send: [], receive: [], mppe: { required: true, bits: [128], stateless } };
      for (const [end, auth] of [
        [pair.a, asking(['mschap-v2'])],
        [pair.b, answering(['mschap-v2'])],
      ] as const) {
        end.pump.attach(end.stream, { ...end.options, session: { ...end.options.session, auth, ccp } });
      }
      await pair.scheduler.pass(1000);
      await carry(pair, 3);
      const whole = pair.a.stream.harm;
      pair.a.stream.harm = () => [];
      for (let i = 0; i < 1250; i++) {
        pair.a.port.send(...Array.from({ length: 4 }, () => udpPacket(40)));
        await pair.scheduler.pass(4);
      }
      pair.a.stream.harm = whole;
      for (let i = 0; i < 100; i++) {
        pair.a.port.send(udpPacket(40));
        await pair.scheduler.pass(200);
      }
      await carry(pair, 3);
      assert.match(options(pair.b)['rx-compression'] ?? '', /MPPE/);
      assert.ok(pair.b.messages.some((told) => told.type === 'note' && told.message.includes('the key of the peer')));
    });
  }
});
