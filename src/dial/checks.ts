/** What of a config can be judged on the machine alone: chat scripts in files. */
import { parseChat } from '../chat/parse.js';
import { readFileOf } from './conversation.js';
import type { DialOptions } from './options.js';

export interface ScriptProblem {
  readonly link: string;
  readonly message: string;
  readonly remedy: string;
}

/** Scripts that can't be read, or are none. */
export async function checkScripts(
  links: readonly { readonly name: string; readonly dial: DialOptions | undefined }[],
): Promise<readonly ScriptProblem[]> {
  const problems: ScriptProblem[] = [];
  for (const { name: link, dial } of links) {
    if (dial?.chat?.kind !== 'file') continue;
    const { path } = dial.chat;
    const content = await readFileOf(path);
    if (!(content instanceof Uint8Array)) {
      const remedy = 'Create it, or name another one; the user that runs linkd has to be able to read it.';
      problems.push({ link, message: `the chat script ${path} cannot be read: ${content.refused}`, remedy });
      continue;
    }
    const parsed = parseChat(content);
    for (const { line, column, message } of parsed.kind === 'script' ? [] : parsed.mistakes) {
      problems.push({ link, message: `${path}:${line}:${column}: ${message}`, remedy: 'Correct the chat script.' });
    }
  }
  return problems;
}
