/** The stream cipher RC4, which MPPE is made of. OpenSSL 3 no longer has it switched on, so it is written out here. */

export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** `key` has 1 to 256 octets. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i++) state[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const swapped = state[i]!;
      j = (j + swapped + key[i % key.length]!) & 0xff;
      state[i] = state[j]!;
      state[j] = swapped;
    }
  }

  /** Encrypts or decrypts `bytes[start..end)` in place. */
  apply(bytes: Uint8Array, start: number, end: number): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = start; at < end; at++) {
      i = (i + 1) & 0xff;
      const a = state[i]!;
      j = (j + a) & 0xff;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      bytes[at]! ^= state[(a + b) & 0xff]!;
    }
    this.#i = i;
    this.#j = j;
  }
}
