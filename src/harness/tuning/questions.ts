import type { AnswerPart, Question } from '../../train/llama/question.ts';
import type { QuestionMessage } from '../worker/messages.ts';

/** A question that was put, and who hears the answers. */
interface Put {
  readonly question: Question;
  readonly listen: (part: AnswerPart) => void;
}

/**
 * Asks the model of a run, which answers between two steps, while it is paused, and after the last.
 * What is unanswered when the run ends stays so.
 */
export class Questions {
  readonly #put = new Map<number, Put>();
  #post: ((message: QuestionMessage) => void) | undefined;
  #count = 0;

  /**
   * Puts a question, whose answers `listen` is told part by part; before a run follows, it waits for
   * one. The returned function ends the answers.
   */
  ask(question: Question, listen: (part: AnswerPart) => void): () => void {
    const id = ++this.#count;
    this.#put.set(id, { question, listen });
    this.#post?.({ type: 'ask', id, question });
    return () => {
      if (this.#put.delete(id)) this.#post?.({ type: 'drop', id });
    };
  }

  /** Ends the talk: a run that has made its last step waits for no more questions. */
  close(): void {
    this.#post?.({ type: 'close' });
  }

  /** Takes a part of an answer from the run. */
  hear(id: number, part: AnswerPart): void {
    this.#put.get(id)?.listen(part);
  }

  /** Hands questions to the one run that follows, until the returned function is called. */
  follow(post: (message: QuestionMessage) => void): () => void {
    this.#post = post;
    for (const [id, { question }] of this.#put) post({ type: 'ask', id, question });
    return () => {
      this.#post = undefined;
      this.#put.clear();
    };
  }
}
