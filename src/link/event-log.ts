/** The last events of each link (debugging aside), and those who listen to new ones. */
import type { LinkEvent } from './types.js';

/** Events kept for each link. */
const kept = 200;

export class EventLog {
  readonly #events = new Map<string, LinkEvent[]>();
  readonly #listeners = new Set<(event: LinkEvent) => void>();

  add(event: LinkEvent): void {
    if (event.level !== 'debug') this.#keep(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  #keep(event: LinkEvent): void {
    const events = this.#events.get(event.link) ?? [];
    events.push(event);
    if (events.length > kept) events.shift();
    this.#events.set(event.link, events);
  }

  /** Oldest first. */
  of(link: string): readonly LinkEvent[] {
    return [...(this.#events.get(link) ?? [])];
  }

  /** The returned function ends it. */
  subscribe(listener: (event: LinkEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
