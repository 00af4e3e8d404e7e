/**
 * The Option Negotiation Automaton of RFC 1661 §4: the state transition table of §4.1, cell for cell, as data. It knows
 * nothing of packets and timers; `negotiator.ts` carries its actions out.
 */

/** RFC 1661 §4.2, in the order of the table's columns. */
export const states = [
  'Initial',
  'Starting',
  'Closed',
  'Stopped',
  'Closing',
  'Stopping',
  'Req-Sent',
  'Ack-Rcvd',
  'Ack-Sent',
  'Opened',
] as const;
export type State = (typeof states)[number];

/** RFC 1661 §4.4 */
const actionNames = {
  tlu: 'This-Layer-Up',
  tld: 'This-Layer-Down',
  tls: 'This-Layer-Started',
  tlf: 'This-Layer-Finished',
  irc: 'Initialize-Restart-Count',
  zrc: 'Zero-Restart-Count',
  scr: 'Send-Configure-Request',
  sca: 'Send-Configure-Ack',
  scn: 'Send-Configure-Nak/Rej',
  str: 'Send-Terminate-Request',
  sta: 'Send-Terminate-Ack',
  scj: 'Send-Code-Reject',
  ser: 'Send-Echo-Reply',
} as const;
export type Action = keyof typeof actionNames;

/**
 * RFC 1661 §4.1: `p` leaves tlf out when the passive option is taken; `r` is the restart option, an Open that goes down and
 * up again; `x` is a crossed connection. The negotiator never comes to an `x`: to it, a reply to a request that
 * has been answered is out of sequence and discarded (§4.3, RCA), or a line that doubles packets would never open.
 */
export type Footnote = 'p' | 'r' | 'x';

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Target = Digit | '3p' | '3r' | '5r' | '9r' | '6x';
type Cell =
  '-' | Target | `${Action}/${Target}` | `${Action},${Action}/${Target}` | `${Action},${Action},${Action}/${Target}`;
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

/** RFC 1661 §4.1; `test/vectors/rfc1661-automaton.txt` holds the same table, and a test compares them. */
// prettier-ignore
export const table = {
  //        Initial  Starting     Closed       Stopped          Closing  Stopping  Req-Sent       Ack-Rcvd     Ack-Sent       Opened
  'Up':    ['2',     'irc,scr/6', '-',         '-',             '-',     '-',      '-',           '-',         '-',           '-'],
  'Down':  ['-',     '-',         '0',         'tls/1',         '0',     '1',      '1',           '1',         '1',           'tld/1'],
  'Open':  ['tls/1', '1',         'irc,scr/6', '3r',            '5r',    '5r',     '6',           '7',         '8',           '9r'],
  'Close': ['0',     'tlf/0',     '2',         '2',             '4',     '4',      'irc,str/4',   'irc,str/4', 'irc,str/4',   'tld,irc,str/4'],

  'TO+':   ['-',     '-',         '-',         '-',             'str/4', 'str/5',  'scr/6',       'scr/6',     'scr/8',       '-'],
  'TO-':   ['-',     '-',         '-',         '-',             'tlf/2', 'tlf/3',  'tlf/3p',      'tlf/3p',    'tlf/3p',      '-'],

  'RCR+':  ['-',     '-',         'sta/2',     'irc,scr,sca/8', '4',     '5',      'sca/8',       'sca,tlu/9', 'sca/8',       'tld,scr,sca/8'],
  'RCR-':  ['-',     '-',         'sta/2',     'irc,scr,scn/6', '4',     '5',      'scn/6',       'scn/7',     'scn/6',       'tld,scr,scn/6'],
  'RCA':   ['-',     '-',         'sta/2',     'sta/3',         '4',     '5',      'irc/7',       'scr/6x',    'irc,tlu/9',   'tld,scr/6x'],
  'RCN':   ['-',     '-',         'sta/2',     'sta/3',         '4',     '5',      'irc,scr/6',   'scr/6x',    'irc,scr/8',   'tld,scr/6x'],

  'RTR':   ['-',     '-',         'sta/2',     'sta/3',         'sta/4', 'sta/5',  'sta/6',       'sta/6',     'sta/6',       'tld,zrc,sta/5'],
  'RTA':   ['-',     '-',         '2',         '3',             'tlf/2', 'tlf/3',  '6',           '6',         '8',           'tld,scr/6'],

  'RUC':   ['-',     '-',         'scj/2',     'scj/3',         'scj/4', 'scj/5',  'scj/6',       'scj/7',     'scj/8',       'scj/9'],
  'RXJ+':  ['-',     '-',         '2',         '3',             '4',     '5',      '6',           '6',         '8',           '9'],
  'RXJ-':  ['-',     '-',         'tlf/2',     'tlf/3',         'tlf/2', 'tlf/3',  'tlf/3',       'tlf/3',     'tlf/3',       'tld,irc,str/5'],

  'RXR':   ['-',     '-',         '2',         '3',             '4',     '5',      '6',           '7',         '8',           'ser/9'],
} as const satisfies Record<string, Row>;

/** RFC 1661 §4.3 */
export type Event = keyof typeof table;

export interface Transition {
  readonly actions: readonly Action[];
  readonly next: State;
  readonly footnote: Footnote | undefined;
}

/** What `event` does in `state`. Throws for an illegal event: linkd's own mistake, never the peer's. RFC 1661 §4.4 */
export function transition(state: State, event: Event): Transition {
  const found = transitions.get(`${event} ${state}`);
  if (found === undefined) throw new Error(`illegal event ${event} in state ${state}`);
  return found;
}

/** True in the states that have a TO event: there the Restart timer runs. RFC 1661 §4.1 */
export function timerRuns(state: State): boolean {
  return transitions.has(`TO+ ${state}`);
}

/** True while Configure packets are being exchanged and neither end has agreed to all yet. */
export function isNegotiating(state: State): boolean {
  return state === 'Req-Sent' || state === 'Ack-Rcvd' || state === 'Ack-Sent';
}

const transitions: ReadonlyMap<string, Transition> = new Map(
  Object.entries(table).flatMap(([event, row]) =>
    row.flatMap((cell, column) => (cell === '-' ? [] : [[`${event} ${states[column]!}`, parseCell(cell)] as const])),
  ),
);

function parseCell(cell: string): Transition {
  const [, actions = '', digit = '', footnote] = /^(?:([a-z,]+)\/)?(\d)([prx])?$/.exec(cell) ?? [];
  return {
    actions: actions.split(',').filter(isAction),
    next: states[Number(digit)]!,
    footnote: footnote === 'p' || footnote === 'r' || footnote === 'x' ? footnote : undefined,
  };
}

function isAction(text: string): text is Action {
  return text in actionNames;
}
