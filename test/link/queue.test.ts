/** What a link tells of its queue, and its classes: in virtual time, over sessions, and while the session goes on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusBoard } from '../../src/link/status-board.js';
import { usualQueue, type QueueOptions } from '../../src/queue/options.js';
import { LinkRig, testConfig } from '../support/link-rig.js';
import { PumpPair, udpPacket } from '../support/pump-pair.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

/** Packets of flow 7 are interactive: its number is their source port. */
const flowSeven: QueueOptions = {
  ...usualQueue,
  interactive: { match: [{ kind: 'ports', protocol: 17, first: 7, last: 7 }], share: 0.5 },
};

async function upPair(): Promise<PumpPair> {
  const pair = new PumpPair();
  await pair.up();
  return pair;
}

describe("a link's queue", () => {
  it('tells what left it, what waits, and for how long packets waited', async () => {
    const { a, scheduler } = await upPair();
    const before = a.pump.queue;
    assert.deepEqual(before, { ...idle, ...unknownDelays, classes: [] });
    a.port.send(...Array.from({ length: 20 }, (_, i) => udpPacket(1500, 1 + (i % 2))));
    await scheduler.pass(1000);
    const { packets, bytes, drops, waitingPackets, waitingBytes, flows, delayP50Ms = 0, delayP95Ms = 0 } = a.pump.queue;
    assert.equal(packets + drops + waitingPackets, 20);
    assert.deepEqual([bytes, waitingBytes], [1500 * packets, 1500 * waitingPackets]);
    assert.equal(flows, 2);
    assert.ok(packets >= 7 && packets <= 10, `${packets} packets in a second`);
    assert.ok(delayP50Ms > 250 && delayP50Ms < 600 && delayP95Ms > 700 && delayP95Ms < 1200);
  });

  it('counts what it drops and marks, among the errors as well, and over sessions', async () => {
    const pair = await upPair();
    const { a, b, scheduler } = pair;
    const marked = udpPacket(1500, 2);
    marked[1] = 2; // ECT(0)
    for (let i = 0; i < 60; i++) {
      a.port.send(udpPacket(1500, 1), marked);
      await scheduler.pass(125);
    }
    const { packets, drops, marks } = a.pump.queue;
    assert.ok(packets > 40 && drops > 0 && marks > 0, JSON.stringify(a.pump.queue));
    const { errors } = a.pump.counters();
    assert.equal((errors['queue-aged'] ?? 0) + (errors['queue-full'] ?? 0), drops);
    for (const end of [a, b]) end.pump.detach();
    assert.deepEqual([a.pump.queue.packets, a.pump.queue.waitingPackets, a.pump.queue.flows], [packets, 0, 0]);
    await pair.up();
    a.port.send(udpPacket(100));
    await scheduler.pass(500);
    assert.deepEqual([a.pump.queue.packets, a.pump.queue.drops, a.pump.queue.marks], [packets + 1, drops, marks]);
  });

  it('lets the packets of another class go first from the moment that the config says so', async () => {
    const { a, b, scheduler } = await upPair();
    const waitOfBurst = async (): Promise<number> => {
      b.port.delivered.length = 0;
      for (let flow = 100; flow < 116; flow++) a.port.send(...Array.from({ length: 4 }, () => udpPacket(1500, flow)));
      await scheduler.pass(300);
      const sent = scheduler.now();
      // Two full packets of one flow: more than a sparse one sends in its turn.
      a.port.send(udpPacket(1500, 7), udpPacket(1500, 7));
      for (let i = 0; i < 4000; i++) {
        if (b.port.delivered.filter((packet) => packet[21] === 7).length === 2) break;
        await scheduler.pass(5);
      }
      const waited = scheduler.now() - sent;
      await scheduler.pass(20_000);
      return waited;
    };
    const before = await waitOfBurst();
    a.pump.setQueue(flowSeven);
    assert.equal(a.has('finished'), false);
    const after = await waitOfBurst();
    assert.ok(before > 1500 && after < 700, `${before} ms, then ${after} ms`);
    const { classes } = a.pump.queue;
    assert.deepEqual(
      classes.map(({ name, packets }) => [name, packets]),
      [
        ['interactive', 2],
        ['normal', a.pump.queue.packets - 2],
      ],
    );
  });

  it('and its lines tell of themselves, by their numbers', async () => {
    const { a } = await upPair();
    const { lineRxBytes, lineTxBytes } = a.pump.counters();
    assert.ok(lineRxBytes > 0 && lineTxBytes > 0);
    assert.deepEqual(a.pump.lines, [{ rxBytes: lineRxBytes, txBytes: lineTxBytes }]);
  });
});

describe('a reload', () => {
  it('tells the worker of another queue, once, while the session goes on, and the next session as well', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    assert.deepEqual(rig.queues, [undefined]);
    for (const mtu of [1500, 1400]) await rig.link.reconfigure({ ...testConfig, mtu, queue: flowSeven });
    await rig.link.reconfigure({ ...testConfig, queue: undefined });
    assert.deepEqual([rig.queues, rig.link.state], [[undefined, flowSeven, usualQueue], 'up']);
    await rig.link.reconfigure({ ...testConfig, queue: flowSeven });
    rig.link.command('restart');
    await rig.scheduler.pass(1000);
    assert.deepEqual(rig.queues.slice(3), [flowSeven, flowSeven]);
  });
});

describe("the status of a link's queue", () => {
  it('forgets delays that are old: the worker is silent while nothing moves', async () => {
    const scheduler = new VirtualScheduler();
    const board = new StatusBoard(testConfig, scheduler);
    const counters = {
      rxPackets: 0,
      rxBytes: 0,
      txPackets: 9,
      txBytes: 900,
      lineRxBytes: 0,
      lineTxBytes: 0,
      errors: {},
    };
    const one = { ...idle, packets: 9, delayP50Ms: 1, delayP95Ms: 2 };
    const queue = { ...one, classes: [{ name: 'bulk', ...one }] };
    board.statistics({ link: 'branch', type: 'statistics', at: scheduler.now(), counters, session: undefined, queue });
    assert.deepEqual(board.status().queue, queue);
    await scheduler.pass(61_000);
    const old = { ...idle, ...unknownDelays, packets: 9 };
    assert.deepEqual(board.status().queue, { ...old, classes: [{ name: 'bulk', ...old }] });
  });
});

const idle = { packets: 0, bytes: 0, drops: 0, marks: 0, waitingPackets: 0, waitingBytes: 0, flows: 0 };
const unknownDelays = { delayP50Ms: undefined, delayP95Ms: undefined };
