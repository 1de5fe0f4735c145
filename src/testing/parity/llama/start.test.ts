import { describe, expect, test } from 'vitest';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import {
  readTrainLlama,
  type TrainLlamaParams,
} from '../../../formats/parity-bundle/train-llama.ts';
import type { QuantizedWeight } from '../../../quant/weight.ts';
import type { Value } from '../../../reference/record.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { valuesOfStored } from '../fit.ts';
import { recordingOf } from './fixtures/recording.ts';
import {
  ADAPTERS,
  NO_LOSSES,
  OF_ADAPTERS,
  ONE_TEXT,
  recorded,
  STEPS,
} from './fixtures/tiny-run.ts';
import { type StartedRun, startOf } from './start.ts';
import { unsupportedRun } from './unsupported.ts';

const lora = recordingOf('llama_lora');
const LINEAR = 'model.layers.0.self_attn.q_proj';

describe('a run before its first step', () => {
  /** The tensors of a bundle in float64. */
  const valuesIn = (inputs: StoredTensors) => valuesOfStored(inputs, {});

  test('has the settings of the recording, and what it does not say by default', () => {
    const { params, inputs } = recordingOf('llama_full');
    const run = startOf(params, inputs);
    const { config, clip, lr, betas, eps, weight_decay } = params;
    // Sizes of weights are those of the weights themselves.
    const { vocab: _, intermediate: __, ...model } = config;
    expect(run).toMatchObject({ config: model, clip, schedule: params.schedule });
    expect(run.optimizer).toEqual({
      optimizer: params.optimizer,
      lr,
      ...(betas ? { betas } : {}),
      ...(eps === undefined ? {} : { eps }),
      ...(weight_decay === undefined ? {} : { weight_decay }),
    });
    expect(startOf({ ...params, clip: undefined }, inputs).clip).toBe(Number.POSITIVE_INFINITY);
    const sgd = { optimizer: 'sgd', momentum: 0.5, dampening: 0.25, nesterov: true };
    expect(startOf({ ...params, ...sgd }, inputs).optimizer).toMatchObject(sgd);
    const rmsprop = { optimizer: 'rmsprop', alpha: 0.7, centered: true };
    expect(startOf({ ...params, ...rmsprop }, inputs).optimizer).toMatchObject(rmsprop);
    expect(run.decays).toBeUndefined();
    const { decays } = startOf({ ...params, decay_parameters: 'trainer' }, inputs);
    expect(['model.norm.weight', 'lm_head.weight'].map((name) => decays?.(name))).toEqual([
      ...[false, true],
    ]);
    const ofAdapters = startOf({ ...lora.params, optimizer: 'rmsprop' }, lora.inputs);
    expect(ofAdapters.optimizer).not.toHaveProperty('alpha');
  });

  test('has the scaling, accumulation, products and head that are recorded', () => {
    const { params, inputs } = recordingOf('llama_row_9');
    const run = startOf(params, inputs);
    expect(run).toMatchObject({
      scaler: params.grad_scaler,
      autocast: 'float16',
      grad_accum: 3,
      checkpointing: true,
    });
    expect(run.scaler?.init_scale).toBe(4);
    expect(Object.keys(run.trained)).not.toContain('lm_head.weight');
  });

  test('has the biases, norms of heads, positions and windows of its model', () => {
    const own = {
      ...{ model_type: 'qwen3', attention_bias: true, head_dim: 6 },
      ...{ use_sliding_window: true, sliding_window: 3, max_window_layers: 0 },
      rope_scaling: { rope_type: 'linear', factor: 2 },
    };
    const bundle = recorded(NO_LOSSES, { config: own });
    const { config, trained } = startOf(readTrainLlama(bundle.params), bundle.tensors.inputs);
    expect(config).toMatchObject({
      ...{ head_dim: 6, qk_norm: true, rope_scaling: own.rope_scaling },
      sliding_window: { tokens: 3, layers: [0] },
    });
    const at = 'model.layers.0.self_attn';
    expect(trained[`${at}.q_norm.weight`]?.shape).toEqual([6]);
    expect(trained[`${at}.q_proj.bias`]?.shape).toEqual([12]);
    expect(trained[`${at}.o_proj.weight`]?.shape).toEqual([8, 12]);
  });

  test('trains all weights where all are trained, as the bundle holds them', () => {
    const { params, inputs } = recordingOf('llama_full');
    const values = valuesIn(inputs);
    const { trained, frozen, adapter, input_ids, labels } = startOf(params, inputs);
    expect([frozen, adapter]).toEqual([{}, undefined]);
    expect(Object.keys(trained).length).toBe(2 + 1 + 9 * params.config.layers);
    for (const [name, value] of Object.entries(trained))
      expect(value.data, name).toEqual(values[`base.${name}`]?.data);
    expect([input_ids.shape, input_ids.data]).toEqual([
      inputs['input_ids']?.shape,
      values['input_ids']?.data,
    ]);
    expect(labels.data).toEqual(values['labels']?.data);
  });

  test('has a batch of one where each step has one text', () => {
    const bundle = recorded(NO_LOSSES, {}, ONE_TEXT);
    const run = startOf(readTrainLlama(bundle.params), bundle.tensors.inputs);
    for (const name of ['input_ids', 'labels'] as const) {
      expect(run[name].shape).toEqual([STEPS, 1, 4]);
      expect([...run[name].data]).toEqual([...ONE_TEXT[`in.${name}`].data]);
    }
  });

  test('of a model that says null is as one that does not say, but for its window', () => {
    const started = (config: object) => {
      const bundle = recorded(NO_LOSSES, { config, lora_dropout: 0 });
      return startOf(readTrainLlama(bundle.params), bundle.tensors.inputs);
    };
    const nulls = { tie_word_embeddings: null, head_dim: null, max_position_embeddings: null };
    const own = { model_type: 'mistral', sliding_window: null };
    expect(started({ ...own, ...nulls })).toEqual(started(own));
    expect(started(own).config).not.toHaveProperty('sliding_window');
    expect(started({ model_type: 'mistral' }).config).toHaveProperty('sliding_window');
  });

  test('has the ranks and factors of patterns, the first that meets a module', () => {
    const bundle = recorded(NO_LOSSES, OF_ADAPTERS, ADAPTERS);
    const run = startOf(readTrainLlama(bundle.params), bundle.tensors.inputs);
    const sizes = [...(run.adapters ?? [])].map(([name, { r, alpha }]) => [
      name.slice(15),
      r,
      alpha,
    ]);
    expect(sizes).toEqual([
      ['self_attn.q_proj', 1, 3],
      ['self_attn.v_proj', 2, 3],
      ['mlp.down_proj', 3, 6],
    ]);
    const { rank_pattern: _, ...alike } = OF_ADAPTERS;
    const other = recorded(NO_LOSSES, alike, ADAPTERS);
    expect(() => startOf(readTrainLlama(other.params), other.tensors.inputs)).toThrow(
      'self_attn.q_proj.lora_A has shape 1x8 and should have 2x8',
    );
  });

  test('trains modules and biases beside adapters, from the base or from what is recorded', () => {
    const started = (told: object, others: object = {}) => {
      const bundle = recorded(NO_LOSSES, { ...OF_ADAPTERS, ...told }, { ...ADAPTERS, ...others });
      return startOf(readTrainLlama(bundle.params), bundle.tensors.inputs);
    };
    const beside = ({ trained }: StartedRun) =>
      Object.keys(trained).filter((name) => /weight$|bias$/.test(name));
    const head = 'lm_head.weight';
    const saved = started({ modules_to_save: ['lm_head', 'model.norm'] });
    expect(beside(saved).sort()).toEqual([head, 'model.norm.weight']);
    expect(saved.trained[head]).toEqual(saved.frozen[head]);
    const other = hostTensorFrom('f32', [11, 8], new Float64Array(88).fill(0.5));
    const given = { 'in.lora0.lm_head.modules_to_save.weight': other };
    expect(started({ modules_to_save: ['lm_head'] }, given).trained[head]?.data[3]).toBe(0.5);
    const config = { attention_bias: true, mlp_bias: true };
    expect(beside(started({ config, bias: 'all' })).length).toBe(7);
    expect(beside(started({ config, bias: 'lora_only' })).length).toBe(3);
    expect(() => started({ modules_to_save: ['q_proj'] })).toThrow('q_proj, which has an adapter');
    const tied = { config: { tie_word_embeddings: true } };
    expect(started(tied).config.tie_word_embeddings).toBe(true);
    const untied = started({ ...tied, modules_to_save: ['embed_tokens'] });
    expect(untied.config.tie_word_embeddings).toBe(false);
    expect(beside(untied)).toEqual(['model.embed_tokens.weight']);
    expect(untied.frozen[head]).toEqual(untied.trained['model.embed_tokens.weight']);
  });

  test('has adapters in the blocks that it names, and in no other', () => {
    const { params, inputs } = lora;
    const told = (own: object) => startOf({ ...params, ...own }, inputs);
    for (const own of [
      { layers_to_transform: [0, 1] },
      { layers_to_transform: [0, 1], layers_pattern: 'layers' },
      { layers_to_transform: [] },
    ])
      expect(told(own)).toEqual(told({}));
    for (const own of [
      { layers_to_transform: 0 },
      { layers_to_transform: [0, 1], layers_pattern: ['h'] },
    ])
      expect(() => told(own)).toThrow('lora_A is of a block that layers_to_transform leaves out');
    const adapted = Object.keys(told({}).trained).flatMap((name) =>
      name.endsWith('.lora_A') ? [name.slice(0, -'.lora_A'.length)] : [],
    );
    expect(told({ layers_to_transform: 7, targets: adapted })).toEqual(told({}));
    expect(() => told({ layers_to_transform: 7, targets: adapted.slice(1) })).toThrow(adapted[0]);
  });

  test('has adapters of rank 1 where the recording names none', () => {
    const { r, ...params } = lora.params;
    expect(r).toBeGreaterThan(1);
    expect(() => startOf(params, lora.inputs)).toThrow(/lora_A.*\b1x/);
  });

  test('trains adapters beside weights that stand still', () => {
    const { params, inputs } = lora;
    const values = valuesIn(inputs);
    const { trained, frozen, adapter } = startOf(params, inputs);
    expect(adapter).toEqual({
      r: params.r,
      alpha: params.alpha,
      use_rslora: params.use_rslora ?? false,
      use_dora: params.use_dora ?? false,
    });
    const recorded = Object.keys(inputs).filter((name) => name.startsWith('lora0.'));
    expect(
      Object.keys(trained)
        .map((name) => `lora0.${name}`)
        .sort(),
    ).toEqual(recorded.sort());
    for (const [name, value] of Object.entries(trained))
      expect(value.data, name).toEqual(values[`lora0.${name}`]?.data);
    expect((frozen[`${LINEAR}.weight`] as Value).data).toEqual(
      values[`base.${LINEAR}.weight`]?.data,
    );
    const { r, alpha, ...rest } = params;
    expect(r !== undefined && alpha !== undefined).toBe(true);
    const { [`lora0.${LINEAR}.lora_A`]: a, ...without } = inputs;
    const onlyOne = Object.fromEntries(
      Object.entries(without).filter(([name]) => !name.startsWith('lora0.')),
    );
    expect(Object.keys(startOf(rest as TrainLlamaParams, onlyOne).trained)).toEqual([]);
    expect(startOf(rest as TrainLlamaParams, onlyOne).adapter).toMatchObject({ r: 1, alpha: 1 });
    expect(a?.shape[0]).toBe(r);
  });

  test('keeps weights in 4 bits as they are coded', () => {
    const { params, inputs } = recordingOf('llama_qlora_nf4_dora');
    const values = valuesIn(inputs);
    const { trained, frozen } = startOf(params, inputs);
    const weight = frozen[`${LINEAR}.weight`] as QuantizedWeight<Value>;
    const { hidden } = params.config;
    expect([weight.format.name, weight.blocksize, weight.shape]).toEqual([
      'nf4',
      params.quant?.blocksize,
      [hidden, hidden],
    ]);
    expect(weight.parts['packed']?.data).toEqual(values[`q.${LINEAR}.packed`]?.data);
    expect(weight.parts['absmax']?.data).toEqual(values[`q.${LINEAR}.absmax`]?.data);
    const magnitude = trained[`${LINEAR}.magnitude`] as Value;
    expect(magnitude.shape).toEqual([hidden]);
  });

  test('of DoRA takes recorded magnitudes, else the lengths of the rows', () => {
    const { params, inputs } = lora;
    const dora = { ...params, use_dora: true };
    const { trained, frozen } = startOf(dora, inputs);
    const magnitude = trained[`${LINEAR}.magnitude`] as Value;
    const { data, shape } = frozen[`${LINEAR}.weight`] as Value;
    const [rows = 0, width = 0] = shape;
    const B = (trained[`${LINEAR}.lora_B`] as Value).data;
    // PEFT starts with B = 0, so that the merged weight is the frozen one.
    const isZero = B.every((x) => x === 0);
    expect(isZero).toBe(true);
    for (let row = 0; row < rows; row++)
      expect(magnitude.data[row]).toBeCloseTo(
        Math.hypot(...data.subarray(row * width, (row + 1) * width)),
        5,
      );
    expect(magnitude.data).toEqual(magnitude.data.map(Math.fround));
    const name = `lora0.${LINEAR}.magnitude`;
    const bytes = new Uint8Array(Float32Array.from({ length: rows }, (_, i) => i + 1).buffer);
    const recorded = startOf(dora, { ...inputs, [name]: { dtype: 'F32', shape: [rows], bytes } });
    expect(recorded.trained[`${LINEAR}.magnitude`]?.data).toEqual(
      Float64Array.from({ length: rows }, (_, i) => i + 1),
    );
  });

  test('rounds what was recorded in float64 to float32', () => {
    const { params, inputs } = lora;
    const name = 'base.model.norm.weight';
    const shape = inputs[name]?.shape ?? [];
    const thirds = new Float64Array(shape[0] ?? 0).fill(1 / 3);
    const stored = { dtype: 'F64', shape, bytes: new Uint8Array(thirds.buffer) } as const;
    const { frozen } = startOf(params, { ...inputs, [name]: stored });
    expect((frozen['model.norm.weight'] as Value).data[0]).toBe(Math.fround(1 / 3));
  });
});

test.each([
  [{ mode: 'prefix' }, 'the mode "prefix"'],
  [{ compute_dtype: 'float8' }, 'products in "float8"'],
  [{ optimizer: 'lion' }, 'the optimizer lion'],
  [{ lora_dropout: 0.1 }, 'lora_dropout 0.1, whose draws are in no recording'],
  [
    { config: { ...lora.params.config, partial_rotary_factor: 0.5 } },
    'the parameter "partial_rotary_factor"',
  ],
  [
    { config: { ...lora.params.config, rope_scaling: { rope_type: 'proportional' } } },
    'this model: rope_scaling.rope_type is "proportional": known are default, linear, dynamic, llama3, yarn, longrope',
  ],
  [
    { config: { ...lora.params.config, model_type: 'gemma' } },
    'this model: model_type "gemma" is not known here: known are llama, mistral, qwen2, qwen3',
  ],
  [{ mode: 'qlora' }, 'the mode qlora without quant'],
  [{ mode: 'hqq_llama_pro' }, 'the mode "hqq_llama_pro"'],
] as const)('what is not computed is refused with a reason: %j', (change, words) => {
  expect(unsupportedRun({ ...lora.params, ...change } as TrainLlamaParams)).toBe(words);
});

test('parameters of other types are refused', () => {
  expect(() => readTrainLlama({ ...lora.params, schedule: { name: 'step' } })).toThrow(
    'params "schedule.name"',
  );
});

test('what is recorded is computed', () => {
  expect(unsupportedRun(lora.params)).toBeUndefined();
});

describe('a bundle that is not a run is refused', () => {
  const { params, inputs } = lora;
  const { 'base.model.norm.weight': norm, ...without } = inputs;
  const tokens = (id: number) => ({
    dtype: 'I32' as const,
    shape: [1, 1, 2],
    bytes: new Uint8Array(Int32Array.of(0, id).buffer),
  });
  const config = (change: object) => ({ ...params, config: { ...params.config, ...change } });
  test.each([
    ['a weight is missing', params, without, 'in.base.model.norm.weight is missing'],
    [
      'a weight has another shape',
      params,
      { ...inputs, 'base.lm_head.weight': norm },
      'in.base.lm_head.weight has shape 64 and should have 64x64',
    ],
    ['a token is outside', config({ vocab: 8 }), inputs, 'the vocabulary has 8 tokens'],
    [
      'positions are scaled by less than 1',
      config({ rope_scaling: { rope_type: 'linear', factor: 0.5 } }),
      inputs,
      'train_llama: config: rope_scaling.factor is 0.5',
    ],
    ['heads are odd', config({ heads: 64 }), inputs, '64 heads of 64 columns'],
    [
      'heads of keys do not divide',
      config({ kv_heads: 3 }),
      inputs,
      '3 heads of keys do not divide 4 heads',
    ],
    ['there are not as many blocks', config({ layers: 2 ** 40 }), inputs, 'is missing'],
    [
      'a linear is in 4 bits that nothing describes',
      params,
      { ...inputs, [`q.${LINEAR}.packed`]: norm, [`q.${LINEAR}.absmax`]: norm },
      'quant with quant_type and blocksize is not given',
    ],
    [
      'tokens have no steps',
      params,
      { ...inputs, input_ids: norm },
      'in.input_ids has shape 64, which is neither [steps, batch, length] nor [steps, length]',
    ],
    [
      'a label is neither token nor -100',
      params,
      { ...inputs, labels: tokens(-1) },
      'in.labels holds -1, and the vocabulary has 64 tokens',
    ],
    [
      'a token is the size of the vocabulary',
      params,
      { ...inputs, input_ids: tokens(64) },
      'in.input_ids holds 64, and the vocabulary has 64 tokens',
    ],
    ['an input is -100', params, { ...inputs, input_ids: tokens(-100) }, 'in.input_ids holds -100'],
    [
      'the rows of an adapter are others',
      params,
      { ...inputs, [`lora0.${LINEAR}.lora_B`]: inputs[`lora0.${LINEAR}.lora_A`] },
      'lora_B has shape 4x64 and should have 64x4',
    ],
    [
      'a magnitude is not of every row',
      { ...params, use_dora: true },
      { ...inputs, [`lora0.${LINEAR}.magnitude`]: inputs[`lora0.${LINEAR}.lora_A`] },
      'magnitude has shape 4x64 and should have 64',
    ],
    [
      'the rank is another',
      { ...params, r: 5 },
      inputs,
      'lora_A has shape 4x64 and should have 5x64',
    ],
  ] as const)('%s', (_, given, tensors, message) => {
    expect(() => startOf(given, tensors as typeof inputs)).toThrow(message);
  });

  test('labels of -100 count for nothing, and are none of that', () => {
    const { labels } = startOf(params, { ...inputs, labels: tokens(-100) });
    expect([...labels.data]).toEqual([0, -100]);
  });
});

test('a linear in 4 bits without an adapter is frozen as it is stored, of the shape of its model', () => {
  const { params, inputs } = recordingOf('llama_qlora_of_some');
  const { frozen, trained } = startOf(params, inputs);
  expect(Object.keys(trained)).toEqual(
    ['q_proj', 'v_proj'].flatMap((name) =>
      ['lora_A', 'lora_B'].map((part) => `model.layers.1.self_attn.${name}.${part}`),
    ),
  );
  const down = frozen['model.layers.0.mlp.down_proj.weight'] as QuantizedWeight<Value>;
  expect(down).toMatchObject({ format: { name: 'nf4' }, blocksize: 32, shape: [8, 12] });
  const codes = inputs['q.model.layers.0.mlp.down_proj.packed']?.bytes;
  expect([...(down.parts['packed'] as Value).data]).toEqual([...(codes ?? [])]);
});

describe('a head in 4 bits', () => {
  const { params, inputs } = recordingOf('llama_qlora_head_of_some');

  test('is computed with as it is stored, with its weight in floats or without', () => {
    const { 'base.lm_head.weight': _, ...codesAlone } = inputs;
    for (const given of [inputs, codesAlone])
      expect(startOf(params, given).frozen['lm_head.weight']).toMatchObject({
        ...{ format: { name: 'nf4' }, blocksize: 32, shape: [17, 8] },
      });
  });

  test('that is the table of the embeddings too is refused, and so is that table', () => {
    const config = { ...params.config, tie_word_embeddings: true };
    const why = 'is quantized, and is neither a linear of a block nor an untied head';
    expect(() => startOf({ ...params, config }, inputs)).toThrow(`train_llama: lm_head ${why}`);
    const { 'q.lm_head.packed': packed, ...others } = inputs;
    const table = { ...others, 'q.model.embed_tokens.packed': packed };
    expect(() => startOf(params, table as typeof inputs)).toThrow(
      `train_llama: model.embed_tokens ${why}`,
    );
  });
});
