/**
 * Text that a terminal shows and does not obey: whatever could move the cursor, change colours, ring, or reorder the
 * characters around it is written as an escape instead. Texts of the peer reach the status and the log.
 */

/** Control characters, invisible formatting (text direction, zero width, tags), lone surrogates, line separators. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line of harmless text: `\x1b` instead of an escape character, `\u202e` instead of an override. */
export function printable(text: string): string {
  return text.replace(unprintable, escape);
}

/** Several lines of harmless text. Tabs become a blank each: how wide one is drawn depends on what stands before it. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line.replaceAll('\t', ' ')))
    .join('\n');
}

/** JSON text whose strings hold only printable characters; it means what it meant, for `\u009b` is JSON's own escape. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (character) =>
    character === '\n' || character === '\t' || character === '\r' ? character : unicodeEscape(character),
  );
}

function escape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

/** As JSON writes it: one escape for each UTF-16 unit. */
function unicodeEscape(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
