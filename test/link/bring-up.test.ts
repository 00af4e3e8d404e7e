/** How long a link takes to come up and to go down on a line of 115200 baud, whoever is first. In virtual time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import { PumpPair, udpPacket, type PumpEnd } from '../support/pump-pair.js';

/** Milliseconds until `done`. */
async function timeUntil(pair: PumpPair, done: () => boolean, limit: number): Promise<number> {
  const from = pair.scheduler.now();
  while (!done() && pair.scheduler.now() - from <= limit) await pair.scheduler.pass(1);
  return pair.scheduler.now() - from;
}

/** What came while nobody had the port open is gone, as with a tty. */
function open(end: PumpEnd): void {
  while (end.stream.read(new Uint8Array(4096)) > 0);
  end.attach();
}

describe('a link of 115200 baud', () => {
  for (const lateMs of [0, 1, 3, 6, 10, 20, 35, 40, 50, 100, 299, 300, 301, 700, 2000, 5000, 29_000]) {
    it(`is up within 0.15 s of both ends being open, one of them ${lateMs} ms late`, async () => {
      const pair = new PumpPair();
      open(pair.a);
      await pair.scheduler.pass(lateMs);
      open(pair.b);
      const took = await timeUntil(pair, () => pair.a.has('network-up') && pair.b.has('network-up'), 10_000);
      assert.ok(took <= 150, `${took} ms`);
      assert.equal(pair.a.pump.counters().errors['wrong-id'], undefined);
    });
  }

  it('is up within 25 ms when both ends open at once, with no packet too many', async () => {
    const pair = new PumpPair();
    pair.a.attach();
    pair.b.attach();
    const took = await timeUntil(pair, () => pair.a.has('network-up') && pair.b.has('network-up'), 10_000);
    assert.ok(took <= 25, `${took} ms`);
    await pair.scheduler.pass(1000);
    for (const { stream } of [pair.a, pair.b]) {
      const written = Buffer.from(stream.written).toString('hex');
      assert.equal(written.match(/ff7d23c021/g)?.length, 2, `a request and an answer of LCP: ${written}`);
    }
  });

  it('is down at both ends within 0.7 s of an order', async () => {
    const pair = new PumpPair();
    await pair.up();
    pair.a.pump.close(cause('requested'));
    const took = await timeUntil(pair, () => pair.a.has('finished'), 10_000);
    assert.ok(took <= 100, `${took} ms at the end that was told`);
    const rest = await timeUntil(pair, () => pair.b.has('finished'), 10_000);
    assert.ok(took + rest <= 700, `${took + rest} ms at the other`);
  });

  it('tells its Terminate-Ack to the peer before it lets go, also behind waiting data', async () => {
    const pair = new PumpPair();
    await pair.up();
    pair.b.port.send(...Array.from({ length: 60 }, () => udpPacket(1500)));
    await pair.scheduler.pass(100);
    pair.a.pump.close(cause('requested'));
    const took = await timeUntil(pair, () => pair.a.has('finished'), 10_000);
    assert.ok(took < 1000, `${took} ms: acknowledged, not given up`);
  });
});
