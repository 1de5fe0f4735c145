import { expect, test } from 'vitest';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { llamaConfigOf } from './model-config.ts';

test('a config.json becomes the configuration of a Llama', () => {
  expect(llamaConfigOf(TINY, 6)).toEqual({
    ...{ length: 6, hidden: 4, layers: 1, heads: 2, kv_heads: 1, head_dim: 2, qk_norm: false },
    ...{ rms_eps: 1e-5, rope_theta: 10_000, tie_word_embeddings: false },
  });
  const ropeScaling = { rope_type: 'linear', factor: 2 } as const;
  const slidingWindow = { tokens: 3, layers: [0] };
  expect(llamaConfigOf({ ...TINY, family: 'qwen3', ropeScaling, slidingWindow }, 6)).toMatchObject({
    qk_norm: true,
    rope_scaling: ropeScaling,
    sliding_window: slidingWindow,
  });
});
