import { expect, test } from 'vitest';
import { readGguf } from '../gguf.ts';
import { inHalves, inPairs } from './head-rows.ts';
import { ggufName, huggingFaceName } from './llama-names.ts';
import { type GgufFields, ggufBytes, ggufHeader, paddingAfter } from './write-header.ts';

const FIELDS: GgufFields = new Map([
  ['general.architecture', { type: 'text', value: 'llama' }],
  ['a.count', { type: 'u32', value: 2 ** 32 - 1 }],
  ['a.share', { type: 'f32', value: 0.75 }],
  ['a.flag', { type: 'bool', value: true }],
  ['a.words', { type: 'texts', value: ['Ġa', '', '▁'.repeat(3000)] }],
  ['a.floats', { type: 'f32s', value: [-1, 0.5] }],
  ['a.kinds', { type: 'i32s', value: [-1, 6] }],
]);

/** A file of these tensors, whose bytes count on from 1. */
function fileOf(tensors: Parameters<typeof ggufHeader>[1]) {
  let next = 1;
  const parts = [...tensors.values()].flatMap((tensor) => {
    const bytes = ggufBytes(tensor);
    return [
      Uint8Array.from({ length: bytes }, () => next++ % 256),
      new Uint8Array(paddingAfter(bytes)),
    ];
  });
  return Buffer.concat([ggufHeader(FIELDS, tensors), ...parts]);
}

test('names of 63 bytes are written, and longer ones refused, which llama.cpp does not take', () => {
  const named = (name: string) => new Map([[name, { type: 'f32', shape: [1] }]]);
  expect([...readGguf(fileOf(named(`${'ü'.repeat(31)}x`))).tensors.keys()]).toHaveLength(1);
  const long = 'ü'.repeat(32);
  expect(() => ggufHeader(FIELDS, named(long))).toThrow(
    `the name "${long}" has 64 bytes, and llama.cpp takes at most 63`,
  );
});

test('what is written is read again: every kind of value, and tensors at their places', () => {
  const tensors = new Map([
    ['token_embd.weight', { type: 'f16', shape: [3, 5] }],
    ['blk.0.ffn_up.weight', { type: 'q8_0', shape: [2, 64] }],
    ['output_norm.weight', { type: 'f32', shape: [5] }],
  ]);
  const read = readGguf(fileOf(tensors));
  expect(Object.fromEntries(read.metadata)).toEqual(
    Object.fromEntries([...FIELDS].map(([key, { value }]) => [key, value])),
  );
  expect([...read.tensors.keys()]).toEqual([...tensors.keys()]);
  let next = 1;
  for (const [name, { type, shape, bytes }] of read.tensors) {
    expect({ type: type.name, shape }, name).toEqual(tensors.get(name));
    expect(bytes, name).toHaveLength({ f16: 30, q8_0: 136, f32: 20 }[type.name] as number);
    expect(bytes[0], name).toBe(next % 256);
    next += bytes.length;
  }
});

test('tensors begin at multiples of 32, and a file without any is whole', () => {
  const tensors = new Map([['output_norm.weight', { type: 'f32', shape: [5] }]]);
  expect(ggufHeader(FIELDS, tensors).length % 32).toBe(0);
  expect([0, 1, 32, 33].map(paddingAfter)).toEqual([0, 31, 0, 31]);
  expect(readGguf(fileOf(new Map())).tensors.size).toBe(0);
});

test('rows that are no blocks and types that ggml lacks are refused', () => {
  expect(() => ggufBytes({ type: 'q8_0', shape: [2, 33] })).toThrow('no blocks of "q8_0"');
  expect(() => ggufBytes({ type: 'q9', shape: [2, 32] })).toThrow('no type of ggml');
});

test("llama.cpp's names are those that are read back", () => {
  const names = [
    ...['model.embed_tokens.weight', 'model.norm.weight', 'lm_head.weight'],
    ...['input_layernorm', 'self_attn.q_norm', 'mlp.down_proj', 'post_attention_layernorm'].map(
      (part) => `model.layers.12.${part}.weight`,
    ),
    'model.layers.0.self_attn.k_proj.bias',
  ];
  for (const name of names) expect(huggingFaceName(ggufName(name) ?? ''), name).toBe(name);
  expect(ggufName('model.layers.3.self_attn.q_proj.weight')).toBe('blk.3.attn_q.weight');
  for (const name of [
    'model.layers.0.model.norm.weight',
    'self_attn.q_proj.weight',
    'other.weight',
  ])
    expect(ggufName(name), name).toBeUndefined();
});

test('rows of heads go in pairs and come back in halves, as LlamaModel.permute has it', () => {
  // Two heads of four rows, two bytes each.
  const rows = Uint8Array.from({ length: 16 }, (_, i) => i);
  const pairs = inPairs('blk.0.attn_q.weight', rows, 8, 2);
  expect([...pairs].filter((_, i) => i % 2 === 0).map((byte) => byte / 2)).toEqual([
    0, 2, 1, 3, 4, 6, 5, 7,
  ]);
  expect(inHalves('blk.0.attn_q.weight', pairs, 8, 2)).toEqual(rows);
  const heads = Uint8Array.from({ length: 12 }, (_, i) => i);
  expect([...inPairs('q', heads, 12, 2)]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
  expect(() => inPairs('q', heads, 12, 4)).toThrow('no pairs of 4 heads');
});
