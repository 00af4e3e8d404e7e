/** Events are kept by link, bounded, without debugging; listeners hear all of them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventLog } from '../../src/link/event-log.js';
import type { LinkEvent } from '../../src/link/types.js';

function event(link: string, message: string, level: LinkEvent['level'] = 'info'): LinkEvent {
  return { time: new Date(0), link, type: 'log', level, message, state: 'up', cause: undefined };
}

describe('EventLog', () => {
  it('keeps the last 200 of each link, oldest first', () => {
    const log = new EventLog();
    for (let i = 0; i < 250; i++) log.add(event('a', `${i}`));
    log.add(event('b', 'other'));
    const messages = log.of('a').map(({ message }) => message);
    assert.deepEqual([messages.length, messages[0], messages.at(-1)], [200, '50', '249']);
    assert.deepEqual(log.of('nowhere'), []);
  });

  it('tells listeners everything until they end it, and keeps no debugging', () => {
    const log = new EventLog();
    const heard: string[] = [];
    const end = log.subscribe(({ message }) => heard.push(message));
    log.add(event('a', 'detail', 'debug'));
    end();
    log.add(event('a', 'late'));
    assert.deepEqual(heard, ['detail']);
    assert.deepEqual(
      log.of('a').map(({ message }) => message),
      ['late'],
    );
  });
});
