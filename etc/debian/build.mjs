/**
 * `npm run deb`: the Debian package, from what `npm run build` made and the npm packages that are installed.
 *
 *   node etc/debian/build.mjs [--out FOLDER] [--dist FOLDER] [--version VERSION]
 *
 * The same sources give the same package, bit for bit: every date is SOURCE_DATE_EPOCH or that of the last commit. Needs
 * dpkg-dev. DEBFULLNAME and DEBEMAIL say who answers for the package.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { manPages } from './man.mjs';
import { copyModules } from './modules.mjs';
import { changelog, control, copyright } from './papers.mjs';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values: given } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist') },
    dist: { type: 'string', default: join(root, 'dist') },
    version: { type: 'string', default: manifest.version },
  },
});
const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? lastCommit());
const date = new Date(epoch * 1000);

/** What may be executed; all else is read. */
const programs = /\/usr\/lib\/linkd\/dist\/src\/bin\/link(?:d|ctl)\.js$|\/usr\/share\/linkd\/hooks\/|\/DEBIAN\/p/;

const work = mkdtempSync(join(tmpdir(), 'linkd-deb-'));
try {
  console.log(await build(join(work, 'package')));
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Returns where the package is. */
async function build(stage) {
  const modules = installProgram(join(stage, 'usr/lib/linkd'));
  installBins(stage);
  installConfig(stage);
  installUnits(stage);
  await installGenerated(stage);
  installDocuments(join(stage, 'usr/share/doc/linkd'), modules);
  output('strip', ['--strip-unneeded', ...filesBelow(stage, /\.node$/)]);
  settle(stage);
  const architecture = output('dpkg', ['--print-architecture']);
  installControl(stage, architecture);
  const file = join(given.out, `linkd_${given.version}_${architecture}.deb`);
  mkdirSync(given.out, { recursive: true });
  output('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, file]);
  return file;
}

function installProgram(target) {
  const compiled = resolve(given.dist, 'src');
  if (!existsSync(join(compiled, 'native/linkd.node'))) throw new Error(`${compiled} is not built; run npm run build`);
  cpSync(compiled, join(target, 'dist/src'), { recursive: true, filter: (path) => isCurrent(compiled, path) });
  const { name, license, type, engines } = manifest;
  put(
    join(target, 'package.json'),
    `${JSON.stringify({ name, version: given.version, license, type, engines }, null, 2)}\n`,
  );
  return copyModules(root, join(target, 'node_modules'));
}

/** Not what was compiled from a source that is no more. */
function isCurrent(compiled, path) {
  const source = join(root, 'src', path.slice(compiled.length).replace(/\.js$/, '.ts'));
  return /\.(?:node|wasm)$/.test(path) || (!/\.(?:map|json|tsbuildinfo)$/.test(path) && existsSync(source));
}

/** The system's own Node, and no other that the caller's PATH may hold. */
function installBins(stage) {
  for (const [path, script] of [
    ['usr/sbin/linkd', 'linkd.js'],
    ['usr/bin/linkctl', 'linkctl.js'],
  ]) {
    const target = join(stage, 'usr/lib/linkd/dist/src/bin', script);
    put(target, readFileSync(target, 'utf8').replace(/^#!.*/, '#!/usr/bin/node'));
    mkdirSync(join(stage, dirname(path)), { recursive: true });
    symlinkSync(`../lib/linkd/dist/src/bin/${script}`, join(stage, path));
  }
}

function installConfig(stage) {
  copy('etc/linkd.yaml', join(stage, 'etc/linkd/linkd.yaml'));
  mkdirSync(join(stage, 'etc/linkd/links.d'));
  put(join(stage, 'etc/iproute2/rt_protos.d/linkd.conf'), '108 linkd\n');
  if (existsSync(join(root, 'etc/hooks'))) copy('etc/hooks', join(stage, 'usr/share/linkd/hooks'));
}

function installUnits(stage) {
  copy('systemd/linkd.service', join(stage, 'usr/lib/systemd/system/linkd.service'));
  copy('systemd/linkd.sysusers', join(stage, 'usr/lib/sysusers.d/linkd.conf'));
  copy('systemd/linkd.tmpfiles', join(stage, 'usr/lib/tmpfiles.d/linkd.conf'));
  copy('systemd/linkd.modules', join(stage, 'usr/lib/modules-load.d/linkd.conf'));
  for (const name of ['network.conf', 'hooks.conf'])
    copy(`systemd/${name}`, join(stage, 'usr/share/linkd/systemd', name));
}

/** Man pages and completion come from the commands as they were compiled. */
async function installGenerated(stage) {
  const load = (path) => import(pathToFileURL(resolve(given.dist, 'src/bin/linkctl', path)).href);
  const [{ createProgram }, { grammarOf }] = await Promise.all([load('program.js'), load('completion/grammar.js')]);
  const grammar = grammarOf(createProgram());
  const day = date.toISOString().slice(0, 10);
  const pages = manPages({ docs: join(root, 'docs'), grammar, version: given.version, date: day });
  for (const [name, roff] of Object.entries(pages)) {
    put(join(stage, `usr/share/man/man${name.at(-1)}/${name}.gz`), zipped(roff));
  }
  for (const [shell, path] of [
    ['bash', 'bash-completion/completions/linkctl'],
    ['zsh', 'zsh/vendor-completions/_linkctl'],
    ['fish', 'fish/vendor_completions.d/linkctl.fish'],
  ]) {
    const module = await load(`completion/${shell}.js`);
    put(join(stage, 'usr/share', path), module[`${shell}Completion`](grammar));
  }
}

function installDocuments(target, modules) {
  const documents = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  for (const name of documents) copy(`docs/${name}`, join(target, name));
  copy('etc/examples', join(target, 'examples'));
  put(join(target, 'copyright'), copyright(readFileSync(join(root, 'LICENSE'), 'utf8'), modules));
  put(join(target, 'changelog.gz'), zipped(changelog(given.version, date)));
}

function installControl(stage, architecture) {
  const debian = join(stage, 'DEBIAN');
  const files = filesBelow(stage);
  const sizeKiB = files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / 1024), 0);
  const libraries = sharedLibraries(files.filter((file) => file.endsWith('.node')));
  put(
    join(debian, 'control'),
    control({ version: given.version, architecture, libraries, sizeKiB, node: manifest.engines.node }),
  );
  put(join(debian, 'conffiles'), '/etc/linkd/linkd.yaml\n/etc/iproute2/rt_protos.d/linkd.conf\n');
  put(join(debian, 'md5sums'), files.map((file) => `${md5(file)}  ${file.slice(stage.length + 1)}\n`).join(''));
  for (const name of ['postinst', 'prerm', 'postrm']) copy(`etc/debian/${name}`, join(debian, name));
  settle(debian);
}

/** What the addons are linked with, as Debian's packages. */
function sharedLibraries(addons) {
  mkdirSync(join(work, 'debian'), { recursive: true });
  put(join(work, 'debian/control'), 'Source: linkd\n\nPackage: linkd\nArchitecture: any\n');
  const found = output('dpkg-shlibdeps', ['-O', '--ignore-missing-info', ...addons.map((addon) => `-e${addon}`)], work);
  return found.replace(/^shlibs:Depends=/m, '').trim();
}

function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}

/** Modes and dates that do not depend on who builds, or when. */
function settle(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path);
    else if (entry.isFile()) chmodSync(path, programs.test(path) ? 0o755 : 0o644);
    lutimesSync(path, date, date);
  }
  chmodSync(folder, 0o755);
  lutimesSync(folder, date, date);
}

/** The paths of the files below a folder, sorted; links are none. */
function filesBelow(folder, pattern = /./) {
  const entries = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path, pattern) : entry.isFile() && pattern.test(path) ? [path] : [];
  });
  return entries.sort();
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, from), to, { recursive: true });
}

function put(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function zipped(content) {
  return gzipSync(content, { level: 9 });
}

function lastCommit() {
  // Root may build in a clone of somebody else.
  return output('git', ['-c', `safe.directory=${root}`, 'log', '-1', '--format=%ct'], root, process.env);
}

function output(command, args, cwd = root, env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  if (status === 0) return stdout.trim();
  const why = error?.message ?? `exit status ${status}`;
  throw new Error(`${command} ${args.join(' ')}: ${why}\n${stdout ?? ''}${stderr ?? ''}`);
}
