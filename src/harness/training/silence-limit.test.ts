import { expect, test } from 'vitest';
import { SilenceLimit } from './silence-limit.ts';

const KIND = { silenceMs: 1000, hangMs: 100 } as never;
const START = {
  type: 'start',
  ...{ steps: 4, trainable: 1, frozen: 2, trainingRows: 3, heldoutRows: 1, bytesForecast: 7 },
} as const;
const step = (at: number) =>
  ({
    type: 'step',
    ...{ step: at, epoch: at / 4, loss: 2, tokens: 10, tokensPerSecond: 20 },
    ...{ ms: 1, bytes: 5, peakBytes: 6 },
  }) as const;

/** The limit after each of these words. */
const limits = (words: readonly (readonly [unknown, number])[]) => {
  const silence = new SilenceLimit(KIND, 0);
  return words.map(([word, at]) => {
    silence.hear(word as never, at);
    return silence.ms;
  });
};

test('between steps a silence may be as long as is asked for, or twenty of the longest', () => {
  expect(
    limits([
      [START, 500],
      [step(1), 900],
      [step(2), 902],
      [step(3), 910],
      [{ type: 'checkpoint', step: 3, ms: 1, bytes: 1, share: 0.1 }, 940],
    ]),
  ).toEqual([1000, 100, 100, 160, 600]);
});

test('it may be long while the model is loaded, after the last step, and after a pause', () => {
  expect(
    limits([
      [START, 0],
      [step(1), 1],
      [{ type: 'resumed-from', step: 0, history: [], broken: [] }, 2],
      [step(3), 3],
      [step(4), 4],
    ]),
  ).toEqual([1000, 100, 1000, 100, 1000]);
  const silence = new SilenceLimit(KIND, 0);
  for (const word of [START, step(1)]) silence.hear(word, 0);
  silence.leaveSteps();
  expect(silence.ms).toBe(1000);
});

test('no silence is longer than the longest of all', () => {
  expect(
    limits([
      [START, 0],
      [step(1), 1],
      [step(2), 400],
    ]).at(-1),
  ).toBe(1000);
});
