/** Random numbers that a seed decides: a failing run can be run again. */

/** Unsigned 32-bit numbers (xorshift, well mixed from the seed). */
export function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 13)) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Numbers from 0 up to but not including 1. */
export function fractions(random: () => number): () => number {
  return () => random() / 0x1_0000_0000;
}
