/** What a Hayes modem is set to: its registers, and the letters that are switches. */

/** The registers that the emulator obeys, with the unit of each. */
export const S = {
  /** Rings after which it answers; 0: never. */
  answerAfter: 0,
  ringCount: 1,
  /** Above 127: there is none. */
  escape: 2,
  return: 3,
  lineFeed: 4,
  backspace: 5,
  /** How long a carrier is waited for, seconds. */
  carrierWait: 7,
  /** What a comma waits, seconds. */
  comma: 8,
  /** How long the carrier may be away, tenths of a second. */
  carrierLoss: 10,
  /** fiftieths of a second. */
  guard: 12,
} as const;

const defaults: readonly number[] = [0, 0, 43, 13, 10, 8, 2, 50, 2, 6, 14, 95, 50];

export class Settings {
  readonly registers: number[] = [...defaults];
  /** The last number of each letter, as `&C` or `X`. */
  readonly switches = new Map<string, number>(Object.entries({ E: 1, V: 1, Q: 0, X: 4, '&C': 1, '&D': 2, M: 1, L: 1 }));

  copy(): Settings {
    const copy = new Settings();
    copy.registers.splice(0, copy.registers.length, ...this.registers);
    for (const [name, value] of this.switches) copy.switches.set(name, value);
    return copy;
  }

  switch(name: string): number {
    return this.switches.get(name) ?? 0;
  }

  register(number: number): number {
    return this.registers[number] ?? 0;
  }

  character(number: number): string {
    return String.fromCharCode(this.register(number));
  }
}

/** The largest number that each switch takes; a letter that isn't here is none. */
export const switchLimits: ReadonlyMap<string, number> = new Map(
  'B=99 E=1 L=3 M=3 N=9 P=0 Q=2 T=0 V=1 W=2 X=4 Y=1 &C=1 &D=3 &G=2 &K=6 &P=3 &Q=9 &R=1 &S=2 %C=3 %E=3 \\N=7 \\Q=4 \\V=4'
    .split(' ')
    .map((limit) => limit.split('='))
    .map(([name = '', most]) => [name, Number(most)]),
);

export type Result =
  'OK' | 'CONNECT' | 'RING' | 'NO CARRIER' | 'ERROR' | 'NO DIALTONE' | 'BUSY' | 'NO ANSWER' | 'DELAYED' | 'BLACKLISTED';

/** What stands for a result after ATV0; those above 8 as Rockwell's modems have them. */
export const resultNumbers: Readonly<Record<Result, number>> = {
  OK: 0,
  CONNECT: 1,
  RING: 2,
  'NO CARRIER': 3,
  ERROR: 4,
  'NO DIALTONE': 6,
  BUSY: 7,
  'NO ANSWER': 8,
  DELAYED: 24,
  BLACKLISTED: 32,
};
