import { messageOf } from '../../errors.ts';
import { Observable } from './observable.ts';

/** What a person can do about a notice. */
export interface Offer {
  /** What the button says. */
  readonly words: string;
  readonly take: () => void;
}

/** One plain line about something that was refused; empty where nothing was. */
export class Notice extends Observable<string> {
  #offered: { readonly line: string; readonly offer: Offer } | undefined;

  constructor() {
    super('');
  }

  /** What can be done about the line that is shown, if anything. */
  get offer(): Offer | undefined {
    return this.#offered?.line === this.value ? this.#offered.offer : undefined;
  }

  /** Says a line with something to do about it. */
  propose(line: string, offer: Offer): void {
    this.#offered = { line, offer };
    this.value = line;
  }

  /** Does something that may be refused: the line is about that from here on. */
  async during(work: () => Promise<unknown>): Promise<void> {
    this.value = '';
    try {
      await work();
    } catch (error) {
      this.value = messageOf(error);
    }
  }
}
