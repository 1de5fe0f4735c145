import mulShader from '../../../shaders/math/mul.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { seam } from '../../seam.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor, type Tensors } from '../../tensor/tensor.ts';
import { type AdamHyperparameters, adamDefaults } from '../../vocabulary/optim/adam.ts';
import { adamw8bitHyperparameters, isIn8bit } from '../../vocabulary/optim/adamw8bit.ts';
import { wrongHyperparameters } from '../../vocabulary/optim/hyperparameters.ts';
import { muonHyperparameters } from '../../vocabulary/optim/muon.ts';
import { onnxHyperparameters } from '../../vocabulary/optim/onnx.ts';
import type { KeptName } from '../../vocabulary/optim/optimizer_steps.ts';
import { SGD_DEFAULTS, type SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import { binary } from '../math/elementwise.ts';
import { adadelta } from './adadelta.ts';
import { stepAdagrad } from './adagrad_step.ts';
import { type AdamState, stepAdamw } from './adamw_step.ts';
import {
  type Adamw8bitState,
  adamw8bitStorage,
  momentMaps,
  stepAdamw8bit,
} from './adamw8bit_step.ts';
import { amsgrad } from './amsgrad.ts';
import { type ElementwiseStep, type Params, stateOf, stepElementwise } from './elementwise-step.ts';
import { checkMatrix, MUON_KERNELS, type MuonState, stepMuon } from './muon.ts';
import { nadam } from './nadam.ts';
import { radam } from './radam.ts';
import { rmsprop } from './rmsprop.ts';
import { type MomentumState, sgdScalars, stepMomentum } from './sgd_step.ts';

/** Adam or AdamW, and what of its hyperparameters is not torch's default. */
export type AdamParams = { readonly optimizer: 'adam' | 'adamw' } & Pick<
  Params,
  'lr' | 'betas' | 'eps' | 'weight_decay' | 'bias_correction' | 'amsgrad'
>;

/** bitsandbytes' 8-bit AdamW, and what of its hyperparameters is not its default. */
export type Adamw8bitParams = { readonly optimizer: 'adamw8bit' } & Pick<
  Params,
  | ('lr' | 'betas' | 'eps' | 'weight_decay' | 'bias_correction')
  | ('blocksize' | 'min_8bit_size' | 'state_rounding' | 'decay_after_step')
>;

/** SGD, and what of its hyperparameters is not torch's default. */
export type SgdParams = { readonly optimizer: 'sgd' } & Pick<
  Params,
  'lr' | 'momentum' | 'dampening' | 'weight_decay' | 'nesterov'
>;

/** Optimizers that move each element by itself with a kernel of their own. */
const ELEMENTWISE = { adadelta, rmsprop, nadam, radam } as const;

/** One of them, and what of its hyperparameters is not torch's default. */
export type ElementwiseParams = { readonly optimizer: keyof typeof ELEMENTWISE } & Pick<
  Params,
  | ('lr' | 'betas' | 'eps' | 'weight_decay' | 'momentum' | 'alpha' | 'rho' | 'centered')
  | ('momentum_decay' | 'decoupled_weight_decay')
>;

/** Muon, and what of its hyperparameters is not torch's default. */
export type MuonParams = { readonly optimizer: 'muon' } & Pick<
  Params,
  | ('lr' | 'weight_decay' | 'momentum' | 'nesterov' | 'eps')
  | ('ns_coefficients' | 'ns_steps' | 'adjust_lr_fn')
>;

/** All optimizers' steps; each sum is of Muon, and none goes through more roundings than terms. */
export const OPTIMIZER_VARIANT = {
  kernels: [
    ...[
      'optim/adamw_step',
      'optim/adamw8bit_step',
      'optim/sgd_step',
      'optim/adagrad_step',
      'optim/amsgrad_step',
    ],
    ...Object.keys(ELEMENTWISE).map((name) => `optim/${name}_step`),
    'math/mul',
    ...MUON_KERNELS,
  ],
  depth: (terms: number) => terms,
};

/** How a tensor is kept. */
export interface Stored {
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * What an optimizer keeps, and how it steps: in place, over tensors `param`, `grad` and its state;
 * `step` counts from 1.
 */
export interface Optimizer {
  readonly state: readonly KeptName[];
  /** How it is kept, where not as f32 of the parameter's shape. */
  readonly storage?: Readonly<Record<string, Stored>>;
  /** What the steps read of the optimizer's own, among the tensors; the caller owns it. */
  readonly reads?: (gpu: Gpu) => Tensors;
  readonly step: (gpu: Gpu, tensors: Tensors, step: number) => void;
  /** What torch keeps, and here follows from the steps that were taken. */
  readonly counted?: ElementwiseStep['counted'] | undefined;
}

/**
 * The optimizer of `params` for a parameter of `shape`; `continues` says whether it was given a
 * state. Throws GradproofError `not-implemented` for one that is not here, `bad-params` for
 * hyperparameters that it has not, and ShapeError where it steps no parameter of that shape.
 */
export const optimizerOf = seam(
  'optimizer_steps.optimizerOf',
  (params: Params, shape: Shape, continues: boolean): Optimizer => {
    const wrong = wrongHyperparameters(params);
    if (wrong !== undefined) throw new GradproofError('bad-params', wrong);
    if (params.optimizer === 'muon') checkMatrix(shape);
    const optimizer =
      params.optimizer === 'adamw8bit' ? adamw8bit(params, shape) : minimizerOf(params, continues);
    return params.maximize ? uphill(optimizer) : optimizer;
  },
);

/** bitsandbytes' AdamW8bit, which keeps floats of a small parameter. */
function adamw8bit(params: Params, shape: Shape): Optimizer {
  const hyperparameters = adamw8bitHyperparameters(params);
  if (!isIn8bit(sizeOf(shape), params)) return adam({ ...hyperparameters, mode: 'adamw' });
  const storage = adamw8bitStorage(shape, hyperparameters);
  return {
    state: Object.keys(storage) as (keyof typeof storage)[],
    storage,
    reads: (gpu) => ({ qmap: momentMaps(gpu) }),
    step: (gpu, tensors, step) =>
      stepAdamw8bit(
        gpu,
        tensors as Tensors & Adamw8bitState,
        hyperparameters,
        () => hyperparameters.lr,
        step,
      ),
  };
}

/** The rule of `params` where its kernel moves each element by itself. */
export function elementwiseOf(params: Params): ElementwiseStep | undefined {
  const { optimizer } = params;
  if (params.amsgrad) return amsgrad(adamHyperparameters(params as AdamParams));
  return optimizer in ELEMENTWISE
    ? ELEMENTWISE[optimizer as keyof typeof ELEMENTWISE](params)
    : undefined;
}

function minimizerOf(params: Params, continues: boolean): Optimizer {
  const rule = elementwiseOf(params);
  if (rule) {
    return {
      state: stateOf(rule),
      step: (gpu, tensors, step) => stepElementwise(gpu, rule, tensors, () => rule.lr, step),
      counted: rule.counted,
    };
  }
  switch (params.optimizer) {
    case 'adam':
    case 'adamw':
      return adam(adamHyperparameters(params as AdamParams));
    case 'sgd': {
      const hyperparameters = sgdHyperparameters(params as SgdParams);
      return momentum((step) => sgdScalars(hyperparameters, step === 1 && !continues));
    }
    case 'momentum': {
      const { lr, T, norm_coefficient: l2, alpha, beta, mode } = onnxHyperparameters(params);
      const [direct, ahead] = mode === 'nesterov' ? [1, alpha] : [0, 1];
      return momentum((step) => ({
        lr,
        l2,
        keep: alpha,
        gain: T + step > 1 ? beta : 1,
        direct,
        ahead,
      }));
    }
    case 'muon': {
      const hyperparameters = muonHyperparameters(params);
      return {
        state: ['momentum_buffer'],
        step: (gpu, tensors, step) =>
          stepMuon(
            gpu,
            tensors as Tensors & MuonState,
            hyperparameters,
            () => hyperparameters.lr,
            step,
          ),
      };
    }
    case 'adagrad':
      return {
        state: ['exp_avg_sq'],
        step: (gpu, tensors, step) =>
          stepAdagrad(gpu, tensors as Tensors & Parameters<typeof stepAdagrad>[1], params, step),
      };
    default:
      throw new GradproofError(
        'not-implemented',
        `there is no optimizer "${params.optimizer}" in this version`,
      );
  }
}

function adam(hyperparameters: AdamHyperparameters): Optimizer {
  return {
    state: ['exp_avg', 'exp_avg_sq'],
    step: (gpu, tensors, step) =>
      stepAdamw(gpu, tensors as Tensors & AdamState, hyperparameters, step),
  };
}

/** The same along the negated gradient. */
function uphill({ step, ...rest }: Optimizer): Optimizer {
  return {
    ...rest,
    step: (gpu, tensors, t) => {
      using minusOne = Tensor.from(gpu, hostTensorFrom('f32', [1], [-1]));
      using grad = binary(gpu, mulShader, tensors['grad'] as Tensor, minusOne);
      step(gpu, { ...tensors, grad }, t);
    },
  };
}

/** Hyperparameters of Adam or AdamW, torch's defaults where they are absent. */
export function adamHyperparameters({
  optimizer: mode,
  amsgrad: _,
  ...given
}: AdamParams): AdamHyperparameters {
  return { ...adamDefaults(mode), ...given, mode };
}

/** Hyperparameters of SGD, torch's defaults where they are absent. */
export function sgdHyperparameters({ optimizer: _, ...given }: SgdParams): SgdHyperparameters {
  return { ...SGD_DEFAULTS, ...given };
}

function momentum(scalarsAt: (step: number) => ReturnType<typeof sgdScalars>): Optimizer {
  return {
    state: ['momentum_buffer'],
    step: (gpu, tensors, step) =>
      stepMomentum(gpu, tensors as Tensors & MomentumState, scalarsAt, step),
  };
}
