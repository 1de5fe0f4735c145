import { expect, test } from 'vitest';
import type { ModelConfig } from '../hugging-face/config.ts';
import { TINY } from '../hugging-face/fixtures/tiny-folder.ts';
import { modelFields } from './model-fields.ts';

const fieldsOf = (config: ModelConfig, type: 'f16' | 'q8_0' = 'f16') =>
  Object.fromEntries(
    [...modelFields(config, 'mine', type)].map(([key, { value }]) => [key, value]),
  );

test("a Llama has the keys of llama.cpp's conversion", () => {
  expect(fieldsOf({ ...TINY, headDim: 4, context: 2048 })).toEqual({
    'general.architecture': 'llama',
    'general.type': 'model',
    'general.name': 'mine',
    'general.file_type': 1,
    'general.quantization_version': 2,
    'llama.block_count': 1,
    'llama.context_length': 2048,
    'llama.embedding_length': 4,
    'llama.feed_forward_length': 6,
    'llama.attention.head_count': 2,
    'llama.attention.head_count_kv': 1,
    'llama.attention.key_length': 4,
    'llama.attention.value_length': 4,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'llama.rope.freq_base': 10_000,
    'llama.rope.dimension_count': 4,
    'llama.vocab_size': 5,
  });
  expect(fieldsOf(TINY, 'q8_0')['general.file_type']).toBe(7);
});

test('Mistral goes by the name of Llama, Qwen by its own and without rotated columns', () => {
  expect(fieldsOf({ ...TINY, family: 'mistral' })['general.architecture']).toBe('llama');
  const qwen = fieldsOf({ ...TINY, family: 'qwen3' });
  expect(qwen['qwen3.attention.key_length']).toBe(2);
  expect(qwen).not.toHaveProperty(['qwen3.rope.dimension_count']);
});

test('scaled positions have their keys, and what llama.cpp does otherwise is refused', () => {
  const linear = { rope_type: 'linear', factor: 4 } as const;
  expect(fieldsOf({ ...TINY, ropeScaling: linear })).toMatchObject({
    'llama.rope.scaling.type': 'linear',
    'llama.rope.scaling.factor': 4,
  });
  const yarn = {
    rope_type: 'yarn',
    ...{ factor: 8, attention_factor: 1 + 0.1 * Math.log(8) },
    ...{ beta_fast: 32, beta_slow: 1, truncate: true, original_max_position_embeddings: 64 },
  } as const;
  expect(fieldsOf({ ...TINY, ropeScaling: yarn })).toMatchObject({
    'llama.rope.scaling.type': 'yarn',
    'llama.rope.scaling.factor': 8,
    'llama.rope.scaling.original_context_length': 64,
    'llama.rope.scaling.yarn_beta_fast': 32,
    'llama.rope.scaling.yarn_beta_slow': 1,
  });
  const refused: readonly [Partial<ModelConfig>, string][] = [
    [{ ropeScaling: { ...yarn, attention_factor: 1.5 } }, 'yarn'],
    [{ ropeScaling: { ...yarn, truncate: false } }, 'yarn'],
    [
      { ropeScaling: { rope_type: 'dynamic', factor: 2, max_position_embeddings: 8 } },
      'rope_type "dynamic"',
    ],
    [{ family: 'mistral', slidingWindow: { tokens: 4, layers: [0] } }, 'a window of 4 tokens'],
    [{ family: 'qwen3', attentionBias: true }, 'biases of attention'],
  ];
  for (const [more, what] of refused) expect(() => fieldsOf({ ...TINY, ...more })).toThrow(what);
  // A window that holds every text of the model is none.
  expect(fieldsOf({ ...TINY, slidingWindow: { tokens: 8, layers: [0] } })).toBeDefined();
});
