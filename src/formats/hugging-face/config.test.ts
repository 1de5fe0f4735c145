import { describe, expect, test } from 'vitest';
import { MOST_CONFIG_BYTES, modelConfigOf, readModelConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

/** The config.json of Llama-3.2-1B, as far as it counts, with what does not. */
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  ...{ model_type: 'llama', hidden_size: 2048, intermediate_size: 8192, head_dim: 64 },
  ...{ num_hidden_layers: 16, num_attention_heads: 32, num_key_value_heads: 8 },
  ...{ vocab_size: 128_256, max_position_embeddings: 131_072, tie_word_embeddings: true },
  ...{ attention_bias: false, mlp_bias: false, rms_norm_eps: 1e-5, rope_theta: 500_000 },
  rope_scaling: {
    ...{ factor: 32, low_freq_factor: 1, high_freq_factor: 4, rope_type: 'llama3' },
    original_max_position_embeddings: 8192,
  },
};
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(CONFIG).filter(([name]) => !names.includes(name)));
const plain = without('rope_scaling');
/** Of heads of 64 columns. */
const LONGROPE = {
  type: 'longrope',
  short_factor: Array.from({ length: 32 }, (_, i) => 1 + i / 32),
  long_factor: Array.from({ length: 32 }, (_, i) => 1 + i),
};

/** What is wrong with a configuration, fault by fault. */
function faultsOf(config: object) {
  try {
    modelConfigOf(config as never);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test('reads the config.json of a model', () => {
  expect(readModelConfig(JSON.stringify(CONFIG))).toEqual({
    ...{ family: 'llama', hidden: 2048, layers: 16, heads: 32, kvHeads: 8, headDim: 64 },
    ...{ intermediate: 8192, vocabulary: 128_256, tied: true, context: 131_072 },
    ...{ rmsEps: 1e-5, ropeTheta: 500_000 },
    ropeScaling: {
      ...{ rope_type: 'llama3', factor: 32, low_freq_factor: 1, high_freq_factor: 4 },
      original_max_position_embeddings: 8192,
    },
  });
});

test('what transformers leaves out has its defaults', () => {
  const model = modelConfigOf(
    without(
      ...['head_dim', 'num_key_value_heads', 'tie_word_embeddings', 'mlp_bias', 'rope_theta'],
      ...['rms_norm_eps', 'rope_scaling'],
    ),
  );
  expect(model).toMatchObject({ headDim: 64, kvHeads: 32, tied: false });
  expect(model).toMatchObject({ rmsEps: 1e-6, ropeTheta: 10_000 });
  expect(model).not.toHaveProperty('ropeScaling');
  expect(modelConfigOf({ ...CONFIG, head_dim: null }).headDim).toBe(64);
  expect(modelConfigOf({ ...CONFIG, model_type: 'qwen2', num_key_value_heads: null }).kvHeads).toBe(
    32,
  );
  expect(modelConfigOf({ ...CONFIG, mlp_bias: true, attention_bias: true })).toMatchObject({
    mlpBias: true,
    attentionBias: true,
  });
});

test('names how a checkpoint is quantized', () => {
  const config = { ...CONFIG, quantization_config: { quant_method: 'bitsandbytes' } };
  expect(modelConfigOf(config).quantization).toBe('bitsandbytes');
  expect(modelConfigOf({ ...CONFIG, quantization_config: {} }).quantization).toMatch('unnamed');
});

describe('the threshold of LLM.int8', () => {
  const said = (llm_int8_threshold: unknown, quant_method = 'bitsandbytes') => ({
    ...CONFIG,
    quantization_config: { quant_method, load_in_8bit: true, llm_int8_threshold },
  });

  test.each([0, 2.5, 6])('is that of the folder: %j', (threshold) => {
    expect(modelConfigOf(said(threshold)).int8Threshold).toBe(threshold);
  });

  test('is left open where nothing is said of it, or the codes are of another library', () => {
    for (const config of [said(undefined), said(null), said(3, 'gptq')])
      expect(modelConfigOf(config)).not.toHaveProperty('int8Threshold');
  });

  test.each(['-1', '"6"', 'true', '[6]', '1e999'])('is refused in a line: %s', (text) => {
    const told = JSON.stringify(said(7)).replace(
      '"llm_int8_threshold":7',
      `"llm_int8_threshold":${text}`,
    );
    const read = () => readModelConfig(told);
    const path = 'quantization_config.llm_int8_threshold';
    expect(read).toThrow(
      expect.objectContaining({
        code: 'model-config',
        faults: [expect.objectContaining({ code: 'bad-value', path })],
      }),
    );
    expect(read).toThrow(/llm_int8_threshold is \S+: it must be a number from 0 on$/);
  });
});

describe('rotary positions', () => {
  const scalingOf = (config: object) => modelConfigOf({ ...plain, ...config }).ropeScaling;

  test.each([
    [{ rope_parameters: { rope_type: 'default' } }, undefined],
    [{ rope_scaling: { factor: 32 } }, undefined],
    [{ rope_scaling: {}, rope_parameters: { type: 'linear', factor: 2 } }, 'linear'],
    [{ rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: {} }, 'linear'],
    [{ rope_scaling: { type: 'mrope', rope_type: 'dynamic', factor: 2 } }, 'dynamic'],
  ])('are of the kind that the newer word or the older tells, case %#', (config, type) => {
    expect(scalingOf(config)?.rope_type).toBe(type);
  });

  test.each([
    [{ rope_theta: 5, rope_parameters: { rope_theta: 7 } }, 7],
    [{ rope_theta: 5, rope_parameters: { rope_type: 'default' } }, 5],
    [{ rope_theta: null }, 10_000],
  ])('have the theta that stands nearest, case %#', (config, theta) => {
    expect(modelConfigOf({ ...plain, ...config }).ropeTheta).toBe(theta);
  });

  test('grow with the text where they are dynamic', () => {
    expect(scalingOf({ rope_scaling: { type: 'dynamic', factor: 4 } })).toEqual({
      rope_type: 'dynamic',
      factor: 4,
      max_position_embeddings: 131_072,
    });
  });

  test('of llama3 count from the context of the model where none is told', () => {
    const rope_scaling = {
      ...{ rope_type: 'llama3', factor: 2, low_freq_factor: 1, high_freq_factor: 4 },
    };
    const told = { ...rope_scaling, original_max_position_embeddings: 512 };
    const original = (config: object) =>
      (scalingOf(config) as { original_max_position_embeddings: number })
        .original_max_position_embeddings;
    expect(original({ rope_scaling })).toBe(131_072);
    expect(original({ rope_scaling: told })).toBe(512);
    expect(original({ rope_scaling: told, original_max_position_embeddings: 256 })).toBe(256);
  });

  // By hand: 0.1 m ln 4 + 1 is 1.1386294 for m = 1, 1.0693147 for 0.5 and 1.2772589 for 2.
  test.each([
    [{}, { attention_factor: 1.138629436111989, beta_fast: 32, beta_slow: 1, truncate: true }],
    [{ factor: 1 }, { attention_factor: 1 }],
    [{ factor: null, original_max_position_embeddings: 65_536 }, { factor: 2 }],
    [{ attention_factor: 0.5, beta_fast: 8, beta_slow: 2, truncate: false }, {}],
    [
      { mscale: 2, mscale_all_dim: 0.5 },
      { attention_factor: (0.2 * Math.log(4) + 1) / (0.05 * Math.log(4) + 1) },
    ],
    [{ mscale: 2 }, { attention_factor: 1.138629436111989 }],
  ])('of yarn have what is not told by its formula, case %#', (told, read) => {
    const rope_scaling = { rope_type: 'yarn', factor: 4, ...told };
    const { rope_type, factor, original_max_position_embeddings, ...rest } = scalingOf({
      rope_scaling,
    }) as never as Record<string, unknown>;
    const {
      factor: _f,
      original_max_position_embeddings: _o,
      ...given
    } = told as Record<string, unknown>;
    if (Object.keys(read).length === 0) expect(rest).toEqual(given);
    else expect({ factor, ...rest }).toMatchObject(read);
    expect([rope_type, original_max_position_embeddings]).toEqual([
      'yarn',
      (told as { original_max_position_embeddings?: number }).original_max_position_embeddings ??
        131_072,
    ]);
  });

  // By hand: sqrt(1 + ln 32 / ln 4096) is 1.1902380714, and of a factor of 4 1.0801234497.
  test.each([
    [{ original_max_position_embeddings: 4096 }, 1.190238071, 4096],
    [{ original_max_position_embeddings: 4096, factor: 4 }, 1.08012345, 4096],
    [{ factor: null }, 1, 131_072],
    [{ factor: 4, attention_factor: 1.5 }, 1.5, 131_072],
  ])('of LongRoPE have what is not told by its formula, case %#', (told, factor, original) => {
    const { type: rope_type, ...factors } = LONGROPE;
    expect(scalingOf({ rope_scaling: { ...LONGROPE, ...told } })).toEqual({
      ...{ rope_type, ...factors, attention_factor: expect.closeTo(factor, 8) },
      original_max_position_embeddings: original,
    });
  });

  test.each([
    [{ rope_scaling: 3 }, 'bad-value', 'rope_scaling'],
    [{ rope_theta: 'much' }, 'bad-value', 'rope_theta'],
    [{ rope_parameters: { rope_theta: 0.5 } }, 'bad-value', 'rope_parameters.rope_theta'],
    [{ rope_scaling: { type: 'linear' } }, 'missing', 'rope_scaling.factor'],
    [{ rope_scaling: { type: 'linear', factor: 0.5 } }, 'bad-value', 'rope_scaling.factor'],
    [{ rope_scaling: { type: 'yarn' } }, 'missing', 'rope_scaling.factor'],
    [{ rope_scaling: { type: 'proportional' } }, 'not-supported', 'rope_scaling.type'],
    [
      { rope_scaling: { ...LONGROPE, short_factor: undefined } },
      'missing',
      'rope_scaling.short_factor',
    ],
    [
      { rope_scaling: { ...LONGROPE, long_factor: [1, 0] } },
      'bad-value',
      'rope_scaling.long_factor',
    ],
    [
      { rope_scaling: { ...LONGROPE, short_factor: [1, 2] } },
      'does-not-fit',
      'rope_scaling.short_factor',
    ],
    [
      { rope_scaling: { ...LONGROPE, original_max_position_embeddings: 1 } },
      'does-not-fit',
      'rope_scaling.original_max_position_embeddings',
    ],
    [{ rope_parameters: { rope_type: 'axial' } }, 'not-supported', 'rope_parameters.rope_type'],
    [
      { rope_parameters: { full_attention: { rope_type: 'default' } } },
      'not-supported',
      'rope_parameters.full_attention',
    ],
    [{ partial_rotary_factor: 0.5 }, 'not-supported', 'partial_rotary_factor'],
    [
      { rope_parameters: { partial_rotary_factor: 0.5 } },
      'not-supported',
      'rope_parameters.partial_rotary_factor',
    ],
    [
      {
        rope_scaling: { type: 'llama3', factor: 2, low_freq_factor: 4, high_freq_factor: 4 },
      },
      'does-not-fit',
      'rope_scaling.high_freq_factor',
    ],
    [{ rope_theta: 1, rope_scaling: { type: 'yarn', factor: 2 } }, 'does-not-fit', 'rope_theta'],
  ])('are refused where they are none, case %#', (config, code, path) => {
    expect(faultsOf({ ...plain, ...config })).toEqual([
      expect.objectContaining({ code, path, suggestion: expect.stringMatching(/./) }),
    ]);
  });
});

describe('a sliding window', () => {
  const windowOf = (config: object) =>
    modelConfigOf({ ...CONFIG, num_hidden_layers: 3, ...config }).slidingWindow;

  test.each([
    [{ model_type: 'llama', sliding_window: 9 }, undefined],
    [{ model_type: 'mistral' }, { tokens: 4096, layers: [0, 1, 2] }],
    [{ model_type: 'mistral', sliding_window: null }, undefined],
    [
      { model_type: 'mistral', sliding_window: 9 },
      { tokens: 9, layers: [0, 1, 2] },
    ],
    [{ model_type: 'qwen2', sliding_window: 9 }, undefined],
    [{ model_type: 'qwen2', sliding_window: 9, use_sliding_window: true }, undefined],
    [
      { model_type: 'qwen3', sliding_window: 9, use_sliding_window: true, max_window_layers: 1 },
      { tokens: 9, layers: [1, 2] },
    ],
    [
      {
        ...{ model_type: 'qwen3', sliding_window: 9, use_sliding_window: true },
        layer_types: ['full_attention', 'sliding_attention', 'full_attention'],
      },
      { tokens: 9, layers: [1] },
    ],
    [
      {
        ...{ model_type: 'qwen2', sliding_window: null, use_sliding_window: false },
        layer_types: ['full_attention', 'full_attention', 'full_attention'],
      },
      undefined,
    ],
  ])('is that of the family, case %#', (config, window) => {
    expect(windowOf(config)).toEqual(window);
  });

  test.each([
    [{ model_type: 'mistral', sliding_window: 0 }, 'bad-value', 'sliding_window'],
    [{ model_type: 'qwen2', layer_types: ['full_attention'] }, 'bad-value', 'layer_types'],
    [{ model_type: 'qwen2', layer_types: Array(16).fill('linear') }, 'bad-value', 'layer_types'],
    [
      { model_type: 'qwen2', layer_types: Array(16).fill('sliding_attention') },
      'does-not-fit',
      'use_sliding_window',
    ],
    [
      { model_type: 'qwen2', use_sliding_window: true, max_window_layers: -1 },
      'bad-value',
      'max_window_layers',
    ],
  ])('is refused where it is none, case %#', (config, code, path) => {
    expect(faultsOf({ ...CONFIG, ...config })).toEqual([
      expect.objectContaining({ code, path, suggestion: expect.stringMatching(/./) }),
    ]);
  });
});

test.each([
  [
    { ...CONFIG, model_type: 'gemma2' },
    'model_type "gemma2" is not known here: known are llama, mistral, qwen2, qwen3',
  ],
  [{ ...CONFIG, model_type: ['llama'] }, 'model_type "[\\"llama\\"]" is not known here'],
  [without('model_type'), 'model_type is missing'],
  [without('vocab_size'), 'vocab_size is missing'],
  [{ ...CONFIG, vocab_size: null }, 'vocab_size is missing'],
  [{ ...without('num_key_value_heads'), model_type: 'qwen2' }, 'num_key_value_heads is missing'],
  [{ ...without('head_dim'), model_type: 'qwen3' }, 'head_dim is missing'],
  [{ ...CONFIG, hidden_size: '2048' }, 'hidden_size is "2048": it must be a whole number from 1'],
  [{ ...CONFIG, num_hidden_layers: 1025 }, 'is 1025: it must be a whole number from 1 to 1024'],
  [{ ...CONFIG, num_hidden_layers: 1.5 }, 'num_hidden_layers is 1.5'],
  [{ ...CONFIG, intermediate_size: 0 }, 'intermediate_size is 0'],
  [{ ...CONFIG, vocab_size: -1 }, 'vocab_size is -1'],
  [{ ...CONFIG, num_key_value_heads: 5 }, 'num_attention_heads 32 are not shared evenly by'],
  [{ ...without('head_dim'), hidden_size: 2050 }, 'is no multiple of num_attention_heads 32'],
  [{ ...CONFIG, head_dim: 63 }, '63 columns of a head are no pairs'],
  [{ ...without('head_dim'), hidden_size: 2080 }, '65 columns of a head are no pairs'],
  [{ ...CONFIG, tie_word_embeddings: 1 }, 'tie_word_embeddings is 1: it must be true or false'],
  [{ ...CONFIG, rms_norm_eps: '1e-5' }, 'rms_norm_eps is "1e-5": it must be a number from 0 to 1'],
  [{ ...CONFIG, hidden_act: 'gelu' }, 'hidden_act is "gelu": known are silu, swish'],
  [{ ...CONFIG, attention_dropout: 0.1 }, 'attention_dropout is 0.1: attention drops nothing here'],
])('refuses what does not describe a model, case %#', (config, says) => {
  expect(() => readModelConfig(JSON.stringify(config))).toThrow(says);
});

test('tells every fault at once, each with a code, its place and what to do', () => {
  const config = {
    ...without('vocab_size'),
    ...{ hidden_act: 'relu', hidden_size: 0, rope_scaling: { rope_type: 'yarn', factor: 'x' } },
  };
  expect(faultsOf(config).map(({ code, path }) => [code, path])).toEqual([
    ['bad-value', 'hidden_size'],
    ['missing', 'vocab_size'],
    ['bad-value', 'hidden_act'],
    ['bad-value', 'rope_scaling.factor'],
  ]);
  expect(() => modelConfigOf(config)).toThrow(
    /^hidden_size is 0: it must .*; vocab_size is missing: give .*; hidden_act is "relu": known/,
  );
});

test.each([
  ['', 'is not JSON'],
  ['[]', 'is not a JSON object'],
  ['{"hidden_size": 1, "hidden_size": 2}', 'has the key "hidden_size" twice'],
  [' '.repeat(MOST_CONFIG_BYTES + 1), 'a config.json has a few thousand'],
])('refuses what is no configuration, case %#', (text, says) => {
  expect(() => readModelConfig(text)).toThrow(says);
});

test("MLX's codes are those of all layers or their own, and what MLX has not is refused", () => {
  const quantization = {
    ...{ group_size: 64, bits: 4, 'model.layers.0.mlp.down_proj': { group_size: 32, bits: 8 } },
    lm_head: false,
  };
  // mlx-lm writes it under both names, without a method.
  const both = { ...CONFIG, quantization, quantization_config: quantization };
  expect(modelConfigOf(both)).toMatchObject({
    quantization: 'mlx',
    mlx: {
      usual: { mode: 'affine', bits: 4, groupSize: 64 },
      layers: { 'model.layers.0.mlp.down_proj': { mode: 'affine', bits: 8, groupSize: 32 } },
    },
  });
  for (const wrong of [{ bits: 7, group_size: 64 }, { bits: 4 }, { mode: 'gptq', bits: 4 }])
    expect(() => modelConfigOf({ ...CONFIG, quantization: wrong })).toThrow(
      'quantization has mode',
    );
  const layer = { group_size: 64, bits: 4, lm_head: { bits: 3, group_size: 5 } };
  expect(() => modelConfigOf({ ...CONFIG, quantization: layer })).toThrow(
    'quantization.lm_head has',
  );
});
