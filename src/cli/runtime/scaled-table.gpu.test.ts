import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Segments } from '../../autograd/segments.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import type { LlamaTraining } from '../../train/llama/llama-training.ts';
import { LENGTH, modelFolder, modelOf, SIZES } from './fixtures/parted-tables.ts';
import { judgedRun, run } from './fixtures/short-runs.ts';
import { withReach } from './fixtures/usual-limits.ts';

/** Tables that are trained in three parts under loss scaling, whose rates of steps take 333 KB. */

vi.setConfig({ testTimeout: 240_000 });

const REACH = 2 ** 19;
const VOCABULARY = 11_000;
/** Rows of the first two parts. */
const ROWS = 5376;
const EMBEDDINGS = 'model.embed_tokens.weight';

let gpu: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withReach(REACH, 2 ** 28));
});
afterAll(() => gpu[Symbol.dispose]());

/** The first and last token of each part among them. */
const IDS = [0, ROWS - 1, ROWS, 2 * ROWS - 1, 2 * ROWS, VOCABULARY - 1, 3, ROWS, ROWS - 1];
const texts = [IDS, IDS.toReversed()].map((ids) => ({ ids, asked: ids.map(() => true) }));

const trainingOf = (tied: boolean, fields: object): LlamaTraining => ({
  ...{ folder: modelFolder(tied, VOCABULARY), model: modelOf(tied, VOCABULARY), texts },
  config: trainingConfigOf({
    ...{ type: 'full', max_steps: 4, per_device_train_batch_size: 1, max_length: LENGTH },
    ...{ learning_rate: 0.01, heldout_fraction: 0, judge_steps: 0, fp16: true, ...fields },
  } as never),
});

const BESIDE = {
  type: 'lora',
  lora: { target_modules: ['q_proj'], modules_to_save: ['lm_head', 'embed_tokens'] },
};

test.each([
  [true, {}],
  [false, { optim: 'adam', gradient_accumulation_steps: 2, max_grad_norm: 0 }],
  [true, BESIDE],
] as const)(
  'every op of each step is within its bound, of a tied head: %s, %j',
  async (tied, fields) => {
    const training = trainingOf(tied, { ...fields, judge_steps: 1, max_steps: 2 });
    const { told, judged, assertions } = await judgedRun(gpu, training);
    expect(told.filter(({ type }) => type === 'judged')).toHaveLength(2);
    // Three parts are looked up by each micro-batch, and all of them are parts of one loss.
    const passes = 2 * training.config.accumulation;
    expect(judged.get('embedding')).toBe(3 * passes);
    expect(judged.get('linear_cross_entropy backward')).toBe(passes);
    // Each part of a table lies in a segment, which is unscaled and stepped.
    expect(judged.get('amp_unscale')).toBeGreaterThanOrEqual(2 * (fields === BESIDE ? 6 : 3));
    expect(assertions).toBeGreaterThan(VOCABULARY * SIZES.hidden);
  },
);

/** Until it is disposed, one gradient of the table's second part is infinite in the second step. */
function infiniteInSecondStep(): Disposable {
  let step = 0;
  return wrapSeam('train.llama.gradients', () => (gradients: Segments) => {
    step += 1;
    if (step !== 2) return gradients;
    // The table comes first.
    const one = gradients.view([1], { offset: 4 * ((ROWS + 24) * SIZES.hidden + 7) });
    const infinity = hostTensor('f32', [1], Float32Array.of(Number.POSITIVE_INFINITY));
    using wrong = Tensor.from(one.gpu, infinity);
    one.copyFrom(wrong);
    return gradients;
  });
}

test.each(['adamw_torch', 'adam', 'sgd'])(
  'a gradient that overflows in one part leaves all of a step out, by %s',
  async (optim) => {
    const training = trainingOf(true, { optim });
    const before = await run(gpu, training, undefined, { stopAfter: 1 });
    expect(before.told.some(({ type }) => type === 'skipped')).toBe(false);
    using _spoilt = infiniteInSecondStep();
    const after = await run(gpu, training, undefined, { stopAfter: 2 });
    expect(after.told.find(({ type }) => type === 'skipped')).toMatchObject({
      ...{ step: 2, tensor: EMBEDDINGS, index: [ROWS + 24, 7], count: 1, lossScale: 65536 },
    });
    expect(after.trained).toEqual(before.trained);
  },
);

test.each(['adamw_torch', 'adam'])(
  'a run goes on from its checkpoint bit by bit, by %s',
  async (optim) => {
    const training = trainingOf(true, { optim });
    const whole = await run(gpu, training, undefined);
    const folder = new KeptInMemory();
    await run(gpu, training, folder, { stopAfter: 2 });
    expect((await run(gpu, training, folder)).trained).toEqual(whole.trained);
  },
);
