/** The rates of a link's status: by two reports, never negative, and none once they are old. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusBoard } from '../../src/link/status-board.js';
import type { LinkCounters } from '../../src/link/types.js';
import { testConfig } from '../support/link-rig.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

class Board {
  readonly scheduler = new VirtualScheduler();
  readonly board = new StatusBoard(testConfig, this.scheduler);

  report(rxBytes: number, txBytes: number): void {
    const none = { rxPackets: 0, txPackets: 0, lineRxBytes: 0, lineTxBytes: 0, errors: {} };
    const counters: LinkCounters = { ...none, rxBytes, txBytes };
    this.board.statistics({
      ...{ link: 'branch', type: 'statistics', session: undefined, counters },
      at: this.scheduler.now(),
    });
  }

  get rates(): number[] {
    const { rxBytesPerSecond, txBytesPerSecond } = this.board.status();
    return [rxBytesPerSecond, txBytesPerSecond];
  }
}

describe("a link's rates", () => {
  it('are those between the last two reports', async () => {
    const board = new Board();
    assert.deepEqual(board.rates, [0, 0]);
    board.report(1000, 2000);
    await board.scheduler.pass(2000);
    board.report(3000, 8000);
    assert.deepEqual(board.rates, [1000, 3000]);
  });

  it('are not taken from reports that follow each other closely', async () => {
    const board = new Board();
    board.report(0, 0);
    await board.scheduler.pass(1000);
    board.report(500, 500);
    await board.scheduler.pass(499);
    board.report(100_000, 100_000);
    assert.deepEqual(board.rates, [500, 500]);
  });

  it('are 0, and not negative, where the worker began to count anew', async () => {
    const board = new Board();
    board.report(10_000, 10_000);
    await board.scheduler.pass(1000);
    board.report(0, 10_500);
    assert.deepEqual(board.rates, [0, 500]);
  });

  it('are none once they are old: a worker is silent while nothing changes', async () => {
    const board = new Board();
    board.report(0, 0);
    await board.scheduler.pass(1000);
    board.report(700, 700);
    await board.scheduler.pass(2499);
    assert.deepEqual(board.rates, [700, 700]);
    await board.scheduler.pass(1);
    assert.deepEqual(board.rates, [0, 0]);
  });
});
