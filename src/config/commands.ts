/** Commands in the config: a program and its arguments, in one line or as a list. No shell. No message shows the words. */
import { z } from 'zod';
import { delegate, value } from './keys.js';
import { right, wrong, type Reader } from './reading.js';
import { withAllowed } from './text.js';

export type Command = readonly [string, ...string[]];

interface CommandRules {
  /** What may be written. */
  readonly allowed: string;
  /** What is wrong with the program's name, as the end of a sentence; undefined where nothing is. */
  readonly objection?: (program: string) => string | undefined;
}

/** A command as one line, split at white space, or as a list of its words. */
export function command({ allowed, objection = () => undefined }: CommandRules) {
  const line: Reader<Command> = {
    allowed,
    hidden: true,
    read(text) {
      const [program, ...args] = text.split(/\s+/).filter((part) => part !== '');
      if (program === undefined) return wrong('names no program');
      if (/['"\\$`|&;<>*?(){}#~]/.test(text)) return wrong('holds characters for a shell, and no shell reads it');
      const problem = objection(program);
      return problem === undefined ? right([program, ...args]) : wrong(problem);
    },
  };
  const words = z.array(value(word)).transform(([program, ...args], ctx): Command => {
    const problem = program === undefined || program === '' ? 'names no program' : objection(program);
    if (program !== undefined && problem === undefined) return [program, ...args];
    ctx.addIssue({ code: 'custom', message: withAllowed(problem ?? '', allowed) });
    return z.NEVER;
  });
  return z
    .unknown()
    .transform((input, ctx) =>
      Array.isArray(input) ? delegate(words, input, ctx) : delegate(value(line), input, ctx),
    );
}

const word: Reader<string> = {
  allowed: 'a word of a command',
  hidden: true,
  read: (text) => (text.includes('\0') ? wrong('holds a NUL character') : right(text)),
};
