/** The schema of `line`: a device's path, or a map in which one key names the kind of line. */
import { z } from 'zod';
import type {
  ExecOptions,
  LineOptions,
  PtyOptions,
  Rfc2217Options,
  SerialOptions,
  TcpListenOptions,
  TcpOptions,
  TerminalOptions,
  UnixListenOptions,
  UnixOptions,
} from '../line/options.js';
import { endpoint, listenEndpoint } from './addresses.js';
import { command } from './commands.js';
import { defaulted, delegate, filledList, keyFacts, optional, required, section } from './keys.js';
import { code, listed, nearest, withAllowed } from './text.js';
import { absolutePath, choice, devicePath, flag, integer, socketPath } from './values.js';

const speed = optional(integer(50, 1_000_000_000), '', {
  about:
    'The speed of the real line behind this one in baud (10 bits an octet), where there is one: the queue then does not run ahead of it.',
});

const commandAllowed = 'a program and its arguments, as one line without quotes or as a list';

const exec = command({ allowed: commandAllowed }).register(keyFacts, {
  about: 'The program whose standard input and output are the line. No shell; looked for in `PATH`.',
  allowed: commandAllowed,
});

/** What a serial port has, here or behind a terminal server. */
const serialKeys = {
  speed: defaulted(integer(50, 100_000_000), '115200', { about: 'In baud. 8 data bits, no parity, 1 stop bit.' }),
  flow: defaulted(choice('rtscts', 'xonxoff', 'none'), 'rtscts', {
    about: 'Flow control: by the lines RTS and CTS, by the characters XON and XOFF, or none.',
  }),
  carrier: defaulted(choice('auto', 'require', 'ignore'), 'auto', {
    about:
      'The carrier (DCD). `auto`: once it was seen, its loss ends the line. `require`: the line opens only with a carrier. `ignore`: never looked at.',
  }),
} as const;

/** The keys of each kind of line; the first names the kind. */
export const lineShapes = {
  serial: {
    serial: required(devicePath, {
      about: 'A serial port. A name below /dev/serial/by-id stays the same at any socket.',
    }),
    ...serialKeys,
  },
  rfc2217: {
    rfc2217: required(endpoint, {
      about: 'A serial port behind a terminal server: where its telnet port with RFC 2217 (COM-PORT-OPTION) is.',
    }),
    ...serialKeys,
  },
  pty: {
    pty: required(absolutePath, { about: 'linkd makes a pseudo terminal and a symbolic link to it at this path.' }),
    speed,
  },
  tcp: { tcp: required(endpoint, { about: 'Where to connect to.' }), speed },
  'tcp-listen': {
    'tcp-listen': required(listenEndpoint, {
      about:
        'Where to wait for one connection. A port alone listens on all IPv4 addresses (0.0.0.0). Whoever can connect can be the peer: use it in trusted networks only.',
    }),
    speed,
  },
  unix: { unix: required(socketPath, { about: 'The Unix socket to connect to.' }), speed },
  'unix-listen': {
    'unix-listen': required(socketPath, { about: 'The Unix socket to wait on for one connection.' }),
    speed,
  },
  terminal: {
    terminal: required(flag, {
      about: 'The terminals of those who run `linkctl answer` on this machine, one after the other; switch it on.',
    }),
    speed,
  },
  exec: {
    exec,
    pty: defaulted(flag, 'false', { about: 'Give the program a terminal instead of a socket, if it insists on one.' }),
    speed,
  },
} as const;

const kinds: Readonly<Record<LineOptions['kind'], z.ZodType<LineOptions>>> = {
  serial: section(lineShapes.serial).transform(({ serial, speed, flow, carrier }): SerialOptions => ({
    kind: 'serial',
    device: serial,
    speed,
    flow,
    carrier,
  })),
  rfc2217: section(lineShapes.rfc2217).transform(({ rfc2217, speed, flow, carrier }): Rfc2217Options => ({
    kind: 'rfc2217',
    ...rfc2217,
    speed,
    flow,
    carrier,
  })),
  pty: section(lineShapes.pty).transform(({ pty, speed }): PtyOptions => ({
    kind: 'pty',
    link: pty,
    ...(speed !== undefined && { speed }),
  })),
  tcp: section(lineShapes.tcp).transform(({ tcp, speed }): TcpOptions => ({
    kind: 'tcp',
    ...tcp,
    ...(speed !== undefined && { speed }),
  })),
  'tcp-listen': section(lineShapes['tcp-listen']).transform(({ 'tcp-listen': at, speed }): TcpListenOptions => ({
    kind: 'tcp-listen',
    ...at,
    ...(speed !== undefined && { speed }),
  })),
  unix: section(lineShapes.unix).transform(({ unix, speed }): UnixOptions => ({
    kind: 'unix',
    path: unix,
    ...(speed !== undefined && { speed }),
  })),
  'unix-listen': section(lineShapes['unix-listen']).transform(({ 'unix-listen': path, speed }): UnixListenOptions => ({
    kind: 'unix-listen',
    path,
    ...(speed !== undefined && { speed }),
  })),
  terminal: section(lineShapes.terminal).transform(({ terminal, speed }, ctx): TerminalOptions => {
    if (!terminal)
      ctx.addIssue({ code: 'custom', path: ['terminal'], message: 'is no line when it is off; write `on`' });
    return { kind: 'terminal', ...(speed !== undefined && { speed }) };
  }),
  exec: section(lineShapes.exec).transform(({ exec, pty, speed }): ExecOptions => ({
    kind: 'exec',
    command: exec,
    pty,
    ...(speed !== undefined && { speed }),
  })),
};

const kindNames = ['serial', 'rfc2217', 'tcp', 'tcp-listen', 'unix', 'unix-listen', 'terminal', 'exec', 'pty'] as const;

const allowed = `the path of a serial port, or a section with one of ${kindNames.map(code).join(', ')}`;

/** Path or map to `LineOptions`. */
const anyLine = z.unknown().transform((input, ctx): LineOptions => {
  if (typeof input === 'string') return delegate(kinds.serial, { serial: input }, ctx);
  const kind = kindOf(input);
  if (typeof kind === 'object') {
    ctx.addIssue({ code: 'custom', message: withAllowed(kind.problem, allowed) });
    return z.NEVER;
  }
  return delegate(kinds[kind], input, ctx);
});

/** It, or `lines`, has to be there: `line-checks.ts`. */
export const line = anyLine.optional().register(keyFacts, {
  about: 'What the link runs over, see “Lines”. It, or `lines`, has to be there.',
  allowed,
});

const linesAllowed = 'a list, each item of it as `line` has it';

/** One of `lines`. */
export const oneOfLines = anyLine;

export const lines = filledList(anyLine, linesAllowed).optional().register(keyFacts, {
  about: 'Instead of `line`: several, used as one, see “Several lines”.',
  allowed: linesAllowed,
});

function kindOf(input: unknown): LineOptions['kind'] | { readonly problem: string } {
  if (input === undefined) return { problem: 'is missing' };
  if (input === null) return { problem: 'has no value' };
  if (typeof input !== 'object' || Array.isArray(input)) return { problem: 'is a list' };
  const [kind, another] = kindNames.filter((name) => Object.hasOwn(input, name));
  if (kind !== undefined && (another === undefined || (kind === 'exec' && another === 'pty'))) return kind;
  if (kind !== undefined) return { problem: `is ${listed([kind, another ?? ''].map(code))} at once` };
  const near = Object.keys(input).flatMap((key) => nearest(key, kindNames) ?? [])[0];
  return { problem: `names no kind of line${near === undefined ? '' : `; did you mean ${code(near)}?`}` };
}
