import type { AnswerPart, Question } from '../../train/llama/question.ts';

/** How the one run that follows is told of questions. */
interface Asked {
  readonly ask: (id: number, question: Question) => void;
  /** No more of the answer is wanted. */
  readonly drop: (id: number) => void;
  /** No more questions come. */
  readonly close: () => void;
}

/** Asks the model of a run, which answers between two steps, while it is paused, and after the last. */
export class Questions {
  readonly #listeners = new Map<number, (part: AnswerPart) => void>();
  #asked: Asked | undefined;
  #count = 0;

  /**
   * Puts a question, whose answers `listen` is told part by part. The returned function ends them.
   * Where no run follows, nothing is told.
   */
  ask(question: Question, listen: (part: AnswerPart) => void): () => void {
    const id = ++this.#count;
    this.#listeners.set(id, listen);
    this.#asked?.ask(id, question);
    return () => {
      if (this.#listeners.delete(id)) this.#asked?.drop(id);
    };
  }

  /** Ends the talk: a run that has made its last step waits for no more questions. */
  close(): void {
    this.#asked?.close();
  }

  /** Takes a part of an answer from the run. */
  hear(id: number, part: AnswerPart): void {
    this.#listeners.get(id)?.(part);
  }

  /** Hands questions to the one run that follows, until the returned function is called. */
  follow(asked: Asked): () => void {
    this.#asked = asked;
    return () => {
      this.#asked = undefined;
      this.#listeners.clear();
    };
  }
}
