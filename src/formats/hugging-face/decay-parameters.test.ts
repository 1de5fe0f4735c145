import { expect, test } from 'vitest';
import { isDecayed } from './decay-parameters.ts';

test.each([
  ...['model.embed_tokens.weight', 'lm_head.weight', 'model.layers.0.mlp.gate_proj.weight'],
  ...['model.layers.11.self_attn.q_proj.lora_A', 'model.layers.1.self_attn.q_proj.lora_B'],
  ...['model.layers.1.self_attn.q_proj.magnitude', 'retrained.lm_head.weight'],
  ...['model.normal.weight', 'model.abnorm.weight', 'model.layers.0.norms.weight'],
])('%s decays', (name) => expect(isDecayed(name)).toBe(true));

test.each([
  ...['model.norm.weight', 'retrained.model.norm.weight', 'norm', 'norm.weight', 'Model.Norm'],
  ...['model.layers.0.input_layernorm.weight', 'model.layers.0.post_attention_layernorm.weight'],
  ...['model.layers.0.self_attn.q_norm.weight', 'model.layers.0.self_attn.k_norm'],
  ...['model.layers.0.self_attn.q_proj.bias', 'model.layers.0.mlp.up_proj.lora_bias'],
  ...['final_RMSNorm.weight', 'retrained.model.layers.1.mlp.up_proj.bias'],
])('%s does not', (name) => expect(isDecayed(name)).toBe(false));
