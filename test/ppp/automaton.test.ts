/** The automaton's table against RFC 1661 §4.1, and what the negotiator makes of its footnotes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNegotiating, states, table, timerRuns, transition, type Event } from '../../src/ppp/automaton.js';
import { readVectors } from '../support/vectors.js';

const [header = [], ...rows] = readVectors('rfc1661-automaton.txt')
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/));

describe('the automaton', () => {
  it('has the events and states of RFC 1661 §4.1', () => {
    assert.deepEqual(header, ['Event', ...states]);
    assert.deepEqual(
      rows.map(([event]) => event),
      Object.keys(table),
    );
  });

  for (const [event = '', ...cells] of rows) {
    it(`does what the RFC says on ${event}`, () => {
      assert(isEvent(event));
      assert.deepEqual(table[event], cells);
      cells.forEach((cell, column) => {
        const state = states[column]!;
        if (cell === '-') {
          assert.throws(() => transition(state, event), /illegal event/);
          return;
        }
        const { actions, next, footnote } = transition(state, event);
        const written = `${actions.length > 0 ? `${actions.join(',')}/` : ''}${states.indexOf(next)}${footnote ?? ''}`;
        assert.equal(written, cell);
      });
    });
  }

  it('runs the Restart timer in the states that have a TO event', () => {
    const running = ['Closing', 'Stopping', 'Req-Sent', 'Ack-Rcvd', 'Ack-Sent'];
    assert.deepEqual(
      states.filter((state) => timerRuns(state)),
      running,
    );
    assert.deepEqual(
      states.filter((state) => isNegotiating(state)),
      running.slice(2),
    );
  });
});

function isEvent(text: string): text is Event {
  return text in table;
}
