import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { scheduledRate } from '../../ops/optim/lr_schedule.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { runPlan } from '../../train/llama/run-plan.ts';
import { judgedRun, KINDS, run, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** The rate and the norm that each step tells, where Trainer logs them too. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const SCALED = KINDS['loss scaling in fp16'];
const stepsIn = (told: readonly LlamaProgress[]) =>
  told.flatMap((one) => (one.type === 'step' ? [one] : []));

test('under loss scaling a step that is left out has the rate that the next one has too', async () => {
  const training = trainingOf(SCALED);
  const { schedule } = runPlan(training.texts, training.config);
  // The second step overflows by itself; a run that goes on behind it counts it.
  const folder = new KeptInMemory();
  const before = await run(gpu, training, folder, { stopAfter: 3 });
  const told = [...before.told, ...(await run(gpu, training, folder)).told];
  expect(told.flatMap((one) => (one.type === 'skipped' ? [one.step] : []))).toEqual([2]);
  const rates = [0, 1, 1, 2, 3, 4, 5].map((made) => scheduledRate(0.01, schedule, made));
  expect(stepsIn(told).map(({ learningRate }) => learningRate)).toEqual(rates);
  const normed = stepsIn(told).flatMap(({ step, gradNorm }) => (gradNorm ? [step] : []));
  expect(normed).toEqual([1, 3, 4, 5, 6, 7]);
});

test.each([
  { type: 'full', optim: 'sgd', momentum: 0.9 },
  { ...SCALED, max_steps: 4 },
])('where nothing is clipped the norm is that before clipping: %j', async (fields) => {
  const clipped = await run(gpu, trainingOf({ ...fields, max_grad_norm: 1e6 }), undefined);
  const free = await run(gpu, trainingOf({ ...fields, max_grad_norm: 0 }), undefined);
  const norms = stepsIn(free.told).map(({ gradNorm }) => gradNorm);
  expect(norms).toEqual(stepsIn(clipped.told).map(({ gradNorm }) => gradNorm));
  expect(norms[0]).toBeGreaterThan(0);
  expect(free.trained).toEqual(clipped.trained);
});

test('and is within its bound', async () => {
  const training = trainingOf({ type: 'full', max_grad_norm: 0, judge_steps: 1, max_steps: 2 });
  const { judged } = await judgedRun(gpu, training);
  expect(judged.get('clip_grad_norm')).toBe(2);
});
