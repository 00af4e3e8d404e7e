/** A terminal's settings, kept and put back: on a pty, which keeps modes and speeds as a serial port does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { native } from '../../src/native/binding.js';
import { must } from '../support/process.js';
import { Descriptors } from './descriptors.js';

describe("a terminal's settings", () => {
  it('come back as they were, after everything was changed', async (t) => {
    const { slave, path } = new Descriptors(t).pty();
    const shown = (): Promise<string> => must('stty', ['-F', path, '-a']);
    await must('stty', ['-F', path, 'sane', '9600', 'ixoff', 'intr', '^A']);
    const [kept, before] = [native.getTerminal(slave), await shown()];
    await must('stty', ['-F', path, 'raw', '57600', '-ixoff', 'intr', '^C']);
    assert.notEqual(await shown(), before);
    native.setTerminal(slave, kept);
    assert.equal(await shown(), before);
    assert.deepEqual(native.getTerminal(slave), kept);
  });

  it('are refused where they are of another size, or there is no terminal', (t) => {
    const { slave } = new Descriptors(t).pty();
    assert.throws(() => {
      native.setTerminal(slave, new Uint8Array(3));
    }, RangeError);
    const [one] = new Descriptors(t).sockets();
    assert.throws(() => native.getTerminal(one), { code: 'ENOTTY' });
  });
});
