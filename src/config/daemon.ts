/**
 * The daemon's own settings, layered by convict: defaults, the file's `daemon:`, LINKD_* variables, arguments. convict only
 * lays text upon text; the schema judges each layer first, because convict knows no positions and prints what it rejects.
 */
import convict from 'convict';
import { findingsOf, keyFacts, type Finding } from './keys.js';
import { homeOf } from './schema.js';
import { settings, settingsShape } from './settings.js';
import type { DaemonConfig } from './types.js';

type Key = keyof typeof settingsShape;

/** What the command line says; paths are absolute. */
export interface DaemonOverrides {
  readonly control?: string | undefined;
  readonly controlGroup?: string | undefined;
  readonly controlMode?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A mistake that stands in no file. */
export interface OutsideFinding {
  readonly origin: 'environment' | 'command line';
  /** The variable or the option. */
  readonly name: string;
  readonly message: string;
}

export interface DaemonReading {
  readonly daemon: DaemonConfig;
  /** About the file's section, by paths within it. */
  readonly findings: readonly Finding[];
  readonly outside: readonly OutsideFinding[];
}

/** The names of each setting outside the file. */
export const settingNames: Readonly<Record<Key, { readonly variable: string; readonly option: string }>> = {
  control: { variable: 'LINKD_CONTROL', option: '--control' },
  'control-group': { variable: 'LINKD_CONTROL_GROUP', option: '--control-group' },
  'control-mode': { variable: 'LINKD_CONTROL_MODE', option: '--control-mode' },
  'state-dir': { variable: 'LINKD_STATE_DIR', option: '--state-dir' },
  'log-level': { variable: 'LINKD_LOG_LEVEL', option: '--log-level' },
  'log-format': { variable: 'LINKD_LOG_FORMAT', option: '--log-format' },
};

/** `plain` is the file's section as plain data. What is invalid in a layer is reported and left out. */
export function readDaemon(plain: unknown, overrides: DaemonOverrides, environment: Environment): DaemonReading {
  const outside: OutsideFinding[] = [];
  const layer = (origin: OutsideFinding['origin'], texts: Readonly<Record<Key, string | undefined>>) =>
    keys.flatMap((key): readonly (readonly [Key, string])[] => {
      const text = texts[key];
      // An empty variable is how a service file takes one back.
      if (text === undefined || (origin === 'environment' && text === '')) return [];
      const problem = problemWith(key, text);
      if (problem === undefined) return [[key, text]];
      const { variable, option } = settingNames[key];
      outside.push({ origin, name: origin === 'environment' ? variable : option, message: problem });
      return [];
    });
  const variables = layer(
    'environment',
    eachKey((key) => environment[settingNames[key].variable]),
  );
  const options = layer('command line', {
    control: overrides.control,
    'control-group': overrides.controlGroup,
    'control-mode': overrides.controlMode,
    'state-dir': overrides.stateDir,
    'log-level': overrides.logLevel,
    'log-format': overrides.logFormat,
  });

  const env = Object.fromEntries(variables.map(([key, text]) => [settingNames[key].variable, text]));
  // Without `args` and `env`, convict would read this process's own.
  const layers = convict(definition, { env, args: [] }).load(validKeys(plain));
  for (const [key, text] of options) layers.set(key, text);
  const merged = settings.parse(layers.validate({ allowed: 'strict' }).getProperties());
  return {
    daemon: {
      control: merged.control,
      controlGroup: merged['control-group'],
      controlMode: merged['control-mode'],
      stateDir: merged['state-dir'],
      logLevel: merged['log-level'],
      logFormat: merged['log-format'],
    },
    findings: findingsIn(plain),
    outside,
  };
}

const keys: readonly Key[] = ['control', 'control-group', 'control-mode', 'state-dir', 'log-level', 'log-format'];

const definition = eachKey((key) => ({
  default: keyFacts.get(settingsShape[key])?.default ?? '',
  env: settingNames[key].variable,
  format(text: unknown): void {
    const problem = problemWith(key, text);
    if (problem !== undefined) throw new Error(problem);
  },
}));

function eachKey<T>(make: (key: Key) => T): Record<Key, T> {
  return {
    control: make('control'),
    'control-group': make('control-group'),
    'control-mode': make('control-mode'),
    'state-dir': make('state-dir'),
    'log-level': make('log-level'),
    'log-format': make('log-format'),
  };
}

function problemWith(key: Key, text: unknown): string | undefined {
  return settingsShape[key].safeParse(text).error?.issues[0]?.message;
}

function findingsIn(plain: unknown): readonly Finding[] {
  const { error } = settings.safeParse(plain);
  return error === undefined ? [] : findingsOf(error, homeOf);
}

/** The settings of the file that are valid, as text. */
function validKeys(plain: unknown): Record<string, unknown> {
  if (typeof plain !== 'object' || plain === null) return {};
  return Object.fromEntries(
    Object.entries(plain).filter(([name, text]) => {
      const key = keys.find((known) => known === name);
      return key !== undefined && problemWith(key, text) === undefined;
    }),
  );
}
