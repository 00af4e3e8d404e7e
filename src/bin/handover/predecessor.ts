/** The linkd before this one, as this one sees it: what it says comes over the pipe that it gave us at birth. */
import { native } from '../../native/binding.js';
import { withDescriptors, type HandedLink } from '../../link/handed.js';
import { handOverVariable, isToNew, type ToNew, type ToOld } from './messages.js';

export class Predecessor {
  readonly #heard: ToNew[] = [];
  #gone = false;
  #news: () => void = () => undefined;

  /** Undefined when this process was started in the ordinary way. */
  static find(environment: NodeJS.ProcessEnv): Predecessor | undefined {
    if (environment[handOverVariable] === undefined || process.send === undefined) return undefined;
    // Not for those that we start.
    Reflect.deleteProperty(environment, handOverVariable);
    return new Predecessor();
  }

  private constructor() {
    process.on('message', (message) => {
      // Another version may say what this one doesn't understand: then the old one has to go on.
      if (isToNew(message)) this.#heard.push(message);
      else this.#gone = true;
      this.#news();
    });
    process.on('disconnect', () => {
      this.#gone = true;
      this.#news();
    });
  }

  /** This process can't start: the old one goes on. */
  async refuse(errors: readonly string[]): Promise<void> {
    await this.#say({ type: 'refused', errors: [...errors] });
    this.#leave();
  }

  /** Says that this process could go on, and gives what the old one lets go of. Throws when the old one goes on, or ended. */
  async takeOver(): Promise<readonly HandedLink[]> {
    await this.#say({ type: 'ready' });
    const message = await this.#next();
    if (message?.type !== 'take') throw new Error('the linkd before this one went away without handing on its links');
    return message.links.map(own);
  }

  /** Says that the links go on here, and waits until the old one knows, or is no more. */
  async taken(): Promise<void> {
    if (!this.#gone) await this.#say({ type: 'taken' });
    await this.#next();
    this.#leave();
  }

  /** Undefined when nothing will come any more. */
  async #next(): Promise<ToNew | undefined> {
    while (this.#heard.length === 0 && !this.#gone) {
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    }
    return this.#heard.shift();
  }

  #say(message: ToOld): Promise<void> {
    return new Promise((resolve) => {
      // Its end shows as a disconnection.
      process.send?.(message, undefined, undefined, () => {
        resolve();
      });
    });
  }

  #leave(): void {
    if (process.connected) process.disconnect();
  }
}

/** The descriptors as those of any other file of this process: closed when a program is started. */
function own(link: HandedLink): HandedLink {
  return withDescriptors(link, owned);
}

function owned(inherited: number): number {
  const fd = native.duplicate(inherited);
  native.close(inherited);
  return fd;
}
