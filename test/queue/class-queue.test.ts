/** Classes in virtual time: interactive first, no class starves, each has its share; and no slot is lost on the way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClassQueue } from '../../src/queue/class-queue.js';
import { QueueMeter } from '../../src/queue/meter.js';
import { usualQueue, type ClassName, type QueueOptions } from '../../src/queue/options.js';
import { PacketPool } from '../../src/queue/packet-pool.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { ip4, UDP } from './packets.js';

const portOf = { interactive: 1, normal: 2, bulk: 3 } as const;
const options: QueueOptions = {
  ...usualQueue,
  interactive: { match: [{ kind: 'ports', protocol: UDP, first: 1, last: 1 }], share: 0.5 },
  bulk: { match: [{ kind: 'ports', protocol: UDP, first: 3, last: 3 }], share: 0.1 },
};
const MTU = 1500;

class Rig {
  readonly pool = new PacketPool(256, MTU);
  readonly meters = { interactive: new QueueMeter(), normal: new QueueMeter(), bulk: new QueueMeter() };
  readonly queue: ClassQueue;
  now = 0;

  constructor(shape: QueueOptions = options) {
    const parts = { bytesPerSecond: 11_520, mtu: MTU, perturbation: 1, options: shape, meters: this.meters };
    this.queue = new ClassQueue(this.pool, parts);
  }

  put(name: ClassName, length = MTU, flow = 0): number {
    if (this.pool.free === 0) assert.ok(this.queue.dropFattest());
    const slot = this.pool.take();
    this.pool.bytes.set(ip4({ length, ports: [portOf[name], 1000 + flow] }), slot * this.pool.slotSize);
    this.queue.enqueue(slot, length, this.now);
    return slot;
  }

  /** Sends one packet, at the pace of the line; its class. */
  send(): ClassName | undefined {
    const slot = this.queue.dequeue(this.now);
    if (slot === -1) return undefined;
    const name = classOfPort(this.pool.bytes[slot * this.pool.slotSize + 21]);
    this.now += this.queue.lengthOf(slot) / 11.52;
    this.pool.give(slot);
    return name;
  }

  /** The part of the octets that each class got while all of these had something to send. */
  shares(busy: readonly ClassName[], packets = 2000): Record<ClassName, number> {
    const octets = { interactive: 0, normal: 0, bulk: 0 };
    for (let i = 0; i < packets; i++) {
      for (const name of busy) while (this.waiting(name) < 4 * MTU) this.put(name);
      const name = this.send();
      if (name !== undefined) octets[name] += MTU;
    }
    const sum = octets.interactive + octets.normal + octets.bulk;
    return { interactive: octets.interactive / sum, normal: octets.normal / sum, bulk: octets.bulk / sum };
  }

  waiting(name: ClassName): number {
    return this.queue.classes.find((one) => one.name === name)?.queue.bytes ?? 0;
  }
}

function classOfPort(port: number | undefined): ClassName | undefined {
  return (['interactive', 'normal', 'bulk'] as const).find((name) => portOf[name] === port);
}

function isAbout(value: number, wanted: number): void {
  assert.ok(Math.abs(value - wanted) < 0.02, `${value}, and not ${wanted}`);
}

describe('ClassQueue', () => {
  it('lets interactive packets go before all others, and bulk behind them', () => {
    const rig = new Rig();
    for (const name of ['bulk', 'normal', 'bulk', 'normal'] as const) rig.put(name, 500);
    for (let flow = 0; flow < 3; flow++) rig.put('interactive', 100, flow);
    const order = Array.from({ length: 7 }, () => rig.send());
    assert.deepEqual(order, [
      ...['interactive', 'interactive', 'interactive'],
      ...['normal', 'normal', 'bulk', 'bulk'],
    ]);
    assert.equal(rig.send(), undefined);
  });

  it('gives each of two or three full classes its share', () => {
    const all = new Rig().shares(['interactive', 'normal', 'bulk']);
    isAbout(all.interactive, 0.5);
    isAbout(all.normal, 0.45);
    isAbout(all.bulk, 0.05);
    isAbout(new Rig().shares(['interactive', 'normal']).interactive, 0.5);
    isAbout(new Rig().shares(['interactive', 'bulk']).interactive, 0.5);
    isAbout(new Rig().shares(['normal', 'bulk']).bulk, 0.1);
    for (const name of ['interactive', 'normal', 'bulk'] as const) isAbout(new Rig().shares([name])[name], 1);
  });

  it('owes a class nothing for the time when it had nothing to send', () => {
    const rig = new Rig();
    rig.shares(['normal'], 500);
    isAbout(rig.shares(['interactive', 'normal'], 1000).interactive, 0.5);
    rig.shares(['interactive'], 500);
    rig.put('normal');
    const next = [rig.send(), rig.send(), rig.send(), rig.send(), rig.send()];
    assert.deepEqual([next[0], next.includes('normal')], ['interactive', true]);
    isAbout(rig.shares(['interactive', 'normal'], 1000).interactive, 0.5);
  });

  it('lets a small interactive packet wait for one frame at most, as long as its class keeps within its share', () => {
    const rig = new Rig();
    for (let i = 0; i < 400; i++) {
      for (const name of ['normal', 'bulk'] as const) while (rig.waiting(name) < 4 * MTU) rig.put(name);
      if (i % 3 === 0) rig.put('interactive', 200, i);
      const name = rig.send();
      assert.equal(name === 'interactive', i % 3 === 0, `packet ${i}`);
      if (name === 'interactive') rig.send();
    }
  });

  it('lets an interactive packet overtake another class, whoever was served before', () => {
    const rig = new Rig();
    rig.put('interactive', 100);
    rig.send();
    rig.put('bulk');
    rig.send();
    const urgent = rig.put('interactive', 100);
    rig.put('normal', 100);
    assert.equal(rig.queue.dequeueSparse(200, rig.now), urgent);
    assert.equal(rig.queue.lengthOf(urgent), 100);
  });

  it('drops for want of room from the class that has most waiting', () => {
    const rig = new Rig();
    for (let i = 0; i < 3; i++) rig.put('normal');
    for (let i = 0; i < 2; i++) rig.put('interactive');
    for (let i = 0; i < 4; i++) rig.put('bulk');
    assert.ok(rig.queue.dropFattest() && rig.queue.dropFattest());
    assert.deepEqual(
      [rig.waiting('interactive'), rig.waiting('normal'), rig.waiting('bulk')],
      [2 * MTU, 3 * MTU, 2 * MTU],
    );
  });

  it('takes other classes while packets wait, and gives them all', () => {
    const rig = new Rig(usualQueue);
    rig.put('interactive');
    rig.put('normal');
    assert.deepEqual(
      rig.queue.classes.map(({ name }) => name),
      ['normal'],
    );
    rig.queue.configure(options);
    rig.put('normal');
    const slot = rig.put('interactive');
    assert.equal(rig.queue.dequeue(0), slot);
    rig.pool.give(slot);
    rig.queue.configure(usualQueue);
    rig.put('bulk');
    for (let i = 0; i < 4; i++) assert.notEqual(rig.send(), undefined);
    assert.deepEqual([rig.queue.packets, rig.queue.bytes, rig.pool.free], [0, 0, 256]);
  });

  it('loses no packet and no slot, whatever comes and goes', () => {
    const step = fc.oneof(
      fc.record({
        name: fc.constantFrom('interactive', 'normal', 'bulk'),
        flow: fc.nat(5),
        length: fc.integer({ min: 40, max: MTU }),
      }),
      fc.constantFrom('send', 'urgent', 'drop', 'clear', 'other'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const rig = new Rig();
        for (const what of steps) {
          if (typeof what === 'object') rig.put(what.name, what.length, what.flow);
          else if (what === 'send') rig.send();
          else if (what === 'drop') rig.queue.dropFattest();
          else if (what === 'clear') rig.queue.clear();
          else if (what === 'other') rig.queue.configure(usualQueue);
          else {
            const slot = rig.queue.dequeueSparse(200, rig.now);
            if (slot !== -1) rig.pool.give(slot);
          }
          rig.now += 20;
          assert.equal(rig.pool.free + rig.queue.packets, 256);
        }
        const { packets } = rig.queue;
        let sent = 0;
        while (rig.send() !== undefined) sent++;
        const stats = Object.values(rig.meters).map((meter) => meter.stats);
        const left = stats.reduce(
          (sum, one) => sum + one.dequeued + one.droppedCodel + one.droppedLimit + one.cleared,
          0,
        );
        assert.equal(
          stats.reduce((sum, { enqueued }) => sum + enqueued, 0),
          left,
        );
        assert.ok(sent <= packets && rig.pool.free === 256 && rig.queue.bytes === 0);
      }),
      { numRuns: 300 },
    );
  });

  it('allocates nothing per packet', () => {
    const rig = new Rig();
    const names = ['bulk', 'normal', 'interactive', 'normal'] as const;
    const packets = names.map((name, i) => ip4({ length: 200 + 300 * i, ports: [portOf[name], 9] }));
    let next = 0;
    const allocated = octetsPerRun(() => {
      rig.now += 70;
      for (let i = 0; i < 2; i++) {
        if (rig.pool.free === 0) rig.queue.dropFattest();
        const slot = rig.pool.take();
        const packet = packets[next++ % packets.length]!;
        rig.pool.bytes.set(packet, slot * rig.pool.slotSize);
        rig.queue.enqueue(slot, packet.length, rig.now);
      }
      const slot = rig.queue.dequeue(rig.now);
      if (slot !== -1) rig.pool.give(slot);
    });
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per packet`);
  });
});
