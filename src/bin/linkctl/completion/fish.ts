/** linkctl's completion for fish: a line for everything that can be typed, under the condition where. */
import { assertNever } from '../../../base/errors.js';
import type { CommandGrammar, OptionGrammar, ProgramGrammar, ValueKind } from './grammar.js';

/** A script to be sourced, or to lie in /usr/share/fish/vendor_completions.d. */
export function fishCompletion({ name, options, commands }: ProgramGrammar): string {
  const everyOption = [...options, ...commands.flatMap((command) => command.options)];
  const valued = new Set(everyOption.flatMap(({ names, value }) => (value === undefined ? [] : names)));
  return `# fish completion for ${name}, made from its commands by: ${name} completion fish

# Prints the words typed so far that are no options: the command first.
function __${name}_words
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${[...valued].join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether the command is still to come.
function __${name}_begins
    test (count (__${name}_words)) = 0
end

# Whether this is the command.
function __${name}_in
    set -l words (__${name}_words)
    test (count $words) -gt 0; and test $words[1] = $argv[1]
end

# Whether this is the command, and an argument of that number comes next.
function __${name}_at
    __${name}_in $argv[1]; and test (count (__${name}_words)) = $argv[2]
end

function __${name}_links
    set -l typed (commandline -opc)
    set -l control (string match -- '--control=*' $typed)
    if set -l at (contains -i -- --control $typed)
        set control --control $typed[(math $at + 1)]
    end
    ${name} $control completion links 2>/dev/null
end

complete -c ${name} -f
${options.map((option) => optionLine(name, option)).join('')}
${commands.map((command) => commandLines(name, command)).join('\n')}`;
}

function commandLines(program: string, command: CommandGrammar): string {
  const here = ` -n ${quote(`__${program}_in ${command.name}`)}`;
  const name = `complete -c ${program} -n __${program}_begins -a ${command.name} -d ${quote(command.description)}\n`;
  const options = command.options.map((option) => optionLine(program, option, here));
  const values = command.arguments.map((argument, index) => {
    const words = wordsOf(argument);
    const there = argument.variadic ? here : ` -n ${quote(`__${program}_at ${command.name} ${index + 1}`)}`;
    return words === '' ? '' : `complete -c ${program}${there}${words}\n`;
  });
  return [name, ...options, ...values].join('');
}

function optionLine(program: string, { names, description, value }: OptionGrammar, condition = ''): string {
  const spelt = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`)).join('');
  // -r: a value follows; -x: and it is no file.
  const words = value === undefined ? '' : ` -${value.kind === 'file' ? 'r' : 'x'}${wordsOf(value)}`;
  return `complete -c ${program}${condition}${spelt}${words} -d ${quote(description)}\n`;
}

/** What offers the values of such a kind; nothing where there is nothing to offer. */
function wordsOf(value: ValueKind): string {
  switch (value.kind) {
    case 'link':
      return " -a '(__linkctl_links)'";
    case 'file':
      return ' -F';
    case 'choice':
      return ` -a ${quote(value.choices.join(' '))}`;
    case 'unknown':
      return '';
    default:
      return assertNever(value);
  }
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
