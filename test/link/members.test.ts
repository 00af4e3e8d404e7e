/** A link of several lines, in virtual time: it lives as long as one of them, and gets the others back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import type { LinkConfig } from '../../src/config/types.js';
import { LinkRig, testConfig } from '../support/link-rig.js';
import { testMultilink } from '../support/bundle-pair.js';

const config: LinkConfig = {
  ...testConfig,
  moreLines: [{ kind: 'serial', device: '/dev/ttyS1', speed: 38_400, flow: 'none', carrier: 'auto' }],
  multilink: { ...testMultilink, onlyIfSlow: false },
};

async function up(): Promise<LinkRig> {
  const rig = new LinkRig(config);
  await rig.comeUp();
  rig.hear({ type: 'lines-open', lines: [0, 1] });
  return rig;
}

function states(rig: LinkRig): string[] {
  return rig.link.status().lines.map(({ state }) => state);
}

function told(rig: LinkRig): string[] {
  return rig.events.filter(({ type, level }) => type === 'log' && level !== 'debug').map(({ message }) => message);
}

describe('A link of several lines', () => {
  it('opens all at the same time, and the second joins the session of the first', async () => {
    const rig = await up();
    assert.deepEqual(rig.acts, ['add', 'open', 'open', 'attach', 'join', 'install', 'ready']);
    assert.deepEqual(states(rig), ['joined', 'joined']);
    assert.deepEqual(told(rig), ['line 1 (ttyS0) joined', 'line 2 (ttyS1) joined']);
  });

  it('comes up over the one that opens; the other is tried again with pauses of its own, and joins', async () => {
    const rig = new LinkRig(config);
    rig.opens.set(0, 'device-denied');
    await rig.comeUp();
    assert.equal(rig.link.state, 'up');
    assert.deepEqual([...rig.lent], [1]);
    const [first] = rig.link.status().lines;
    assert.deepEqual([first?.state, first?.lastCause?.cause.code], ['waiting', 'device-denied']);
    assert.equal(first?.nextAttempt?.getTime(), (first?.lastCause?.at.getTime() ?? 0) + 5000);
    rig.opens.set(0, 'at-once');
    await rig.scheduler.pass(5000);
    assert.deepEqual([...rig.lent].toSorted(), [0, 1]);
    assert.equal(told(rig).length, 1);
  });

  it('an up tries at once what waits', async () => {
    const rig = new LinkRig(config);
    rig.opens.set(1, 'device-denied');
    await rig.comeUp();
    rig.opens.clear();
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.deepEqual([...rig.lent].toSorted(), [0, 1]);
  });

  for (const [how, lose] of [
    ['its carrier is lost', (rig: LinkRig) => rig.lines[1]?.end(cause('carrier-lost'))],
    [
      'its descriptor ends',
      (rig: LinkRig) => {
        rig.hear({ type: 'line-ended', line: 1, end: { kind: 'error', code: 'EIO' }, ending: undefined });
      },
    ],
    [
      'the peer is silent on it',
      (rig: LinkRig) => {
        rig.hear({ type: 'line-finished', line: 1, cause: cause('peer-dead') });
      },
    ],
  ] as const) {
    it(`goes on over the other when ${how}, opens it again, and takes it back`, async () => {
      const rig = await up();
      rig.acts.length = 0;
      rig.events.length = 0;
      lose(rig);
      await rig.scheduler.pass(1);
      assert.deepEqual(rig.acts, ['detach', 'open', 'join']);
      assert.equal(rig.lines[1]?.closed, true);
      assert.deepEqual(states(rig), ['joined', 'open']);
      rig.hear({ type: 'lines-open', lines: [0, 1] });
      assert.match(told(rig)[0] ?? '', /^line 2 \(ttyS1\) left: .*; the link goes on over 1 line$/);
      assert.equal(told(rig)[1], 'line 2 (ttyS1) joined');
      assert.equal(rig.link.state, 'up');
      assert.deepEqual(rig.states, []);
      assert.deepEqual([rig.link.status().restarts, rig.installed], [0, true]);
    });
  }

  it('goes down with the last one, whatever becomes of the first, and begins anew with all', async () => {
    const rig = await up();
    rig.opens.set(0, 'device-missing');
    rig.lines[0]?.end(cause('carrier-lost'));
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.equal(rig.link.status().line.name, '/dev/ttyS1');
    rig.opens.clear();
    rig.lines[1]?.end(cause('line-hangup'));
    await rig.scheduler.pass(10);
    assert.equal(rig.link.state, 'negotiating');
    assert.equal(rig.link.status().lastCause?.cause.code, 'line-hangup');
    assert.deepEqual([...rig.lent].toSorted(), [0, 1]);
  });

  it('is given up for this time when none can be opened', async () => {
    const rig = new LinkRig(config);
    rig.behaviour.open = 'device-missing';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'waiting');
    assert.equal(rig.link.status().lastCause?.cause.code, 'device-missing');
    assert.deepEqual(states(rig), ['closed', 'closed']);
    rig.behaviour.open = 'at-once';
    await rig.scheduler.pass(1000);
    assert.deepEqual([...rig.lent].toSorted(), [0, 1]);
  });

  it('opens nothing again while it goes down', async () => {
    const rig = await up();
    rig.behaviour.terminate = 'never';
    rig.link.command('down');
    await rig.scheduler.pass(1);
    rig.acts.length = 0;
    rig.hear({ type: 'line-finished', line: 0, cause: cause('requested') });
    await rig.scheduler.pass(100);
    assert.deepEqual(rig.acts, []);
    rig.hear({ type: 'finished', cause: cause('requested') });
    await rig.scheduler.pass(10_000);
    assert.equal(rig.link.state, 'down');
    assert.deepEqual([rig.lent.size, rig.lines.every(({ closed }) => closed), rig.scheduler.waiting], [0, true, 0]);
  });

  it('hands on the lines that are open', async () => {
    const rig = new LinkRig(config);
    rig.opens.set(1, 'device-denied');
    await rig.comeUp();
    const { grip } = rig.link;
    assert.equal(grip.lines.length, 2);
    await rig.link.freeze();
    const { lines } = await rig.link.handOver(grip);
    assert.equal(lines[0]?.line?.kind, 'socket');
    await rig.scheduler.pass(60_000);
    assert.equal(rig.acts.filter((act) => act === 'open').length, 2);
  });
});
