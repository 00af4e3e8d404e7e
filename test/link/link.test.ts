/** One link's life in virtual time: the order of its acts, its pauses, and that it always gives back what it took. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cause } from '../../src/base/cause.js';
import { LinkRig, testConfig } from '../support/link-rig.js';

describe('Link', () => {
  it('comes up: TUN, line, session, addresses', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    assert.deepEqual(rig.acts, ['add', 'open', 'attach', 'install', 'ready']);
    assert.deepEqual(rig.states, ['opening', 'negotiating', 'up']);
  });

  it('after a cable pull keeps the TUN, takes routes out, and opens the line again at once', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    const opened = rig.scheduler.now();
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(10);
    assert.deepEqual(rig.acts, ['uninstall', 'detach', 'open', 'attach']);
    assert.equal(rig.lines[0]?.closed, true);
    assert.equal(rig.openTuns, 1);
    assert.ok(rig.scheduler.now() - opened <= 10);
    const { lastCause, restarts, state } = rig.link.status();
    assert.deepEqual([lastCause?.cause.code, restarts, state], ['carrier-lost', 1, 'negotiating']);
  });

  it('asks the line what an end on its descriptor means', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.hear({ type: 'line-ended', line: 0, end: { kind: 'error', code: 'EIO' }, ending: undefined });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.status().lastCause?.cause.code, 'line-hangup');
  });

  it('a peer that said goodbye before it hung up has said why', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.hear({ type: 'line-ended', line: 0, end: { kind: 'eof' }, ending: cause('peer-terminated', 'bye') });
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.link.status().lastCause?.cause, cause('peer-terminated', 'bye'));
  });

  it('waits longer after every refusal, and says when it tries again', async () => {
    const rig = new LinkRig();
    rig.behaviour.open = 'device-denied';
    rig.link.command('up');
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      await rig.scheduler.pass(0);
      assert.equal(rig.link.state, 'waiting');
      const pause = (rig.link.status().nextAttempt?.getTime() ?? 0) - rig.scheduler.date().getTime();
      pauses.push(pause);
      await rig.scheduler.pass(pause);
    }
    assert.deepEqual(pauses, [5000, 10_000, 20_000, 40_000]);
  });

  it('looks for a missing device every second, for days', async () => {
    const rig = new LinkRig();
    rig.behaviour.open = 'device-missing';
    rig.link.command('up');
    await rig.scheduler.pass(3_600_000);
    const tries = rig.acts.filter((act) => act === 'open').length;
    assert.ok(tries > 3500 && tries < 3700, `${tries} tries`);
    rig.behaviour.open = 'at-once';
    await rig.scheduler.pass(1100);
    assert.equal(rig.link.state, 'negotiating');
  });

  it('an up while waiting does not wait', async () => {
    const rig = new LinkRig();
    rig.behaviour.open = 'device-denied';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    rig.behaviour.open = 'at-once';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'negotiating');
  });

  it('a down ends the session politely and stays down', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    rig.link.command('down');
    await rig.scheduler.pass(600_000);
    assert.deepEqual(rig.acts, ['uninstall', 'close', 'detach']);
    assert.equal(rig.link.state, 'down');
    assert.equal(rig.link.status().lastCause?.cause.code, 'requested');
  });

  it('is down by the order, though the peer terminates at the same moment', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.behaviour.terminate = 'never';
    rig.link.command('down');
    await rig.scheduler.pass(1);
    rig.hear({ type: 'finished', cause: cause('peer-terminated', 'bye') });
    await rig.scheduler.pass(60_000);
    assert.deepEqual([rig.link.state, rig.link.status().lastCause?.cause], ['down', cause('requested')]);
    assert.equal(rig.sessionEnds.at(-1), 'requested');
  });

  it('a down does not wait for a dead peer longer than the Terminate exchange takes', async () => {
    const rig = new LinkRig();
    rig.behaviour.terminate = 'never';
    await rig.comeUp();
    rig.link.command('down');
    await rig.scheduler.pass(testConfig.lcp.restartMs * testConfig.lcp.maxTerminate + 10);
    assert.equal(rig.link.state, 'down');
  });

  it('a down aborts an opening line', async () => {
    const rig = new LinkRig();
    rig.behaviour.open = 'never';
    rig.link.command('up');
    await rig.scheduler.pass(1000);
    rig.link.command('down');
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'down');
    assert.equal(rig.link.status().lastCause?.cause.code, 'requested');
  });

  it('routes that cannot be installed take the link down with their cause', async () => {
    const rig = new LinkRig();
    rig.behaviour.install = 'fail';
    await rig.comeUp();
    const { lastCause, state } = rig.link.status();
    assert.deepEqual([lastCause?.cause, state], [cause('network-failed', 'the route exists'), 'waiting']);
  });

  it('a renegotiation takes routes out and in again, and keeps the line', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    rig.hear({ type: 'network-down' });
    rig.networkUp();
    await rig.scheduler.pass(1);
    assert.deepEqual([rig.acts, rig.link.state], [['uninstall', 'install', 'ready'], 'up']);
  });

  it('a TUN that someone deleted is made anew', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    rig.hear({ type: 'tun-gone' });
    await rig.scheduler.pass(10);
    assert.deepEqual(rig.acts, ['uninstall', 'detach', 'remove', 'add', 'open', 'attach']);
    assert.equal(rig.openTuns, 1);
  });

  it('a TUN that cannot be made is a cause, retried slowly', async () => {
    const rig = new LinkRig();
    rig.behaviour.tun = 'fails';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.deepEqual([rig.link.state, rig.link.status().lastCause?.cause.code], ['waiting', 'tun-failed']);
    rig.behaviour.tun = 'opens';
    await rig.scheduler.pass(6000);
    assert.equal(rig.link.state, 'negotiating');
  });

  it('a worker that dies is replaced and the link comes back', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    rig.workerDies();
    await rig.scheduler.pass(6000);
    assert.deepEqual(rig.acts, ['uninstall', 'add', 'open', 'attach']);
    assert.equal(rig.link.status().lastCause?.cause.code, 'internal');
  });

  it('an up or a restart while it is closing brings it back, whatever it was closing for', async () => {
    for (const command of ['up', 'restart'] as const) {
      const rig = new LinkRig();
      rig.behaviour.terminate = 'never';
      await rig.comeUp();
      rig.link.command('down');
      await rig.scheduler.pass(100);
      assert.equal(rig.link.state, 'closing');
      rig.link.command(command);
      await rig.scheduler.pass(7000);
      assert.equal(rig.link.state, 'negotiating', command);
    }
  });

  it('keeps the cause it is closing for, though the program that it ends ends', async () => {
    const rig = new LinkRig();
    rig.behaviour.close = 'never';
    await rig.comeUp();
    rig.hear({ type: 'finished', cause: cause('loopback') });
    rig.line.end(cause('program-exited', 'ended by SIGTERM'));
    await rig.scheduler.pass(3000);
    assert.deepEqual([rig.link.state, rig.link.status().lastCause?.cause.code], ['waiting', 'loopback']);
  });

  it('sends a peer away that negotiates without end, and does one change of the network at a time', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    for (let i = 0; i < 1000; i++) {
      rig.hear({ type: 'network-down' });
      rig.networkUp();
    }
    await rig.scheduler.pass(100);
    assert.equal(rig.link.status().lastCause?.cause.code, 'restless');
    assert.ok(rig.acts.filter((act) => act === 'install' || act === 'uninstall').length < 10, rig.acts.join(' '));
  });

  it('does not take a line that breaks again and again for a restless peer', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    for (let i = 0; i < 40; i++) {
      rig.hear({ type: 'network-down' });
      rig.hear({ type: 'line-ended', line: 0, end: { kind: 'eof' }, ending: undefined });
      await rig.scheduler.pass(700);
      if (rig.link.state !== 'negotiating') await rig.scheduler.pass(8000);
      rig.networkUp();
      await rig.scheduler.pass(1);
    }
    assert.equal(
      rig.events.some(({ cause: why }) => why?.code === 'restless'),
      false,
    );
    assert.equal(rig.link.state, 'up');
  });

  it('a TUN deleted while the line waits for its caller is made anew before the session', async () => {
    const rig = new LinkRig();
    const held = rig.holdOpen();
    rig.link.command('up');
    await rig.scheduler.pass(100);
    rig.hear({ type: 'tun-gone' });
    held();
    await rig.scheduler.pass(100);
    assert.deepEqual(rig.acts, ['add', 'open', 'remove', 'add', 'attach']);
  });

  it('takes a late answer of the worker for what it is', async () => {
    const rig = new LinkRig();
    rig.behaviour.release = 'never';
    await rig.comeUp();
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(2600);
    assert.equal(rig.lines.length, 2, 'a worker that does not answer is not waited for');
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(10);
    rig.hear({ type: 'released', number: 1 });
    await rig.scheduler.pass(10);
    assert.equal(rig.line.closed, false, 'closed while the worker may still watch it');
    rig.hear({ type: 'released', number: 2 });
    await rig.scheduler.pass(10);
    assert.equal(rig.lines[1]?.closed, true);
  });

  it('takes no orders once it is given up for good', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    const over = rig.link.shutdown();
    rig.link.command('up');
    await rig.scheduler.pass(5000);
    await over;
    assert.equal(rig.link.state, 'down');
  });

  it('ends within five seconds with a dead peer and a line that hangs', async () => {
    const rig = new LinkRig();
    rig.behaviour.terminate = 'never';
    rig.behaviour.close = 'never';
    await rig.comeUp();
    let over = false;
    void rig.link.shutdown().then(() => (over = true));
    await rig.scheduler.pass(4600);
    assert.equal(over, true);
    assert.deepEqual([rig.openTuns, rig.installed, rig.acts.at(-2)], [0, false, 'dispose']);
  });

  it('gives up after max-attempts, says so, and a command starts it again', async () => {
    const rig = new LinkRig({ ...testConfig, restart: { ...testConfig.restart, maxAttempts: 2 } });
    rig.behaviour.open = 'connection-refused';
    rig.link.command('up');
    await rig.scheduler.pass(60_000);
    assert.equal(rig.link.state, 'down');
    assert.equal(rig.acts.filter((act) => act === 'open').length, 2);
    assert.ok(rig.events.some(({ message }) => message.includes('given up after 2 attempts')));
    rig.behaviour.open = 'at-once';
    rig.link.command('up');
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'negotiating');
  });

  it('whatever happens in whatever order, a shutdown gives everything back', async () => {
    const act = fc.constantFrom<((rig: LinkRig) => void)[]>(
      (rig) => {
        rig.link.command('up');
      },
      (rig) => {
        rig.link.command('down');
      },
      (rig) => {
        rig.link.command('restart');
      },
      (rig) => {
        rig.networkUp();
      },
      (rig) => {
        rig.hear({ type: 'network-down' });
      },
      (rig) => {
        rig.hear({ type: 'finished', cause: cause('peer-terminated') });
      },
      (rig) => {
        rig.hear({ type: 'line-ended', line: 0, end: { kind: 'eof' }, ending: undefined });
      },
      (rig) => {
        rig.hear({ type: 'tun-gone' });
      },
      (rig) => {
        rig.workerDies();
      },
      (rig) => {
        rig.lines.at(-1)?.end(cause('carrier-lost'));
      },
      (rig) => {
        rig.behaviour.open = 'never';
      },
      (rig) => {
        rig.behaviour.open = 'at-once';
      },
      (rig) => {
        rig.behaviour.open = 'device-busy';
      },
      (rig) => {
        rig.behaviour.install = 'fail';
      },
      (rig) => {
        rig.behaviour.install = 'at-once';
      },
      (rig) => {
        rig.behaviour.terminate = 'never';
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(act, fc.constantFrom(0, 0, 1, 500, 10_000)), { maxLength: 40 }),
        async (script) => {
          const rig = new LinkRig();
          for (const [step, pause] of script) {
            step(rig);
            await rig.scheduler.pass(pause);
            assert.ok(rig.lines.filter(({ closed }) => !closed).length <= 1, 'two lines open');
          }
          let over = false;
          void rig.link.shutdown().then(() => (over = true));
          await rig.scheduler.pass(5000);
          assert.equal(over, true, 'the shutdown hangs');
          assert.equal(rig.link.state, 'down');
          assert.deepEqual([rig.openTuns, rig.installed, rig.attached], [0, false, false]);
          assert.ok(
            rig.lines.every(({ closed }) => closed),
            'a line stayed open',
          );
          assert.equal(rig.scheduler.waiting, 0, 'a timer stayed');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('Link, handed over', () => {
  it('lets go of line and TUN without ending anything, and moves no more', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    const { grip } = rig.link;
    await rig.link.freeze();
    const handed = await rig.link.handOver(grip);
    assert.deepEqual(rig.acts, ['detach', 'hand over', 'remove']);
    assert.deepEqual([handed.tun, handed.lines[0]?.line?.fd, handed.wanted], [98, 99, true]);
    assert.equal(handed.agreed?.ip4?.remote, testConfig.remote);
    assert.equal(rig.openTuns, 1);
    assert.equal(rig.line.closed, false);
    rig.line.end(cause('carrier-lost'));
    rig.link.command('restart');
    await rig.scheduler.pass(600_000);
    assert.deepEqual(rig.acts, ['detach', 'hand over', 'remove']);
    assert.ok(rig.installed);
  });

  it('gives back what the new process was not born with', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    const { grip } = rig.link;
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(10);
    // It is open again, by the same number.
    assert.equal(rig.link.state, 'negotiating');
    await rig.link.freeze();
    const { lines, tun, agreed } = await rig.link.handOver(grip);
    assert.deepEqual([lines.map(({ line }) => line), tun, agreed], [[null], 98, null]);
    assert.equal(rig.line.closed, true);
  });
});
