/** The order of a link's hooks, with a runner whose hooks end when the test says so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkFacts } from '../../src/hooks/environment.js';
import { hookMoments, type Hook, type HookMoment, type HookOptions } from '../../src/hooks/options.js';
import type { HookOutcome, HookResult } from '../../src/hooks/result.js';
import { LinkHooks } from '../../src/link/link-hooks.js';
import { settle } from '../support/virtual-scheduler.js';

const facts: LinkFacts = {
  link: 'branch',
  state: 'up',
  cause: undefined,
  interface: 'branch',
  device: '/dev/ttyS0',
  speed: 115_200,
  local: undefined,
  remote: undefined,
  local6: undefined,
  remote6: undefined,
  dns: [],
  wins: [],
  previous: undefined,
  mtu: 1500,
  networks: [],
  metric: undefined,
  upMs: undefined,
  rxBytes: undefined,
  txBytes: undefined,
  control: undefined,
};

const hook: Hook = { command: ['/bin/true'], user: undefined, timeoutMs: 1000, pppd: false };
const one = [hook];
const options: HookOptions = {
  hooks: { 'pre-up': one, up: one, down: one, 'post-down': one, fail: one, 'address-changed': one },
  ipparam: '',
};

function rig() {
  const acts: string[] = [];
  const running = new Map<HookMoment, (outcome: HookOutcome) => void>();
  const hooks = new LinkHooks({
    runner: {
      run: (moment) => {
        acts.push(`${moment} begins`);
        const done = new Promise<readonly HookResult[]>((resolve) => {
          running.set(moment, (outcome) => {
            acts.push(`${moment} ${outcome.kind}`);
            resolve([
              {
                command: hook.command,
                moment,
                startedAt: new Date(0),
                durationMs: 1,
                outcome,
                output: '',
                truncated: false,
              },
            ]);
          });
        });
        return {
          done,
          cancel: async () => {
            running.get(moment)?.({ kind: 'cancelled' });
            await done;
          },
        };
      },
    },
    options: () => options,
    ended: () => undefined,
  });
  const finish = async (moment: HookMoment, code = 0): Promise<void> => {
    running.get(moment)?.({ kind: 'exit', code });
    await settle();
  };
  return { hooks, acts, finish };
}

describe('LinkHooks', () => {
  it('runs one moment behind the other', async () => {
    const { hooks, acts, finish } = rig();
    const up = hooks.run('up', facts);
    const changed = hooks.run('address-changed', facts);
    await settle();
    assert.deepEqual(acts, ['up begins']);
    await finish('up');
    await finish('address-changed', 3);
    assert.deepEqual([await up, await changed], [true, false]);
    assert.deepEqual(acts, ['up begins', 'up exit', 'address-changed begins', 'address-changed exit']);
    await hooks.idle();
  });

  it('ends an up hook that still runs before down runs, and skips what has not begun', async () => {
    const { hooks, acts, finish } = rig();
    const up = hooks.run('up', facts);
    const changed = hooks.run('address-changed', facts);
    await settle();
    hooks.fall();
    const down = hooks.run('down', facts);
    await settle();
    assert.deepEqual(acts, ['up begins', 'up cancelled', 'down begins']);
    await finish('down');
    assert.deepEqual([await up, await changed, await down], [false, false, true]);
  });

  it('lets down hooks end before the next up', async () => {
    const { hooks, acts, finish } = rig();
    void hooks.run('down', facts);
    void hooks.run('up', facts);
    hooks.fall();
    void hooks.run('down', facts);
    await settle();
    await finish('down');
    await finish('down');
    await hooks.idle();
    assert.deepEqual(
      acts.filter((act) => act.startsWith('up')),
      [],
    );
  });

  it('ends everything when told to', async () => {
    const { hooks, acts } = rig();
    for (const moment of hookMoments) void hooks.run(moment, facts);
    await settle();
    hooks.endAll();
    await hooks.idle();
    assert.deepEqual(acts, ['pre-up begins', 'pre-up cancelled']);
  });
});
