/** Mistakes between how calls are answered, the line that they come in on, and who may call. */
import { isOpenBefore, modemOf } from './answer.js';
import { at, isGiven, type LinkSite } from './site.js';
import { nodeAt, type Mistake } from './tree.js';

export function checkAnswer(site: LinkSite): readonly Mistake[] {
  const { answer, auth, line } = site.facts;
  if (answer === undefined) return [];
  const mistakes: Mistake[] = [];
  const complain = (path: readonly string[], problem: string): void => {
    mistakes.push(at(site, path, problem));
  };
  if (site.facts.lines.length > 1)
    complain(['answer'], 'each of several lines would have its own caller; give each of them a link of its own');
  if (isGiven(site, 'dial')) complain(['answer'], 'a line is dialed or answers, and this one has `dial` as well');
  const hasValidAuth = auth !== undefined || !isGiven(site, 'auth');
  if (answer.login !== undefined && hasValidAuth) {
    if (auth?.peerSecret === undefined && (auth?.papFiles.length ?? 0) === 0)
      complain(
        ['answer', 'login'],
        'there are no accounts; add `auth.secrets` with a file for PAP, or `auth.peer-secret`',
      );
    if (answer['auto-ppp'] === true && (auth?.require.length ?? 0) === 0)
      complain(['answer', 'auto-ppp'], 'would let in whoever speaks PPP; let `auth.require` ask them');
  }
  if (line === undefined) return mistakes;
  const modem = modemOf(answer, line);
  const waits = line.kind === 'tcp-listen' || line.kind === 'unix-listen' || line.kind === 'terminal';
  if (modem === 'hayes' && waits)
    complain(['answer', 'modem'], 'there is none on this line, which waits for its caller');
  if (modem === 'hayes' && 'carrier' in line && line.carrier === 'require')
    complain(['line', 'carrier'], 'waits for a carrier before anything is answered; with a modem write auto');
  if (modem === 'none' && answer.login === undefined && !isOpenBefore(line))
    complain(['answer'], 'leaves nothing to do on this line; add a `login`');
  for (const key of ['init', 'rings', 'by'] as const) {
    if (modem === 'none' && isGivenWithin(site, key)) complain(['answer', key], 'has no meaning without a modem');
  }
  return mistakes;
}

function isGivenWithin({ name, source }: LinkSite, key: string): boolean {
  return nodeAt(source.root, ['links', name, 'answer', key]) !== undefined;
}
