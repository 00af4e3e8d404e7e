/**
 * The line of a config file that a message is about, with a caret below the place. What may be a secret is left out: the
 * words of a command, and whatever stands behind a key that sounds like a password.
 */
import { printable, withoutPassword } from './text.js';

/** What is shown of a line at most, in characters. */
const width = 100;

/** `lines` is the whole file, `line` and `column` count from 1. */
export function excerpt(lines: readonly string[], line: number, column: number): string {
  const number = String(line).padStart(5);
  const shown = printable(
    hideSecrets(lines, line - 1)
      .replaceAll('\t', ' ')
      .trimEnd(),
  );
  const characters = Array.from(shown);
  const at = Math.min(column - 1, characters.length);
  const start = at < width - 10 ? 0 : at - width / 2;
  const cut = start > 0 ? '…' : '';
  const rest = characters.length > start + width ? '…' : '';
  const text = `${cut}${characters.slice(start, start + width).join('')}${rest}`;
  return `${number} | ${text}\n${' '.repeat(number.length)} | ${' '.repeat(at - start + cut.length)}^`;
}

/** A longer line is no line of a config, and is not searched for secrets. */
const longest = 500;

const secretWord = /(?:^|[\s{,"'-])(?:exec|[\w.-]*(?:pass(?!ive)|secret|token|psk|credential|key)[\w.-]*)["']?/.source;
/** Keys whose values are commands; as words they are too common. */
const commandKey = /(?:^|[\s{,"'-])(?:run|up|down|fail|address-changed|chat|pin)["']?(?=\s*:)/.source;
/** A key whose value may be secret, up to where the value begins. */
const secretKey = new RegExp(`(?:${secretWord}|${commandKey})(?:\\s*[:=]\\s*|\\s+)(?=\\S)`, 'i');
/** The same where the value may begin in a later line. */
const secretBlock = new RegExp(`(?:${secretWord}|${commandKey})\\s*:`, 'i');

function hideSecrets(lines: readonly string[], index: number): string {
  const line = lines[index] ?? '';
  if (line.length > longest || isWithinSecret(lines, index)) return `${' '.repeat(Math.min(indentOf(line), longest))}…`;
  const match = secretKey.exec(line);
  return match === null ? withoutPassword(line) : `${line.slice(0, match.index + match[0].length)}…`;
}

/** True when a line further up, indented less, begins a secret value. */
function isWithinSecret(lines: readonly string[], index: number): boolean {
  let depth = depthOf(lines[index] ?? '');
  for (let above = index - 1; above >= 0 && depth > 0; above--) {
    const line = lines[above] ?? '';
    if (/^\s*(?:#|$)/.test(line) || depthOf(line) >= depth) continue;
    if (secretBlock.test(line.slice(0, longest))) return true;
    depth = depthOf(line);
  }
  return false;
}

/** How deep a line belongs: an item of a list may stand in the column of its key, and is inside it. */
function depthOf(line: string): number {
  return 2 * indentOf(line) + (/^\s*-(?:\s|$)/.test(line) ? 1 : 0);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
