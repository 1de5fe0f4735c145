import { expect, test } from 'vitest';
import type { RopeScaling } from '../../vocabulary/attention/rope-scaling.ts';
import { type ModelConfig, modelConfigOf } from '../hugging-face/config.ts';
import { TINY } from '../hugging-face/fixtures/tiny-folder.ts';
import { configJson } from './config-json.ts';
import type { GgufHeader, GgufPlace } from './header.ts';
import type { GgufValue } from './metadata.ts';
import { modelFields } from './model-fields.ts';

const TABLE: GgufPlace = {
  type: { name: 'f16', elements: 1, bytes: 2 },
  ...{ shape: [5, 4], start: 0, end: 40 },
};

/** The header of a file of these keys, with a table and a head of its own. */
function headerOf(
  config: ModelConfig,
  more: Readonly<Record<string, GgufValue | undefined>> = {},
  names: readonly string[] = ['output.weight'],
): GgufHeader {
  const metadata = new Map<string, GgufValue>(
    [...modelFields(config, 'mine', 'f16')].map(([key, { type, value }]) => [
      key,
      // A file holds float32.
      type === 'f32' ? Math.fround(value) : value,
    ]),
  );
  for (const [key, value] of Object.entries(more))
    if (value === undefined) metadata.delete(key);
    else metadata.set(key, value);
  const places = new Map(['token_embd.weight', ...names].map((name) => [name, TABLE]));
  return { metadata, places };
}

const read = (header: GgufHeader) => modelConfigOf(configJson(header, () => undefined));

test('what the conversion writes of a model is that model again', () => {
  const yarn: RopeScaling = {
    ...{ rope_type: 'yarn', factor: 8, attention_factor: 1 + 0.1 * Math.log(8) },
    ...{ beta_fast: 16, beta_slow: 2, truncate: true, original_max_position_embeddings: 64 },
  };
  const models: readonly ModelConfig[] = [
    TINY,
    { ...TINY, ropeScaling: { rope_type: 'linear', factor: 4 } },
    { ...TINY, ropeScaling: yarn },
    { ...TINY, family: 'qwen2', kvHeads: 2, rmsEps: 1e-6, ropeTheta: 1_000_000 },
    { ...TINY, family: 'qwen3', headDim: 6, rmsEps: 0.000012345 },
  ];
  for (const model of models) expect(read(headerOf(model))).toEqual(model);
  const mistral = read(headerOf({ ...TINY, family: 'mistral' }));
  expect(mistral).toEqual({ ...TINY, family: 'llama' });
});

test('a head that is not there is tied, and biases are found by their tensors', () => {
  expect(read(headerOf(TINY, {}, []))).toEqual({ ...TINY, tied: true });
  const names = ['output.weight', 'blk.0.attn_q.bias', 'blk.0.ffn_up.bias'];
  const biased = read(headerOf(TINY, {}, names));
  expect(biased).toEqual({ ...TINY, attentionBias: true, mlpBias: true });
  const qwen = read(headerOf({ ...TINY, family: 'qwen2' }, {}, names));
  expect(qwen).toEqual({ ...TINY, family: 'qwen2' });
});

test('what old files leave out is what llama.cpp takes', () => {
  const left = {
    'llama.attention.head_count_kv': undefined,
    'llama.attention.key_length': undefined,
    'llama.attention.value_length': undefined,
    'llama.rope.freq_base': undefined,
    'llama.vocab_size': undefined,
    'general.type': undefined,
  };
  expect(read(headerOf(TINY, left))).toEqual({ ...TINY, kvHeads: 2 });
});

test.each<[Readonly<Record<string, GgufValue | undefined>>, string, string]>([
  [
    { 'general.architecture': 'gemma3' },
    'unknown-architecture',
    'general.architecture is "gemma3": known are llama, qwen2, qwen3',
  ],
  [
    { 'general.architecture': undefined },
    'unknown-architecture',
    'general.architecture is missing',
  ],
  [{ 'general.type': 'mmproj' }, 'not-supported', 'general.type is "mmproj": models are read'],
  [{ 'split.count': 3 }, 'not-supported', 'split.count is 3: join the parts'],
  [{ 'llama.expert_count': 8 }, 'not-supported', 'mixtures of experts'],
  [{ 'llama.rope.dimension_count': 1 }, 'not-supported', 'heads of 2 columns rotate whole'],
  [{ 'llama.attention.value_length': 4 }, 'not-supported', 'attention.value_length is 4'],
  [{ 'llama.attention.sliding_window': 4 }, 'not-supported', 'attention.sliding_window is 4'],
  [{ 'llama.attention.causal': false }, 'not-supported', 'attention.causal is "false"'],
  [{ 'llama.logit_scale': 2 }, 'not-supported', 'llama.logit_scale is 2'],
  [{ 'llama.rope.scaling.type': 'longrope' }, 'not-supported', 'known are none, linear and yarn'],
  [{ 'llama.block_count': undefined }, 'missing', 'llama.block_count is missing: convert'],
  [{ 'llama.attention.head_count': [2, 4] }, 'bad-value', 'is a list of 2: it must be a number'],
  [{ 'llama.context_length': 2n ** 60n }, 'bad-value', 'must be a number'],
])('a file with such keys is refused (%#)', (more, code, says) => {
  let thrown: unknown;
  try {
    configJson(headerOf(TINY, more), () => undefined);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'model-config', faults: [{ code }] });
  expect((thrown as Error).message).toContain(says);
  expect((thrown as Error).message).not.toContain('\n');
});
