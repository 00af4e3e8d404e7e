/** What a probe found: a table of the ports, a block for each that was spoken on; and the same as JSON. */
import { assertNever } from '../../base/errors.js';
import type { Holder } from '../../probe/holders.js';
import type { Finding, Screen as Shown } from '../../probe/finding.js';
import type { PortFacts } from '../../probe/port-facts.js';
import type { Probed } from '../../probe/probe.js';
import { printable } from '../../base/printable.js';
import { decodeText } from '../../base/text.js';
import { formatHex } from '../../base/bytes.js';
import { formatCount } from './format.js';
import type { Pair, Screen } from './render-link.js';
import { renderColumns, renderPairs, type Column } from './table.js';

export interface PortReport {
  /** As it was named. */
  readonly device: string;
  /** Undefined: there is none. */
  readonly path: string | undefined;
  /** Undefined: the system doesn't list it, as a pty. */
  readonly facts: PortFacts | undefined;
  readonly holders: readonly Holder[];
  /** Undefined: nothing was sent to it. */
  readonly result: PortResult | undefined;
}

export type PortResult =
  | { readonly kind: 'found'; readonly probed: Probed }
  /** Somebody has it, so it was left alone. */
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly why: string };

/** The whole text, with its final line end. `hidden` processes could not be looked into. */
export function renderProbe(reports: readonly PortReport[], hidden: number, screen: Screen): string {
  const absent = reports.filter(({ facts, result }) => facts?.present === false && result === undefined).length;
  const shown = reports.filter(({ facts, result }) => facts?.present !== false || result !== undefined);
  const blocks = shown.flatMap((report) =>
    report.result === undefined ? [] : [renderResult(report, report.result, screen)],
  );
  const notes = [
    ...(absent === 0
      ? []
      : [`${formatCount(absent, 'name')} without hardware behind ${absent === 1 ? 'it is' : 'them are'} left out`]),
    ...(hidden === 0
      ? []
      : [`${formatCount(hidden, 'process')} may not be looked into: run it as root to be sure who holds what`]),
  ].map((note) => `${screen.paint.dim(note)}\n`);
  const table = shown.length === 0 ? 'there is no serial port\n' : `${renderTable(shown, screen)}\n`;
  return [table, ...notes, ...blocks.map((block) => `\n${block}\n`)].join('');
}

function renderTable(reports: readonly PortReport[], { paint, width }: Screen): string {
  const columns: Column<PortReport>[] = [
    { head: 'PORT', rank: 0, cell: ({ device }) => paint.strong(printable(device)) },
    { head: 'DRIVER', rank: 2, cell: ({ facts }) => facts?.driver ?? '-' },
    { head: 'HARDWARE', rank: 1, cell: ({ facts }) => hardwareOf(facts) },
    { head: 'STABLE NAME', rank: 3, cell: ({ facts }) => facts?.byId ?? facts?.byPath ?? '-' },
    { head: 'HELD BY', rank: 0, cell: ({ holders }) => holders.map(({ who }) => who).join(', ') || '-' },
  ];
  return renderColumns(columns, reports, width, paint.dim);
}

function hardwareOf(facts: PortFacts | undefined): string {
  if (facts === undefined) return '-';
  const { uart, place, usb } = facts;
  const named = [usb?.manufacturer, usb?.product].filter((part) => part !== undefined).join(' ');
  const parts = [uart, place, usb === undefined ? undefined : `USB ${usb.id}${named === '' ? '' : ` ${named}`}`];
  return parts.filter((part) => part !== undefined).join(', ') || '-';
}

function renderResult({ device, facts, holders }: PortReport, result: PortResult, { paint, width }: Screen): string {
  const head = paint.strong(printable(device));
  switch (result.kind) {
    case 'held':
      return `${head}  ${paint.warn('left alone')}: held by ${holders.map(({ who }) => who).join(', ')}`;
    case 'failed':
      return `${head}  ${paint.bad('could not be probed')}: ${result.why}`;
    case 'found': {
      const { finding, lines } = result.probed;
      const pairs: Pair[] = [
        ...findingPairs(finding),
        ...(lines === undefined
          ? []
          : [['modem lines', `carrier ${onOff(lines.carrier)}, clear to send ${onOff(lines.clearToSend)}`] as const]),
        ...(facts?.byId === undefined ? [] : [['stable name', facts.byId] as const]),
      ];
      return [`${head}  ${headlineOf(finding)}`, ...(pairs.length === 0 ? [] : [renderPairs(pairs, width)])].join('\n');
    }
    default:
      return assertNever(result);
  }
}

function headlineOf(finding: Finding): string {
  switch (finding.kind) {
    case 'modem':
      return `a modem${finding.identity.gsm ? ' of a mobile network' : ''} at ${finding.speed} baud${finding.inCall ? ', that was in a call' : ''}`;
    case 'ppp':
      return `a PPP speaker at ${finding.speed} baud${finding.waits ? ', that waits for others to begin' : ''}`;
    case 'login':
      return `a login at ${finding.speed} baud`;
    case 'console':
      return `a console at ${finding.speed} baud`;
    case 'text':
      return `text at ${finding.speed} baud, that asks for nothing`;
    case 'windows':
      return `a Windows machine that calls by its null modem, at ${finding.speed} baud`;
    case 'echo':
      return `what is sent comes back, at ${finding.speed} baud: a loopback plug, or a far end that only echoes`;
    case 'noise':
      return 'something speaks, but nothing that is known at these speeds';
    case 'silence':
      return 'silence';
    default:
      return assertNever(finding);
  }
}

function findingPairs(finding: Finding): readonly Pair[] {
  switch (finding.kind) {
    case 'modem': {
      const { answers, sim, signal } = finding.identity;
      return [
        ...answers.map(({ command, lines }) => [command, lines.join('; ')] as const),
        ...(sim === undefined ? [] : [['SIM', sim] as const]),
        ...(signal === undefined ? [] : [['signal', `${signal} dBm`] as const]),
      ];
    }
    case 'ppp': {
      const { wishes, clean } = finding;
      return [
        ...(clean ? [] : [['line', 'not 8-bit clean: its frames are damaged'] as const]),
        ...(wishes?.mru === undefined ? [] : [['MRU', String(wishes.mru)] as const]),
        ...(wishes === undefined ? [] : [['asks for', wishes.authentication ?? 'no authentication'] as const]),
      ];
    }
    case 'login':
    case 'console':
    case 'text':
      return screenPairs(finding);
    case 'noise':
      return [
        ['heard at', finding.heardAt.map((speed) => `${speed} baud`).join(', ')],
        ['sample', formatHex(finding.sample)],
      ];
    case 'silence':
      return [
        [
          'tried',
          finding.speeds.length === 0 ? 'nothing: the driver knows none of these speeds' : finding.speeds.join(', '),
        ],
      ];
    case 'windows':
    case 'echo':
      return [];
    default:
      return assertNever(finding);
  }
}

function screenPairs({ parity, screen }: Shown): readonly Pair[] {
  return [
    ...(parity === 'none' ? [] : [['parity', `${parity}; linkd needs 8 data bits without parity`] as const]),
    ...screen.map((line, index) => [index === 0 ? 'screen' : '', line] as const),
  ];
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}

/** As docs/linkctl.md has it. */
export function jsonOfProbe(reports: readonly PortReport[], hidden: number): object {
  return { ports: reports.map((report) => jsonOfPort(report)), hidden_processes: hidden };
}

function jsonOfPort({ device, path, facts, holders, result }: PortReport): object {
  return {
    device,
    path: path ?? null,
    present: facts?.present ?? path !== undefined,
    driver: facts?.driver ?? null,
    uart: facts?.uart ?? null,
    place: facts?.place ?? null,
    usb: facts?.usb ?? null,
    by_id: facts?.byId ?? null,
    by_path: facts?.byPath ?? null,
    sent_octets: facts?.octets?.sent ?? null,
    received_octets: facts?.octets?.received ?? null,
    held_by: holders,
    problem: result?.kind === 'failed' ? result.why : result?.kind === 'held' ? 'it is held' : null,
    carrier: result?.kind === 'found' ? (result.probed.lines?.carrier ?? null) : null,
    clear_to_send: result?.kind === 'found' ? (result.probed.lines?.clearToSend ?? null) : null,
    finding: result?.kind === 'found' ? jsonOfFinding(result.probed.finding) : null,
  };
}

function jsonOfFinding(finding: Finding): object {
  const { kind } = finding;
  const speed_baud = 'speed' in finding ? finding.speed : null;
  switch (finding.kind) {
    case 'modem': {
      const { answers, gsm, sim, signal } = finding.identity;
      return { kind, speed_baud, in_call: finding.inCall, gsm, sim: sim ?? null, signal_dbm: signal ?? null, answers };
    }
    case 'ppp':
      return {
        kind,
        speed_baud,
        clean: finding.clean,
        waits: finding.waits,
        mru: finding.wishes?.mru ?? null,
        authentication: finding.wishes?.authentication ?? null,
      };
    case 'login':
    case 'console':
    case 'text':
      return { kind, speed_baud, parity: finding.parity, screen: finding.screen };
    case 'noise':
      return { kind, speed_baud, heard_at_baud: finding.heardAt, sample: printable(decodeText(finding.sample)) };
    case 'silence':
      return { kind, speed_baud, tried_baud: finding.speeds };
    case 'windows':
    case 'echo':
      return { kind, speed_baud };
    default:
      return assertNever(finding);
  }
}
