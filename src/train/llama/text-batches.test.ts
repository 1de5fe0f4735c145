import { expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { trainingConfigOf } from './config/read-training-config.ts';
import { runPlan } from './run-plan.ts';
import { TextBatches } from './text-batches.ts';

/** Texts whose first id is their number, one token longer each. */
const texts: readonly LabelledTokens[] = Array.from({ length: 7 }, (_, i) => {
  const ids = Array.from({ length: i + 2 }, (_, at) => (at === 0 ? i : 50 + at));
  return { ids, asked: ids.map(() => true) };
});
const numbersOf = (source: TextBatches, steps: number) =>
  Array.from({ length: steps }, () =>
    source.next().map(({ inputs: { ids } }) => {
      const [rows = 0, width = 0] = ids?.shape ?? [];
      return Array.from({ length: rows }, (_, row) => ids?.data[row * width]);
    }),
  );
const OPTIONS = { batchSize: 2, accumulation: 2, seed: 4, length: 64 };

test('every text comes once an epoch, and no step holds two epochs', () => {
  const source = new TextBatches(texts, OPTIONS);
  expect(source.stepsOfEpoch).toBe(2);
  const steps = numbersOf(source, 6);
  expect(steps.map((parts) => parts.map(({ length }) => length))).toEqual([
    ...[
      [2, 2],
      [2, 1],
      [2, 2],
      [2, 1],
      [2, 2],
      [2, 1],
    ],
  ]);
  const epochs = [0, 2, 4].map((first) => steps.slice(first, first + 2).flat(2));
  for (const epoch of epochs) expect(epoch.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(epochs[1]).not.toEqual(epochs[0]);
});

test('orders are those of the seed, and a seek goes on where the step was', () => {
  const steps = numbersOf(new TextBatches(texts, OPTIONS), 7);
  expect(numbersOf(new TextBatches(texts, OPTIONS), 7)).toEqual(steps);
  expect(numbersOf(new TextBatches(texts, { ...OPTIONS, seed: 5 }), 7)).not.toEqual(steps);
  for (const step of [0, 1, 2, 5]) {
    const source = new TextBatches(texts, OPTIONS);
    numbersOf(source, 3);
    source.seek(step);
    expect(numbersOf(source, 2)).toEqual(steps.slice(step, step + 2));
  }
});

test('steps follow from epochs unless they are given, and the last texts are held out', () => {
  const plan = (given: object) => runPlan(texts, trainingConfigOf({ type: 'lora', ...given }));
  const usual = plan({ heldout_fraction: 0.3, gradient_accumulation_steps: 2, warmup_ratio: 0.25 });
  expect(usual.heldout).toEqual(texts.slice(5));
  expect(usual).toMatchObject({ stepsOfEpoch: 3, steps: 9, longest: 8 });
  expect(usual.schedule).toEqual({ name: 'linear', total: 9, warmup: 3 });
  const warmup = (given: object) => plan({ max_steps: 4, ...given }).schedule.warmup;
  // All steps and one step; what is below 1 is a share by either name.
  expect([warmup({ warmup_ratio: 1 }), warmup({ warmup_steps: 1 })]).toEqual([4, 1]);
  expect([warmup({ warmup_ratio: 0.3 }), warmup({ warmup_steps: 0.3 })]).toEqual([2, 2]);
  expect(plan({ max_steps: 4, warmup_steps: 2 })).toMatchObject({
    ...{ steps: 4, heldout: [], schedule: { total: 4, warmup: 2 } },
  });
  expect(plan({ num_train_epochs: 0.5 }).steps).toBe(4);
});

test('packed rows hold whole texts, number them, and are all as long as the longest', () => {
  const source = new TextBatches(texts, { ...OPTIONS, packing: true, length: 10 });
  // Texts of 8, 7, 6, 5, 4, 3 and 2 tokens in rows of 10: 8 2, 7 3, 6 4 and 5.
  expect(source).toMatchObject({ longest: 10, stepsOfEpoch: 1 });
  const [first, second] = source.next();
  const rows = [first, second].flatMap((part) => {
    const { ids, documents } = part?.inputs ?? {};
    expect([ids?.shape, documents?.shape]).toEqual([
      [2, 10],
      [2, 10],
    ]);
    return [0, 10].map((at) => ({
      ids: [...(ids?.data.slice(at, at + 10) ?? [])],
      documents: [...(documents?.data.slice(at, at + 10) ?? [])],
    }));
  });
  const long = rows.find(({ ids }) => ids[0] === 6);
  expect(long?.documents).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  expect(long?.ids.slice(7)).toEqual([57, 0, 51]);
  expect(rows.find(({ ids }) => ids[0] === 3)?.documents).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  const plan = runPlan(texts, trainingConfigOf({ packing: true, max_length: 12 }));
  expect(plan).toMatchObject({ longest: 12, stepsOfEpoch: 3 });
});

test('a text is always left to train on, and texts that ask nothing are none', () => {
  const config = trainingConfigOf({ heldout_fraction: 0.9 });
  expect(runPlan(texts.slice(0, 1), config)).toMatchObject({ training: texts.slice(0, 1) });
  const silent = texts.map(({ ids }) => ({ ids, asked: ids.map((_, at) => at === 0) }));
  expect(runPlan([...silent, ...texts.slice(2, 3)], config).training).toEqual(texts.slice(2, 3));
  expect(() => runPlan(silent, config)).toThrow('the data ask for no token');
});
