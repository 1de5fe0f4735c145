import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Segments } from '../../autograd/segments.ts';
import { covers } from '../../catalog/covers.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { KINDS, newestIn, run, thrownBy, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Gradients that are really not finite, and losses that really explode, cost steps and not the run. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const LORA = KINDS['lora with dropout'];
const NAN = 0xff800001;
const INFINITY = 0x7f800000;
const MINUS_INFINITY = 0xff800000;
/** Where a gradient is spoilt: element 70 of the first parameter, of 64 columns. */
const AT = 70;
const PLACE = [1, 6];

/** Until it is disposed, the gradients of the `n`-th step that is made have `words[n]` at {@link AT}. */
function spoilt(words: Readonly<Record<number, number>>): Disposable {
  let made = 0;
  return wrapSeam('train.llama.gradients', () => (gradients: Segments) => {
    made += 1;
    const word = words[made];
    if (word === undefined) return gradients;
    const data = new Float32Array(Uint32Array.of(word).buffer);
    using one = Tensor.from(gpu, hostTensor('f32', [1], data));
    gradients.view([1], { offset: 4 * AT }).copyFrom(one);
    return gradients;
  });
}

/** What happened, without when. */
const happened = (told: readonly LlamaProgress[]) =>
  told.flatMap((one) => {
    const all = one.type === 'resumed-from' ? one.history : [one];
    return all.flatMap((each) => ('at' in each ? [{ ...each, at: '' }] : []));
  });
const lossesOf = (told: readonly LlamaProgress[]) =>
  told.flatMap((one) => (one.type === 'step' ? [one.loss] : []));

const SPOILT = { 5: NAN, 9: INFINITY, 13: MINUS_INFINITY };
const LONG = { ...LORA, max_steps: 20 };

describe('gradients that are not finite', () => {
  test(
    'are told by tensor and index in the step that has them',
    covers('tb.recovery.nan-inf-gradient/element-named').control('the place is another', {
      file: 'src/train/gradient-health.ts',
      from: 'coordinatesOf(at - offset, shape)',
      to: 'coordinatesOf(at - offset + 1, shape)',
    }),
    async () => {
      using _fault = spoilt(SPOILT);
      const { told, trained } = await run(gpu, trainingOf(LONG), undefined);
      const [tensor] = Object.keys(trained);
      expect(happened(told)).toEqual(
        [5, 9, 13].map((step) => ({
          ...{ type: 'skipped', step, at: '', tensor, index: PLACE, count: 1 },
        })),
      );
      // Before the step itself is told.
      for (const [i, one] of told.entries())
        if (one.type === 'skipped')
          expect(told[i + 1]).toMatchObject({ type: 'step', step: one.step });
    },
  );

  test(
    'are found by their exponent bits',
    covers('tb.recovery.nan-inf-gradient/exponent-bits-scan').control('a mask that misses them', {
      file: 'shaders/bits/range_violations.wgsl',
      from: 'const EXPONENT = 0x7f800000u;',
      to: 'const EXPONENT = 0x7fffffffu;',
    }),
    async () => {
      using _fault = spoilt({ 1: NAN, 2: 0x7fc00000, 3: INFINITY, 4: MINUS_INFINITY });
      const config = { ...LORA, max_steps: 4, recovery: { nonfinite_steps: 9 } };
      const { told } = await run(gpu, trainingOf(config), undefined);
      expect(happened(told).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    },
  );

  test(
    'leave weights and optimizer as they were, bit by bit, and the data go on',
    covers('tb.recovery.nan-inf-gradient/skipped-step-bits').control('every update is made', {
      file: 'src/train/optimizer.ts',
      from: '(accepted: boolean): boolean => accepted)',
      to: '(accepted: boolean): boolean => accepted || true)',
    }),
    async () => {
      const before = new KeptInMemory();
      const after = new KeptInMemory();
      await run(gpu, trainingOf(LORA), before, { stopAfter: 4 });
      {
        using _fault = spoilt(SPOILT);
        await run(gpu, trainingOf(LORA), after, { stopAfter: 5 });
      }
      const was = await newestIn(before);
      const is = await newestIn(after);
      expect(is.state.tensors).toEqual(was.state.tensors);
      expect([is.state.step, is.state.skipped]).toEqual([5, 1]);
      // It goes on with the batch of step 6, at the rate of the update that was left out.
      const resumed = await run(gpu, trainingOf(LORA), after, { stopAfter: 6 });
      const clean = await run(gpu, trainingOf(LORA), undefined);
      const stepIn = (told: readonly LlamaProgress[], step: number) =>
        told.find((one) => one.type === 'step' && one.step === step);
      const tokens = ({ told }: { told: readonly LlamaProgress[] }, step: number) => {
        const one = stepIn(told, step);
        return one?.type === 'step' ? [one.tokens, one.learningRate] : [];
      };
      expect(tokens(resumed, 6)).toEqual([tokens(clean, 6)[0], tokens(clean, 5)[1]]);
    },
  );

  test(
    'now and then end in the loss of a run without them, within 2 %',
    covers('tb.recovery.nan-inf-gradient/loss-within-2-percent').control('they reach the weights', {
      file: 'src/train/optimizer.ts',
      from: '(accepted: boolean): boolean => accepted)',
      to: '(accepted: boolean): boolean => accepted || true)',
    }),
    async () => {
      // Without dropout, at a rate at which a step is a small one.
      const config = { ...KINDS['qlora in NF4'], type: 'lora', max_steps: 30, learning_rate: 5e-4 };
      const clean = await run(gpu, trainingOf(config), undefined);
      using _fault = spoilt(SPOILT);
      const surviving = run(gpu, trainingOf(config), undefined);
      expect(await thrownBy(surviving)).toBeUndefined();
      const survived = await surviving;
      const last = ({ told }: { told: readonly LlamaProgress[] }) =>
        told.findLast((one) => one.type === 'heldout')?.loss as number;
      expect(Math.abs(last(survived) / last(clean) - 1)).toBeLessThanOrEqual(0.02);
    },
  );

  test(
    'three times in a row take the run back to its last checkpoint, slower',
    covers('tb.recovery.nan-inf-gradient/three-bad-steps').control('they are not counted', {
      file: 'src/train/llama/recovery/run-watch.ts',
      from: 'isFault(found) ? this.#bad + 1 : 0',
      to: 'isFault(found) ? this.#bad + 0 : 0',
    }),
    async () => {
      const folder = new KeptInMemory();
      using _fault = spoilt({ 4: NAN, 5: INFINITY, 6: NAN });
      const { told } = await run(gpu, trainingOf(LORA), folder, { every: 2 });
      const back = happened(told).findLast(({ type }) => type === 'rolled-back');
      expect(back).toEqual({
        ...{ type: 'rolled-back', step: 6, at: '', to: 2, why: 'nonfinite' },
        learningRate: 0.005,
      });
      const steps = told.flatMap((one) => (one.type === 'step' ? [one.step] : []));
      expect(steps).toEqual([1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 7]);
      const rates = told.flatMap((one) => (one.type === 'step' ? [one.learningRate] : []));
      expect(rates[6]).toBeCloseTo((rates[2] as number) / 2, 12);
      expect(lossesOf(told).every(Number.isFinite)).toBe(true);
    },
  );

  test('three times in a row end a run without checkpoints, by name and place', async () => {
    using _fault = spoilt({ 4: NAN, 5: NAN, 6: NAN });
    await expect(run(gpu, trainingOf(LORA), undefined)).rejects.toMatchObject({
      code: 'nonfinite-gradients',
      message: expect.stringMatching(/3 steps in a row up to step 6, first .*lora_A\[1, 6\]/),
    });
  });

  test('again and again end it after max_rollbacks', async () => {
    using _fault = spoilt(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i + 4, NAN])));
    const config = { ...LORA, recovery: { max_rollbacks: 2 } };
    const told: LlamaProgress[] = [];
    await expect(
      run(gpu, trainingOf(config), new KeptInMemory(), { every: 2, told }),
    ).rejects.toMatchObject({ code: 'nonfinite-gradients' });
    const rates = happened(told).flatMap((one) =>
      one.type === 'rolled-back' ? [one.learningRate] : [],
    );
    expect(new Set(rates)).toEqual(new Set([0.005, 0.0025]));
  });

  test('of a loss that was scaled up scale it back, and are no fault', async () => {
    using _fault = spoilt({ 4: NAN, 5: INFINITY, 6: NAN });
    const folder = new KeptInMemory();
    const { told } = await run(gpu, trainingOf(KINDS['loss scaling in fp16']), folder);
    const skipped = happened(told).flatMap((one) => (one.type === 'skipped' ? [one] : []));
    // Another step overflows by itself.
    expect(skipped.map(({ step }) => step)).toEqual([2, 4, 5, 6]);
    expect(skipped.map(({ lossScale }) => lossScale)).toEqual([65536, 32768, 16384, 8192]);
    expect(happened(told)).toHaveLength(4);
  });
});

test('a loss that explodes takes the run back to the last checkpoint before it, slower', async () => {
  // The rate rises from step to step to where no loss stays.
  const config = {
    ...{ type: 'full', optim: 'sgd', max_grad_norm: 0, learning_rate: 400, max_steps: 40 },
    ...{ lr_scheduler_type: 'constant_with_warmup', warmup_steps: 40 },
  };
  const recovery = { rollback_rate: 0.01 };
  const exploded = await run(gpu, trainingOf(config), undefined);
  const survived = await run(gpu, trainingOf({ ...config, recovery }), new KeptInMemory(), {
    every: 2,
  });
  const back = happened(survived.told).find(({ type }) => type === 'rolled-back');
  expect(back).toMatchObject({ why: 'exploded', learningRate: 4 });
  const first = lossesOf(survived.told)[0] as number;
  expect(lossesOf(exploded.told).at(-1)).toBeGreaterThan(first);
  expect(lossesOf(survived.told).at(-1)).toBeLessThan(first);
});

test('a loss that explodes again takes the run back further, to before what had spoilt it', async () => {
  const config = {
    ...{ type: 'full', optim: 'sgd', max_grad_norm: 0, learning_rate: 100, max_steps: 40 },
    ...{ lr_scheduler_type: 'constant_with_warmup', warmup_steps: 40 },
    recovery: { rollback_rate: 0.05, explosion_factor: 4, explosion_steps: 2 },
  };
  const watchers = { every: 1, stopAfter: 20 };
  const { told } = await run(gpu, trainingOf(config), new KeptInMemory(), watchers);
  // The update of step 2 was too large, and what it left was kept: step 3 is not yet too high.
  const last = told.findLast((one) => one.type === 'resumed-from');
  const backs = last?.history.filter(({ type }) => type === 'rolled-back');
  expect(backs).toMatchObject([
    { to: 2, learningRate: 5 },
    { to: 1, learningRate: 0.25 },
  ]);
  const losses = lossesOf(told);
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
});
