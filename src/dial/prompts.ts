/** What a far end shows before PPP, and what it wants: a user, a password, a command; or that it refuses. */

export type Prompt = 'user' | 'password' | 'command';

const escapeSequence = /^(?:\[[0-9;?]*[@-~]|[()][ -~]|[=>78])/;

/** A screen as it is judged: line feeds alone end its lines, and nothing moves a cursor or changes colours. */
export function plainText(text: string): string {
  const [first = '', ...pieces] = text.split('\u001b');
  const shown = first + pieces.map((piece) => piece.replace(escapeSequence, '')).join('');
  return shown.replace(/\r+\n?|\n\r?/g, '\n').replace(/[^\n\t\P{Cc}]/gu, '');
}

/** What the text's last line waits for; undefined where it is no prompt that is known. */
export function readPrompt(line: string): Prompt | undefined {
  const text = line.trimEnd();
  if (/^\s*last (?:failed )?login\b/i.test(text)) return undefined;
  if (/(?:pass ?(?:word|wd|code|phrase)|\bpin)\b[^:>?]*[:>?]?$/i.test(text)) return 'password';
  if (/(?:log ?[io]n|user ?(?:name|id)?|account(?: name)?|\bname|\bhandle|\bid)[^:>?]{0,12}[:>?]$/i.test(text))
    return 'user';
  return /[>$#%\]:?]$/.test(text) ? 'command' : undefined;
}

/** The line that refuses a user or a password; undefined where none does. */
export function readRefusal(screen: string): string | undefined {
  const refusals = [
    /\b(?:log ?[io]n|access|authentication|authori[sz]ation|password|pass ?code|user(?:name)?|account)\b.{0,40}\b(?:incorrect|invalid|fail(?:ed|ure)|denied|refused|wrong|rejected|disabled|expired|unknown)\b/i,
    /\b(?:incorrect|invalid|bad|wrong|unknown)\b.{0,20}\b(?:log ?[io]n|password|pass ?code|user(?:name)?|account)\b/i,
    /\b(?:permission denied|not authori[sz]ed|too many (?:failures|attempts|tries))\b/i,
  ];
  return screen
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^(?:last|there (?:was|were|have|has))\b/i.test(line))
    .find((line) => refusals.some((refusal) => refusal.test(line)));
}
