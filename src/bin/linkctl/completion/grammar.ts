/** What can stand where on linkctl's command line, read from the definitions of its commands. */
import type { Argument, Command, Option } from 'commander';

/** What a value is: a link's name, a file, one of some words, or what no shell can guess. */
export type ValueKind =
  | { readonly kind: 'link' }
  | { readonly kind: 'file' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'unknown' };

export interface OptionGrammar {
  /** As typed: `--json`, `-V`; the long one first. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined: it takes none. */
  readonly value: (ValueKind & { readonly name: string }) | undefined;
}

export type ArgumentGrammar = ValueKind & {
  readonly name: string;
  readonly required: boolean;
  /** It takes all the words that are left. */
  readonly variadic: boolean;
};

export interface CommandGrammar {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ArgumentGrammar[];
}

export interface ProgramGrammar {
  readonly name: string;
  /** They may stand before the command and behind it. */
  readonly options: readonly OptionGrammar[];
  readonly commands: readonly CommandGrammar[];
}

/** The grammar of a program whose commands have no commands of their own. */
export function grammarOf(program: Command): ProgramGrammar {
  const { name, options } = commandGrammar(program);
  return { name, options, commands: program.commands.map(commandGrammar) };
}

function commandGrammar(command: Command): CommandGrammar {
  return {
    name: command.name(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(optionGrammar),
    arguments: command.registeredArguments.map(argumentGrammar),
  };
}

function optionGrammar(option: Option): OptionGrammar {
  const names = [option.long, option.short].filter((name) => typeof name === 'string');
  const name = /[<[](.*?)(?:\.\.\.)?[>\]]/.exec(option.flags)?.[1];
  const value = name === undefined ? undefined : { name, ...kindOf(name, option.argChoices) };
  return { names, description: option.description, value };
}

function argumentGrammar(argument: Argument): ArgumentGrammar {
  const name = argument.name();
  const { required, variadic } = argument;
  return { name, required, variadic, ...kindOf(name, argument.argChoices) };
}

/** A value's name says what it is, so the help and the completion agree. */
function kindOf(name: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return { kind: 'choice', choices };
  if (name === 'link') return { kind: 'link' };
  if (['file', 'socket', 'dir', 'device'].includes(name)) return { kind: 'file' };
  return { kind: 'unknown' };
}
