import { messageOf } from '../../errors.ts';
import { Observable } from './observable.ts';

/** One plain line about something that was refused; empty where nothing was. */
export class Notice extends Observable<string> {
  constructor() {
    super('');
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
