/**
 * Text to config, purely: every file's YAML, the schema, the checks across links; then either the frozen config, or all
 * mistakes at once, each with its place.
 */
import { deepFreeze } from '../base/frozen.js';
import { checkLinks } from './checks.js';
import { readDaemon, type DaemonOverrides, type Environment, type OutsideFinding } from './daemon.js';
import { excerpt } from './excerpt.js';
import { unknownKey, type Finding } from './keys.js';
import { readFacts } from './facts.js';
import type { PoolSite } from './pool-checks.js';
import { readPool } from './pools.js';
import { homeOf, readLink } from './schema.js';
import type { LinkSite } from './site.js';
import { show, withAllowed } from './text.js';
import {
  formatPath,
  formatPlace,
  mistakeAt,
  mistakeWithin,
  nodeAt,
  positionOf,
  toPlain,
  type Entry,
  type Mistake,
  type Path,
  type Source,
} from './tree.js';
import type { Config, ConfigError, DaemonConfig, LinkConfig } from './types.js';
import { linkName } from './values.js';
import { readYaml } from './yaml.js';

/** A config file: its text, or why there is none and what to do about it. */
export type ConfigFile =
  { readonly file: string; readonly text: string } | { readonly file: string; readonly failure: string };

export type ParseResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigError[] }
  | { readonly ok: false; readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] };

/**
 * Reads the main config file, the first of `files`, and the drop-ins, all others. Never throws, whatever they hold; the
 * result is frozen.
 */
export function parseConfig(
  files: readonly ConfigFile[],
  overrides: DaemonOverrides = {},
  environment: Environment = {},
): ParseResult {
  const parser = new ConfigParser();
  const [main, ...dropIns] = files;
  const daemon = parser.readMain(main, overrides, environment);
  for (const file of dropIns) parser.readDropIn(file);
  return parser.finish(daemon);
}

/** Mistakes that are reported at most: a file full of them is no config. */
const maxMistakes = 200;

class ConfigParser {
  readonly #sources: Source[] = [];
  readonly #links: LinkConfig[] = [];
  readonly #sites = new Map<string, LinkSite>();
  readonly #pools = new Map<string, PoolSite>();
  /** About whole files, and what is in no file. */
  readonly #placeless: ConfigError[] = [];
  readonly #errors: Mistake[] = [];
  readonly #warnings: Mistake[] = [];

  readMain(file: ConfigFile | undefined, overrides: DaemonOverrides, environment: Environment): DaemonConfig {
    const source = this.#readFile(file, ['daemon', 'links', 'pools']);
    const section = nodeAt(source?.root, ['daemon']);
    const { daemon, findings, outside } = readDaemon(section && toPlain(section), overrides, environment);
    if (source !== undefined) this.#report(source, ['daemon'], findings);
    this.#placeless.push(...outside.map(placelessError));
    this.#readPools(source);
    this.#readLinks(source);
    return daemon;
  }

  readDropIn(file: ConfigFile): void {
    const source = this.#readFile(file, ['links', 'pools']);
    this.#readPools(source);
    this.#readLinks(source);
  }

  finish(daemon: DaemonConfig): ParseResult {
    const checked = checkLinks([...this.#sites.values()], [...this.#pools.values()], daemon.control);
    const warnings = this.#locate([...this.#warnings, ...checked.warnings]);
    const errors = [...this.#placeless, ...this.#locate([...this.#errors, ...checked.errors])];
    if (errors.length > 0) return deepFreeze({ ok: false, errors, warnings });
    const links = this.#links.map((link) => withPool(link, this.#pools));
    return deepFreeze({ ok: true, config: { daemon, links }, warnings });
  }

  /** The YAML of a file, if it is a map with no other than these keys. */
  #readFile(file: ConfigFile | undefined, keys: readonly string[]): Source | undefined {
    if (file === undefined) return undefined;
    if ('failure' in file) {
      this.#placeless.push({ file: file.file, line: 0, column: 0, path: '', message: file.failure });
      return undefined;
    }
    const { root, broken, mistakes } = readYaml(file.text);
    const source: Source = { ...file, root };
    this.#sources.push(source);
    this.#errors.push(...mistakes.map((mistake) => ({ source, path: [], ...mistake })));
    if (broken) return undefined;
    if (root === undefined) {
      const message = withAllowed('nothing is configured here', keys.join(', '));
      this.#warnings.push({ source, offset: 0, path: [], message });
    } else if (root.kind !== 'map') {
      this.#errors.push(mistakeAt(source, [], withAllowed('a config file has keys at the top', keys.join(', '))));
    } else {
      const unknown = Array.from(root.entries.keys()).filter((key) => !keys.includes(key));
      for (const key of unknown) {
        const message =
          key === 'daemon' ? '`daemon` is allowed in the main file only' : unknownKey(key, keys, homeOf(key, []));
        this.#errors.push(mistakeAt(source, [key], message, 'key'));
      }
    }
    return source;
  }

  #readPools(source: Source | undefined): void {
    const pools = nodeAt(source?.root, ['pools']);
    if (source === undefined || pools === undefined) return;
    if (pools.kind === 'map') for (const [name, entry] of pools.entries) this.#readPool(source, name, entry);
    else if (pools.kind === 'list' || pools.text !== undefined) {
      this.#errors.push(mistakeAt(source, ['pools'], withAllowed('is no section', 'a key for each pool, its name')));
    }
  }

  #readPool(source: Source, name: string, { value }: Entry): void {
    const path: Path = ['pools', name];
    const reading = linkName.read(name);
    if (!reading.ok) {
      const problem = withAllowed(`${show(name)} is no name for a pool`, linkName.allowed);
      this.#errors.push(mistakeAt(source, path, problem, 'key'));
    }
    const result = readPool(toPlain(value));
    if (!result.ok) this.#report(source, path, result.findings);
    const first = this.#pools.get(name);
    if (first === undefined) this.#pools.set(name, { name, source, ranges: result.ok ? result.ranges : [] });
    else {
      const place = mistakeAt(first.source, path, '', 'key');
      const message = (): string => `there is a pool of this name already (${formatPlace(place)})`;
      this.#errors.push(mistakeAt(source, path, message, 'key'));
    }
  }

  #readLinks(source: Source | undefined): void {
    const links = nodeAt(source?.root, ['links']);
    if (source === undefined || links === undefined) return;
    if (links.kind === 'map') for (const [name, entry] of links.entries) this.#readLink(source, name, entry);
    else if (links.kind === 'list' || links.text !== undefined) {
      this.#errors.push(mistakeAt(source, ['links'], withAllowed('is no section', 'a key for each link, its name')));
    }
  }

  #readLink(source: Source, name: string, { value }: Entry): void {
    const path: Path = ['links', name];
    const reading = linkName.read(name);
    if (!reading.ok) {
      this.#errors.push(
        mistakeAt(source, path, withAllowed(`${show(name)} ${reading.problem}`, linkName.allowed), 'key'),
      );
    }
    const plain = toPlain(value);
    const result = readLink(name, plain);
    if (!result.ok) this.#report(source, path, result.findings);
    else if (reading.ok) this.#links.push(result.link);
    const first = this.#sites.get(name);
    if (first === undefined) this.#sites.set(name, { name, source, facts: readFacts(plain) });
    else {
      const place = mistakeAt(first.source, path, '', 'key');
      const message = (): string => `there is a link of this name already (${formatPlace(place)})`;
      this.#errors.push(mistakeAt(source, path, message, 'key'));
    }
  }

  #report(source: Source, base: Path, findings: readonly Finding[]): void {
    for (const { path, message, at, within } of findings) {
      const whole = [...base, ...path];
      this.#errors.push(
        within === undefined ? mistakeAt(source, whole, message, at) : mistakeWithin(source, whole, within, message),
      );
    }
  }

  /** In the order of the files, with line and column. */
  #locate(mistakes: readonly Mistake[]): readonly ConfigError[] {
    const ordered = this.#sources.flatMap((source) => {
      const own = mistakes.filter((mistake) => mistake.source === source).toSorted((a, b) => a.offset - b.offset);
      const lines = own.length > 0 ? source.text.split('\n') : [];
      return own.slice(0, maxMistakes).map((mistake) => toError(mistake, lines));
    });
    const last = ordered[maxMistakes - 1];
    if (last === undefined || mistakes.length <= maxMistakes) return ordered;
    const message = `there are ${mistakes.length - maxMistakes} more mistakes like these`;
    return [...ordered.slice(0, maxMistakes), { ...last, path: '', message }];
  }
}

/** Puts the addresses into a pool that a link names. */
function withPool(link: LinkConfig, pools: ReadonlyMap<string, PoolSite>): LinkConfig {
  const { ipcp } = link;
  const from = ipcp?.remoteFrom;
  if (ipcp === undefined || from?.kind !== 'pool') return link;
  const { name } = from.pool;
  const ranges = pools.get(name)?.ranges ?? [];
  return { ...link, ipcp: { ...ipcp, remoteFrom: { kind: 'pool', pool: { name, ranges } } } };
}

function toError({ source, offset, path, message }: Mistake, lines: readonly string[]): ConfigError {
  const { line, column } = positionOf(source.text, offset);
  const text = typeof message === 'string' ? message : message();
  return {
    file: source.file,
    line,
    column,
    path: formatPath(path),
    message: text,
    excerpt: excerpt(lines, line, column),
  };
}

function placelessError({ origin, name, message }: OutsideFinding): ConfigError {
  return { file: origin, line: 0, column: 0, path: name, message };
}
