/** Mistakes between what is dialed and the line that it is dialed on. */
import { at, type LinkSite } from './site.js';
import type { Mistake } from './tree.js';

export function checkDial(site: LinkSite): readonly Mistake[] {
  const { dial, line } = site.facts;
  if (dial === undefined || line === undefined) return [];
  const mistakes: Mistake[] = [];
  const dials = dial.modem === 'hayes' || dial.modem === 'gsm';
  if ((dials || dial.login !== undefined) && (line.kind === 'tcp-listen' || line.kind === 'unix-listen')) {
    mistakes.push(at(site, ['dial'], 'this line waits for its caller, and there is nothing to dial or to log in to'));
  }
  if (dials && 'carrier' in line && line.carrier === 'require') {
    const problem = 'waits for a carrier before anything is dialed; with `dial` write auto';
    mistakes.push(at(site, ['line', 'carrier'], problem));
  }
  return mistakes;
}
