import * as v from 'valibot';
import {
  CODES,
  FLOAT,
  float,
  fraction,
  index,
  integer,
  type Known,
  notNegative,
  number,
  onlyWhen,
  op,
  optional,
  positive,
  REAL,
  size,
  type TensorRule,
} from '../rules.ts';
import { blocks, like } from '../shape-rules.ts';

const beta = v.pipe(fraction, v.ltValue(1));
const OPTIMIZER = v.picklist(['adamw', 'adam', 'sgd', 'adamw8bit', 'adagrad', 'momentum']);
/** Of every optimizer. */
export const hyperparameters = {
  optimizer: OPTIMIZER,
  lr: v.optional(notNegative),
  betas: v.optional(v.tuple([beta, beta])),
  eps: v.optional(notNegative),
  weight_decay: v.optional(notNegative),
  momentum: v.optional(notNegative),
  dampening: v.optional(number),
  nesterov: v.optional(v.boolean()),
  blocksize: v.optional(size),
  min_8bit_size: v.optional(integer),
  state_rounding: v.optional(v.picklist(['nearest', 'lut16'])),
  bias_correction: v.optional(v.boolean()),
  // adagrad and momentum as ONNX has them
  decay_factor: v.optional(number),
  epsilon: v.optional(notNegative),
  norm_coefficient: v.optional(number),
  alpha: v.optional(number),
  beta: v.optional(number),
  mode: v.optional(v.picklist(['standard', 'nesterov'])),
  R: v.optional(number),
  T: v.optional(integer),
};
const optimizer = v.pipe(
  v.strictObject({
    ...hyperparameters,
    // as bitsandbytes' CUDA kernels have it
    decay_after_step: v.optional(v.boolean()),
  }),
  v.check(({ optimizer: name, decay_after_step }) => !decay_after_step || name === 'adamw8bit', 'only adamw8bit has decay_after_step'),
);
type Optimizer = v.InferOutput<typeof optimizer>;

/** A moment of the optimizer: floats, or codes with a scale a block. */
const moment: TensorRule<Optimizer> = { dtypes: [...FLOAT, ...CODES], shape: like('param') };
const in8bit = ({ optimizer: name }: Optimizer) => name === 'adamw8bit';
const scales: TensorRule<Optimizer> = onlyWhen(
  in8bit,
  float(({ size: n, params }: Known<Optimizer>) => [blocks(n('p'), params.blocksize ?? 256)]),
);
const state = {
  'state.exp_avg': optional(moment),
  'state.exp_avg_sq': optional(moment),
  'state.momentum_buffer': optional(moment),
  'state.exp_avg_absmax': { ...scales, required: false },
  'state.exp_avg_sq_absmax': { ...scales, required: false },
} as const;

/** Names of schedules. */
export const SCHEDULE = v.picklist(['constant', 'linear', 'cosine']);
/** What every training run of a Llama says; `readTrainLlama` reads the rest. */
export const llama = v.looseObject({
  mode: v.string(),
  config: v.looseObject({
    vocab: size,
    hidden: size,
    intermediate: size,
    layers: size,
    heads: size,
    kv_heads: size,
    rms_eps: notNegative,
    rope_theta: positive,
  }),
  steps: size,
});
const anything: TensorRule<unknown> = { dtypes: REAL, shape: (_, actual) => actual, required: false };

/** Optimizers, schedules and whole training runs. */
export const train = {
  optimizer_steps: op(optimizer, {
    inputs: { param: float('[*p]'), grads: float('[steps, *p]'), ...state },
    outputs: { trajectory: float('[steps, *p]'), ...state },
  }),
  clip_grad_norm: op(v.strictObject({ max_norm: notNegative, eps: v.optional(notNegative, 1e-6) }), {
    inputs: { 'g#': float((_, actual) => actual) },
    outputs: { norm: float('[1]'), 'g#': float((_, actual) => actual) },
  }),
  grad_scaler: op(
    v.strictObject({
      init_scale: v.optional(positive, 65_536),
      growth_factor: v.optional(positive, 2),
      backoff_factor: v.optional(positive, 0.5),
      growth_interval: v.optional(size, 2000),
      lr: v.optional(notNegative),
    }),
    {
      inputs: { found_inf: { dtypes: REAL, shape: '[steps]' } },
      outputs: { scale: float('[*s]'), param: float('[*p]') },
    },
  ),
  lr_schedule: op(
    v.strictObject({
      name: SCHEDULE,
      base_lr: notNegative,
      warmup: v.optional(integer, 0),
      total: v.optional(integer),
      num_cycles: v.optional(notNegative, 0.5),
    }),
    {
      inputs: {},
      outputs: { lr: float('[*t]') },
    },
  ),
  train_llama: op(llama, {
    inputs: {
      'base.*': anything,
      'lora0.*': anything,
      'q.*': anything,
      input_ids: index('[steps, *b]'),
      labels: index('[steps, *b]'),
    },
    outputs: {
      losses: float('[steps]'),
      grad_norms: float('[steps]'),
      lrs: float('[steps]'),
      logits_step0: anything,
      'grad0.*': anything,
      'lora.*': anything,
      'final.*': anything,
    },
  }),
};
