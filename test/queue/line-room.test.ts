/** How much may be handed to a line, by its speed and by the kernel's count. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineRoom } from '../../src/queue/line-room.js';

const frameOctets = 1508;

describe('LineRoom', () => {
  // Each row: a speed in octets per second, and what an empty line may be handed: 20 ms and a frame, or 64 KiB.
  for (const { bytesPerSecond, limit } of [
    { bytesPerSecond: 960, limit: 20 + frameOctets },
    { bytesPerSecond: 11_520, limit: 231 + frameOctets },
    { bytesPerSecond: 400_000, limit: 8_000 + frameOctets },
    { bytesPerSecond: undefined, limit: 65_536 },
  ]) {
    it(`gives an empty line of ${bytesPerSecond ?? 'unknown'} octets a second ${limit} octets`, () => {
      const room = new LineRoom(bytesPerSecond, { frameOctets });
      assert.equal(room.room(0, 0), limit);
      assert.equal(room.wakeAfterMs(0), undefined);
    });
  }

  it('reckons from the speed what is still on its way', () => {
    const room = new LineRoom(1000, { frameOctets: 100 });
    room.handed(100, 50);
    assert.equal(room.room(0, 50), 20);
    assert.equal(room.room(0, 60), 30);
    assert.equal(room.wakeAfterMs(60), 70);
    assert.equal(room.room(0, 130), 100);
    assert.equal(room.wakeAfterMs(130), undefined);
    room.handed(100, 140);
    assert.equal(room.room(0, 140), 10);
    assert.equal(room.room(0, 100_000), 120);
    room.handed(110, 100_000);
    assert.equal(room.room(0, 100_000), 10, 'time without anything to send saves nothing up');
  });

  it('has less for the line when frames become smaller', () => {
    const room = new LineRoom(1000, { frameOctets });
    room.setFrame(100);
    assert.equal(room.room(0, 0), 120);
    room.handed(70, 0);
    assert.equal(room.wakeAfterMs(0), 50);
  });

  it("believes the kernel's count where it is larger", () => {
    const room = new LineRoom(1000, { frameOctets: 100 });
    room.handed(50, 0);
    assert.equal(room.room(100, 0), 20);
    assert.equal(room.wakeAfterMs(0), 80);
    assert.equal(room.room(100, 1000), 20, 'the line is held up');
    assert.equal(room.room(10, 1000), 110);
    assert.equal(room.room(5000, 1000), 0);
  });

  it("has nothing but the kernel's count without a speed", () => {
    const room = new LineRoom(undefined, { frameOctets });
    room.handed(1_000_000, 0);
    assert.equal(room.room(0, 0), 65_536);
    assert.equal(room.room(65_000, 0), 536);
    assert.ok(room.wakeAfterMs(0)! > 0);
  });

  it('keeps a line busy, and never more than its limit on the way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 120, max: 500_000 }),
        fc.array(fc.integer({ min: 20, max: frameOctets }), { minLength: 10, maxLength: 60 }),
        (bytesPerSecond, frames) => {
          const room = new LineRoom(bytesPerSecond, { frameOctets });
          const limit = room.room(0, 0);
          const perMs = bytesPerSecond / 1000;
          let now = 0;
          let busyUntil = 0;
          for (const frame of frames) {
            while (room.room(0, now) < frameOctets) {
              const wait = room.wakeAfterMs(now);
              assert.ok(wait !== undefined && wait >= 1);
              now += wait;
              assert.ok(busyUntil - now >= 19 - 1 / perMs, 'the line was idle, or would be with a late timer');
            }
            room.handed(frame, now);
            busyUntil = Math.max(busyUntil, now) + frame / perMs;
            assert.ok((busyUntil - now) * perMs <= limit + 1, 'too much on the way');
          }
        },
      ),
    );
  });
});
