import { expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { folderOf, TINY, tinyTensors } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import { groupPlaces, ProcessGroup } from '../sharded/process-group.ts';
import type { Sharding } from '../sharded/sharded-update.ts';
import type { ShardingStrategy } from '../sharded/strategies.ts';
import { trainingConfigOf } from './config/read-training-config.ts';
import { choiceOf, fineTuneLlama } from './fine-tune-llama.ts';
import { forecastLlama, requireRoom, TooLargeError } from './forecast-llama.ts';

const MODEL = {
  ...TINY,
  ...{ hidden: 64, layers: 3, heads: 4, kvHeads: 2, headDim: 16, intermediate: 192 },
  vocabulary: 256,
};
/** A folder with that model, or one that has more in its config.json. */
const folderWith = (more: object = {}) =>
  folderOf({
    'config.json': JSON.stringify({
      ...{ model_type: 'llama', hidden_size: 64, num_hidden_layers: 3, num_attention_heads: 4 },
      ...{ num_key_value_heads: 2, intermediate_size: 192, vocab_size: 256 },
      ...{ max_position_embeddings: 64, ...more },
    }),
    'model.safetensors': writeSafetensors(tinyTensors(MODEL)),
  });
const FOLDER = folderWith();
const ALL = { target_modules: 'all-linear' };
const texts: readonly LabelledTokens[] = Array.from({ length: 8 }, () => {
  const ids = Array.from({ length: 32 }, (_, i) => i);
  return { ids, asked: ids.map(() => true) };
});

/** The most that a run took, and what was foretold. */
async function run(given: object, sharding?: Sharding, folder = FOLDER) {
  const { gpu } = await hostGpu();
  const config = trainingConfigOf({
    ...{ max_steps: 2, per_device_train_batch_size: 2, max_length: 32, judge_steps: 0 },
    ...given,
  });
  const model = await modelConfigIn(folder);
  const training = { folder, model, texts, config, sharding };
  const steps = fineTuneLlama(gpu, training, { judge: async () => 0 });
  let next = await steps.next();
  while (!next.done) next = await steps.next();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
  const { total } = forecastLlama(model, config, 32, choiceOf(sharding));
  return { share: next.value.peakBytes / total, peak: next.value.peakBytes, total };
}

/** The same of ranks in one thread, each with a device in host memory. */
async function shared(workers: number, strategy: ShardingStrategy, given: object) {
  const groups = groupPlaces(workers, { limitMs: 20_000 }).map((place) => new ProcessGroup(place));
  const config = { gradient_accumulation_steps: workers, ...given };
  try {
    return await Promise.all(groups.map((group) => run(config, { group, strategy })));
  } finally {
    for (const group of groups) group[Symbol.dispose]();
  }
}

test.each<[number, ShardingStrategy, object]>([
  [2, 'ddp', { type: 'full' }],
  [2, 'shard_grad_op', { type: 'full' }],
  [2, 'full_shard', { type: 'full' }],
  [4, 'full_shard', { type: 'full' }],
  [2, 'full_shard', { type: 'lora' }],
  [4, 'full_shard', { type: 'qlora' }],
  [2, 'full_shard', { type: 'hqq_lora' }],
  [3, 'full_shard', { type: 'bnb_dora' }],
  [2, 'full_shard', { type: 'bnb_llama_pro', expansion_rate: 1, bf16: true }],
  [2, 'full_shard', { type: 'qlora', judge_steps: 1 }],
])(
  'each of %i workers takes no more than was foretold: %s, %j',
  async (workers, strategy, given) => {
    for (const { share } of await shared(workers, strategy, given)) {
      expect(share).toBeLessThanOrEqual(1);
      expect(share).toBeGreaterThan('bf16' in given ? 0.8 : 0.9);
    }
  },
);

test.each([
  { type: 'full' },
  { type: 'lora' },
  { type: 'qlora' },
  { type: 'qlora', judge_steps: 1 },
  { type: 'full', judge_steps: 1 },
  { type: 'qlora', gradient_checkpointing: true },
  { type: 'qlora', bf16: true },
  { type: 'lora', bf16: true },
  { type: 'full', fp16: true },
  { type: 'qlora', judge_steps: 1, gradient_checkpointing: true },
  { type: 'qlora', optim: 'adamw_8bit', lora: { r: 64, target_modules: 'all-linear' } },
  { type: 'custom_qlora' },
  { type: 'hqq_lora' },
  { type: 'hqq_dora' },
  { type: 'bnb_dora' },
  { type: 'bnb_llama_pro', expansion_rate: 0.5 },
  { type: 'bnb_llama_pro', expansion_rate: 1, judge_steps: 1 },
  { type: 'hqq_llama_pro', expansion_rate: 1, gradient_checkpointing: true },
  { type: 'lora', gradient_accumulation_steps: 3 },
  { type: 'lora', lora: { modules_to_save: ['lm_head', 'embed_tokens', 'norm'] } },
  { type: 'qlora', lora: { modules_to_save: ['lm_head'] }, judge_steps: 1 },
  { type: 'lora', lora: { modules_to_save: ['o_proj', 'up_proj'] } },
  { type: 'qlora', lora: { lora_bias: true, target_modules: 'all-linear' }, judge_steps: 1 },
  { type: 'qlora', quantization: { bnb_4bit_use_double_quant: true } },
  { type: 'qlora', lora: { lora_dropout: 0.1, target_modules: 'all-linear' } },
  { type: 'bnb_dora', lora: { lora_dropout: 0.1, target_modules: 'all-linear' } },
  {
    type: 'bnb_dora',
    lora: { lora_dropout: 0.1, target_modules: 'all-linear' },
    gradient_checkpointing: true,
  },
  { type: 'lora', lora: { lora_dropout: 0.1, use_dora: true }, judge_steps: 1 },
  { type: 'qlora', packing: true },
  { type: 'full', use_cpu_offload: true },
  { type: 'full', use_cpu_offload: true, judge_steps: 1 },
  { type: 'qlora', use_cpu_offload: true },
  { type: 'bnb_dora', use_cpu_offload: true, gradient_accumulation_steps: 3 },
  { type: 'full', optim: 'paged_adamw_32bit' },
  { type: 'full', optim: 'paged_adamw_8bit', fp16: false },
  { type: 'full', gradient_accumulation_steps: 2, max_grad_norm: 0 },
  { type: 'full', bf16: true, gradient_checkpointing: true },
  {
    type: 'qlora',
    bf16: true,
    gradient_checkpointing: true,
    lora: { target_modules: 'all-linear' },
  },
  { type: 'custom_lora', bf16: true },
  { type: 'custom_qlora', fp16: true },
  { type: 'lora', optim: 'adamw_8bit', judge_steps: 1, lora: { r: 64 } },
  ...[undefined, true].flatMap((bf16) => [
    { type: 'lora', bf16, lora: { r: 2, rank_pattern: { '.*proj': 128 }, ...ALL } },
    { type: 'lora', bf16, lora: { r: 2, rank_pattern: { q_proj: 256 } } },
    { type: 'lora', bf16, lora: { r: 64, ...ALL } },
    { type: 'lora', bf16, lora: { r: 256, target_modules: ['q_proj'] } },
  ]),
  { type: 'qlora', lora: { r: 256, rank_pattern: { v_proj: 2 } }, judge_steps: 1 },
  { type: 'bnb_dora', lora: { r: 2, rank_pattern: { '1.mlp.up_proj': 256 }, ...ALL } },
  {
    type: 'lora',
    lora: { r: 2, rank_pattern: { '1.self_attn.q_proj': 256 } },
    gradient_checkpointing: true,
  },
])('a run takes no more than was foretold, and nine tenths of it at least: %j', async (given) => {
  const { share } = await run(given);
  expect(share).toBeLessThanOrEqual(1);
  expect(share).toBeGreaterThan(0.9);
});

// What values in halves spare is taken as nothing there.
test.each([
  { type: 'hqq_llama_pro', expansion_rate: 1, use_cpu_offload: true, fp16: true },
  { type: 'lora', fp16: true, judge_steps: 1 },
  { type: 'lora', fp16: true, judge_steps: 1, lora: { r: 64, ...ALL } },
])('in halves four fifths at least: %j', async (given) => {
  const { share } = await run(given);
  expect(share).toBeLessThanOrEqual(1);
  expect(share).toBeGreaterThan(0.8);
});

test.each([
  [{ type: 'qlora' }, 32 * (32 + 4 + 4)],
  [{ type: 'full', gradient_checkpointing: true }, 32 * (32 + 4 + 4)],
  [{ type: 'lora', gradient_accumulation_steps: 2, judge_steps: 1 }, 32 * (32 + 4 + 4)],
  // Each row has what it sees of its text through the window; the model keeps its numbers unused.
  [{ type: 'qlora', packing: true }, 2 * 32 * (32 + 4) + 32 * 4],
])('through a window a run takes what was foretold more: %j', async (given, bytes) => {
  const plain = await run(given);
  const more = async (sliding_window: number) => {
    const folder = folderWith({ model_type: 'mistral', sliding_window });
    const { total, peak } = await run(given, undefined, folder);
    return { foretold: total - plain.total, taken: peak - plain.peak };
  };
  expect(await more(8)).toEqual({ foretold: bytes, taken: bytes });
  expect(await more(32)).toEqual({ foretold: 32 * 4, taken: 32 * 4 });
});

test('what is trained beside adapters is foretold as they are, and stays frozen besides', () => {
  const foretold = (lora: object, quantization?: object) =>
    forecastLlama(
      MODEL,
      trainingConfigOf({ type: 'qlora', judge_steps: 0, lora, quantization } as never),
      32,
    );
  const none = foretold({});
  const both = foretold({ modules_to_save: ['lm_head', 'embed_tokens', 'norm'] });
  // Parameter, gradient and two moments of both tables and seven norms.
  expect(both.trained - none.trained).toBe(4 * 4 * (2 * 256 * 64 + 7 * 64));
  expect(both.frozen).toBe(none.frozen);
  // The gradient of a table, while the head is undone; a block is the most without it.
  expect(both.step - none.step).toBeGreaterThan(2 * 256 * 64);
  expect(both.step - none.step).toBeLessThanOrEqual(4 * 256 * 64);
  // Of each of 21 linears a scale takes a byte for four, beside their scale, mean and map.
  const doubled = foretold({}, { bnb_4bit_use_double_quant: true });
  const scales = 3 * ((2 * 64 * 64 + 2 * 32 * 64 + 3 * 192 * 64) / 64);
  expect(none.frozen - doubled.frozen).toBe(3 * scales - 21 * (4 + 4 + 1024));
});

test('what a kernel cannot bind is named before anything is on the device', async () => {
  const { gpu } = await hostGpu();
  const config = trainingConfigOf({ max_length: 32, per_device_train_batch_size: 2 });
  const forecast = forecastLlama(MODEL, config, 32);
  expect(forecast.largest).toEqual({ name: 'the logits of a step', bytes: 4 * 2 * 32 * 256 });
  requireRoom(forecast, gpu.limits);
  const limits = { maxStorageBufferBindingSize: 65_535, maxBufferSize: 2 ** 28 };
  expect(() => requireRoom(forecast, limits)).toThrow(TooLargeError);
  expect(() => requireRoom(forecast, limits)).toThrow(
    'the logits of a step takes 65536 bytes, and a kernel of this adapter reaches 65535',
  );
  expect(gpu.memory.ledger.peakBytes).toBe(0);
});
