/**
 * The dialogue of `linkctl setup`, without a terminal: answers go in, the next question comes out, until none is left.
 * What options said already isn't asked; an answer that the config couldn't hold is asked for again, with the reason.
 */
import { planOf, problemOf, type Plan } from './plan.js';
import {
  flows,
  questions,
  ways,
  type Answers,
  type Circumstances,
  type Key,
  type Known,
  type ProbeResult,
  type Question,
} from './questions.js';

export interface Asked {
  readonly key: Key;
  readonly text: string;
  readonly help: string;
  readonly secret: boolean;
  /** Some of the answers that there are, to be shown. */
  readonly choices: readonly string[];
  /** What a mere return means. */
  readonly fallback: string | undefined;
}

export interface DialogueOptions {
  /** What options said. */
  readonly given: Answers;
  readonly circumstances: Circumstances;
  /** Nobody is asked what has a default. */
  readonly quick: boolean;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly problem: string };

export class Dialogue {
  readonly #answers = new Map<Key, string>();
  readonly #circumstances: Circumstances;
  readonly #quick: boolean;
  #probed: ProbeResult | undefined;

  constructor({ given, circumstances, quick }: DialogueOptions) {
    this.#circumstances = circumstances;
    this.#quick = quick;
    for (const [key, answer] of given) this.#answers.set(key, answer);
  }

  /** What options said that can't be so, with the option's name. */
  get mistakes(): readonly string[] {
    return questions.flatMap(({ key, option }) => {
      const answer = this.#answers.get(key);
      const problem = answer === undefined ? undefined : this.#problem(key, answer);
      return problem === undefined ? [] : [`${option}: ${problem}`];
    });
  }

  /** The next question; undefined when everything is known. */
  get question(): Asked | undefined {
    const next = this.#open.find((question) => !this.#quick || question.fallback(this.#known) === undefined);
    return next === undefined ? undefined : this.#asked(next);
  }

  /** The options that are missing for all to be known without a question. */
  get missing(): readonly string[] {
    return this.#open.filter((question) => question.fallback(this.#known) === undefined).map(({ option }) => option);
  }

  /** Whether the port is to be probed now: that was wished, and it hasn't been. */
  get wantsProbe(): boolean {
    return this.#probed === undefined && this.#isReady('probe') && isYes(this.#answers.get('probe') ?? 'no');
  }

  /** The answer to `question`; an empty one means its fallback. Throws when nothing is asked. */
  answer(text: string): Verdict {
    const asked = this.question;
    if (asked === undefined) throw new Error('nothing is asked');
    const answer = text.trim() === '' ? (asked.fallback ?? '') : asked.secret ? text : text.trim();
    if (answer === '' && asked.fallback === undefined) return { ok: false, problem: 'there has to be an answer' };
    const problem = this.#problem(asked.key, answer);
    if (problem !== undefined) return { ok: false, problem };
    this.#answers.set(asked.key, answer);
    return { ok: true };
  }

  /** What the probe brought: it becomes the suggestion for what isn't answered yet. */
  learn(probed: ProbeResult): void {
    this.#probed = probed;
  }

  /** There was no probing it: nobody is asked again. */
  giveUpProbe(): void {
    this.#answers.set('probe', 'no');
  }

  get device(): string {
    return this.#answers.get('device') ?? '';
  }

  get name(): string {
    return this.#answers.get('name') ?? '';
  }

  /** The link; `folder` is that of the config. Throws while something is still asked. */
  plan(folder: string): Plan {
    if (this.question !== undefined) throw new Error('something is still asked');
    const answers = new Map(this.#answers);
    for (const question of questions) {
      const known = { ...this.#known, answers };
      if (!answers.has(question.key) && question.asked(known))
        answers.set(question.key, question.fallback(known) ?? '');
    }
    return planOf({ ...this.#known, answers }, folder);
  }

  get #known(): Known {
    return { answers: this.#answers, circumstances: this.#circumstances, probed: this.#probed };
  }

  get #open(): readonly Question[] {
    return questions.filter(({ key, asked }) => !this.#answers.has(key) && asked(this.#known));
  }

  #asked({ key, text, help, secret, fallback, suggestion = fallback }: Question): Asked {
    const choices = key === 'device' ? this.#circumstances.freePorts : [];
    return { key, text, help, secret, choices, fallback: suggestion(this.#known) };
  }

  #isReady(key: Key): boolean {
    return this.#answers.has('device') && this.#answers.has(key);
  }

  #problem(key: Key, answer: string): string | undefined {
    switch (key) {
      case 'probe':
        return isYes(answer) || isNo(answer) ? undefined : 'say yes or no';
      case 'way':
        return ways.some((way) => way === answer) ? undefined : `it is one of ${ways.join(', ')}`;
      case 'flow':
        return flows.some((flow) => flow === answer) ? undefined : `it is one of ${flows.join(', ')}`;
      case 'name':
        return this.#circumstances.takenNames.includes(answer)
          ? 'there is such a link already: name another, or overwrite its file by --force'
          : problemOf(key, answer);
      case 'remote':
        return answer !== 'from-peer' && answer === this.#answers.get('local')
          ? 'it is our own address'
          : problemOf(key, answer);
      default:
        return answer === '' ? undefined : problemOf(key, answer);
    }
  }
}

function isYes(text: string): boolean {
  return /^(?:y|yes|on|true)$/i.test(text);
}

function isNo(text: string): boolean {
  return /^(?:n|no|off|false)$/i.test(text);
}
