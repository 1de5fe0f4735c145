import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AutocastType } from '../../autograd/autocast.ts';
import { Tape } from '../../autograd/tape.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { Gpu } from '../../gpu/gpu.ts';
import type { LlamaConfig } from '../../models/llama/config.ts';
import { Llama } from '../../models/llama/llama.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { JoinedRows } from '../../tensor/joined-rows.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { forecastLlama, requireRoom } from '../../train/llama/forecast-llama.ts';
import type { LlamaTraining } from '../../train/llama/llama-training.ts';
import { wholeValue } from '../../train/llama/saved-model/whole-values.ts';
import { lossOf } from '../../train/loss.ts';
import {
  IDS,
  LENGTH,
  modelFolder,
  modelOf,
  REACH,
  SIZES,
  VOCABULARY,
  valuesOf,
  verdict,
} from './fixtures/parted-tables.ts';
import { courseOf, judgedRun, newestIn, run, stepsOf } from './fixtures/short-runs.ts';
import { withReach } from './fixtures/usual-limits.ts';

/** Tables that are trained in three parts follow whole ones. */

const EMBEDDINGS = 'model.embed_tokens.weight';

vi.setConfig({ testTimeout: 240_000 });

let gpu: Gpu;
let small: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withReach(2 ** 27, 2 ** 28));
  small = await Gpu.request(await withReach(REACH, 2 ** 28));
});
afterAll(() => {
  gpu[Symbol.dispose]();
  small[Symbol.dispose]();
});

/** Loss and gradients of two texts in a row. */
async function passOf(
  on: Gpu,
  tied: boolean,
  head_chunk: LlamaConfig['head_chunk'] & {},
  autocast?: AutocastType,
) {
  const config = { ...SIZES, length: LENGTH, tie_word_embeddings: tied, head_chunk };
  const weights = { trained: new Map(valuesOf(tied)), frozen: new Map() };
  using model = new Llama(on, config, weights);
  expect(model.parameters.tensors(EMBEDDINGS)).toHaveLength(on === small ? 3 : 1);
  expect(model.vocabulary).toBe(VOCABULARY);
  const batch = [1, LENGTH];
  using ids = Tensor.from(on, hostTensorFrom('i32', batch, IDS));
  const texts = Array.from({ length: LENGTH }, (_, i) => Number(i > 4));
  using documents = Tensor.from(on, hostTensorFrom('i32', batch, texts));
  using tape = new Tape(on, model.parameters.views, { autocast });
  const { loss } = lossOf(tape, model, { inputs: { ids, documents }, labels: ids }, true);
  using one = Tensor.from(on, hostTensorFrom('f32', [1], [1]));
  const gradients = tape.backward(loss, one);
  const found: Record<string, HostTensor> = { loss: await loss.read() };
  for (const name of model.parameters.names) {
    const parts = model.parameters.tensors(name).map((part) => gradients.get(part) as Tensor);
    found[name] = await new JoinedRows(parts).read();
  }
  return found;
}

const texts: readonly LabelledTokens[] = [
  IDS,
  IDS.toReversed(),
  [1, 299, 130],
  [5, 5, 260, 127],
].map((ids) => ({ ids, asked: ids.map(() => true) }));

const trainingOf = (tied: boolean, fields: object): LlamaTraining => ({
  ...{ folder: modelFolder(tied), model: modelOf(tied), texts },
  config: trainingConfigOf({
    ...{ type: 'full', max_steps: 4, per_device_train_batch_size: 1, max_length: LENGTH },
    ...{ learning_rate: 0.02, heldout_fraction: 0, judge_steps: 0, ...fields },
  } as never),
});

const BOTH = [true, false] as const;
const tablesToSave = (...modules: string[]) => ({
  ...{ type: 'lora', lora: { target_modules: ['q_proj'], modules_to_save: modules } },
});

describe.each(BOTH)('with a tied head: %s', (tied) => {
  test.each([
    [128, undefined],
    [128, 'float16'],
    [128, 'bfloat16'],
    ['whole', undefined],
  ] as const)('gradients are the same, in chunks of %s, by products in %s', async (chunk, to) => {
    const whole = await passOf(gpu, tied, chunk, to);
    const inParts = await passOf(small, tied, chunk, to);
    expect(Object.keys(inParts)).toEqual(Object.keys(whole));
    // Chunks that are parts compute the very numbers; whole logits add gradients up by parts.
    for (const [name, value] of Object.entries(whole)) {
      const own = inParts[name] as HostTensor;
      if (chunk === 128) expect(own, name).toEqual(value);
      else expect(verdict(name, own.data, value.data), name).toMatchObject({ ok: true });
    }
  });

  test.each([
    { max_grad_norm: 0.3 },
    { optim: 'adamw_8bit', max_grad_norm: 0 },
    { gradient_accumulation_steps: 2 },
    { optim: 'sgd', momentum: 0.9, packing: true },
    { optim: 'paged_adamw_8bit', gradient_checkpointing: true },
    tablesToSave('lm_head'),
    { ...tablesToSave('embed_tokens'), weight_decay: 0.1 },
    { ...tablesToSave('lm_head', 'embed_tokens'), use_cpu_offload: true },
    { ...tablesToSave('lm_head', 'embed_tokens'), optim: 'adamw_8bit', weight_decay: 0.1 },
  ])('a training goes the same way: %j', async (fields) => {
    const training = trainingOf(tied, fields);
    const whole = await run(gpu, training, undefined);
    const inParts = await run(small, training, undefined);
    for (const of of ['loss', 'gradNorm'] as const) {
      const [truth, own] = [whole, inParts].map(({ told }) =>
        stepsOf(courseOf(told)).map((row) => row[of] ?? 0),
      ) as [number[], number[]];
      expect(verdict(of, own, truth), of).toMatchObject({ ok: true, compared: 4 });
    }
    expect(Object.keys(inParts.trained)).toEqual(Object.keys(whole.trained));
    for (const [name, truth] of Object.entries(whole.trained)) {
      const own = inParts.trained[name] as HostTensor;
      expect(own.shape).toEqual(truth.shape);
      expect(verdict(name, own.data, truth.data), name).toMatchObject({ ok: true });
    }
  });

  test.each([
    {},
    { optim: 'adamw_8bit' },
    { use_cpu_offload: true, bf16: true },
    { optim: 'sgd', fp16: true },
    tablesToSave('embed_tokens'),
  ])(
    'a checkpoint knows whole tables, and a run goes on from it bit by bit: %j',
    async (fields) => {
      const training = trainingOf(tied, fields);
      const whole = await run(small, training, undefined);
      const folder = new KeptInMemory();
      await run(small, training, folder, { stopAfter: 2 });
      const { parameters, state } = await newestIn(folder);
      const [shape] = Object.entries(parameters).flatMap(([name, entry]) =>
        name.endsWith(EMBEDDINGS) ? [entry.shape] : [],
      );
      expect(shape).toEqual([VOCABULARY, 24]);
      const names = [...Object.keys(parameters), ...Object.keys(state.tensors)];
      expect(names.filter((name) => name.includes('part_'))).toEqual([]);
      const resumed = await run(small, training, folder);
      expect(resumed.trained).toEqual(whole.trained);
    },
  );

  test.each([{}, { optim: 'adamw_8bit', bf16: true }])(
    'every op of each step is within its bound: %j',
    async (fields) => {
      const training = trainingOf(tied, { ...fields, judge_steps: 1, max_steps: 2 });
      const { told, judged, assertions } = await judgedRun(small, training);
      expect(told.filter(({ type }) => type === 'judged')).toHaveLength(2);
      // Three parts are looked up by each micro-batch, and all of them are parts of one loss.
      const passes = 2 * training.config.accumulation;
      expect(judged.get('embedding')).toBe(3 * passes);
      expect(judged.get('linear_cross_entropy backward')).toBe(passes);
      expect(assertions).toBeGreaterThan(VOCABULARY * SIZES.hidden);
    },
  );

  test('a checkpoint of another adapter can be gone on from, in 8 bits too', async () => {
    const training = trainingOf(tied, { optim: 'adamw_8bit', max_grad_norm: 0 });
    const whole = await run(gpu, training, undefined);
    const folder = new KeptInMemory();
    await run(small, training, folder, { stopAfter: 2 });
    const resumed = await run(gpu, training, folder);
    const { trained } = resumed;
    for (const [name, truth] of Object.entries(whole.trained))
      expect(verdict(name, (trained[name] as HostTensor).data, truth.data), name).toMatchObject({
        ok: true,
      });
  });

  test('a table is saved whole, as it was trained', async () => {
    const training = trainingOf(tied, {});
    let saved: HostTensor | undefined;
    const running = fineTuneLlama(small, training, {
      judge: async () => 0,
      finish: async (model) => {
        saved = (await wholeValue(small, model, EMBEDDINGS, new Map())).value;
      },
    });
    let next = await running.next();
    while (!next.done) next = await running.next();
    expect(saved).toEqual(next.value.trained[EMBEDDINGS]);
    expect(next.value.peakBytes).toBeLessThanOrEqual(
      forecastLlama(training.model, training.config, LENGTH).total,
    );
  });
});

test.each([{}, tablesToSave('lm_head'), tablesToSave('embed_tokens')])(
  'what not even a part of 128 rows fits is refused, with the limit of the adapter: %j',
  (fields) => {
    const { model, config } = trainingOf(true, fields);
    const forecast = forecastLlama(model, config, LENGTH);
    requireRoom(forecast, small.limits);
    const less = { ...small.limits, maxStorageBufferBindingSize: REACH - 4 };
    expect(() => requireRoom(forecast, less)).toThrow(
      `${EMBEDDINGS} takes ${REACH} bytes, and a kernel of this adapter reaches ${REACH - 4}`,
    );
  },
);
