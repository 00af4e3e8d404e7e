/**
 * npm test: sets the clone up, lints, and runs the tests in stages.
 *
 *   npm test                      everything
 *   npm test -- unit              one stage (lint, unit, system, interop), or several
 *   npm test -- system link       of those stages (or of all), the files whose path holds one of the other words
 *
 * Each file runs in a process of its own, under a time limit; what it leaves running is ended and counts against it. Only
 * leaf tests count. A test that was skipped, a file without tests and a stage that can't run here are failures: nothing
 * is passed over in silence. The last line is `N passed, N failed`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, sep } from 'node:path';
import { killRunning, runFile } from './run-file.mjs';
import { build, installModules, installTools, root, run, tools } from './setup.mjs';

const stages = [
  {
    name: 'unit',
    tools: tools.unit,
    seconds: 120,
    concurrency: Math.min(2, cpus().length),
    obstacle: () => undefined,
  },
  // Most of their time they wait for lines, timers and other machines.
  { name: 'system', tools: tools.system, seconds: 240, concurrency: 3, obstacle: noNamespaces },
  { name: 'interop', tools: tools.interop, seconds: 420, concurrency: 2, obstacle: noNamespaces },
];

const totals = { passed: 0, failed: 0 };
process.on('SIGINT', () => abandon('interrupted'));
process.on('SIGTERM', () => abandon('terminated'));
await main(process.argv.slice(2));
finish();

async function main(words) {
  const names = ['lint', ...stages.map((stage) => stage.name)];
  const chosen = words.filter((word) => names.includes(word));
  const parts = words.filter((word) => !names.includes(word));
  const wants = (name) => chosen.includes(name) || (chosen.length === 0 && (name !== 'lint' || parts.length === 0));

  if (!check('npm packages', installModules) || !check('build', build)) return;
  if (wants('lint') && check('lint and format', () => run('npm', ['run', '--loglevel=error', 'lint']))) {
    console.log('lint and format: ok');
  }
  let executed = 0;
  for (const stage of stages.filter(({ name }) => wants(name))) executed += await runStage(stage, parts);
  if (executed === 0 && (chosen.length === 0 || chosen.some((name) => name !== 'lint'))) fail('no test was executed');
}

/** Runs the files of a stage, several at a time; the number of those that ran. */
async function runStage(stage, parts) {
  const files = testFiles(stage.name).filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  if (files.length === 0 && parts.length > 0) return 0;
  console.log(`\n── ${stage.name} ──`);
  const obstacle = stage.obstacle() ?? installTools(stage.tools);
  if (obstacle !== undefined) fail(`the stage "${stage.name}" cannot run here: ${obstacle}`);
  else if (files.length === 0) fail(`the stage "${stage.name}" has no tests`);
  else {
    const queue = [...files];
    const worker = async () => {
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runAndReport(file, stage.seconds);
    };
    await Promise.all(Array.from({ length: stage.concurrency }, worker));
    return files.length;
  }
  return 0;
}

async function runAndReport(file, seconds) {
  const started = process.hrtime.bigint();
  const { tests, problems, output } = await runFile(join(root, 'dist/test', file.replace(/\.ts$/, '.js')), {
    seconds,
    mark: `linkd-${randomUUID()}`,
  });
  const leaves = tests.filter((test) => test.leaf);
  const failures = tests.filter((test) => test.failed || test.notRun !== undefined);
  const passed = leaves.filter((test) => !failures.includes(test)).length;
  if (leaves.length === 0 && problems.length === 0) problems.push('the file has no tests');
  totals.passed += passed;
  totals.failed += failures.length + problems.length;

  const good = failures.length + problems.length === 0;
  const time = `${(Number(process.hrtime.bigint() - started) / 1e9).toFixed(1)} s`;
  console.log(
    `${good ? '  ok  ' : 'FAILED'} ${file.padEnd(44)} ${String(passed).padStart(5)} passed ${time.padStart(8)}`,
  );
  for (const { name, notRun, error } of failures) {
    console.log(
      indent(
        notRun === undefined
          ? `✗ ${name}\n${indent(error)}`
          : `✗ ${name}: ${notRun.toUpperCase()}, which counts as failed`,
      ),
    );
  }
  for (const problem of problems) console.log(indent(`✗ ${problem}`));
  if (!good && output.trim() !== '') console.log(indent(`what it printed:\n${indent(output.trimEnd())}`));
}

/** The test files of a stage, relative to test/. The sources say which: dist may hold compiled tests that are no more. */
function testFiles(stage) {
  const all = readdirSync(join(root, 'test'), { recursive: true }).filter((file) => file.endsWith('.test.ts'));
  const apart = stages.map(({ name }) => name).filter((name) => name !== 'unit');
  const stageOf = (file) => apart.find((name) => file.startsWith(name + sep)) ?? 'unit';
  return all.filter((file) => stageOf(file) === stage).sort();
}

function noNamespaces() {
  if (process.getuid() !== 0) return 'it makes network namespaces and needs root';
  return existsSync('/dev/net/tun') ? undefined : 'there is no /dev/net/tun';
}

/** A step that is no test: it counts only when it fails. */
function check(what, action) {
  try {
    action();
    return true;
  } catch (error) {
    fail(`${what} failed\n${error.message}`);
    return false;
  }
}

function fail(what) {
  totals.failed += 1;
  console.log(`FAILED ${indent(what).trimStart()}`);
}

function abandon(how) {
  killRunning();
  fail(how);
  finish();
}

function finish() {
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  process.exit(totals.failed === 0 ? 0 : 1);
}

function indent(text) {
  return String(text).replace(/^/gm, '       ');
}
