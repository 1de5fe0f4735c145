import { expect, test } from 'vitest';
import { linearsOf, weightShapes } from './weights.ts';

const CONFIG = {
  vocab: 11,
  hidden: 24,
  intermediate: 40,
  layers: 2,
  heads: 6,
  kv_heads: 2,
  rms_eps: 1e-5,
  rope_theta: 1e4,
};

test('the linears of a block are out by in, heads of keys fewer', () => {
  const linears = linearsOf(CONFIG);
  expect([...linears.keys()].slice(0, 8)).toEqual([
    'model.layers.0.self_attn.q_proj',
    'model.layers.0.self_attn.k_proj',
    'model.layers.0.self_attn.v_proj',
    'model.layers.0.self_attn.o_proj',
    'model.layers.0.mlp.gate_proj',
    'model.layers.0.mlp.up_proj',
    'model.layers.0.mlp.down_proj',
    'model.layers.1.self_attn.q_proj',
  ]);
  expect(linears.size).toBe(14);
  // Six heads of four columns, two of keys.
  expect([...linears.values()].slice(7)).toEqual([
    [24, 24],
    [8, 24],
    [8, 24],
    [24, 24],
    [40, 24],
    [40, 24],
    [24, 40],
  ]);
});

test.each([
  [{ heads: 8 }, '8 heads of 24 columns are not an even number of columns each'],
  [{ heads: 5 }, '5 heads of 24 columns are not an even number of columns each'],
  [{ kv_heads: 4 }, '4 heads of keys do not divide 6 heads'],
])('heads that do not fit are refused: %j', (change, words) => {
  expect(() => linearsOf({ ...CONFIG, ...change })).toThrow(`train_llama: ${words}`);
});

test('a model has embeddings, linears, norms, and a head unless it is tied', () => {
  const shapes = weightShapes(CONFIG);
  expect([...shapes].filter(([name]) => !name.includes('proj'))).toEqual([
    ['model.embed_tokens.weight', [11, 24]],
    ['model.layers.0.input_layernorm.weight', [24]],
    ['model.layers.0.post_attention_layernorm.weight', [24]],
    ['model.layers.1.input_layernorm.weight', [24]],
    ['model.layers.1.post_attention_layernorm.weight', [24]],
    ['model.norm.weight', [24]],
    ['lm_head.weight', [11, 24]],
  ]);
  expect(shapes.get('model.layers.1.mlp.down_proj.weight')).toEqual([24, 40]);
  expect(shapes.size).toBe(21);
  // Embeddings, linears, norms, head.
  expect([...shapes.keys()].findIndex((name) => name.includes('norm'))).toBe(1 + 14);
  expect(weightShapes({ ...CONFIG, tie_word_embeddings: true }).has('lm_head.weight')).toBe(false);
});
