import { expect, test } from 'vitest';
import { modelConfigOf } from '../formats/hugging-face/config.ts';
import { modelText, parseModelText } from './model-config.ts';
import { PRESETS } from './presets.ts';

const BIASED = modelConfigOf({
  ...{ model_type: 'llama', hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16 },
  ...{ num_attention_heads: 32, vocab_size: 128_256, max_position_embeddings: 131_072 },
  ...{ attention_bias: true, mlp_bias: true },
});

test('is one line of an address, and is read back', () => {
  for (const model of [...PRESETS.map(({ architecture }) => architecture), BIASED])
    expect(parseModelText(modelText(model))).toMatchObject(model);
  expect(modelText(BIASED)).toMatch(/^model_type=llama;hidden_size=2048;.*;mlp_bias=true$/);
});

test.each(['llama', 'model_type=llama', '=1', 'model_type=llama;hidden_size=1e9', '__proto__=1'])(
  'refuses the address %s',
  (text) => {
    expect(() => parseModelText(text)).toThrow(/is missing|must be/);
  },
);
