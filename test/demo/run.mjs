/** npm run demo: makes the clone ready (test/setup.mjs) and runs the demo. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, installModules, installTools, root, tools } from '../setup.mjs';

try {
  if (process.getuid() !== 0) throw new Error('the demo makes network namespaces and needs root');
  if (!existsSync('/dev/net/tun')) throw new Error('there is no /dev/net/tun, which PPP in user space needs');
  installModules();
  const missing = installTools(tools.demo);
  if (missing !== undefined) throw new Error(missing);
  build();
} catch (error) {
  console.error(`The demo cannot run: ${error.message}`);
  process.exit(1);
}

const demo = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist/test/demo/demo.js')], {
  stdio: 'inherit',
});
// Ctrl-C goes to the demo as well, which takes everything down; its end is awaited here.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('exit', (code) => process.exit(code ?? 1));
