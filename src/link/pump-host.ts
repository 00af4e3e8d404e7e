/** What a pump needs of the thread that it runs in, and says to it. */
import type { Scheduler } from '../base/clock.js';
import type { Codecs } from '../framing/codecs.js';
import type { FromWorker } from './messages.js';

/** Without the link's name, which the pump doesn't know. */
export type PumpMessage = FromWorker extends infer Message
  ? Message extends { link: string }
    ? Omit<Message, 'link'>
    : never
  : never;

export interface PumpHost {
  readonly scheduler: Scheduler;
  /** Of all pumps in the thread. */
  readonly codecs: Pick<Codecs, 'open'>;
  /** Unsigned 32-bit numbers. */
  readonly random: () => number;
  /** Runs what an event asks for, so that an exception in it hits this link only. */
  guard(work: () => void): void;
  emit(message: PumpMessage): void;
}
