/** A full line in virtual time: how long a small packet waits, and how much of the line is used. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PumpPair, udpPacket } from '../support/pump-pair.js';

/** What the line may have to do still when the next frame is handed to it; and what timers and ticks of 1 ms take. */
const aheadMs = 20;
const tickMs = 6;
/** A flag, Address, Control, Protocol and FCS; a second flag. */
const framing = 9;

const bulk = 1;
const small = 2;
const smallOctets = 84;

interface Found {
  /** The longest that a small packet took, in ms. */
  readonly longest: number;
  /** Octets of bulk packets that arrived, of those that the line carried in the time. */
  readonly used: number;
}

/** A flow that always has packets waiting, and beside it a small packet every now and then. */
async function fill(baud: number, bulkOctets: number, seconds: number): Promise<Found> {
  const octetsPerMs = baud / 10_000;
  const pair = new PumpPair(octetsPerMs, baud);
  for (const end of [pair.a, pair.b]) end.options = { ...end.options, mtu: bulkOctets };
  await pair.up();
  const arrived = pair.b.port.delivered;
  let sentAt = 0;
  let mark = 0;
  let longest = 0;
  let octets = 0;
  let waiting = 0;
  const from = pair.scheduler.now();
  while (pair.scheduler.now() - from < seconds * 1000) {
    const now = pair.scheduler.now();
    for (const packet of arrived.splice(0)) {
      if (packet.length === bulkOctets) {
        octets += bulkOctets;
        waiting--;
      } else if (packet.at(-1) === mark) {
        longest = Math.max(longest, now - sentAt);
        sentAt = 0;
      }
    }
    for (; waiting < 3; waiting++) pair.a.port.send(udpPacket(bulkOctets, bulk));
    // At ever other moments of the frame that is on its way.
    if (sentAt === 0 && now % 37 === 0) {
      mark = (mark + 1) & 0x7f;
      sentAt = now;
      pair.a.port.send(udpPacket(smallOctets, small, mark));
    }
    await pair.scheduler.pass(1);
  }
  return { longest, used: octets / (seconds * 1000 * octetsPerMs) };
}

describe('a full line', () => {
  for (const { baud, octets, seconds } of [
    { baud: 115_200, octets: 1500, seconds: 60 },
    { baud: 115_200, octets: 576, seconds: 60 },
    { baud: 9600, octets: 296, seconds: 300 },
    { baud: 9600, octets: 1500, seconds: 300 },
  ]) {
    it(`of ${baud} baud lets a small packet wait for one packet of ${octets} octets at most`, async () => {
      const { longest } = await fill(baud, octets, seconds);
      const frameMs = ((octets + framing) * 10_000) / baud;
      const ownMs = ((smallOctets + framing) * 10_000) / baud;
      assert.ok(longest <= frameMs + aheadMs + ownMs + tickMs, `${longest} ms, a frame takes ${frameMs}`);
      assert.ok(longest > frameMs / 2, `${longest} ms: the line was not full`);
    });
  }

  it('never idles while packets wait', async () => {
    const { used } = await fill(115_200, 1500, 60);
    const smallShare = (smallOctets + framing) / 1500;
    assert.ok(used >= 0.97 * (1 - smallShare), `${(100 * used).toFixed(1)} % of the line`);
  });
});
