/** linkctl's completion for bash: the grammar as data, and one function that walks along the command line. */
import type { ArgumentGrammar, OptionGrammar, ProgramGrammar, ValueKind } from './grammar.js';

/** A script to be sourced, or to lie in /usr/share/bash-completion/completions. */
export function bashCompletion(program: ProgramGrammar): string {
  return `# bash completion for ${program.name}, made from its commands by: ${program.name} completion bash

_${program.name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= option= control= position=0 kind= i
  local options words=(${program.commands.map(({ name }) => name).join(' ')}) arguments=()
  local -A values=()
  _${program.name}_grammar
  for ((i = 1; i < COMP_CWORD; i++)); do
    local here=\${COMP_WORDS[i]}
    # readline takes --control=FILE for three words.
    if [[ $here == '=' ]]; then
      :
    elif [[ -n $option ]]; then
      [[ $option == --control ]] && control=$here
      option=
    elif [[ -n \${values[$here]-} ]]; then
      option=$here
    elif [[ $here == -* ]]; then
      :
    elif [[ -z $command ]]; then
      command=$here
      _${program.name}_grammar
    else
      ((position++))
    fi
  done
  if [[ -n $option ]]; then
    kind=\${values[$option]}
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  elif [[ -z $command ]]; then
    kind="\${words[*]}"
  else
    ((position < \${#arguments[@]})) || [[ \${arguments[*]: -1} == *... ]] && kind=\${arguments[position]-\${arguments[*]: -1}}
  fi
  case \${kind%...} in
    '' | :unknown) ;;
    :file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    :link)
      mapfile -t COMPREPLY < <(compgen -W "$("\${COMP_WORDS[0]}" \${control:+--control "$control"} completion links 2>/dev/null)" -- "$word")
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$word") ;;
  esac
}

# Sets what may follow $command.
_${program.name}_grammar() {
  options=${quote(program.options.flatMap(({ names }) => names).join(' '))}
  ${valuesOf(program.options)}
  case $command in
${program.commands.map((command) => `    ${command.name})\n${body(command)}      ;;\n`).join('')}  esac
}

complete -F _${program.name} ${program.name}
`;
}

function body(command: {
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ArgumentGrammar[];
}): string {
  const names = command.options.flatMap((option) => option.names).join(' ');
  const kinds = command.arguments.map((argument) => quote(`${kindWord(argument)}${argument.variadic ? '...' : ''}`));
  const lines = [`options+=${quote(` ${names}`)}`, `arguments=(${kinds.join(' ')})`, valuesOf(command.options)];
  return lines
    .filter((line) => line !== '')
    .map((line) => `      ${line}\n`)
    .join('');
}

/** The options that take a value, with what it is. */
function valuesOf(options: readonly OptionGrammar[]): string {
  const entries = options.flatMap(({ names, value }) =>
    value === undefined ? [] : names.map((name) => `[${name}]=${quote(kindWord(value))}`),
  );
  return entries.length === 0 ? '' : `values+=(${entries.join(' ')})`;
}

function kindWord(value: ValueKind): string {
  return value.kind === 'choice' ? value.choices.join(' ') : `:${value.kind}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
