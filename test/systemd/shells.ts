/** The completion of real shells: what each offers for a line that someone has typed so far. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../support/process.js';

export const shellNames = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof shellNames)[number];

/** What is offered for a line. `folder` comes first in PATH, and holds the script as `completion.SHELL`. */
export type Ask = (folder: string, line: string) => Promise<readonly string[]>;

export const shells: Readonly<Record<ShellName, Ask>> = { bash: askBash, zsh: askZsh, fish: askFish };

/** Calls the function as readline would: words are separated by one space each, and a `=` is one of its own. */
async function askBash(folder: string, line: string): Promise<readonly string[]> {
  const script = `
    source "$1/completion.bash"
    set -- "$1" "\${2//=/ = }"
    COMP_WORDS=(); while [[ $2 == *' '* ]]; do COMP_WORDS+=("\${2%% *}"); set -- "$1" "\${2#* }"; done
    COMP_WORDS+=("$2") COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    "$(complete -p linkctl | sed 's/.*-F \\([^ ]*\\).*/\\1/')" linkctl "$2"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(await must('bash', ['--norc', '-c', script, 'bash', folder, line], options(folder)));
}

async function askFish(folder: string, line: string): Promise<readonly string[]> {
  const script = 'source $argv[1]/completion.fish; complete -C $argv[2]';
  const offered = await must('fish', ['--no-config', '-c', script, folder, line], options(folder));
  return lines(offered.replace(/\t.*$/gm, ''));
}

/**
 * zsh completes in its line editor only: a zsh on a pty gets the line and Tab, and a wrapper around compadd, through which
 * everything that is offered goes, writes it down.
 */
async function askZsh(folder: string, line: string): Promise<readonly string[]> {
  const inner = `
    fpath=(${folder}/zsh $fpath); autoload -U compinit; compinit -u -D
    PS1=READY; setopt no_beep; unsetopt zle_bracketed_paste 2>/dev/null
    zstyle ':completion:*' completer _complete
    compadd() {
      local -a hits
      # Asked only what would match: somebody else's business.
      if [[ \${@[1,(i)(-|--)]} == *-[OAD]* ]]; then builtin compadd "$@"; return; fi
      builtin compadd -O hits "$@"
      print -rl -- $hits >> ${folder}/offered
      builtin compadd "$@"
    }
    report() { print OVER }; zle -N report; bindkey '^X' report; bindkey '^I' complete-word`;
  await writeFile(join(folder, 'inner.zsh'), inner);
  const outer = `
    zmodload zsh/zpty
    zpty inner "PATH=$PATH zsh -f -i"
    zpty -w inner "source $1/inner.zsh"
    zpty -r inner seen "*READY*" || exit 3
    : > $1/offered
    zpty -w -n inner "$2"$'\\t'$'\\x18'
    zpty -r inner seen "*OVER*" || exit 4
    zpty -d inner`;
  await must('zsh', ['-f', '-c', outer, 'zsh', folder, line], options(folder));
  return lines(await must('cat', [join(folder, 'offered')]));
}

function options(folder: string): { env: Record<string, string>; cwd: string; timeoutMs: number } {
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
  return { env, cwd: folder, timeoutMs: 30_000 };
}

/** What was offered, once each: an option whose value may follow in the same word without its `=`. */
function lines(text: string): string[] {
  const words = text.split('\n').map((line) => line.replace(/=$/, ''));
  return [...new Set(words.filter((word) => word !== ''))].sort();
}
