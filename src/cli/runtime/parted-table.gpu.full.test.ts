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

/** A tied table of Qwen2's vocabulary that is larger than a binding, within what WebGPU promises. */

const VOCABULARY = 151_936;
const SIZES = { hidden: 256, intermediate: 128, heads: 2, layers: 1, kv_heads: 1 };

let gpu: Gpu;
beforeAll(async () => {
  gpu = await Gpu.request(await withUsualLimits());
});
afterAll(() => gpu[Symbol.dispose]());

vi.setConfig({ testTimeout: 600_000 });

// Texts whose logits would be small and large.
test.each([100, 120])(
  'adapters are trained over a table that no kernel reaches at once, by %i tokens',
  async (length) => {
    const reach = gpu.limits['maxStorageBufferBindingSize'] as number;
    expect(4 * VOCABULARY * SIZES.hidden).toBeGreaterThan(reach);
    const json = {
      ...{ model_type: 'llama', tie_word_embeddings: true, vocab_size: VOCABULARY },
      ...{ hidden_size: SIZES.hidden, intermediate_size: SIZES.intermediate },
      ...{ num_hidden_layers: 1, num_attention_heads: 2, num_key_value_heads: 1 },
      ...{ max_position_embeddings: length, rms_norm_eps: 1e-5 },
    };
    const drawn = { ...SIZES, vocab: VOCABULARY, tie_word_embeddings: true };
    const weights = initialLlama({ ...drawn, rms_eps: 1e-5, rope_theta: 1e4 }, new Random(3));
    const folder = folderOf({
      'config.json': JSON.stringify(json),
      'model.safetensors': writeSafetensors(Object.fromEntries(weights)),
    });
    // Tokens of both parts.
    const ids = Array.from({ length }, (_, i) => (i % 7) * 25_000);
    const texts: readonly LabelledTokens[] = [{ ids, asked: ids.map(() => true) }];
    const config = trainingConfigOf({
      ...{ type: 'lora', max_steps: 2, per_device_train_batch_size: 1, max_length: length },
      ...{ learning_rate: 0.02, heldout_fraction: 0, judge_steps: 0 },
      lora: { target_modules: 'all-linear' },
    });
    const model = modelConfigOf(json);
    const allocated: number[] = [];
    const { createBuffer } = gpu.device;
    gpu.device.createBuffer = (asked) => {
      allocated.push(asked.size);
      return createBuffer.call(gpu.device, asked);
    };
    const run = fineTuneLlama(gpu, { folder, model, texts, config }, { judge: async () => 0 });
    const losses: number[] = [];
    let next = await run.next();
    for (; !next.done; next = await run.next())
      if (next.value.type === 'step') losses.push(next.value.loss);
    expect(losses).toHaveLength(2);
    // Of small logits each token is about as likely as another.
    expect(Math.abs((losses[0] as number) - Math.log(VOCABULARY))).toBeLessThan(1);
    expect(losses[1]).toBeLessThan(losses[0] as number);
    expect(Math.max(...allocated)).toBeLessThanOrEqual(reach);
    expect(next.value.peakBytes).toBeLessThanOrEqual(forecastLlama(model, config, length).total);
  },
);
