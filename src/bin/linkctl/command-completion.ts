/** `linkctl completion bash|zsh|fish`: the shell's script; `linkctl completion links`: the names that it completes. */
import { Argument, type Command } from 'commander';
import { bashCompletion } from './completion/bash.js';
import { fishCompletion } from './completion/fish.js';
import { grammarOf, type ProgramGrammar } from './completion/grammar.js';
import { zshCompletion } from './completion/zsh.js';
import type { Context } from './context.js';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const satisfies Readonly<
  Record<string, (program: ProgramGrammar) => string>
>;
const links = 'links';
type What = keyof typeof shells | typeof links;

export function addCompletionCommand(program: Command, { client, output }: Context): void {
  program
    .command('completion')
    .description("print a shell's completion script, or the names of the links that such a script offers")
    .addArgument(new Argument('<what>', 'a shell, or links').choices([...Object.keys(shells), links]))
    .action(async (what: What) => {
      if (what !== links) {
        output.write(shells[what](grammarOf(program)));
        return;
      }
      const { body } = await client().status();
      output.write(body.links.map(({ name }) => `${name}\n`).join(''));
    });
}
