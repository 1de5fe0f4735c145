import type { GenerateOptions } from '../../models/generation/generate.ts';

/** What a model that is trained is asked meanwhile. */
export interface Question extends GenerateOptions {
  /** Ids of the model's own tokenizer. */
  readonly prompt: readonly number[];
}

/** Who answers: the model as it is after the steps so far, or as it was before the first. */
export type Answerer = 'tuned' | 'frozen';

/** What ends an answer that would go on. */
export type Cut = 'room' | 'asked';

/** What comes of a question, for each answerer by itself: tokens one by one, then an end or why not. */
export type AnswerPart =
  | { readonly type: 'token'; readonly by: Answerer; readonly token: number }
  /**
   * The answer is whole. `step`: steps that the model had made; `cut`: why it does not end by itself,
   * since question and answer are all that the model reads at once, or as many tokens as were asked.
   */
  | {
      readonly type: 'end';
      readonly by: Answerer;
      readonly step: number;
      readonly cut?: Cut;
    }
  | {
      readonly type: 'refused';
      readonly by: Answerer;
      readonly code: string;
      readonly message: string;
    };
