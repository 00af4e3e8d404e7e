/** The rig itself: a guest boots and obeys, and two pppds, each in a guest of its own, meet over the null modem. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NullModem } from '../support/null-modem.js';
import { PppdGuest } from './pppd-guest.js';

const WAIT_MS = 60_000;

describe('guest', () => {
  const guests: PppdGuest[] = [];
  let a: PppdGuest;
  let b: PppdGuest;
  let modem: NullModem | undefined;

  before(async () => {
    guests.push((a = await PppdGuest.boot()));
    guests.push((b = await PppdGuest.boot()));
    modem = new NullModem({ a: { kind: 'fd', fd: a.line }, b: { kind: 'fd', fd: b.line }, baud: 115_200 });
  });

  after(async () => {
    modem?.close();
    await Promise.all(guests.map((guest) => guest.close()));
  });

  it('runs scripts and gives status and output', async () => {
    assert.deepEqual(await a.run('echo out; echo err >&2; exit 3'), { status: 3, output: 'out\nerr\n' });
    assert.deepEqual(await a.run('printf %s "$((6 * 7))"'), { status: 0, output: '42' });
  });

  it('ends a script that takes too long, and goes on', async () => {
    assert.equal((await a.run('sleep 600', 1000)).status, 124);
    assert.equal((await a.run('true')).status, 0);
  });

  it('cannot write to the file system of the host', async () => {
    assert.match((await a.run('touch /usr/linkd-was-here')).output, /Read-only/);
  });

  it('has a pppd that brings a link up with another, carries pings and ends it', async () => {
    const one = await a.startPppd(['10.0.0.1:10.0.0.2']);
    const other = await b.startPppd(['10.0.0.2:10.0.0.1']);
    await one.untilUp(WAIT_MS);
    await other.untilUp(WAIT_MS);
    await a.must('ping -c 3 -i 0.2 10.0.0.2', WAIT_MS);
    assert.equal(await one.stop(), 5, 'ended by a signal');
    assert.match(one.log, /LCP TermReq/);
    assert.notEqual(await other.exited(WAIT_MS), 0);
  });
});
