import type { Question } from './question.ts';

/** Questions that wait for the model of a run, the first one first. */
export class QuestionQueue {
  readonly #waiting = new Map<number, Question>();
  /** Whose answer is being written. */
  #answered: number | undefined;
  #isClosed = false;
  #wake: () => void = () => {};

  add(id: number, question: Question): void {
    this.#waiting.set(id, question);
    this.#wake();
  }

  /** No answer is wanted any more, or no more of it. */
  drop(id: number): void {
    this.#waiting.delete(id);
    if (this.#answered === id) this.#answered = undefined;
  }

  /** Of what was asked so far no answer is wanted any more, or no more of it. */
  clear(): void {
    this.#waiting.clear();
    this.#answered = undefined;
  }

  /** No more questions come, and no more of an answer is wanted. */
  close(): void {
    this.#isClosed = true;
    this.clear();
    this.#wake();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next question, whose answer is now being written; undefined where none waits. */
  take(): { readonly id: number; readonly question: Question } | undefined {
    const [next] = this.#waiting;
    this.#answered = next?.[0];
    if (!next) return undefined;
    const [id, question] = next;
    this.#waiting.delete(id);
    return { id, question };
  }

  /** Whether more of an answer is wanted. */
  isWanted(id: number): boolean {
    return this.#answered === id;
  }

  /** Settles when a question waits or the queue is closed, or else when `other` does. */
  async arrival(other: Promise<unknown>): Promise<void> {
    if (this.#waiting.size > 0 || this.#isClosed) return;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, other]);
    this.#wake = () => {};
  }
}
