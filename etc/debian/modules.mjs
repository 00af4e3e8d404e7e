/** The npm packages that linkd needs when it runs: those that were installed and tested, without what only their authors need. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';

/** Code, data, addons and licences; not sources, types, maps, tests of their own and the like. */
const wanted = /\.(?:js|cjs|mjs|json|node)$|^(?:licen[cs]e|copying|notice)/i;
const unwanted = /^(?:test|tests|\.github|benchmarks?|examples?)$/;

/** Copies them to `target`, which stands beside the program. Returns `name`, `version` and `license` of each. */
export function copyModules(root, target) {
  return productionModules(root).map((folder) => {
    cpSync(folder, join(target, relative(join(root, 'node_modules'), folder)), {
      recursive: true,
      filter: (source) => belongs(relative(folder, source), source),
    });
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { name, version, license: typeof license === 'string' ? license : 'see the LICENSE file in its folder' };
  });
}

/** Their folders, as npm has them. */
function productionModules(root) {
  const { status, stdout, stderr } = spawnSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the npm packages are not those of package-lock.json; run npm ci\n${stderr}`);
  return stdout.split('\n').filter((line) => line.includes(`${sep}node_modules${sep}`));
}

function belongs(path, source) {
  if (path === '') return true;
  const parts = path.split(sep);
  // Those of the packages below are listed, and copied, by themselves.
  if (parts.includes('node_modules') || parts.some((part) => unwanted.test(part))) return false;
  const prebuilt = parts.indexOf('prebuilds');
  if (prebuilt >= 0 && parts.length > prebuilt + 1 && parts[prebuilt + 1] !== `linux-${process.arch}`) return false;
  if (/\.musl\.node$/.test(path)) return false;
  return statSync(source).isDirectory() ? holdsWanted(source) : wanted.test(basename(source));
}

/** Folders that would be empty are left out. */
function holdsWanted(folder) {
  return readdirSync(folder, { withFileTypes: true }).some((entry) =>
    entry.isDirectory() ? holdsWanted(join(folder, entry.name)) : wanted.test(entry.name),
  );
}
