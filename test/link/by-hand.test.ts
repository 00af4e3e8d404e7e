/** A link whose line is in somebody's hands: when it may be, and what becomes of the link then; in virtual time. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { native } from '../../src/native/binding.js';
import { LinkRig, testConfig } from '../support/link-rig.js';
import { testMultilink } from '../support/bundle-pair.js';

/** Somebody takes the line; gives what is on his screen by then. */
async function take(t: TestContext, rig: LinkRig): Promise<() => string> {
  const [near, far] = native.socketPair(0);
  t.after(() => {
    native.close(far);
  });
  assert.equal(
    rig.link.takeByHand(() => ({ fd: near, name: 'ann' })),
    'taken',
  );
  await rig.scheduler.pass(1);
  return () => {
    const octets = Buffer.alloc(4096);
    return octets.toString('latin1', 0, native.read(far, octets, 0, octets.length));
  };
}

describe('A link whose line is taken by hand', () => {
  it('is up when PPP is, and down when that is over', async (t) => {
    const rig = new LinkRig();
    const lead = rig.holdOpen();
    await take(t, rig);
    assert.equal(rig.link.state, 'opening');
    assert.deepEqual(rig.link.status().lastCause?.cause, { code: 'by-hand', detail: 'ann' });
    lead();
    await rig.scheduler.pass(1);
    rig.networkUp();
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.deepEqual(rig.acts, ['add', 'by hand', 'open', 'attach', 'install', 'ready']);
    rig.line.end({ code: 'carrier-lost', detail: undefined });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'down');
    assert.equal(rig.link.status().lastCause?.cause.code, 'carrier-lost');
  });

  it('is down when he hangs up', async (t) => {
    const rig = new LinkRig();
    rig.behaviour.hand = 'hangs-up';
    const screen = await take(t, rig);
    assert.equal(rig.link.state, 'down');
    assert.match(screen(), /\[linkd\] ann hung up/);
    assert.equal(rig.link.status().lastCause?.cause.code, 'by-hand');
  });

  it('goes its own way afterwards when it is wanted', async (t) => {
    const rig = new LinkRig();
    rig.behaviour.open = 'device-denied';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'waiting');
    rig.behaviour.hand = 'hangs-up';
    rig.behaviour.open = 'at-once';
    await take(t, rig);
    rig.networkUp();
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.deepEqual(rig.acts.slice(0, 5), ['add', 'open', 'by hand', 'open', 'attach']);
  });

  it('is not to be had while its line is, or may be, in use', async (t) => {
    const rig = new LinkRig();
    const refused = (): string => rig.link.takeByHand(() => assert.fail('nobody is asked for a terminal'));
    rig.behaviour.open = 'never';
    await take(t, rig);
    assert.equal(refused(), 'opening', 'another has it');
    rig.link.command('down');
    await rig.scheduler.pass(1);
    rig.behaviour.open = 'at-once';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.equal(refused(), 'negotiating');
    rig.networkUp();
    await rig.scheduler.pass(1);
    assert.equal(refused(), 'up');
    await rig.link.shutdown();
    assert.equal(refused(), 'down', 'linkd ends');
  });

  it('leaves the other lines alone until the first is led to PPP', async (t) => {
    const second = { kind: 'serial', device: '/dev/ttyS1', speed: 38_400, flow: 'none', carrier: 'auto' } as const;
    const rig = new LinkRig({ ...testConfig, moreLines: [second], multilink: { ...testMultilink, onlyIfSlow: false } });
    const lead = rig.holdOpen();
    await take(t, rig);
    assert.deepEqual(rig.acts, ['add', 'by hand', 'open']);
    lead();
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.acts, ['add', 'by hand', 'open', 'attach', 'open', 'join']);
  });

  it('is closed for another process before PPP, which he is told', async (t) => {
    const rig = new LinkRig();
    rig.behaviour.open = 'never';
    const screen = await take(t, rig);
    await rig.link.freeze();
    assert.match(screen(), /\[linkd\] a new linkd took the place of this one/);
  });

  it('goes on with another process when PPP has the line', async (t) => {
    const rig = new LinkRig();
    await take(t, rig);
    rig.networkUp();
    await rig.scheduler.pass(1);
    const { grip } = rig.link;
    await rig.link.freeze();
    const { wanted, lines } = await rig.link.handOver(grip);
    assert.equal(wanted, true);
    assert.equal(lines[0]?.line?.kind, 'socket');
  });
});
