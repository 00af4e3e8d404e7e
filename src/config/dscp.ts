/** The names of Differentiated Services code points (RFC 2474): six bits that a packet says of its own importance. */

const names: Readonly<Record<string, number>> = {
  /** RFC 2474 §4.2.2: class selectors; the first is the default. */
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`cs${i}`, 8 * i] as const)),
  /** RFC 2597 §6: assured forwarding, class and drop precedence. */
  ...Object.fromEntries(
    [1, 2, 3, 4].flatMap((group) => [1, 2, 3].map((drop) => [`af${group}${drop}`, 8 * group + 2 * drop] as const)),
  ),
  /** RFC 8622, RFC 3246, RFC 5865. */
  le: 1,
  ef: 46,
  'voice-admit': 44,
};

export const dscpNames = Object.keys(names);

/** 0 to 63; undefined when it is no code point, by name or by number. */
export function parseDscp(text: string): number | undefined {
  const word = text.toLowerCase();
  if (Object.hasOwn(names, word)) return names[word];
  return /^\d{1,2}$/.test(word) && Number(word) < 64 ? Number(word) : undefined;
}
