import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { modelConfigOf } from '../../formats/hugging-face/config.ts';
import { folderOf } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { Gpu } from '../../gpu/gpu.ts';
import type { Initial } from '../../models/initial.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { forecastLlama } from '../../train/llama/forecast-llama.ts';
import type { LlamaTraining } from '../../train/llama/llama-training.ts';
import { verdict } from './fixtures/parted-tables.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';
import { withUsualLimits } from './fixtures/usual-limits.ts';

/** A tied table of Qwen2's vocabulary that is larger than a binding, within what WebGPU promises. */

const VOCABULARY = 151_936;
const SIZES = { hidden: 256, intermediate: 128, heads: 2, layers: 1, kv_heads: 1 };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withUsualLimits());
});
afterAll(() => gpu[Symbol.dispose]());

vi.setConfig({ testTimeout: 600_000 });

const jsonOf = (length: number) => ({
  ...{ model_type: 'llama', tie_word_embeddings: true, vocab_size: VOCABULARY },
  ...{ hidden_size: SIZES.hidden, intermediate_size: SIZES.intermediate },
  ...{ num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1 },
  ...{ max_position_embeddings: length, rms_norm_eps: 1e-5 },
});

/** Weights of a size. */
function valuesAt(std?: number): Initial {
  const sizes = { ...SIZES, vocab: VOCABULARY, tie_word_embeddings: true };
  return initialLlama({ ...sizes, rms_eps: 1e-5, rope_theta: 1e4 }, new Random(3), std);
}

/** A text of tokens of both parts, and how it is trained on. */
function trainingOf(length: number, fields: object, weights = valuesAt()): LlamaTraining {
  const json = jsonOf(length);
  const folder = folderOf({
    'config.json': JSON.stringify(json),
    'model.safetensors': writeSafetensors(Object.fromEntries(weights)),
  });
  const ids = Array.from({ length }, (_, i) => (i % 7) * 25_000);
  const config = trainingConfigOf({
    ...{ max_steps: 2, per_device_train_batch_size: 1, max_length: length },
    ...{ learning_rate: 0.02, heldout_fraction: 0, judge_steps: 0, ...fields },
  } as never);
  const texts = [{ ids, asked: ids.map(() => true) }];
  return { folder, model: modelConfigOf(json), texts, config };
}

/** The losses of a run, the largest buffer that it allocated, and what it left. */
async function trained(on: Gpu, training: LlamaTraining) {
  const allocated: number[] = [];
  const { createBuffer } = on.device;
  on.device.createBuffer = (asked) => {
    allocated.push(asked.size);
    return createBuffer.call(on.device, asked);
  };
  const run = fineTuneLlama(on, training, { judge: async () => 0 });
  const losses: number[] = [];
  let next = await run.next();
  for (; !next.done; next = await run.next())
    if (next.value.type === 'step') losses.push(next.value.loss);
  on.device.createBuffer = createBuffer;
  return { losses, largest: Math.max(...allocated), left: next.value };
}

const LORA = { type: 'lora', lora: { target_modules: 'all-linear' } };

// Texts whose logits would be small and large.
test.each([
  ['adapters over', LORA, 100],
  ['adapters over', LORA, 120],
  ['with all else', { type: 'full' }, 100],
])(
  '%s a table that no kernel reaches at once are trained: %j by %i tokens',
  async (_, fields, length) => {
    const reach = gpu.limits['maxStorageBufferBindingSize'] as number;
    expect(4 * VOCABULARY * SIZES.hidden).toBeGreaterThan(reach);
    const training = trainingOf(length, fields);
    const { losses, largest, left } = await trained(gpu, training);
    expect(losses).toHaveLength(2);
    // Of small logits each token is about as likely as another.
    expect(Math.abs((losses[0] as number) - Math.log(VOCABULARY))).toBeLessThan(1);
    expect(losses[1]).toBeLessThan(losses[0] as number);
    expect(largest).toBeLessThanOrEqual(reach);
    const { model, config } = training;
    expect(left.peakBytes).toBeLessThanOrEqual(forecastLlama(model, config, length).total);
  },
);

test('gradients of such a table are those of a whole one', async () => {
  // A step of plain gradients at a rate of 1, over weights whose gradients are no roundings.
  const fields = { type: 'full', max_steps: 1, optim: 'sgd', learning_rate: 1, max_grad_norm: 0 };
  const weights = valuesAt(0.1);
  const training = trainingOf(60, fields, weights);
  const inParts = await trained(gpu, training);
  using large = await softwareGpu();
  const whole = await trained(large, training);
  expect(whole.largest).toBeGreaterThanOrEqual(4 * VOCABULARY * SIZES.hidden);
  expect(verdict('losses', inParts.losses, whole.losses)).toMatchObject({ ok: true });
  for (const [name, before] of weights) {
    const [own, truth] = [inParts, whole].map(({ left }) =>
      (left.trained[name] as HostTensor).data.map((x, i) => x - (before.data[i] as number)),
    ) as [Float32Array, Float32Array];
    expect(Math.max(...truth.subarray(0, 100).map(Math.abs)), name).toBeGreaterThan(0);
    expect(verdict(name, own, truth), name).toMatchObject({ ok: true });
  }
});
