import { type Answering, answer } from './answer.ts';
import type { AnswerPart } from './question.ts';
import type { QuestionQueue } from './question-queue.ts';
import type { RunMemory } from './run-memory.ts';

/** Who asks a run, and hears the answers. */
export interface Asker {
  readonly questions: QuestionQueue;
  readonly tell: (id: number, part: AnswerPart) => void;
  /**
   * How long a run that has made its last step waits for a question, each time anew; 0: not at all.
   * Milliseconds.
   */
  readonly waitMs: number;
}

/** A run's part in a talk: its model answers while it makes no step. */
export class Talk {
  readonly #asker: Asker;
  readonly #answering: Answering;
  readonly #memory: RunMemory;
  readonly #isInParts: boolean;

  /** `isInParts`: a worker has no more than its part of the model. */
  constructor(asker: Asker, answering: Answering, memory: RunMemory, isInParts: boolean) {
    this.#asker = asker;
    this.#answering = answering;
    this.#memory = memory;
    this.#isInParts = isInParts;
  }

  /** Answers all questions that wait, by the model after `step` steps and by the one that it was. */
  async answerAll(step: number): Promise<void> {
    const { questions, tell } = this.#asker;
    for (let next = questions.take(); next; next = questions.take()) {
      const { id, question } = next;
      const answers = async () => {
        for (const by of ['tuned', 'frozen'] as const) {
          if (!questions.isWanted(id)) return;
          for await (const part of answer(by, question, step, this.#answering)) {
            if (!questions.isWanted(id)) return;
            tell(id, part);
          }
        }
      };
      await this.#within(answers);
    }
  }

  /** Of a model in parts a layer at a time is gathered, as in a step, and counts as it does there. */
  async #within(answers: () => Promise<void>): Promise<void> {
    if (this.#isInParts) return await answers();
    await this.#memory.without(async () => {
      using _held = this.#answering.model.holding();
      await answers();
    });
  }

  /** Answers what is asked until `over` settles. */
  async answerUntil(over: Promise<void> | undefined, step: number): Promise<void> {
    let isOver = false;
    const end = Promise.resolve(over).then(() => {
      isOver = true;
    });
    while (!isOver) {
      await this.#asker.questions.arrival(end);
      await this.answerAll(step);
      if (this.#asker.questions.isClosed) await end;
    }
  }

  /** Answers what is asked until no more questions come. */
  async answerRest(step: number): Promise<void> {
    const { questions, waitMs } = this.#asker;
    while (!questions.isClosed) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          questions.close();
          resolve();
        }, waitMs);
      });
      await questions.arrival(late);
      clearTimeout(timer);
      await this.answerAll(step);
    }
  }
}
