import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { modelConfigOf } from '../../formats/hugging-face/config.ts';
import { folderOf } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import { Random } from '../../tensor/random.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama } from '../../train/llama/fine-tune-llama.ts';
import { forecastLlama } from '../../train/llama/forecast-llama.ts';
import { withUsualLimits } from './fixtures/usual-limits.ts';

/** A large vocabulary with a tied head, on a device with the limits that WebGPU promises. */

const VOCABULARY = 151_936;
const LENGTH = 224;
const STEPS = 2;
const SIZES = { hidden: 32, intermediate: 64, heads: 2, layers: 1, kv_heads: 1 };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withUsualLimits());
});
afterAll(() => gpu[Symbol.dispose]());

/** On a busy machine a training takes a minute. */
vi.setConfig({ testTimeout: 600_000 });

const json = {
  ...{ model_type: 'llama', tie_word_embeddings: true, vocab_size: VOCABULARY },
  ...{ hidden_size: SIZES.hidden, intermediate_size: SIZES.intermediate },
  ...{ num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1 },
  ...{ max_position_embeddings: LENGTH, rms_norm_eps: 1e-5 },
};
const weights = initialLlama(
  {
    ...{ ...SIZES, vocab: VOCABULARY, tie_word_embeddings: true },
    ...{ rms_eps: 1e-5, rope_theta: 1e4 },
  },
  new Random(3),
);
const folder = folderOf({
  'config.json': JSON.stringify(json),
  'model.safetensors': writeSafetensors(Object.fromEntries(weights)),
});
const ids = Array.from({ length: LENGTH }, (_, i) => (i % 7) * 20_000);
const texts: readonly LabelledTokens[] = [{ ids, asked: ids.map(() => true) }];

test.each(['full', 'lora'] as const)(
  '%s trains where whole logits could not be bound, within what was foretold',
  async (type) => {
    expect(4 * LENGTH * VOCABULARY).toBeGreaterThan(
      gpu.limits.maxStorageBufferBindingSize as number,
    );
    const config = trainingConfigOf({
      ...{ type, max_steps: STEPS, per_device_train_batch_size: 1, max_length: LENGTH },
      ...{ learning_rate: 0.02, heldout_fraction: 0, judge_steps: 0 },
      ...(type === 'lora' ? { lora: { target_modules: 'all-linear' } } : {}),
    });
    const model = modelConfigOf(json);
    const run = fineTuneLlama(gpu, { folder, model, texts, config }, { judge: async () => 0 });
    const losses: number[] = [];
    let next = await run.next();
    for (; !next.done; next = await run.next())
      if (next.value.type === 'step') losses.push(next.value.loss);
    expect(losses).toHaveLength(STEPS);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    const { total } = forecastLlama(model, config, LENGTH);
    expect(next.value.peakBytes).toBeLessThanOrEqual(total);
    expect(next.value.peakBytes).toBeGreaterThan(0.9 * total);
  },
);
