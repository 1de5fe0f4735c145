import { describe, expect, test } from 'vitest';
import { TINY } from '../../../formats/hugging-face/fixtures/tiny-folder.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import { adapterDifferences } from './adapter-differences.ts';
import { type LoraFields, savedLoraFields } from './lora-fields.ts';

const saved = (fields: JsonObject) => savedLoraFields(fields, '').fields as LoraFields;
const SAVED = saved({
  ...{ peft_type: 'LORA', r: 4, lora_alpha: 8, bias: 'none', use_rslora: true },
  ...{ target_modules: ['v_proj', 'q_proj'], rank_pattern: { v_proj: 2, q_proj: 3 } },
  layers_to_transform: [1, 0],
});
const told = (settings: JsonObject, of = SAVED, model = TINY) =>
  adapterDifferences(settings, of, model).map(({ code, path, message, suggestion }) => {
    expect(code).toBe('differs-from-adapter');
    expect(suggestion).toMatch(/^leave it out/);
    return `${path}: ${message}`;
  });

describe('settings beside a saved adapter', () => {
  test('say nothing else where they say what it has, or nothing', () => {
    expect(told({ learning_rate: 1, lora: null })).toEqual([]);
    expect(
      told({
        lora: {
          ...{ r: 4, lora_alpha: 8, lora_dropout: 0, use_rslora: true, use_dora: false },
          ...{ target_modules: ['q_proj', 'v_proj'], exclude_modules: [], bias: null },
          ...{ rank_pattern: { v_proj: 2, q_proj: 3 }, alpha_pattern: {}, modules_to_save: [] },
          ...{ layers_to_transform: [0, 1], layers_pattern: '', task_type: 'CAUSAL_LM' },
        },
      }),
    ).toEqual([]);
    expect(told({ lora_target_modules: 'default' })).toEqual([]);
    expect(told({ lora: { layers_to_transform: 1 } }, saved({ layers_to_transform: [1] }))).toEqual(
      [],
    );
  });

  test('are told by field, all at once', () => {
    expect(
      told({
        lora: {
          ...{ r: 9, lora_alpha: 8, lora_dropout: 0.1, use_dora: true, bias: 'all' },
          ...{ target_modules: ['q_proj'], rank_pattern: { q_proj: 3, v_proj: 2 } },
          ...{ layers_to_transform: 0, modules_to_save: ['lm_head'] },
        },
      }),
    ).toEqual([
      'lora.r: lora.r is 9, and the saved adapter has 4',
      'lora.lora_dropout: lora.lora_dropout is 0.1, and the saved adapter has 0',
      'lora.use_dora: lora.use_dora is "true", and the saved adapter has "false"',
      'lora.bias: lora.bias is "all", and the saved adapter has "none"',
      expect.stringContaining('lora.target_modules: '),
      expect.stringContaining('lora.rank_pattern: '),
      'lora.layers_to_transform: lora.layers_to_transform is 0, and the saved adapter has "[1,0]"',
      expect.stringContaining('and the saved adapter has "[]"'),
    ]);
    expect(told({ lora_target_modules: 'all' })).toEqual([
      expect.stringMatching(/^lora_target_modules: lora_target_modules is /),
    ]);
  });

  test('name the same targets in another way where the model has no others', () => {
    const linears = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'].map((name) => `${name}_proj`);
    const all = saved({ target_modules: linears });
    const given = { lora: { target_modules: 'all-linear' } };
    expect(told(given, all)).toEqual([]);
    expect(adapterDifferences(given, all)).toHaveLength(1);
    expect(told(given, saved({ target_modules: linears.slice(1) }))).toHaveLength(1);
    expect(told({ lora: { target_modules: 'none' } }, all)).toHaveLength(1);
  });

  test('are not told of a field that is out of range, which is told elsewhere', () => {
    expect(told({ lora: { r: -1, lora_alpha: 9, rank: 3 } })).toEqual([
      'lora.lora_alpha: lora.lora_alpha is 9, and the saved adapter has 8',
    ]);
    expect(told({ lora: 7, lora_target_modules: 'some' })).toEqual([]);
  });
});
