/** Link quality reports over two pumps and a line that damages frames: the counters are the framing's. RFC 1989 §2.3 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LqrOptions } from '../../src/ppp/lqr/options.js';
import { PumpPair, udpPacket, type PumpEnd } from '../support/pump-pair.js';

const lqr: LqrOptions = { intervalMs: 1000, maxLoss: 0.2, keep: 3, of: 5 };

async function upPair(asking: LqrOptions | undefined): Promise<PumpPair> {
  const pair = new PumpPair();
  for (const [end, own] of [
    [pair.a, asking],
    [pair.b, undefined],
  ] as const) {
    const { session } = end.options;
    end.pump.attach(end.stream, { ...end.options, session: { ...session, lcp: { ...session.lcp, lqr: own } } });
  }
  await pair.scheduler.pass(1000);
  return pair;
}

/** Ten seconds of traffic both ways, of which every `nth` frame of a's is damaged on the line. */
async function traffic({ a, b, scheduler }: PumpPair, nth = Infinity): Promise<void> {
  for (let i = 0; i < 100; i++) {
    a.port.send(udpPacket(100, 1, i));
    b.port.send(udpPacket(60, 1, i));
    await scheduler.pass(3);
    if (i % nth === nth - 1) b.stream.receive([0x55]); // in the middle of the frame
    await scheduler.pass(97);
  }
}

function loss({ pump }: PumpEnd): (string | undefined)[] {
  const { 'rx-loss': rx, 'tx-loss': tx } = pump.session?.options ?? {};
  return [rx, tx];
}

describe('link quality over a line', () => {
  it('is measured by both ends, exactly where nothing is lost', async () => {
    const pair = await upPair(lqr);
    await traffic(pair);
    assert.deepEqual(loss(pair.a), ['0.0%', '0.0%']);
    assert.deepEqual(loss(pair.b), ['0.0%', '0.0%']);
    assert.equal(pair.a.pump.counters().errors['magic-mismatch'], undefined);
  });

  it('ends the link with the figures where too much is lost', async () => {
    const pair = await upPair(lqr);
    await traffic(pair, 2);
    const finished = pair.a.messages.find((message) => message.type === 'finished');
    assert.equal(finished?.cause.code, 'line-quality');
    assert.match(finished.cause.detail ?? '', /intervals of 1 s were bad; .*\d\d\.\d% of what we send is lost/);
  });

  it('is nobody’s matter where nobody asks', async () => {
    const pair = await upPair(undefined);
    await traffic(pair, 3);
    assert.deepEqual(
      [loss(pair.a), loss(pair.b)],
      [
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
    assert.equal(pair.a.has('finished'), false);
  });
});
