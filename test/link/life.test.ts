/** The table of a link's life: no state is a trap, and every way out gives everything back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lifeStep, type LifeEvent } from '../../src/link/life.js';
import type { LinkState } from '../../src/link/types.js';

const events: readonly LifeEvent[] = [
  'start',
  'stop',
  'restart',
  'line-opened',
  'open-failed',
  'network-up',
  'installed',
  'install-failed',
  'network-down',
  'finished',
  'line-ended',
  'timer',
  'closed-retry',
  'closed-rest',
  'doze',
  'closed-doze',
];

function walk(from: LinkState, ...path: readonly LifeEvent[]): { state: LinkState; actions: readonly string[] } {
  let state = from;
  const actions: string[] = [];
  for (const event of path) {
    const step = lifeStep(state, event);
    state = step?.next ?? state;
    actions.push(...(step?.actions ?? []));
  }
  return { state, actions };
}

describe('the table of a link’s life', () => {
  const cases: readonly [string, LinkState, readonly LifeEvent[], LinkState, readonly string[]][] = [
    [
      'comes up',
      'down',
      ['start', 'line-opened', 'network-up', 'installed'],
      'up',
      ['open-line', 'start-session', 'install'],
    ],
    [
      'a cable pull retries',
      'up',
      ['line-ended', 'closed-retry', 'timer'],
      'opening',
      ['uninstall', 'close-line', 'pause', 'open-line'],
    ],
    [
      'a command takes it down',
      'up',
      ['stop', 'finished', 'closed-rest'],
      'down',
      ['uninstall', 'close-session', 'close-line'],
    ],
    [
      'a dead peer does not hold a stop up',
      'up',
      ['stop', 'timer', 'closed-rest'],
      'down',
      ['uninstall', 'close-session', 'close-line'],
    ],
    ['a stop while opening', 'opening', ['stop', 'open-failed', 'closed-rest'], 'down', ['abort-open', 'close-line']],
    [
      'a line that opens after the stop',
      'opening',
      ['stop', 'line-opened', 'closed-rest'],
      'down',
      ['abort-open', 'close-line'],
    ],
    ['a renegotiation', 'up', ['network-down', 'network-up', 'installed'], 'up', ['uninstall', 'install']],
    [
      'routes that cannot be installed',
      'negotiating',
      ['network-up', 'install-failed', 'finished', 'closed-retry'],
      'waiting',
      ['install', 'close-session', 'close-line', 'pause'],
    ],
    ['a stop while waiting', 'waiting', ['stop'], 'down', ['uninstall']],
    ['sleeps from the start', 'down', ['doze'], 'dormant', ['stand-by']],
    ['wakes', 'dormant', ['start', 'line-opened'], 'negotiating', ['open-line', 'start-session']],
    [
      'an idle link hangs up and sleeps',
      'up',
      ['doze', 'finished', 'closed-doze'],
      'dormant',
      ['uninstall', 'close-session', 'close-line', 'stand-by'],
    ],
    [
      'a line that is not to be open any more before it is',
      'opening',
      ['doze', 'open-failed', 'closed-doze'],
      'dormant',
      ['abort-open', 'close-line', 'stand-by'],
    ],
    ['a pause after which nobody wants the line', 'waiting', ['doze'], 'dormant', ['stand-by']],
    ['another reason to sleep', 'dormant', ['doze'], 'dormant', ['stand-by']],
    ['sleep, when somebody deletes the interface', 'dormant', ['line-ended'], 'dormant', ['stand-by']],
    ['a stop while asleep', 'dormant', ['stop'], 'down', ['uninstall']],
    ['up while waiting does not wait', 'waiting', ['start'], 'opening', ['open-line']],
    [
      'a restart',
      'up',
      ['restart', 'finished', 'closed-retry', 'timer'],
      'opening',
      ['uninstall', 'close-session', 'close-line', 'pause', 'open-line'],
    ],
  ];
  for (const [name, from, path, state, actions] of cases) {
    it(name, () => {
      assert.deepEqual(walk(from, ...path), { state, actions });
    });
  }

  it('ignores what cannot happen', () => {
    assert.equal(lifeStep('down', 'installed'), undefined);
    assert.equal(lifeStep('waiting', 'network-up'), undefined);
  });

  it('after any events, opens and closes are balanced, and so are install and uninstall', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), (path) => {
        let state: LinkState = 'down';
        let open = 0;
        let installed = false;
        for (const event of path) {
          const step = lifeStep(state, event);
          if (step === undefined) continue;
          for (const action of step.actions) {
            if (action === 'open-line') assert.equal(open++, 0, `a second line from ${state} by ${event}`);
            if (action === 'install') installed = true;
            if (action === 'uninstall') installed = false;
          }
          if (event.startsWith('closed-')) open = 0;
          state = step.next;
          if (state === 'down' || state === 'waiting' || state === 'dormant') {
            assert.equal(open, 0, `${state} with an open line`);
            assert.equal(installed && !event.startsWith('closed-'), false);
          }
        }
      }),
    );
  });
});
