import { counted } from './counted.ts';

/** What is said of an ended fine-tuning; in English here, and in each other language by the page. */
export interface TrainingWords {
  readonly stopped: (step: number) => string;
  readonly startAgain: string;
  readonly learnt: string;
  readonly learntSlowly: string;
  /** On a software adapter. */
  readonly slow: string;
  /** What a model of bytes learns. */
  readonly what: string;
  /** What it learns of a text that is too short for more. */
  readonly frequencies: string;
  readonly tooShort: (steps: number, learns: boolean) => string;
  /** So many steps were recomputed and are right; an answer needs more steps. */
  readonly provesNothing: string;
  readonly notLearnt: string;
  /** It could not be finished. */
  readonly broke: string;
  /** Losses in nats a byte. */
  readonly fell: (before: number, after: number, unigram: number | undefined) => string;
  readonly judged: (steps: number) => string;
  readonly measured: (stepMs: number, peakBytes: number) => string;
}

const steps = (count: number) => counted(count, 'step');

/** In English. */
export const TRAINING_WORDS: TrainingWords = {
  stopped: (step) => `Stopped after ${steps(step)}.`,
  startAgain: 'Start again for an answer.',
  learnt: 'Yes: fine-tuning works here.',
  learntSlowly: 'Yes, but slowly: fine-tuning works here.',
  slow: 'Software rendering, no GPU in use: the result counts, the speed does not.',
  what: 'The model learnt which byte follows which in this text: how it is spelt, not what it means.',
  frequencies:
    'The model learnt how often each byte occurs in this text, not yet which follows which: a longer text or more steps teach that.',
  tooShort: (count, learns) =>
    `${learns ? 'It is learning, but' : 'Not yet:'} ${steps(count)} ${count === 1 ? 'is' : 'are'} too few for an answer.`,
  provesNothing: 'So nothing is proved. The usual run gives an answer.',
  notLearnt: 'No: this run did not learn as it must.',
  broke: 'No: this run could not be finished.',
  fell: (before, after, unigram) =>
    `On the part of the text that it never saw, its loss ${after < before ? 'fell' : 'went'} from ${before.toFixed(2)} to ${after.toFixed(2)} nats per byte${
      unigram === undefined ? '.' : `; the letter-frequency baseline is ${unigram.toFixed(2)}.`
    }`,
  judged: (count) =>
    `${steps(count)} ${count === 1 ? 'was' : 'were'} recomputed in double precision and agreed.`,
  measured: (stepMs, peakBytes) =>
    `${stepMs.toFixed(stepMs < 10 ? 1 : 0)} ms a step (median), at most ${(peakBytes / 1e6).toFixed(1)} MB of memory, both measured.`,
};
