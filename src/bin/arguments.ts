/** linkd's arguments, as docs/linkd.md has them. Few and plain: Node's own parser is enough, and takes no memory worth naming. */
import { parseArgs } from 'node:util';
import type { DaemonOverrides } from '../config/daemon.js';

export interface Arguments extends DaemonOverrides {
  readonly config: string;
}

/** What they ask for: to run, or to be told something. */
export type Request =
  | { readonly kind: 'run'; readonly arguments: Arguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'mistake'; readonly message: string };

const one = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  config: { ...one, default: '/etc/linkd/linkd.yaml' },
  control: one,
  'control-group': one,
  'control-mode': one,
  'state-dir': one,
  'log-level': one,
  'log-format': one,
  version: { ...flag, short: 'V' },
  help: { ...flag, short: 'h' },
} as const;

export const help = `Usage: linkd [options]

LAN-to-LAN router for serial lines: PPP in user space

Options:
  --config <file>          the config file (default: "${options.config.default}")
  --control <socket>       the control socket, instead of daemon.control
  --control-group <group>  the control socket's group, instead of daemon.control-group
  --control-mode <mode>    the control socket's permissions, instead of daemon.control-mode
  --state-dir <dir>        where state is kept, instead of daemon.state-dir
  --log-level <level>      instead of daemon.log-level
  --log-format <format>    instead of daemon.log-format
  -V, --version            output the version number
  -h, --help               display help for command
`;

export function readArguments(words: readonly string[]): Request {
  try {
    const { values } = parseArgs({ args: [...words], options });
    if (values.help === true) return { kind: 'help' };
    if (values.version === true) return { kind: 'version' };
    const { config, control } = values;
    return {
      kind: 'run',
      arguments: {
        config,
        control,
        controlGroup: values['control-group'],
        controlMode: values['control-mode'],
        stateDir: values['state-dir'],
        logLevel: values['log-level'],
        logFormat: values['log-format'],
      },
    };
  } catch (error) {
    // Of what is wrong it throws a TypeError, and nothing else is done here.
    return { kind: 'mistake', message: error instanceof Error ? error.message : String(error) };
  }
}
