import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Segments } from '../../autograd/segments.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { LlamaTraining } from '../../train/llama/llama-training.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { StepError } from '../../train/llama/recovery/run-faults.ts';
import { KINDS, newestIn, run, thrownBy, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A run that is interrupted while its loss or its gradients seem wrong knows that when it goes on. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/** With the least that can be kept. */
const KEPT = { every: 1, keep: 1 };

/** What a run went back for, from and to. */
const backs = (told: readonly LlamaProgress[]) =>
  (told.findLast((one) => one.type === 'resumed-from')?.history ?? []).flatMap((one) =>
    one.type === 'rolled-back' ? [{ ...one, at: '' }] : [],
  );

/** Ends a run after some steps, and in the step after some others by an exception; then it ends. */
async function interrupted(
  training: LlamaTraining,
  { stops, throws }: { readonly stops: readonly number[]; readonly throws: readonly number[] },
) {
  const folder = new KeptInMemory();
  for (const stopAfter of stops) {
    await run(gpu, training, folder, { ...KEPT, stopAfter });
    expect((await newestIn(folder)).state.step).toBe(stopAfter);
  }
  for (const step of throws) {
    let left = step - (await newestIn(folder)).state.step;
    using _fault = wrapSeam('train.llama.collated', (original) => (texts: readonly unknown[]) => {
      if (left === 0) throw new Error('the data cannot be read');
      left -= 1;
      return original(texts);
    });
    expect(await thrownBy(run(gpu, training, folder, KEPT))).toBeInstanceOf(StepError);
    expect((await newestIn(folder)).state.step).toBe(step);
  }
  return await run(gpu, training, folder, KEPT);
}

test('while a loss explodes it ends in the same bits, and never at its start', async () => {
  // The rate rises from step to step to where no loss stays.
  const training = trainingOf({
    ...{ type: 'full', optim: 'sgd', max_grad_norm: 0, learning_rate: 400, max_steps: 16 },
    ...{ lr_scheduler_type: 'constant_with_warmup', warmup_steps: 40, heldout_fraction: 0 },
    recovery: { rollback_rate: 0.01, explosion_factor: 1.5, explosion_steps: 4 },
  });
  const whole = await run(gpu, training, new KeptInMemory(), KEPT);
  const [back] = backs(whole.told);
  const { step = 0, to = 0 } = back ?? {};
  expect(back).toMatchObject({ why: 'exploded', to: step - 5 });
  expect(to).toBeGreaterThan(0);
  const survived = await interrupted(training, { stops: [step - 3, step - 2], throws: [step - 1] });
  expect(backs(survived.told)).toEqual(backs(whole.told));
  expect(survived.trained).toEqual(whole.trained);
});

test('while gradients are not finite it ends in the same bits', async () => {
  const training = trainingOf({ ...KINDS['lora with dropout'], heldout_fraction: 0 });
  const play = async <T>(running: () => Promise<T>): Promise<T> => {
    let made = 0;
    using _fault = wrapSeam('train.llama.gradients', () => (gradients: Segments) => {
      made += 1;
      if (made < 4 || made > 6) return gradients;
      using one = Tensor.from(gpu, hostTensor('f32', [1], Float32Array.of(Number.NaN)));
      gradients.view([1]).copyFrom(one);
      return gradients;
    });
    return await running();
  };
  const whole = await play(() => run(gpu, training, new KeptInMemory(), KEPT));
  expect(backs(whole.told)).toMatchObject([{ why: 'nonfinite', step: 6, to: 2 }]);
  const survived = await play(() => interrupted(training, { stops: [4], throws: [5] }));
  expect(backs(survived.told)).toEqual(backs(whole.told));
  expect(survived.trained).toEqual(whole.trained);
});
