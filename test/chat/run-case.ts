/** A case of the table run by our engine, told as the real chat's run can be told. */
import { parseArguments, parseChat } from '../../src/chat/parse.js';
import { exitCodeOf, fromOctets, type Octets, type Script } from '../../src/chat/script.js';
import type { Case } from './cases.js';
import { runChat } from './rig.js';

export interface Ending {
  readonly sent: string;
  readonly code: number;
  readonly rest: string;
  readonly shown: string;
  readonly reports: readonly string[];
}

export function runCase(one: Case, folder: string, chunk?: number): Ending {
  const steps = stepsOf(one, folder);
  if (steps === undefined) return { sent: '', code: 1, rest: '', shown: '', reports: [] };
  const { sent, outcome, rest, shown, reports } = runChat(steps, {
    turns: one.turns ?? [],
    contents: Object.fromEntries(Object.entries(one.files ?? {}).map(([name, text]) => [`${folder}/${name}`, text])),
    typing: 10,
    ...(one.numbers && { numbers: one.numbers }),
    ...(one.timeout !== undefined && { timeout: one.timeout * 1000 }),
    ...(one.echo !== undefined && { echo: one.echo }),
    ...(chunk !== undefined && { chunk }),
  });
  return { sent: sent.replaceAll('<break>', ''), code: exitCodeOf(outcome), rest: stripped(rest), shown, reports };
}

/** Undefined: it can't be read. */
export function stepsOf(one: Case, folder: string): Script | undefined {
  const { variables } = one;
  const options = variables && { variables: (name: string): Octets | undefined => variables[name] };
  if (typeof one.script !== 'string') return parseArguments(one.script, options);
  const parsed = parseChat(one.script.replaceAll('DIR', folder), options);
  return parsed.kind === 'script' ? parsed.script : undefined;
}

/** As a terminal hands it out that chat has set up. */
function stripped(octets: Octets): Octets {
  return String.fromCharCode(...fromOctets(octets).map((octet) => octet & 0x7f));
}
