/** The machine that the figures are from, in a line. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export function describeMachine(): string {
  const [first] = cpus();
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  const parts = [first?.model.trim() ?? 'unknown processor', `${cpus().length} cores`, `${gibibytes} GiB`];
  return [...parts, system(), `Linux ${release()}`, `Node ${process.version}`].join(', ');
}

function system(): string {
  const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  return name?.[1] ?? 'unknown system';
}
