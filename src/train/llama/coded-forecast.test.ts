import { expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import {
  codedFolder,
  FIXTURE_CODINGS,
  type FixtureCoding,
} from '../../formats/hugging-face/fixtures/coded-folder.ts';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { trainingConfigOf } from './config/read-training-config.ts';
import { fineTuneLlama } from './fine-tune-llama.ts';
import { forecastLlama, requireRoom } from './forecast-llama.ts';
import { openModel } from './open-model.ts';

/** A model whose linears take most of its bytes. */
const MODEL = {
  ...TINY,
  ...{ hidden: 256, layers: 2, heads: 4, kvHeads: 4, headDim: 64, intermediate: 512 },
  ...{ vocabulary: 128, context: 64 },
};
const LENGTH = 32;
const texts: readonly LabelledTokens[] = Array.from({ length: 4 }, () => {
  const ids = Array.from({ length: LENGTH }, (_, i) => i);
  return { ids, asked: ids.map(() => true) };
});

const settingsOf = (given: object) =>
  trainingConfigOf({
    ...{ max_steps: 2, per_device_train_batch_size: 2, max_length: LENGTH, judge_steps: 0 },
    ...given,
  });

/** A folder in codes, a run over it, and what is foretold of it. */
async function runOver(folder: ReturnType<typeof codedFolder>, given: object) {
  const model = await modelConfigIn(folder);
  const { codes } = await Checkpoint.open(folder, model);
  const config = settingsOf(given);
  const forecast = forecastLlama(model, config, LENGTH, undefined, codes);
  const peakOf = async () => {
    const { gpu } = await hostGpu();
    const steps = fineTuneLlama(gpu, { folder, model, texts, config }, { judge: async () => 0 });
    let told = 0;
    let next = await steps.next();
    while (!next.done) {
      if (next.value.type === 'start') told = next.value.bytesForecast;
      next = await steps.next();
    }
    expect(gpu.memory.ledger.liveBytes).toBe(0);
    return { peak: next.value.peakBytes, told };
  };
  return { folder, model, config, forecast, peakOf };
}

test.each(
  FIXTURE_CODINGS.flatMap((coding) => [
    [coding, { type: 'lora' }] as const,
    [coding, { type: 'qlora' }] as const,
  ]),
)('what a folder in %s takes below adapters is foretold: %j', async (coding, given) => {
  const { folder, model, config, forecast } = await runOver(codedFolder(MODEL, coding), given);
  const { gpu } = await hostGpu();
  using loaded = await openModel(gpu, { folder, config: model }, config);
  const { liveBytes } = gpu.memory.ledger;
  const frozen = liveBytes - 4 * loaded.parameters.layout.length;
  expect(frozen / forecast.frozen).toBeGreaterThan(0.99);
  expect(frozen / forecast.frozen).toBeLessThan(1.01);
});

const ALL = { target_modules: 'all-linear' };

test.each(
  FIXTURE_CODINGS.flatMap((coding) =>
    [
      { type: 'qlora' },
      { type: 'lora', bf16: true },
      { type: 'custom_lora' },
      { type: 'bnb_dora', lora: { lora_dropout: 0.1, ...ALL } },
      { type: 'bnb_dora', lora: ALL },
      { type: 'lora', gradient_checkpointing: true, lora: ALL },
      { type: 'qlora', use_cpu_offload: true },
      { type: 'lora', judge_steps: 1 },
    ].map((given): [FixtureCoding, object] => [coding, given]),
  ),
)('a run over a folder in %s takes no more than was foretold: %j', async (coding, given) => {
  const { forecast, peakOf } = await runOver(codedFolder(MODEL, coding), given);
  const { peak, told } = await peakOf();
  expect(told).toBe(forecast.total);
  expect(peak / forecast.total).toBeLessThanOrEqual(1);
  expect(peak / forecast.total).toBeGreaterThan(0.9);
});

test.each(['mlx4', 'nvfp4', 'q8_0'] as const)(
  'the decoding of tables in %s is foretold too, where nothing else stays on the device',
  async (coding) => {
    const hasCodes = (name: string) => /_proj|lm_head|embed_tokens/.test(name);
    const folder = codedFolder({ ...MODEL, vocabulary: 4096 }, coding, hasCodes);
    const { forecast, peakOf } = await runOver(folder, { type: 'lora', use_cpu_offload: true });
    const { peak } = await peakOf();
    expect(peak / forecast.total).toBeLessThanOrEqual(1);
    expect(peak / forecast.total).toBeGreaterThan(0.9);
  },
);

test('a linear in codes that is larger in floats than a binding is refused only where it is decoded', async () => {
  const limits = { maxStorageBufferBindingSize: 2 ** 18, maxBufferSize: 2 ** 28 };
  const over = (coding: FixtureCoding, type: string) =>
    runOver(codedFolder(MODEL, coding), { type, lora: ALL });
  const refused = async (coding: FixtureCoding, type: string) => {
    const { forecast } = await over(coding, type);
    return () => requireRoom(forecast, limits);
  };
  expect(await refused('nf4', 'lora')).not.toThrow();
  expect(await refused('mlx4', 'custom_lora')).not.toThrow();
  expect(await refused('llm_int8', 'lora')).not.toThrow();
  expect(await refused('llm_int8', 'bnb_dora')).toThrow('gate_proj.weight takes 524288 bytes');
  expect(await refused('mlx4', 'lora')).toThrow('gate_proj.weight takes 524288 bytes');
});
