import { expect, test } from 'vitest';
import {
  architectureOf,
  MOST_CONFIG_BYTES,
  modelText,
  parseModelText,
  readModelConfig,
} from './model-config.ts';
import { PRESETS } from './presets.ts';

/** The config.json of Llama-3.2-1B, as far as it counts, with what does not. */
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  ...{ model_type: 'llama', hidden_size: 2048, intermediate_size: 8192, head_dim: 64 },
  ...{ num_hidden_layers: 16, num_attention_heads: 32, num_key_value_heads: 8 },
  ...{ vocab_size: 128_256, max_position_embeddings: 131_072, tie_word_embeddings: true },
  ...{ attention_bias: false, mlp_bias: false, rope_scaling: { factor: 32 }, rms_norm_eps: 1e-5 },
};
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(CONFIG).filter(([name]) => !names.includes(name)));

test('reads the config.json of a model', () => {
  const preset = PRESETS.find(({ name }) => name === 'Llama-3.2-1B')?.architecture;
  expect(readModelConfig(JSON.stringify(CONFIG))).toEqual(preset);
});

test('what transformers leaves out has its defaults', () => {
  const model = architectureOf(
    without('head_dim', 'num_key_value_heads', 'tie_word_embeddings', 'mlp_bias'),
  );
  expect(model).toMatchObject({ headDim: 64, kvHeads: 32, tied: false });
  expect(architectureOf({ ...CONFIG, head_dim: null }).headDim).toBe(64);
  expect(architectureOf({ ...CONFIG, mlp_bias: true, attention_bias: true })).toMatchObject({
    mlpBias: true,
    attentionBias: true,
  });
});

test('is one line of an address, and is read back', () => {
  const models = [
    ...PRESETS.map(({ architecture }) => architecture),
    architectureOf({ ...CONFIG, mlp_bias: true, attention_bias: true }),
  ];
  for (const model of models) expect(parseModelText(modelText(model))).toEqual(model);
  expect(modelText(models.at(-1) as never)).toMatch(
    /^model_type=llama;hidden_size=2048;.*;mlp_bias=true$/,
  );
});

test.each([
  [{ ...CONFIG, model_type: 'gemma2' }, 'model_type "gemma2" is not known here: the sheet has'],
  [{ ...CONFIG, model_type: ['llama'] }, 'model_type "[\\"llama\\"]" is not known here'],
  [without('model_type'), 'model_type is missing'],
  [without('vocab_size'), 'vocab_size is missing'],
  [{ ...without('num_key_value_heads'), model_type: 'qwen2' }, 'num_key_value_heads is missing'],
  [{ ...without('head_dim'), model_type: 'qwen3' }, 'head_dim is missing'],
  [{ ...CONFIG, hidden_size: '2048' }, 'hidden_size is "2048": it must be a whole number from 1'],
  [{ ...CONFIG, num_hidden_layers: 1025 }, 'is 1025: it must be a whole number from 1 to 1024'],
  [{ ...CONFIG, num_hidden_layers: 1.5 }, 'num_hidden_layers is 1.5'],
  [{ ...CONFIG, intermediate_size: 0 }, 'intermediate_size is 0'],
  [{ ...CONFIG, vocab_size: -1 }, 'vocab_size is -1'],
  [{ ...CONFIG, num_key_value_heads: 5 }, 'num_attention_heads 32 are not shared evenly by'],
  [{ ...without('head_dim'), hidden_size: 2050 }, 'is no multiple of num_attention_heads 32'],
  [{ ...CONFIG, tie_word_embeddings: 1 }, 'tie_word_embeddings is 1: it must be true or false'],
])('refuses what does not describe a model, case %#', (config, says) => {
  expect(() => readModelConfig(JSON.stringify(config))).toThrow(says);
});

test.each([
  ['', 'is not JSON'],
  ['[]', 'is not a JSON object'],
  ['{"hidden_size": 1, "hidden_size": 2}', 'has the key "hidden_size" twice'],
  [' '.repeat(MOST_CONFIG_BYTES + 1), 'a config.json has a few thousand'],
])('refuses what is no configuration, case %#', (text, says) => {
  expect(() => readModelConfig(text)).toThrow(says);
});

test.each(['llama', 'model_type=llama', '=1', 'model_type=llama;hidden_size=1e9', '__proto__=1'])(
  'refuses the address %s',
  (text) => {
    expect(() => parseModelText(text)).toThrow(/is missing|must be/);
  },
);
