/** Keeps secrets out of what people see: a far end that echoes what was typed at it would show them. */

/** What stands for a secret wherever somebody could read it. */
export const hidden = '??????';

export class Hider {
  readonly #secrets: string[] = [];
  /** What may be the beginning of a secret; no more is held back than that. */
  #held = '';

  /** From here on this is never shown. */
  add(secret: string): void {
    if (secret !== '' && !this.#secrets.includes(secret)) this.#secrets.push(secret);
  }

  /** What may be shown by now of a text that comes in pieces. */
  push(piece: string): string {
    let shown = '';
    this.#held += piece;
    while (this.#held !== '' && !this.#mayGrow()) {
      const found = this.#secrets
        .filter((secret) => this.#held.startsWith(secret))
        .reduce((longest, secret) => (secret.length > longest.length ? secret : longest), '');
      shown += found === '' ? this.#held.charAt(0) : hidden;
      this.#held = this.#held.slice(Math.max(1, found.length));
    }
    return shown;
  }

  /** Nothing more comes; the beginning of a secret isn't shown either. */
  end(): string {
    const shown = this.#held === '' ? '' : hidden;
    this.#held = '';
    return shown;
  }

  /** A text that is whole. */
  hide(text: string): string {
    const hider = new Hider();
    this.#secrets.forEach((secret) => {
      hider.add(secret);
    });
    return hider.push(text) + hider.end();
  }

  #mayGrow(): boolean {
    return this.#secrets.some((secret) => secret.length > this.#held.length && secret.startsWith(this.#held));
  }
}
