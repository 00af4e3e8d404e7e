/** Makes the clone ready (setup.mjs) and runs one of its programs, with the arguments of this one. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, installModules, installTools, root } from './setup.mjs';

/**
 * `what` is how a message calls the program, `wanted` the commands that it needs (setup.mjs), `script` its compiled file below
 * dist/test. It ends as that one ends.
 */
export function launch(what, wanted, script) {
  try {
    if (process.getuid() !== 0) throw new Error('it makes network namespaces and needs root');
    if (!existsSync('/dev/net/tun')) throw new Error('there is no /dev/net/tun, which PPP in user space needs');
    installModules();
    const missing = installTools(wanted);
    if (missing !== undefined) throw new Error(missing);
    build();
  } catch (error) {
    console.error(`The ${what} cannot run: ${error.message}`);
    process.exit(1);
  }

  const args = ['--enable-source-maps', join(root, 'dist/test', script), ...process.argv.slice(2)];
  const program = spawn(process.execPath, args, { stdio: 'inherit' });
  // Ctrl-C goes to the program as well, which takes everything down; its end is awaited here.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => program.kill('SIGTERM'));
  program.on('exit', (code) => process.exit(code ?? 1));
}
