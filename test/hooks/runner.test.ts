/** Hooks as programs do it: in order, failing, hanging, forking, flooding, and as other users. Needs root. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Hook } from '../../src/hooks/options.js';
import type { HookOutcome, HookResult } from '../../src/hooks/result.js';
import { describeOutcome, succeeded } from '../../src/hooks/result.js';
import { eventually, within } from '../support/eventually.js';
import { throughClosedFolders } from '../support/open-folders.js';
import { must, run } from '../support/process.js';
import { documentedVariables, facts, hook, isAlive, PATIENCE_MS, Rig } from './rig.js';

const ok: HookOutcome = { kind: 'exit', code: 0 };

function outcomes(results: readonly HookResult[]): readonly HookOutcome['kind'][] {
  return results.map(({ outcome }) => outcome.kind);
}

function pidsIn(text: string | undefined): readonly number[] {
  return (text ?? '').split('\n').filter(Boolean).map(Number);
}

function assertRefused({ outcome }: HookResult, reason: RegExp): void {
  assert.match(outcome.kind === 'refused' ? outcome.reason : `not refused: ${outcome.kind}`, reason);
}

describe('the hooks of a moment', () => {
  it('run one after the other, in order, whatever becomes of each', async (t) => {
    const rig = new Rig(t);
    const step = (name: string, rest: string): string => rig.script(`echo ${name} >>"$here/order"; ${rest}`);
    const results = await rig.results([
      hook([step('slow', 'sleep 0.3; echo slow is done >>"$here/order"')]),
      hook([step('failing', 'exit 3')]),
      hook([rig.path('missing')]),
      hook([step('killed', 'kill -SEGV $$')]),
      hook([step('last', 'exit 0')]),
    ]);
    assert.equal(rig.written('order'), 'slow\nslow is done\nfailing\nkilled\nlast\n');
    assert.deepEqual(
      results.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.kind : outcome)),
      [ok, { kind: 'exit', code: 3 }, 'refused', { kind: 'signal', signal: 'SIGSEGV' }, ok],
    );
    assert.deepEqual(results.map(succeeded), [true, false, false, false, true]);
    assert.deepEqual(results.map(describeOutcome), [
      'exit status 0',
      'exit status 3',
      `not run: ${rig.path('missing')} does not exist`,
      'ended by SIGSEGV',
      'exit status 0',
    ]);
  });

  it('are those of that moment only, and may be none', async (t) => {
    const rig = new Rig(t);
    assert.deepEqual(await rig.start('down', []).done, []);
    const [result] = await rig.start('post-down', [hook(['/usr/bin/printenv', 'LINKD_MOMENT'])]).done;
    assert.equal(result?.moment, 'post-down');
    assert.equal(result.output, 'post-down\n');
    assert.deepEqual(result.command, ['/usr/bin/printenv', 'LINKD_MOMENT']);
    assert.ok(result.durationMs > 0 && Math.abs(Date.now() - result.startedAt.getTime()) < PATIENCE_MS);
  });

  it('hold up neither those of another link nor anything else', async (t) => {
    const rig = new Rig(t);
    const slow = rig.start('up', [hook([rig.script('sleep 60')])]);
    let ended = false;
    void slow.done.then(() => (ended = true));
    const other = rig.start('up', [hook(['/bin/true'])], { ...facts, link: 'other' });
    assert.deepEqual(outcomes(await other.done), ['exit']);
    assert.equal(ended, false);
    await slow.cancel();
  });

  it('are told in the log, without their arguments', async (t) => {
    const rig = new Rig(t);
    const failing = rig.script('echo first; echo "it is broken" >&2; exit 1');
    await rig.results([hook(['/bin/true', 'private']), hook([failing, 'private'])]);
    assert.deepEqual(
      rig.log.map(({ level, message, fields }) => [level, message, fields['hook'], fields['outcome'], fields['says']]),
      [
        ['debug', 'the hook has ended', '/bin/true', 'exit status 0', undefined],
        ['debug', 'the hook has failed', failing, 'exit status 1', 'it is broken'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(rig.log), /private/);
  });
});

describe('a hook', () => {
  it('has no input, runs in /, and inherits nothing that is open', async (t) => {
    const rig = new Rig(t);
    const { output, outcome } = await rig.shell('pwd; cat; readlink /proc/self/fd/0; exec ls /proc/self/fd');
    assert.deepEqual(outcome, ok);
    // What this test was itself given by those who started it goes on to whatever it starts.
    const plain = await must('ls', ['/proc/self/fd']);
    assert.equal(output, `/\n/dev/null\n${plain}`);
  });

  it('leads a session of its own', async (t) => {
    const { output } = await new Rig(t).shell(`cut -d' ' -f1,5,6 /proc/$$/stat`);
    const [pid, group, session] = output.trim().split(' ');
    assert.deepEqual([group, session], [pid, pid]);
  });

  it('gets its arguments as they are, without a shell', async (t) => {
    const { output } = await new Rig(t).result(hook(['/usr/bin/printf', '%s|', 'a b', '$HOME', '*', '']));
    assert.equal(output, 'a b|$HOME|*||');
  });

  it('has exactly the documented environment', async (t) => {
    const { output } = await new Rig(t).result(hook(['/usr/bin/env']));
    const names = Array.from(output.matchAll(/^(\w+)=/gm), ([, name]) => name);
    assert.deepEqual(names, documentedVariables('environment'));
  });

  it('keeps the order of its output and its errors', async (t) => {
    const { output } = await new Rig(t).shell(
      'for i in 1 2 3; do echo out $i; echo err $i >&2; done; echo >/dev/stderr',
    );
    assert.equal(output, 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n\n');
  });

  it('prints binary and escape sequences without harm', async (t) => {
    const { output } = await new Rig(t).shell(String.raw`printf '\033[2J\000\007\377ok\n'`);
    assert.equal(output, '\\x1b[2J\\x00\\x07\ufffdok\n');
  });

  it('may flood its output: the beginning and the end are kept, in little memory', async (t) => {
    const rig = new Rig(t);
    const before = process.memoryUsage().arrayBuffers;
    const { output, outcome, truncated } = await rig.shell(
      'echo begin; head -c 100000000 /dev/zero | tr "\\0" x; echo end',
    );
    assert.deepEqual([outcome, truncated], [ok, true]);
    assert.ok(output.startsWith('begin\nxxx') && output.endsWith('xxxend\n'));
    assert.match(output, /\n\[… 99983626 octets left out …\]\n/);
    assert.ok(output.length < 17_000);
    const growth = process.memoryUsage().arrayBuffers - before;
    assert.ok(growth < 32 * 1024 * 1024, `${growth} octets more`);
  });

  it('may remove itself; the next time it is not there', async (t) => {
    const rig = new Rig(t);
    const fleeting = hook([rig.script('rm -- "$0"; echo gone')]);
    const [first, second] = await rig.results([fleeting, fleeting]);
    assert.deepEqual([first?.outcome, first?.output], [ok, 'gone\n']);
    assert.ok(second);
    assertRefused(second, /script-0 does not exist$/);
  });

  const unfit = [
    { name: 'not executable', mode: 0o644, reason: /is not executable: chmod \+x / },
    { name: 'writable by everyone', mode: 0o777, reason: /is writable by everyone, .*: chmod go-w / },
  ];
  for (const { name, mode, reason } of unfit) {
    it(`is refused when it is ${name}`, async (t) => {
      const rig = new Rig(t);
      assertRefused(await rig.result(hook([rig.script('touch "$here/ran"', mode)])), reason);
      assert.equal(rig.written('ran'), undefined);
    });
  }

  it('is refused when its interpreter is missing', async (t) => {
    const rig = new Rig(t);
    const script = rig.script('exit 0');
    await must('sed', ['-i', '1s:.*:#!/missing/interpreter:', script]);
    assertRefused(await rig.result(hook([script])), /cannot be started: .*ENOENT/);
  });

  it('leaves no pipe behind, in the file system or open', async (t) => {
    const rig = new Rig(t);
    const { TMPDIR: before } = process.env;
    t.after(() => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    });
    process.env['TMPDIR'] = rig.folder;
    await rig.results([hook(['/bin/true'])]);
    const open = readdirSync('/proc/self/fd').length;
    await rig.results([hook(['/bin/true']), hook([rig.path('missing')]), hook(['/bin/false'])]);
    await eventually(() => readdirSync('/proc/self/fd').length <= open, PATIENCE_MS, 'all descriptors are closed');
    assert.deepEqual(readdirSync(rig.folder), []);
  });

  it('is refused when there is no place for its pipe', async (t) => {
    const rig = new Rig(t);
    const program = runnerProgram([{ command: ['/bin/true'] }]);
    const { stdout } = await run(program[0], program.slice(1), { env: { TMPDIR: rig.path('missing') } });
    assert.match(stdout, /^not run: ENOENT: .*missing\/linkd-hook-/);
  });
});

describe('a hook that takes too long', () => {
  it('is ended', async (t) => {
    const { outcome, output, durationMs } = await new Rig(t).shell('echo begun; sleep 600', { timeoutMs: 300 });
    assert.deepEqual([outcome, output], [{ kind: 'timeout' }, 'begun\n']);
    assert.ok(durationMs >= 300);
  });

  it('may tidy up', async (t) => {
    const rig = new Rig(t);
    const script = `exec 2>/dev/null; trap 'echo tidy; exit 0' TERM; echo begun; while :; do sleep 0.05; done`;
    const { outcome, output } = await rig.shell(script, { timeoutMs: 300 });
    assert.deepEqual([outcome, output], [{ kind: 'timeout' }, 'begun\ntidy\n']);
  });

  it('is killed when it ignores SIGTERM, with children that do', async (t) => {
    const rig = new Rig(t);
    const stubborn = `trap '' TERM; sleep 600 & echo $! >>"$here/pids"; echo $$ >>"$here/pids"; sleep 600`;
    const { outcome } = await rig.shell(stubborn, { timeoutMs: 300 });
    assert.equal(outcome.kind, 'timeout');
    assertEnded(rig, 2);
  });

  it('is killed when it has stopped itself', async (t) => {
    const rig = new Rig(t);
    await rig.shell(`trap '' TERM; echo $$ >>"$here/pids"; kill -STOP $$; sleep 600`, { timeoutMs: 300 });
    assertEnded(rig, 1);
  });

  const families = [
    { name: 'children in its process group', script: 'sleep 600 &' },
    { name: 'children in groups of their own', script: 'set -m; sleep 600 &' },
    { name: 'a child in a session of its own', script: 'setsid sleep 600 &' },
    {
      name: 'a daemon: a session of its own, and an orphan',
      script: '(setsid sh -c \'sleep 600 & echo $! >>"$1"\' sh "$here/pids" &)',
    },
    { name: 'a child in a new environment and a session of its own', script: 'setsid env -i sleep 600 &' },
    { name: 'such a child that ignores SIGTERM', script: `trap '' TERM; setsid env -i sleep 600 & trap - TERM` },
    { name: 'children that fork on', script: 'fork() { echo $$ >/dev/null; sleep 0.02; fork & wait; }; fork &' },
  ];
  for (const { name, script } of families) {
    it(`is ended with ${name}`, async (t) => {
      const rig = new Rig(t);
      const whole = `exec 2>/dev/null; ${script}\n[ -z "$!" ] || echo $! >>"$here/pids"\necho $$ >>"$here/pids"\nwhile :; do sleep 1; done`;
      const { outcome } = await rig.shell(whole, { timeoutMs: 700 });
      assert.equal(outcome.kind, 'timeout');
      assertEnded(rig, 2);
      assert.deepEqual(processesWith(rig.folder), []);
    });
  }

  it('does not keep those behind it from running', async (t) => {
    const rig = new Rig(t);
    const results = await rig.results([hook(['/bin/sleep', '600'], { timeoutMs: 100 }), hook(['/bin/true'])]);
    assert.deepEqual(outcomes(results), ['timeout', 'exit']);
  });

  it('costs little of our time while it floods', async (t) => {
    const rig = new Rig(t);
    const before = process.cpuUsage();
    const { outcome } = await rig.result(hook(['/usr/bin/yes'], { timeoutMs: 2000 }));
    const { user, system } = process.cpuUsage(before);
    assert.equal(outcome.kind, 'timeout');
    assert.ok(user + system < 1_000_000, `${user + system} µs of CPU`);
  });
});

describe('what a hook leaves behind when it ends well', () => {
  it('goes on, and is not waited for', async (t) => {
    const rig = new Rig(t);
    const { outcome, output } = await rig.shell('sleep 600 & echo $! >"$here/pids"; echo done', { timeoutMs: 20_000 });
    const [pid = 0] = pidsIn(rig.written('pids'));
    t.after(() => {
      process.kill(pid, 'SIGKILL');
    });
    assert.deepEqual([outcome, output], [ok, 'done\n']);
    assert.ok(isAlive(pid));
  });
});

describe('cancelling', () => {
  it('ends the running hook with its children, and skips the rest', async (t) => {
    const rig = new Rig(t);
    const running = rig.script(
      'echo hello; (setsid sleep 600 & echo $! >>"$here/pids"); echo $$ >>"$here/pids"; sleep 600',
    );
    const run = rig.start('up', [hook(['/bin/true']), hook([running]), hook([rig.script('touch "$here/skipped"')])]);
    await eventually(() => pidsIn(rig.written('pids')).length === 2, PATIENCE_MS, 'the hook runs');
    await within(run.cancel(), PATIENCE_MS, 'the end of the hook');
    assertEnded(rig, 2);
    const results = await run.done;
    assert.deepEqual(outcomes(results), ['exit', 'cancelled']);
    assert.equal(results[1]?.output, 'hello\n');
    assert.equal(rig.written('skipped'), undefined);
    assert.deepEqual(
      rig.log.map(({ level }) => level),
      ['debug', 'debug'],
    );
  });

  it('comes in time even when the hook was only about to start', async (t) => {
    const rig = new Rig(t);
    const run = rig.start('up', [hook([rig.script('touch "$here/ran"; sleep 600')])]);
    await within(run.cancel(), PATIENCE_MS, 'the end of the run');
    assert.deepEqual(outcomes(await run.done), ['cancelled']);
    assert.equal(rig.written('ran'), undefined);
  });

  it('changes nothing when all is over, and can be done twice', async (t) => {
    const rig = new Rig(t);
    const run = rig.start('up', [hook(['/bin/true'])]);
    await run.done;
    await Promise.all([run.cancel(), run.cancel()]);
    assert.deepEqual(outcomes(await run.done), ['exit']);
  });
});

describe('a hook of another user', () => {
  it('runs as that user, with all the groups, no capabilities, and exactly the documented environment', async (t) => {
    const rig = new Rig(t);
    const who = hook([rig.script('id; grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/$$/status')], { user: 'nobody' });
    const asIs = hook(['/usr/bin/env', '-0'], { user: 'nobody' });
    const [identity, environment] = await rig.results([who, asIs]);
    const none = ['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set}: 0000000000000000\n`).join('');
    assert.equal(identity?.output, `${await must('id', ['nobody'])}${none}`);

    const variables = (environment?.output ?? '').split('\\x00').slice(0, -1);
    assert.deepEqual(
      variables.map((variable) => variable.replace(/(LINKD_HOOK_ID=)[\da-f-]{36}$/, '$1…')),
      [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'HOME=/nonexistent',
        'USER=nobody',
        'LOGNAME=nobody',
        'LANG=C',
        'LINKD_MOMENT=up',
        'LINKD_LINK=branch',
        'LINKD_STATE=up',
        'LINKD_CAUSE=carrier-lost',
        'LINKD_CAUSE_SUMMARY=the carrier was lost',
        'LINKD_CAUSE_DETAIL=ttyS0',
        'LINKD_INTERFACE=br0',
        'LINKD_DEVICE=/dev/ttyS0',
        'LINKD_SPEED=115200',
        'LINKD_LOCAL=10.0.0.1',
        'LINKD_REMOTE=10.0.0.2',
        'LINKD_LOCAL6=fe80::1',
        'LINKD_REMOTE6=fe80::2',
        'LINKD_DNS=10.2.0.53 10.2.0.54',
        'LINKD_WINS=10.2.0.9',
        'LINKD_PREVIOUS_LOCAL=10.0.0.7',
        'LINKD_PREVIOUS_REMOTE=10.0.0.8',
        'LINKD_MTU=1500',
        'LINKD_NETWORKS=10.2.0.0/16 10.3.0.0/24',
        'LINKD_METRIC=100',
        'LINKD_UP_SECONDS=61',
        'LINKD_RX_BYTES=1234',
        'LINKD_TX_BYTES=5678',
        'LINKD_IPPARAM=office',
        'LINKD_CONTROL=/run/linkd/control.sock',
        `LINKD_PID=${process.pid}`,
        'LINKD_HOOK_ID=…',
      ],
    );
  });

  it("has that user's supplementary groups", async (t) => {
    const rig = new Rig(t);
    writeFileSync(rig.path('group'), `${readFileSync('/etc/group', 'utf8')}linkd-test:x:54321:nobody\n`);
    const inside = `mount --bind "$1" /etc/group && shift && exec "$@"`;
    const printed = await must('unshare', [
      ...['-m', 'sh', '-c', inside, 'sh', rig.path('group')],
      ...runnerProgram([{ command: ['/usr/bin/id', '-G'], user: 'nobody' }]),
    ]);
    assert.equal(printed, 'exit status 0\n65534 54321\n');
  });

  it('is ended as any other', async (t) => {
    const rig = new Rig(t);
    chmodSync(rig.folder, 0o1777);
    const script = rig.script(
      `(trap '' TERM; setsid sleep 600 & echo $! >>"$here/pids"); echo $$ >>"$here/pids"; sleep 600`,
    );
    const { outcome } = await rig.result(hook([script], { user: 'nobody', timeoutMs: 500 }));
    assert.equal(outcome.kind, 'timeout');
    assertEnded(rig, 2);
  });

  it('can reopen its output by name', async (t) => {
    const { output } = await new Rig(t).shell('echo a >/dev/stdout; echo b >/dev/stderr', { user: 'nobody' });
    assert.equal(output, 'a\nb\n');
  });

  it('is refused when there is no such user', async (t) => {
    const result = await new Rig(t).result(hook(['/bin/true'], { user: 'no-such-user' }));
    assertRefused(result, /^there is no user no-such-user on this machine$/);
  });

  it('is refused when that user may not execute it', async (t) => {
    const rig = new Rig(t);
    const script = rig.script('exit 0', 0o700);
    assertRefused(await rig.result(hook([script], { user: 'nobody' })), /is not executable for the user nobody$/);
  });

  it('is refused when linkd may not change to that user, and not run as someone else', async (t) => {
    const rig = new Rig(t);
    chmodSync(rig.folder, 0o1777);
    const script = rig.script('id -u >>"$here/ran"');
    const [program = '', ...args] = throughClosedFolders([
      ...['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--'],
      ...runnerProgram([{ command: [script], user: 'root' }, { command: [script] }]),
    ]);
    const printed = await must(program, args);
    const refusal =
      'not run: linkd (nobody) cannot become the user root, which takes root or CAP_SETUID and CAP_SETGID: ';
    const [first = '', ...rest] = printed.split('\n').filter((line) => line !== '');
    assert.deepEqual([first.slice(0, refusal.length), ...rest], [refusal, 'exit status 0']);
    assert.equal(rig.written('ran'), '65534\n');
  });
});

/** Every process whose pid a script has written is gone. */
function assertEnded(rig: Rig, atLeast: number): void {
  const pids = pidsIn(rig.written('pids'));
  assert.ok(pids.length >= atLeast, `${pids.length} processes were started`);
  assert.deepEqual(pids.filter(isAlive), []);
}

/** Processes that have this text in their command line. */
function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isAlive(Number(pid)))
    .filter((pid) => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text))
    .map(Number);
}

/** A command that runs these hooks and prints how each went, and its output: for a process that is not like this one. */
function runnerProgram(hooks: readonly Partial<Hook>[]): readonly [string, ...string[]] {
  const at = (file: string): string => JSON.stringify(join(import.meta.dirname, file));
  const program = `
    import { HookRunner } from ${at('../../src/hooks/runner.js')};
    import { describeOutcome } from ${at('../../src/hooks/result.js')};
    import { systemScheduler } from ${at('../../src/link/scheduler.js')};
    import { facts, hook, hookOptions } from ${at('rig.js')};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const up = ${JSON.stringify(hooks)}.map((one) => hook(one.command, one));
    const runner = new HookRunner({ log, scheduler: systemScheduler });
    for (const result of await runner.run('up', hookOptions({ up }), facts).done)
      console.log(describeOutcome(result) + '\\n' + result.output.trimEnd());`;
  return [process.execPath, '--input-type=module', '-e', program];
}
