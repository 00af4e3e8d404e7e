/** What procfs says of locks and terminals. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { flocksIn, isTerminalNumber, terminalOf } from '../../src/probe/holder-texts.js';

describe('/proc/locks', () => {
  it('names those who have locked a whole file by flock', () => {
    const text = [
      '1: POSIX  ADVISORY  WRITE 700 00:1a:55 0 EOF',
      '2: FLOCK  ADVISORY  WRITE 812 00:05:93 0 EOF',
      '2: -> FLOCK  ADVISORY  WRITE 900 00:05:93 0 EOF',
      '3: FLOCK  ADVISORY  WRITE -1 fd:103:94 0 EOF',
      '4: FLOCK  ADVISORY  READ 5 fd:103:95 0 EOF',
      '',
    ].join('\n');
    assert.deepEqual(flocksIn(text), [
      { pid: 812, device: 0x5, inode: 93 },
      { pid: 5, device: 0x10fd03, inode: 95 },
    ]);
    assert.deepEqual(flocksIn(undefined), []);
  });
});

describe('/proc/PID/stat', () => {
  for (const [text, terminal] of [
    ['812 (agetty) S 1 812 812 1088 812 4194304', 1088],
    ['7 (a) b) ( 1 2) R 1 7 7 34816 7 0', 34816],
    ['1 (systemd) S 0 1 1 0 -1 4194560', undefined],
    [undefined, undefined],
    ['', undefined],
  ] as const) {
    it(`has the terminal ${terminal ?? 'of nobody'} in ${text ?? 'nothing'}`, () => {
      assert.equal(terminalOf(text), terminal);
    });
  }

  it('of this process can be read', () => {
    const terminal = terminalOf(readFileSync('/proc/self/stat', 'utf8'));
    assert.ok(terminal === undefined || terminal > 0);
  });
});

describe('/proc/tty/drivers', () => {
  const text = [
    '/dev/tty             /dev/tty        5       0 system:/dev/tty',
    'serial               /dev/ttyS       4 64-95 serial',
    'usbserial            /dev/ttyUSB   188 0-511 serial',
    'pty_slave            /dev/pts      136 0-1048575 pty:slave',
    '',
  ].join('\n');
  for (const [device, is] of [
    [4 * 256 + 64, true],
    [4 * 256 + 96, false],
    [188 * 256 + 1, true],
    [136 * 256 + 7, true],
    [1 * 256 + 3, false],
    [5 * 256, true],
  ] as const) {
    it(`${is ? 'has' : 'has not'} the device 0x${device.toString(16)}`, () => {
      assert.equal(isTerminalNumber(device, text), is);
    });
  }
});
