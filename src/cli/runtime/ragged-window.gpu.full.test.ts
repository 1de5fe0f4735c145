import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { openModel } from '../../train/llama/open-model.ts';
import { TextBatches } from '../../train/llama/text-batches.ts';
import { TrainingLoop } from '../../train/loop/training-loop.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { expectSameSteps, referenceRun } from './fixtures/beside-reference.ts';
import { courseOf, judgedRun, modelOf, run, stepsOf, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A model with a sliding window, and texts of unequal lengths, all of them longer. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const WINDOWED = modelOf({ window: 3, layers: 2 });
const training = (fields: object) => ({ ...trainingOf(fields), ...WINDOWED });

test.each([
  { type: 'full', gradient_accumulation_steps: 2 },
  { type: 'lora', gradient_checkpointing: true },
])('it is trained as by the reference, with texts held out: %j', async (fields) => {
  const given = training({ ...fields, max_steps: 3 });
  const { told } = await run(gpu, given, undefined);
  const course = courseOf(told);
  const truth = await referenceRun(given);
  expectSameSteps(stepsOf(course), truth.steps);
  const heldout = course.filter((row) => row['heldout'] !== undefined);
  expect(heldout.map(({ step }) => step)).toEqual([0, 2, 3]);
  // Without the window it learns another thing.
  const wide = await referenceRun({ ...given, ...modelOf({ layers: 2 }) });
  for (const [i, { loss = 0 }] of truth.steps.entries())
    expect(Math.abs((wide.steps[i]?.['loss'] ?? 0) - loss)).toBeGreaterThan(1e-3);
});

test('every op of a step is within its bound, that of the window exact', async () => {
  const { judged } = await judgedRun(gpu, training({ type: 'lora', max_steps: 3, judge_steps: 1 }));
  expect(judged.get('document_mask')).toBe(3);
});

test('steps of each length that are captured have the bits of those that are recorded', async () => {
  const { folder, model: config, texts, config: settings } = training({ type: 'full' });
  const made = async (isCaptured: boolean) => {
    using model = await openModel(gpu, { folder, config }, settings);
    using optimizer = new Optimizer(gpu, model.parameters, { optimizer: 'sgd', lr: 0.1 });
    const source = new TextBatches(texts as LabelledTokens[], settings);
    using loop = new TrainingLoop(gpu, { model, source, optimizer, shift: true });
    if (isCaptured) await loop.capture();
    const losses: number[] = [];
    const lengths = new Set<number>();
    for (let step = 0; step < 12; step++) {
      const [batch] = (await loop.step()) ?? [];
      lengths.add(batch?.labels.shape[1] as number);
      losses.push(await loop.readLoss());
    }
    return { losses, lengths, trained: await model.parameters.read() };
  };
  const captured = await made(true);
  expect(captured.lengths.size).toBeGreaterThan(2);
  expect(captured).toEqual(await made(false));
});
