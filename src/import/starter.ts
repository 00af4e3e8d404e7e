/** Shell scripts that start pppd, such as `ppp-on`: their variables, and the arguments of pppd. */
import { posix } from 'node:path';
import { isComment, linesOf, type Account, type Given } from './account.js';
import { assign } from './connect.js';
import type { Files } from './files.js';
import { understand } from './network-commands.js';
import { readScript } from './shell.js';
import { expand } from './shell-words.js';
import type { Placed, Settings } from './settings.js';

/** Adds what pppd is told to the settings, and gives the variables that its `connect` may use. */
export function readStarter(
  files: Files,
  account: Account,
  path: string,
  settings: Settings,
): ReadonlyMap<string, string> {
  const text = files.readText(path) ?? '';
  account.open(linesOf(path, text, (line) => !isComment(line)));
  const variables = new Map<string, string>();
  for (const command of readScript(text)) {
    const { words, line, lastLine } = command;
    const given: Given = { file: path, line, lastLine, text: words.map((word) => word.text).join(' ') };
    const first = words[0]?.text === 'exec' ? 1 : 0;
    if (posix.basename(words[first]?.text ?? '') === 'pppd') {
      const args = words.slice(first + 1).flatMap((word): readonly Placed[] => {
        const value = expand(word, (name) => variables.get(name));
        return value === undefined || value === '' ? [] : [{ text: value, line: word.line, lastLine: word.lastLine }];
      });
      account.settle(given, undefined, { kind: 'carried', to: 'links' });
      settings.readWords(files, account, path, args);
    } else if (words.length > 0 && assign(command, variables, account))
      account.settle(given, undefined, { kind: 'foreign' });
    else {
      const plain = words.map((word) => expand(word, (name) => variables.get(name)) ?? '');
      const doing = understand(plain, []);
      account.settle(
        given,
        undefined,
        doing.kind === 'nothing'
          ? { kind: 'foreign' }
          : { kind: 'left', why: 'it is not understood', instead: 'see whether it is needed' },
      );
    }
  }
  return variables;
}
