/** Children of tests: output, waits and ends. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { eventually, within } from './eventually.js';
import { Child, must, run } from './process.js';

const LONG_MS = 30_000;

describe('run', () => {
  it('gives output, exit code and signal', async () => {
    const script = 'read line; echo "out $line"; echo err >&2; exit 3';
    assert.deepEqual(await run('sh', ['-c', script], { input: 'hello\n' }), {
      code: 3,
      signal: undefined,
      stdout: 'out hello\n',
      stderr: 'err\n',
    });
    const killed = await run('sh', ['-c', 'kill -TERM $$']);
    assert.equal(killed.signal, 'SIGTERM');
    assert.equal(killed.code, undefined);
  });

  it('kills what takes too long, and shows what it printed', async () => {
    const waiting = run('sh', ['-c', 'echo "pid $$"; exec sleep 1000'], { timeoutMs: 500 });
    const message = await waiting.then(
      () => assert.fail('it ended'),
      (error: unknown) => String(error),
    );
    assert.match(message, /not within 500 ms: the end of sh -c/);
    const pid = /^pid (\d+)$/m.exec(message)?.[1];
    assert.ok(pid !== undefined, message);
    assert.ok(!existsSync(`/proc/${pid}`), `${pid} still runs`);
  });

  it('does not wait for a grandchild that holds the output open', async () => {
    const exit = await run('sh', ['-c', 'sleep 60 & echo $!'], { timeoutMs: LONG_MS });
    process.kill(Number(exit.stdout), 'SIGKILL');
    assert.equal(exit.code, 0);
  });

  it('fails on a program that does not exist', async () => {
    await assert.rejects(run('/nonexistent/program', []), /ENOENT/);
  });

  it('takes the environment and the directory', async () => {
    const exit = await run('sh', ['-c', 'echo "$LINKD_T $PWD"'], { cwd: '/', env: { LINKD_T: 'x' } });
    assert.equal(exit.stdout, 'x /\n');
  });
});

describe('must', () => {
  it('gives the output', async () => {
    assert.equal(await must('echo', ['a', 'b']), 'a b\n');
  });

  it('throws with everything that was printed', async () => {
    await assert.rejects(must('sh', ['-c', 'echo one; echo two >&2; exit 1']), /exit code 1\none\ntwo\n/);
  });
});

describe('Child', () => {
  it('waits for output and stops', async () => {
    const child = new Child('sh', ['-c', 'echo ready on port 4711; exec sleep 1000']);
    try {
      const match = await child.printed(/port (\d+)/, LONG_MS);
      assert.equal(match[1], '4711');
      assert.equal(child.running, true);
    } finally {
      await child.stop();
    }
    assert.equal(child.running, false);
    assert.equal((await child.exited(LONG_MS)).signal, 'SIGTERM');
    await child.stop();
  });

  it('kills a program that ignores SIGTERM', async () => {
    const child = new Child('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done']);
    try {
      await child.printed(/ready/, LONG_MS);
    } finally {
      await child.stop('SIGTERM', 300);
    }
    assert.equal((await child.exited(LONG_MS)).signal, 'SIGKILL');
  });

  it('says so when a program ends without the awaited output', async () => {
    const child = new Child('sh', ['-c', 'echo something else']);
    await assert.rejects(child.printed(/ready/, LONG_MS), /ended without \/ready\/\n--- stdout\nsomething else/);
  });

  it('reports a program that could not be started', async () => {
    const child = new Child('/nonexistent/program', []);
    await assert.rejects(child.exited(LONG_MS), /ENOENT/);
    assert.equal(child.running, false);
    await child.stop();
  });
});

describe('eventually', () => {
  it('gives the first value that is there', async () => {
    let calls = 0;
    const value = await eventually(() => (++calls < 3 ? undefined : calls), LONG_MS, 'three calls');
    assert.equal(value, 3);
  });

  it('names what did not happen, with the last error', async () => {
    const never = eventually(() => Promise.reject(new Error('not yet')), 60, 'the impossible');
    await assert.rejects(never, (error: Error) => {
      assert.match(error.message, /not within 60 ms: the impossible/);
      assert.match(String(error.cause), /not yet/);
      return true;
    });
    await assert.rejects(
      eventually(() => false, 60, 'truth'),
      /truth/,
    );
  });
});

describe('within', () => {
  it('passes on what is in time, and names what is not', async () => {
    assert.equal(await within(Promise.resolve(1), LONG_MS, 'one'), 1);
    await assert.rejects(
      within(new Promise(() => undefined), 20, 'the end of time'),
      /not within 20 ms: the end of time/,
    );
  });
});
