/** The words of the demo: numbered headings, sentences, figures and quoted text, for a person at a terminal. */

const steps = { count: 0 };

export function heading(text: string): void {
  steps.count += 1;
  console.log(`\n${steps.count}. ${text}\n`);
}

export function say(text: string): void {
  console.log(`   ${text}`.trimEnd());
}

/** Something measured. */
export function figure(what: string, value: string): void {
  say(`${what}: ${value}`);
}

/** What a file holds or a program printed. */
export function quote(text: string): void {
  console.log(text.replace(/^(?=.)/gm, '      '));
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
