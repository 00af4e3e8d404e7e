/**
 * Runs one compiled test file in a process of its own and collects what its tests did (see reporter.mjs). The file's
 * processes are known by its process group and by a mark in their environment, so that none outlives it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a file may print before the oldest of it is forgotten. */
const outputLimit = 64 * 1024;
/** Processes that were told to end get this long before they count as left over. */
const graceMs = 3_000;

const running = new Map();

/**
 * `mark` must be unique. Resolves to `tests` (the reporter's lines), `problems` (whatever went wrong outside a test) and
 * `output` (what was printed).
 */
export async function runFile(path, { seconds, mark }) {
  const folder = mkdtempSync(join(tmpdir(), 'linkd-test-'));
  const results = join(folder, 'results');
  try {
    const ended = await execute(path, results, seconds, mark);
    const leftOver = await endLeftOver(mark);
    const lines = readLines(results);
    const tests = lines.filter((line) => line.name !== undefined);
    const problems = [];
    if (ended.overtime) problems.push(`took longer than ${seconds} s and was killed, in: ${lastBegun(lines)}`);
    else if (!lines.some((line) => line.end)) problems.push(`ended before its tests did (${ended.how})`);
    else if (ended.how !== 'exit status 0' && !tests.some((test) => test.failed))
      problems.push(`ended with ${ended.how}`);
    if (leftOver.length > 0) problems.push(`left processes running: ${leftOver.join('; ')}`);
    return { tests, problems, output: ended.output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills every file that runs now, with its processes. */
export function killRunning() {
  for (const [child, mark] of running) {
    killGroup(child);
    for (const { pid } of marked(mark)) kill(pid);
  }
}

function execute(path, results, seconds, mark) {
  const reporter = join(import.meta.dirname, 'reporter.mjs');
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', `--test-reporter=${reporter}`, `--test-reporter-destination=${results}`, path],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LINKD_TEST_RUN: mark, NO_COLOR: '1' } },
  );
  running.set(child, mark);
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-outputLimit));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve) => {
    let overtime = false;
    const timer = setTimeout(() => {
      overtime = true;
      killGroup(child);
    }, seconds * 1000);
    child.on('error', (error) => (output += error.message));
    // Not 'close': a process left over would hold the pipes open.
    child.on('exit', (status, signal) => {
      clearTimeout(timer);
      running.delete(child);
      setTimeout(() => resolve({ overtime, output, how: signal ?? `exit status ${status}` }), 20);
    });
  });
}

/** Waits for the file's processes to end, and kills those that don't; the command lines of those. */
async function endLeftOver(mark) {
  const deadline = Date.now() + graceMs;
  while (marked(mark).length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  const left = marked(mark);
  for (const { pid } of left) kill(pid);
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

/** The living processes that have the mark in their environment. */
function marked(mark) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) return [];
        readlinkSync(`/proc/${pid}/exe`); // fails for a zombie
        return [
          { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() },
        ];
      } catch {
        return []; // ended meanwhile, or another user's
      }
    });
}

function killGroup(child) {
  kill(-child.pid);
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function lastBegun(lines) {
  return lines.findLast((line) => line.begun !== undefined)?.begun ?? 'its first lines';
}

function readLines(path) {
  if (!existsSync(path)) return []; // the process never came so far
  const text = readFileSync(path, 'utf8');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return []; // the last line of a killed process
    }
  });
}
