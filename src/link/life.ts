/**
 * A link's life, as a table: what each event does in each state. Nothing else moves the state; `link.ts` carries the
 * actions out. The notation is RFC 1661's: `actions/next state`, a lone state changes nothing but the state, `-` cannot
 * happen and is ignored (a message that crossed a change of state).
 */
import type { LinkState } from './types.js';

export type LifeEvent =
  /** The link is wanted: by `autostart`, or by command. */
  | 'start'
  /** The link is not wanted any more: by command, or because linkd ends. */
  | 'stop'
  | 'restart'
  /** The link is wanted, but its line is not to be open now: `when` of the config says so. */
  | 'doze'
  | 'line-opened'
  | 'open-failed'
  /** PPP agreed on addresses; they are not installed yet. */
  | 'network-up'
  | 'installed'
  | 'install-failed'
  /** The peer negotiates anew. */
  | 'network-down'
  /** The session is over. */
  | 'finished'
  | 'line-ended'
  /** The pause is over, or the Terminate exchange took too long. */
  | 'timer'
  /** The line is closed: and there shall be another attempt, or not, or not now. */
  | 'closed-retry'
  | 'closed-rest'
  | 'closed-doze';

export type LifeAction =
  | 'open-line'
  | 'abort-open'
  | 'start-session'
  /** Begin the Terminate exchange. */
  | 'close-session'
  | 'close-line'
  /** Addresses and routes in, or out. */
  | 'install'
  | 'uninstall'
  | 'pause'
  /** Be ready for what wakes the link. */
  | 'stand-by';

type Cell = '-' | LinkState | `${LifeAction}/${LinkState}` | `${LifeAction},${LifeAction}/${LinkState}`;

const states = [
  'down',
  'opening',
  'negotiating',
  'up',
  'closing',
  'waiting',
  'dormant',
] as const satisfies readonly LinkState[];

/* prettier-ignore */
const table: Readonly<Record<LifeEvent, readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell]>> = {
  //                 down                 opening                      negotiating                     up                                 closing               waiting              dormant
  'start':          ['open-line/opening', 'opening',                   'negotiating',                  'up',                              'closing',            'open-line/opening', 'open-line/opening'],
  'stop':           ['down',              'abort-open/closing',        'close-session/closing',        'uninstall,close-session/closing', 'closing',            'uninstall/down',    'uninstall/down'],
  'restart':        ['open-line/opening', 'opening',                   'close-session/closing',        'uninstall,close-session/closing', 'closing',            'open-line/opening', 'open-line/opening'],
  'doze':           ['stand-by/dormant',  'abort-open/closing',        'close-session/closing',        'uninstall,close-session/closing', 'closing',            'stand-by/dormant',  'stand-by/dormant'],
  'line-opened':    ['-',                 'start-session/negotiating', '-',                            '-',                               'close-line/closing', '-',                 '-'],
  'open-failed':    ['-',                 'close-line/closing',        '-',                            '-',                               'close-line/closing', '-',                 '-'],
  'network-up':     ['-',                 '-',                         'install/negotiating',          '-',                               '-',                  '-',                 '-'],
  'installed':      ['-',                 '-',                         'up',                           '-',                               '-',                  '-',                 '-'],
  'install-failed': ['-',                 '-',                         'close-session/closing',        '-',                               '-',                  '-',                 '-'],
  'network-down':   ['-',                 '-',                         'uninstall/negotiating',        'uninstall/negotiating',           '-',                  '-',                 '-'],
  'finished':       ['-',                 '-',                         'uninstall,close-line/closing', 'uninstall,close-line/closing',    'close-line/closing', '-',                 '-'],
  'line-ended':     ['-',                 '-',                         'uninstall,close-line/closing', 'uninstall,close-line/closing',    'close-line/closing', '-',                 'stand-by/dormant'],
  'timer':          ['-',                 '-',                         '-',                            '-',                               'close-line/closing', 'open-line/opening', 'stand-by/dormant'],
  'closed-retry':   ['-',                 '-',                         '-',                            '-',                               'pause/waiting',      '-',                 '-'],
  'closed-rest':    ['-',                 '-',                         '-',                            '-',                               'down',               '-',                 '-'],
  'closed-doze':    ['-',                 '-',                         '-',                            '-',                               'stand-by/dormant',   '-',                 '-'],
};

export interface LifeStep {
  readonly next: LinkState;
  readonly actions: readonly LifeAction[];
}

/** What an event does in a state; undefined where the table says that it cannot happen. */
export function lifeStep(state: LinkState, event: LifeEvent): LifeStep | undefined {
  return steps.get(`${state} ${event}`);
}

function readCell(cell: Cell): LifeStep | undefined {
  const [, actions = '', next] = /^(?:(.*)\/)?([a-z]+)$/.exec(cell) ?? [];
  if (!isState(next)) return undefined;
  return { next, actions: actions.split(',').filter(isAction) };
}

function isState(text: string | undefined): text is LinkState {
  return states.some((state) => state === text);
}

const actionNames: readonly string[] = [
  'open-line',
  'abort-open',
  'start-session',
  'close-session',
  'close-line',
  'install',
  'uninstall',
  'pause',
  'stand-by',
] satisfies LifeAction[];

function isAction(text: string): text is LifeAction {
  return actionNames.includes(text);
}

const steps: ReadonlyMap<string, LifeStep> = new Map(
  Object.entries(table).flatMap(([event, cells]) =>
    cells.flatMap((cell, column): (readonly [string, LifeStep])[] => {
      const state = states[column];
      const step = readCell(cell);
      return state === undefined || step === undefined ? [] : [[`${state} ${event}`, step]];
    }),
  ),
);
