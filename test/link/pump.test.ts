/** The way of a packet in virtual time: TUN to TUN, what goes first on a full line, and what never gets through. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cause } from '../../src/base/cause.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { PumpPair, udpPacket } from '../support/pump-pair.js';

describe('Pump', () => {
  it('brings PPP up and carries packets both ways, whole and in order', async () => {
    const { a, b, scheduler, ...pair } = await upPair();
    assert.equal(pair.bothUp, true);
    const packets = Array.from({ length: 20 }, (_, i) => udpPacket(40 + 10 * i, 1, i));
    a.port.send(...packets);
    b.port.send(udpPacket(100));
    await scheduler.pass(5000);
    assert.deepEqual(b.port.delivered, packets);
    assert.deepEqual(a.port.delivered, [udpPacket(100)]);
    const { txPackets, txBytes } = a.pump.counters();
    assert.deepEqual([txPackets, txBytes], [20, packets.reduce((sum, { length }) => sum + length, 0)]);
    assert.equal(b.pump.counters().rxBytes, txBytes);
  });

  it('a sparse flow waits two frames at most behind a full line', async () => {
    const { a, b, scheduler } = await upPair();
    a.port.send(...Array.from({ length: 100 }, () => udpPacket(1500, 1)));
    await scheduler.pass(1000);
    const sent = scheduler.now();
    a.port.send(udpPacket(64, 2, 99));
    let waited = Infinity;
    for (let i = 0; i < 2000 && waited === Infinity; i++) {
      await scheduler.pass(5);
      if (b.port.delivered.some((packet) => packet[packet.length - 1] === 99)) waited = scheduler.now() - sent;
    }
    const frameMs = 1508 / 12;
    assert.ok(waited <= 2 * frameMs + 64 / 12 + 10, `waited ${waited} ms`);
  });

  it('keeps a full line busy', async () => {
    const { a, b, scheduler } = await upPair();
    for (let i = 0; i < 100; i++) {
      a.port.send(udpPacket(1500, 1), udpPacket(1500, 2));
      await scheduler.pass(100);
    }
    const octets = b.port.delivered.length * 1508;
    assert.ok(octets > 0.93 * 11.52 * 10_000, `${octets} octets in 10 s`);
  });

  it('a Terminate-Request goes ahead of all waiting data', async () => {
    const { a, b, scheduler } = await upPair();
    a.port.send(...Array.from({ length: 60 }, () => udpPacket(1500)));
    await scheduler.pass(100);
    a.pump.close(cause('requested'));
    await scheduler.pass(800);
    assert.deepEqual(
      a.messages.filter(({ type }) => type === 'finished'),
      [{ type: 'finished', cause: cause('requested') }],
    );
    assert.ok(b.port.delivered.length < 10);
    // RFC 1661 §3.7: the other end waits for a while behind its Terminate-Ack.
    await scheduler.pass(500);
    assert.equal(b.has('finished'), true);
  });

  it('carries nothing but IPv4, and nothing while it is not up', async () => {
    const pair = new PumpPair();
    pair.a.port.send(udpPacket(100));
    await pair.up();
    const ip6 = udpPacket(60);
    ip6[0] = 0x60;
    pair.a.port.send(ip6, new Uint8Array(0), udpPacket(60));
    await pair.scheduler.pass(1000);
    assert.deepEqual(pair.b.port.delivered, [udpPacket(60)]);
    assert.equal(pair.a.pump.counters().errors['not-up'], 1);
  });

  it('sends nothing that is larger than the peer takes, or was cut off', async () => {
    const { a, b, scheduler } = await upPair();
    const cut = udpPacket(1500);
    cut.set([5000 >>> 8, 5000 & 0xff], 2);
    a.port.send(cut, udpPacket(1501), udpPacket(80));
    await scheduler.pass(1000);
    assert.deepEqual(b.port.delivered, [udpPacket(80)]);
    assert.equal(a.pump.counters().errors['too-large'], 2);
  });

  it('bounds the answers to a peer that asks and never reads', async () => {
    const { a, b, scheduler } = await upPair();
    b.pump.detach();
    for (let i = 0; i < 3000; i++) a.stream.receive(echoRequest(i & 0xff));
    await scheduler.pass(10);
    assert.ok((a.pump.counters().errors['control-full'] ?? 0) > 100, JSON.stringify(a.pump.counters()));
  });

  it('goes on carrying data while the peer asks as fast as the line allows', async () => {
    const { a, b, scheduler } = await upPair();
    for (let i = 0; i < 600; i++) {
      a.stream.receive(echoRequest(i & 0xff));
      if (i % 30 === 0) a.port.send(udpPacket(500, 1, i / 30));
      await scheduler.pass(17); // 200 octets at 12 per ms
    }
    const unanswered = 600 - a.stream.written.length / 210;
    assert.ok(unanswered < 100, 'the peer is answered');
    assert.ok(b.port.delivered.length >= 18, `${b.port.delivered.length} of 20 packets`);
  });

  it('takes every good frame for a sign of life', async () => {
    const { a, b, scheduler } = await upPair();
    b.pump.detach();
    const before = a.port.delivered.length;
    for (let second = 0; second < 60; second++) {
      a.stream.receive(framed(0x0021, udpPacket(60)));
      await scheduler.pass(1000);
    }
    assert.equal(a.port.delivered.length - before, 60);
    assert.equal(a.has('finished'), false);
    await scheduler.pass(60_000);
    assert.equal(a.has('finished'), true);
  });

  it('drops what waits when the network goes down, lest it arrives stale', async () => {
    const { a, b, scheduler } = await upPair();
    a.port.send(...Array.from({ length: 60 }, (_, i) => udpPacket(1500, 1, i)));
    await scheduler.pass(200);
    b.pump.detach();
    b.attach();
    await scheduler.pass(10_000);
    assert.equal(b.has('network-up') && a.has('network-down'), true);
    assert.ok(b.port.delivered.length < 10, `${b.port.delivered.length} of 60`);
    a.port.send(udpPacket(80, 2, 77));
    await scheduler.pass(1000);
    assert.deepEqual(b.port.delivered.at(-1), udpPacket(80, 2, 77));
  });

  it('counts what the kernel does not take', async () => {
    const { a, b, scheduler } = await upPair();
    b.port.down = true;
    a.port.send(udpPacket(60));
    await scheduler.pass(100);
    assert.equal(b.pump.counters().errors['tun-refused'], 1);
  });

  it('keeps its counters from session to session', async () => {
    const { a, b, scheduler } = await upPair();
    a.port.send(udpPacket(60));
    b.stream.receive([0x7e, 0xff, 0x03, 0x00, 0x21, 1, 2, 3, 4, 0x7e]);
    await scheduler.pass(100);
    for (const end of [a, b]) end.pump.detach();
    a.attach();
    b.attach();
    await scheduler.pass(1000);
    assert.equal(b.pump.counters().errors['fcs'], 1);
    assert.equal(b.pump.counters().rxPackets, 1);
  });

  it('a line that ends is told once, and the timers stop', async () => {
    const { a, b, scheduler } = await upPair();
    a.stream.end({ kind: 'eof' });
    a.stream.end({ kind: 'eof' });
    assert.equal(a.messages.filter(({ type }) => type === 'line-ended').length, 1);
    a.pump.detach();
    b.pump.detach();
    await scheduler.pass(60_000);
    assert.equal(scheduler.waiting, 0);
    assert.equal(a.has('finished'), false);
  });

  it('names the silent peer, the one that shows a prompt, and the line that eats the eighth bit', async () => {
    const prompt = [...Buffer.from('\r\nDebian GNU/Linux 12 router ttyS0\r\n\r\nrouter login: ')];
    const stripped = [0x7e, 0x7f, 0x7d, 0x23, 0x40, 0x21, 0x7d, 0x21, 0x7d, 0x21, 0x7e];
    for (const [octets, code] of [
      [[], 'no-answer'],
      [prompt, 'not-ppp'],
      [stripped, 'not-8-bit-clean'],
    ] as const) {
      const { a, scheduler } = new PumpPair();
      a.attach();
      await scheduler.pass(500);
      if (octets.length > 0) a.stream.receive(octets);
      await scheduler.pass(120_000);
      const finished = a.messages.find((message) => message.type === 'finished');
      assert.equal(finished?.cause.code, code);
      if (code === 'not-ppp') assert.match(finished.cause.detail ?? '', /Debian GNU\/Linux 12 router/);
    }
  });

  it('survives any octets at any time, and carries packets afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }), async (garbage) => {
        const { a, b, scheduler } = await upPair();
        for (const octets of garbage) {
          b.stream.receive([...octets]);
          await scheduler.pass(37);
        }
        b.stream.receive([0x7e]);
        await scheduler.pass(10_000);
        const before = b.port.delivered.length;
        a.port.send(udpPacket(200, 7, 7));
        await scheduler.pass(1000);
        assert.deepEqual(b.port.delivered.slice(before), [udpPacket(200, 7, 7)]);
        a.pump.stop();
        b.pump.stop();
      }),
      { numRuns: 40 },
    );
  });
});

async function upPair(): Promise<PumpPair & { bothUp: boolean }> {
  const pair = new PumpPair();
  await pair.up();
  return Object.assign(pair, { bothUp: pair.a.has('network-up') && pair.b.has('network-up') });
}

/** An LCP Echo-Request with some data, framed for the line. */
function echoRequest(id: number): number[] {
  const packet = new Uint8Array(200);
  packet.set([9, id, 0, packet.length, 1, 2, 3, 4]);
  return framed(0xc021, packet);
}

function framed(protocol: number, packet: Uint8Array): number[] {
  const out = new Uint8Array(maxFrameLength(packet.length));
  const end = new FrameEncoder().encode(protocol, packet, 0, packet.length, out, 0);
  return [...out.subarray(0, end)];
}
