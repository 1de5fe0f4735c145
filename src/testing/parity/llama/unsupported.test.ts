import { describe, expect, test } from 'vitest';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { unsupportedRun } from './unsupported.ts';

/** All that a run of an adapter may be told. */
const ALL = {
  mode: 'qlora',
  config: {
    vocab: 8,
    hidden: 8,
    intermediate: 8,
    layers: 1,
    heads: 2,
    kv_heads: 2,
    rms_eps: 1e-5,
    rope_theta: 1e4,
    tie_word_embeddings: true,
  },
  steps: 2,
  r: 2,
  alpha: 4,
  use_rslora: true,
  use_dora: true,
  lora_dropout: 0,
  targets: [],
  quant: { quant_type: 'nf4', blocksize: 64, compress_statistics: false },
  compute_dtype: 'float32',
  schedule: { name: 'cosine', warmup: 1, total: 2, num_cycles: 0.5 },
  grad_accum: 1,
  accum_mean: 'token',
  state_steps: [1],
  gradient_checkpointing: true,
  grad_scaler: {},
  autocast_dtype: 'float16',
  clip: 1,
  optimizer: 'adamw',
  lr: 0.1,
  betas: [0.9, 0.99],
  eps: 1e-8,
  weight_decay: 0,
  decay_parameters: 'trainer',
  momentum: 0,
  dampening: 0,
  nesterov: false,
};
const said = (change: object) =>
  unsupportedRun({ ...ALL, ...change } as unknown as TrainLlamaParams);

describe('a run of a recording', () => {
  test('is computed with all that it may be told', () => {
    expect(said({})).toBeUndefined();
    for (const optimizer of ['adam', 'sgd', 'adamw8bit'])
      expect(said({ optimizer })).toBeUndefined();
    for (const optimizer of ['adam', 'adamw', 'adamw8bit'])
      expect(said({ optimizer, bias_correction: false })).toBeUndefined();
    const unscaled = { grad_scaler: undefined };
    for (const own of [
      { optimizer: 'adadelta', rho: 0.8 },
      { optimizer: 'rmsprop', centered: true, momentum: 0.5 },
      { optimizer: 'nadam', momentum_decay: 0.1, decoupled_weight_decay: true },
      { optimizer: 'radam', decoupled_weight_decay: true },
      { optimizer: 'adamw', amsgrad: true },
    ])
      expect(said({ ...unscaled, ...own })).toBeUndefined();
    for (const beside of [{ bias: 'all' }, { modules_to_save: ['lm_head', 'norm'] }])
      expect(said(beside)).toBeUndefined();
    expect(said({ rank_pattern: { q_proj: 1 }, alpha_pattern: { q_proj: 3 } })).toBeUndefined();
    const alone = { mode: 'full', r: undefined, alpha: undefined, quant: undefined };
    expect(said(alone)).toBeUndefined();
    expect(said({ mode: 'lora', quant: undefined })).toBeUndefined();
    expect(said({ schedule: { name: 'constant' } })).toBeUndefined();
    const recorded = { name: 'linear', warmup: 2, total: 6, num_cycles: 0.5 };
    expect(said({ schedule: recorded })).toBeUndefined();
  });

  test.each<[object, string]>([
    [{ mode: 'x'.repeat(50) }, `the mode "${'x'.repeat(40)}"`],
    [{ mode: 'lora', r: undefined }, 'the mode lora without r and alpha'],
    [{ mode: 'lora', alpha: undefined }, 'the mode lora without r and alpha'],
    [{ quant: undefined }, 'the mode qlora without quant'],
    [{ schedule: { name: 'linear', num_cycles: 1 } }, 'a linear schedule without a total'],
    [{ compute_dtype: 'float8' }, 'products in "float8"'],
    [{ compute_dtype: 'bfloat16' }, 'products in bfloat16 and in float16'],
    [{ accum_mean: 'median' }, 'the mean "median" of micro-batches'],
    [{ quant: { quant_zero: true } }, 'the mode qlora without quant'],
    [
      { mode: 'hqq_lora', quant: { nbits: 4, quant_zero: true } },
      'scales or zeros of HQQ in 8 bits',
    ],
    [{ lora_dropout: 1 }, 'lora_dropout 1, whose draws are in no recording'],
    [
      { modules_to_save: ['mlp'] },
      'this run: modules_to_save meet model.layers.0.mlp, which holds no values itself: name the modules in it',
    ],
    [
      { modules_to_save: ['classifier'] },
      'this run: modules_to_save: "classifier" meets no module: give one such as lm_head, embed_tokens, norm or o_proj',
    ],
    [{ optimizer: 'lion' }, 'the optimizer lion'],
    [{ optimizer: 'adadelta' }, 'loss scaling with adadelta'],
    [{ amsgrad: true }, 'loss scaling with amsgrad'],
    [{ optimizer: 'sgd', bias_correction: false }, 'sgd without bias correction'],
    [{ optimizer: 'rmsprop' }, 'loss scaling with rmsprop'],
    [{ centered: true }, 'the option centered of adamw'],
    [{ rho: 0.9 }, 'the option rho of adamw'],
    [{ quant: { ...ALL.quant, double: true } }, 'the parameter "double"'],
    [{ schedule: { ...ALL.schedule, power: 2 } }, 'the parameter "power"'],
    [{ 'abc"': 1 }, 'the parameter "abc\\""'],
  ])('is not with %j', (change, words) => {
    expect(said(change)).toBe(words);
  });
});
