/** linkctl's completion for zsh, on _arguments, which does the walking. */
import { assertNever } from '../../../base/errors.js';
import type { ArgumentGrammar, CommandGrammar, OptionGrammar, ProgramGrammar, ValueKind } from './grammar.js';

/** A function to lie in $fpath as `_linkctl`; also good to be sourced after compinit. */
export function zshCompletion(program: ProgramGrammar): string {
  const { name, options, commands } = program;
  return `#compdef ${name}
# zsh completion for ${name}, made from its commands by: ${name} completion zsh

_${name}_links() {
  local -a links
  links=(\${(f)"$(${name} \${control:+--control} $control completion links 2>/dev/null)"})
  compadd "$@" -a links
}

_${name}() {
  local context state state_descr line control
  typeset -A opt_args
  local -a commands
  commands=(
${commands.map((command) => `    ${quote(`${command.name}:${command.description}`)}\n`).join('')}  )
  _arguments -C \\
${specs(options)}    '1:command:->command' \\
    '*::argument:->argument' && return
  control=\${(Q)opt_args[--control]}
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${commands.map((command) => branch(command, options)).join('')}      esac
      ;;
  esac
}

if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function branch(command: CommandGrammar, common: readonly OptionGrammar[]): string {
  const repeated = common.filter(({ names }) => !command.options.some((own) => own.names[0] === names[0]));
  const lines = [...command.options, ...repeated].map(optionSpec).concat(command.arguments.map(argumentSpec));
  return `        ${command.name})\n          _arguments \\\n            ${lines.join(' \\\n            ')}\n          ;;\n`;
}

function specs(options: readonly OptionGrammar[]): string {
  return options.map((option) => `    ${optionSpec(option)} \\\n`).join('');
}

/** `'(--version -V)'{--version,-V}'[description]'`; `=` lets the value follow in the same word as well. */
function optionSpec({ names, description, value }: OptionGrammar): string {
  const rest =
    value === undefined ? `[${escape(description)}]` : `=[${escape(description)}]:${value.name}:${action(value)}`;
  const [only = ''] = names;
  if (names.length === 1) return quote(only + rest);
  return `${quote(`(${names.join(' ')})`)}{${names.join(',')}}${quote(rest)}`;
}

function argumentSpec(argument: ArgumentGrammar): string {
  const colons = argument.variadic ? '*:' : argument.required ? ':' : '::';
  return quote(`${colons}${argument.name}:${action(argument)}`);
}

function action(value: ValueKind): string {
  switch (value.kind) {
    case 'link':
      return '_linkctl_links';
    case 'file':
      return '_files';
    case 'choice':
      return `(${value.choices.join(' ')})`;
    case 'unknown':
      return ' ';
    default:
      return assertNever(value);
  }
}

/** Brackets and colons mean something in a description. */
function escape(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
