/** What stands in a line behind `AT`: the commands of a Hayes modem, and GSM's (3GPP TS 27.007), one by one. */

export type AtCommand =
  /** A letter, maybe with a prefix, and its number (0 where there is none): `E1`, `&C1`, `\N3`. */
  | { readonly kind: 'plain'; readonly name: string; readonly value: number }
  /** `S7=60`; a value of undefined asks: `S7?`. */
  | { readonly kind: 'register'; readonly register: number; readonly value: number | undefined }
  | { readonly kind: 'dial'; readonly text: string }
  /** `+CPIN="1234"`: the name with its plus sign, and what follows it. */
  | { readonly kind: 'extended'; readonly name: string; readonly argument: string }
  /** Nothing that a modem knows; what follows isn't read. */
  | { readonly kind: 'wrong'; readonly text: string };

/** Blanks don't count, and neither does the case of letters, but within quotes. */
export function parseAtLine(line: string): readonly AtCommand[] {
  const text = line.replace(/"[^"]*"|[^"]/g, (piece) => (piece.startsWith('"') ? piece : piece.trim().toUpperCase()));
  const commands: AtCommand[] = [];
  for (let at = 0; at < text.length;) {
    const { command, length } = takeCommand(text.slice(at));
    commands.push(command);
    at += length;
  }
  return commands;
}

function takeCommand(text: string): { command: AtCommand; length: number } {
  const dial = /^D(.*)$/.exec(text);
  if (dial) return { command: { kind: 'dial', text: dial[1] ?? '' }, length: text.length };

  const register = /^S(\d+)(?:=(\d*)|\?)/.exec(text);
  if (register) {
    const [whole, number, value] = register;
    return {
      command: { kind: 'register', register: Number(number), value: value === undefined ? undefined : Number(value) },
      length: whole.length,
    };
  }
  const extended = /^(\+[A-Z]+)((?:"[^"]*"|[^";])*);?/.exec(text);
  if (extended) {
    const [whole, name = '', argument = ''] = extended;
    return { command: { kind: 'extended', name, argument }, length: whole.length };
  }
  const plain = /^([&%\\*][A-Z]|[A-CE-RT-Z])(\d*)/.exec(text);
  if (plain) {
    const [whole, name = '', value] = plain;
    return { command: { kind: 'plain', name, value: Number(value) }, length: whole.length };
  }
  return { command: { kind: 'wrong', text }, length: text.length };
}

/** A dial string's number, and how long the modem is busy with it (`,` waits for S8). */
export function readDialString(text: string, digitMs: number, commaMs: number): { number: string; durationMs: number } {
  const rest = text.replace(/^[TP]/, '');
  const number = rest.replace(/[^0-9*#A-D]/g, '');
  const commas = rest.split(',').length - 1;
  return { number, durationMs: number.length * digitMs + commas * commaMs };
}
