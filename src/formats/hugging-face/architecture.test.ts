import { expect, test } from 'vitest';
import { sizeOf } from '../../tensor/shape.ts';
import { type Architecture, FAMILIES, parametersOf, tensorShapes } from './architecture.ts';

const SIZES = {
  ...{ hidden: 8, layers: 2, heads: 4, kvHeads: 2, headDim: 6, intermediate: 10 },
  ...{ vocabulary: 11, tied: false, context: 5 },
};
const modelOf = (own: Partial<Architecture>): Architecture => ({
  family: 'llama',
  ...SIZES,
  ...own,
});
const namesOf = (own: Partial<Architecture>) =>
  [...tensorShapes(modelOf(own)).keys()].filter((name) => name.startsWith('model.layers.1.'));

test('names each tensor of a checkpoint with its shape', () => {
  expect(Object.fromEntries(tensorShapes(modelOf({ layers: 1 })))).toEqual({
    'model.embed_tokens.weight': [11, 8],
    'model.layers.0.self_attn.q_proj.weight': [24, 8],
    'model.layers.0.self_attn.k_proj.weight': [12, 8],
    'model.layers.0.self_attn.v_proj.weight': [12, 8],
    'model.layers.0.self_attn.o_proj.weight': [8, 24],
    'model.layers.0.mlp.gate_proj.weight': [10, 8],
    'model.layers.0.mlp.up_proj.weight': [10, 8],
    'model.layers.0.mlp.down_proj.weight': [8, 10],
    'model.layers.0.input_layernorm.weight': [8],
    'model.layers.0.post_attention_layernorm.weight': [8],
    'model.norm.weight': [8],
    'lm_head.weight': [11, 8],
  });
  expect(tensorShapes(modelOf({ tied: true })).has('lm_head.weight')).toBe(false);
});

test.each([
  ['llama', { attentionBias: true }, ['q', 'k', 'v', 'o'].map((x) => `self_attn.${x}_proj.bias`)],
  ['llama', { mlpBias: true }, ['gate', 'up', 'down'].map((x) => `mlp.${x}_proj.bias`)],
  ['qwen2', { mlpBias: true }, ['q', 'k', 'v'].map((x) => `self_attn.${x}_proj.bias`)],
  ['mistral', { attentionBias: true, mlpBias: true }, []],
  ['qwen3', { mlpBias: true }, ['self_attn.q_norm.weight', 'self_attn.k_norm.weight']],
] as const)('%s has its own vectors, case %#', (family, own, more) => {
  const plain = namesOf({});
  const found = namesOf({ family, ...own });
  expect(found.filter((name) => !plain.includes(name))).toEqual(
    more.map((name) => `model.layers.1.${name}`),
  );
});

test('counts what the tensors hold', () => {
  for (const family of FAMILIES)
    for (const tied of [true, false]) {
      const model = modelOf({ family, tied, attentionBias: true, mlpBias: true });
      const held = [...tensorShapes(model).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
      expect(parametersOf(model)).toBe(held);
    }
});
