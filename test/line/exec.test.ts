/** A program as a line: its data, its end by status and signal, and that none is left running. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ExecSource } from '../../src/line/exec.js';
import type { Line } from '../../src/line/line.js';
import { native } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';
import {
  assertLeaksNothing,
  assertRefused,
  everyOctet,
  MemoryLog,
  openLine,
  PATIENCE_MS,
  receive,
  scratch,
  send,
  endOf,
} from './rig.js';

type Command = readonly [string, ...string[]];

function sourceOf(command: Command, pty = false, log = new MemoryLog()): ExecSource {
  return new ExecSource({ kind: 'exec', command, pty, speed: 9600 }, log);
}

/** A shell script as the program. */
function script(text: string): Command {
  return ['sh', '-c', text];
}

async function text(line: Line, length: number): Promise<string> {
  return Buffer.from(await receive(line.fd, length)).toString();
}

/** Reads until the line has said this. */
async function said(line: Line, pattern: RegExp): Promise<RegExpExecArray> {
  const buffer = new Uint8Array(4096);
  let all = '';
  const found = await eventually(
    () => {
      const count = native.read(line.fd, buffer, 0, buffer.length);
      if (count > 0) all += Buffer.from(buffer.subarray(0, count)).toString();
      return pattern.exec(all) ?? undefined;
    },
    PATIENCE_MS,
    `the program says ${pattern}`,
  );
  return found;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What nobody has waited for yet is a zombie: as good as gone.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function ended(line: Line): Promise<unknown> {
  return within(line.ended, PATIENCE_MS, 'the end of the program');
}

for (const pty of [false, true]) {
  describe(pty ? 'a program on a pty' : 'a program on a socket', () => {
    it('carries octets both ways', async (t) => {
      const line = await openLine(t, sourceOf(['cat'], pty));
      assert.equal(line.name, 'cat');
      assert.equal(line.speed, 9600);
      await send(line.fd, everyOctet);
      assert.deepEqual(await receive(line.fd, 256), everyOctet);
    });

    it('gets its arguments as they are, without a shell', async (t) => {
      const line = await openLine(t, sourceOf(['printf', '%s|', 'a b', '$HOME', '*', '-n', ''], pty));
      assert.equal(await text(line, 16), 'a b|$HOME|*|-n||');
    });

    it('gets a minimal environment and the root folder', async (t) => {
      process.env['LINKD_TEST_SECRET'] = 'precious';
      t.after(() => {
        delete process.env['LINKD_TEST_SECRET'];
      });
      const line = await openLine(t, sourceOf(script('env | cut -d= -f1 | sort | tr "\\n" " "; pwd; echo done'), pty));
      const [, names = '', folder] = await said(line, /^(.*) (\S+)\r?\ndone/);
      const known = ['HOME', 'LANG', 'OLDPWD', 'PATH', 'PWD', '_', 'SHLVL'];
      assert.deepEqual(
        names.split(' ').filter((name) => !known.includes(name)),
        [],
      );
      assert.ok(names.includes('PATH'));
      assert.equal(folder, '/');
    });

    it('leads a session and a process group', async (t) => {
      const line = await openLine(t, sourceOf(script('echo $$ $(ps -o pid=,pgid=,sid=,tty= -p $$); cat'), pty));
      const [, pid, ...ids] = await said(line, /^(\d+) (\d+) (\d+) (\d+) (\S+)/);
      assert.deepEqual(ids.slice(0, 3), [pid, pid, pid]);
      assert.match(ids[3] ?? '', pty ? /^pts\/\d+$/ : /^\?$/);
    });

    it('that exits ends the line with its status', async (t) => {
      const line = await openLine(t, sourceOf(script('exit 7'), pty));
      assert.deepEqual(await ended(line), { code: 'program-exited', detail: 'sh: exit status 7' });
      const end = await endOf(line.fd);
      assert.equal(end, pty ? 'EIO' : 'eof');
      const reason = await line.explain(end === 'eof' ? { kind: 'eof' } : { kind: 'error', code: end });
      assert.deepEqual(reason, { code: 'program-exited', detail: 'sh: exit status 7' });
    });

    it('that is killed ends the line with the signal', async (t) => {
      const line = await openLine(t, sourceOf(script('echo $$; cat'), pty));
      const pid = Number((await said(line, /^(\d+)\r?\n/))[1]);
      process.kill(pid, 'SIGKILL');
      assert.deepEqual(await ended(line), { code: 'program-exited', detail: 'sh: ended by SIGKILL' });
    });

    it('that closes its output and lives on has closed the line', async (t) => {
      const line = await openLine(t, sourceOf(script('exec <&- >&- 2>&-; exec sleep 600'), pty));
      const end = await endOf(line.fd);
      const reason = await line.explain(end === 'eof' ? { kind: 'eof' } : { kind: 'error', code: end });
      assert.equal(reason.code, pty ? 'connection-reset' : 'line-closed');
    });

    it('is ended with all it started when the line is closed', async (t) => {
      const line = await openLine(t, sourceOf(script('sleep 600 & echo $$ $!; cat; sleep 600'), pty));
      const [, ...pids] = (await said(line, /(\d+) (\d+)\r?\n/)).map(Number);
      assert.ok(pids.every(isAlive));
      await Promise.all([line.close(), line.close()]);
      assert.deepEqual(pids.filter(isAlive), []);
    });

    it('that ignores SIGTERM and hang-up is killed', async (t) => {
      const line = await openLine(t, sourceOf(script('trap "" TERM HUP; echo $$; while :; do sleep 1; done'), pty));
      const pid = Number((await said(line, /^(\d+)\r?\n/))[1]);
      await within(line.close(), PATIENCE_MS, 'the line is closed');
      assert.ok(!isAlive(pid));
    });

    it('takes with it what it started when it exits by itself', async (t) => {
      const line = await openLine(t, sourceOf(script('sleep 600 </dev/null >/dev/null 2>&1 & echo $!; exit 0'), pty));
      const pid = Number((await said(line, /^(\d+)\r?\n/))[1]);
      await ended(line);
      await eventually(() => !isAlive(pid), PATIENCE_MS, 'the orphan is ended');
    });

    it('that cannot be started is named', async (t) => {
      const folder = scratch(t);
      const plain = join(folder, 'plain');
      writeFileSync(plain, 'no program', { mode: 0o644 });
      mkdirSync(join(folder, 'folder'));
      await assertRefused(sourceOf([join(folder, 'none')], pty), 'program-failed', /none: .*ENOENT/);
      await assertRefused(
        sourceOf(['linkd-no-such-program'], pty),
        'program-failed',
        /linkd-no-such-program: .*ENOENT/,
      );
      await assertRefused(sourceOf([plain], pty), 'program-failed', /plain: .*EACCES/);
      await assertRefused(sourceOf([join(folder, 'folder')], pty), 'program-failed', /folder: .*not a file/);
    });

    it('is aborted at any moment, and leaks nothing', async (t) => {
      const folder = scratch(t);
      const source = sourceOf(script(`echo $$ >> ${folder}/pids; cat`), pty);
      await assert.rejects(source.open(AbortSignal.abort(new Error('early'))), /early/);
      await assertLeaksNothing(async () => {
        const controller = new AbortController();
        const opening = source.open(controller.signal);
        controller.abort(new Error('enough'));
        await assert.rejects(opening, /enough/);
        const line = await openLine(t, source);
        await line.close();
        await assertRefused(sourceOf(['linkd-no-such-program'], pty), 'program-failed', /ENOENT/);
      });
      const pids = existsSync(`${folder}/pids`)
        ? readFileSync(`${folder}/pids`, 'utf8').trim().split('\n').map(Number)
        : [];
      assert.deepEqual(pids.filter(isAlive), []);
    });
  });
}

describe('standard error of a program on a socket', () => {
  it('goes to the log, and its last line into the cause', async (t) => {
    const log = new MemoryLog();
    const line = await openLine(
      t,
      sourceOf(script('echo one >&2; printf "two\\r\\n\\n" >&2; printf three >&2; exit 1'), false, log),
    );
    assert.deepEqual(await ended(line), { code: 'program-exited', detail: 'sh: exit status 1: three' });
    assert.deepEqual(
      log.of('info').map(({ fields }) => fields['stderr']),
      ['one', 'two', 'three'],
    );
  });

  it('is bounded in length and rate', async (t) => {
    const log = new MemoryLog();
    const flood = 'head -c 100000 /dev/zero | tr "\\0" x >&2; echo >&2; seq 1 5000 >&2; echo last >&2; exit 1';
    const line = await openLine(t, sourceOf(script(flood), false, log));
    assert.deepEqual(await ended(line), { code: 'program-exited', detail: 'sh: exit status 1: last' });
    const entries = log.of('info');
    const lines = entries.filter(({ fields }) => 'stderr' in fields);
    assert.equal(String(lines[0]?.fields['stderr']).length, 400);
    // A slow machine may get into a second window of time.
    assert.ok(lines.length >= 20 && lines.length <= 60, `${lines.length} lines`);
    const suppressed = entries.reduce((sum, { fields }) => sum + Number(fields['suppressed'] ?? 0), 0);
    assert.equal(lines.length + suppressed, 5002);
  });

  it('held open by a daemon that got away keeps nothing of ours', async (t) => {
    const folder = scratch(t);
    const escape = script(`setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 600' </dev/null >/dev/null & cat`);
    await assertLeaksNothing(async () => {
      const line = await openLine(t, sourceOf(escape));
      const pid = await eventually(
        () => existsSync(`${folder}/pid`) && (Number(readFileSync(`${folder}/pid`, 'utf8')) || undefined),
        PATIENCE_MS,
        'the daemon has started',
      );
      await within(line.close(), PATIENCE_MS, 'the line is closed');
      assert.ok(isAlive(pid));
      process.kill(pid, 'SIGKILL');
      rmSync(`${folder}/pid`);
    });
  });
});

describe('the queue of a program on a socket', () => {
  it('stays with us: little fits into the socket', async (t) => {
    const line = await openLine(t, sourceOf(['sleep', '600']));
    const octets = new Uint8Array(65_536);
    const taken = native.write(line.fd, octets, 0, octets.length);
    assert.ok(taken > 0 && taken <= 16_384, `${taken} octets`);
  });
});
