/** Packets for a link on demand through the pump: kept from the first on, in order, bounded, and not for ever. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllowRule } from '../../src/net/nft/allow.js';
import { longestHoldMs, mostHeld } from '../../src/link/held-packets.js';
import type { PumpMessage } from '../../src/link/pump-host.js';
import type { TrafficRules } from '../../src/schedule/options.js';
import { PumpPair, udpPacket, type PumpEnd } from '../support/pump-pair.js';

const all: TrafficRules = { count: [], ignore: [] };

function ignoring(text: string): TrafficRules {
  const parsed = parseAllowRule(text);
  assert.ok(parsed.ok);
  return { count: [], ignore: [parsed.rule] };
}

function wanted({ messages }: PumpEnd): (string | undefined)[] {
  return messages
    .filter((message): message is Extract<PumpMessage, { type: 'wanted' }> => message.type === 'wanted')
    .map(({ packet }) => packet);
}

function marks(packets: readonly Uint8Array[]): (number | undefined)[] {
  return packets.map((packet) => packet.at(-1));
}

describe('packets for a link on demand', () => {
  it('wait for the session and go out in order, the first one first', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    for (let i = 0; i < 20; i++) pair.a.port.send(udpPacket(200, 1, i));
    assert.deepEqual(wanted(pair.a), ['udp 10.1.0.2:1 → 10.2.0.2:53']);
    await pair.up();
    await pair.scheduler.pass(5000);
    assert.deepEqual(marks(pair.b.port.delivered), [...Array(20).keys()]);
  });

  it('are bounded: beyond that the newest are dropped', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    for (let i = 0; i < mostHeld + 50; i++) pair.a.port.send(udpPacket(100, 1, i));
    assert.equal(pair.a.pump.counters().errors['not-up'], 50);
    await pair.up();
    await pair.scheduler.pass(5000);
    assert.equal(pair.b.port.delivered[0]?.at(-1), 0);
    assert.ok(pair.b.port.delivered.length <= mostHeld);
  });

  it('of full size are kept whole', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    pair.a.port.send(udpPacket(1500, 1, 7));
    await pair.up();
    await pair.scheduler.pass(1000);
    assert.deepEqual(pair.b.port.delivered, [udpPacket(1500, 1, 7)]);
  });

  it('that do not count wake nobody, but wait behind one that does', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(ignoring('udp 53 from 10.1.0.0/16'), true);
    const other = udpPacket(100, 2, 2);
    other[23] = 99; // Its destination port.
    pair.a.port.send(udpPacket(100, 1, 1));
    assert.deepEqual(wanted(pair.a), []);
    pair.a.port.send(other, udpPacket(100, 1, 3));
    assert.equal(wanted(pair.a).length, 1);
    await pair.up();
    await pair.scheduler.pass(1000);
    assert.deepEqual(marks(pair.b.port.delivered).sort(), [2, 3]);
  });

  it('are dropped after a while, and their senders told', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    pair.a.port.send(udpPacket(100));
    await pair.scheduler.pass(longestHoldMs - 1);
    assert.equal(pair.a.port.delivered.length, 0);
    await pair.scheduler.pass(2);
    assert.deepEqual(wanted(pair.a).at(-1), undefined);
    const [answer] = pair.a.port.delivered;
    // From the destination to the sender: Destination Unreachable, Host Unreachable, with the packet's own header behind it.
    assert.deepEqual([...(answer?.subarray(12, 22) ?? [])], [10, 2, 0, 2, 10, 1, 0, 2, 3, 1]);
    assert.deepEqual(answer?.subarray(28), udpPacket(100).subarray(0, 28));
    await pair.up();
    await pair.scheduler.pass(1000);
    assert.deepEqual(pair.b.port.delivered, []);
  });

  it('are dropped at once when nobody is to dial for them', () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    pair.a.port.send(udpPacket(100), udpPacket(100));
    pair.a.pump.watch(all, false);
    assert.deepEqual([pair.a.port.delivered.length, wanted(pair.a).at(-1)], [2, undefined]);
    pair.a.port.send(udpPacket(100));
    assert.equal(pair.a.pump.counters().errors['not-up'], 3);
  });

  it('leave no timer behind', () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, true);
    pair.a.port.send(udpPacket(100));
    pair.a.pump.stop();
    assert.equal(pair.scheduler.waiting, 0);
  });
});

function quietMs({ pump }: PumpEnd): number | undefined {
  return pump.quietMs;
}

describe('how long nothing counted', () => {
  it('is told of both directions, and not changed by what is ignored', async () => {
    const pair = new PumpPair();
    pair.a.pump.watch(all, false);
    pair.b.pump.watch(ignoring('udp 53'), false);
    assert.equal(quietMs(pair.a), undefined);
    await pair.up();
    await pair.scheduler.pass(10_000);
    assert.ok((quietMs(pair.a) ?? 0) > 9000);
    pair.a.port.send(udpPacket(100));
    await pair.scheduler.pass(500);
    assert.ok((quietMs(pair.a) ?? Infinity) <= 500, 'sent');
    assert.ok((quietMs(pair.b) ?? 0) > 9000, 'ignored');
    await pair.scheduler.pass(5000);
    pair.b.port.send(udpPacket(100));
    await pair.scheduler.pass(500);
    assert.ok((quietMs(pair.a) ?? Infinity) <= 500, 'received');
  });
});
