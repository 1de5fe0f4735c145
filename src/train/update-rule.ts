import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { type AdamState, adamwStep, stepAdamw } from '../ops/optim/adamw_step.ts';
import {
  type Adamw8bitState,
  adamw8bitStep,
  adamw8bitStorage,
  momentMaps,
  stepAdamw8bit,
} from '../ops/optim/adamw8bit_step.ts';
import {
  adamRates,
  ampAdamwStep,
  correctedBetas,
  type Found,
  stepAmpAdamw,
} from '../ops/optim/amp_adamw_step.ts';
import { ampAdamw8bitStep, stepAmpAdamw8bit } from '../ops/optim/amp_adamw8bit_step.ts';
import { ampSgdStep, sgdRates, stepAmpSgd } from '../ops/optim/amp_sgd_step.ts';
import { type ElementwiseStep, stateOf, stepElementwise } from '../ops/optim/elementwise-step.ts';
import { scheduledRate } from '../ops/optim/lr_schedule.ts';
import { type MuonState, stepMuon } from '../ops/optim/muon.ts';
import { optimizerStep } from '../ops/optim/optimizer_step.ts';
import {
  type AdamParams,
  type Adamw8bitParams,
  adamHyperparameters,
  type ElementwiseParams,
  elementwiseOf,
  type MuonParams,
  type SgdParams,
  type Stored,
  sgdHyperparameters,
} from '../ops/optim/optimizers.ts';
import { type MomentumState, sgdStep, stepSgd } from '../ops/optim/sgd_step.ts';
import { rateRows } from '../ops/optim/step-rates.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import type { LiveNumber } from '../vocabulary/live-number.ts';
import type { AdamHyperparameters } from '../vocabulary/optim/adam.ts';
import { adamw8bitHyperparameters, isIn8bit } from '../vocabulary/optim/adamw8bit.ts';
import type { Schedule } from '../vocabulary/optim/lr_schedule.ts';
import { muonHyperparameters } from '../vocabulary/optim/muon.ts';
import type { StateName } from '../vocabulary/optim/optimizer_step.ts';
import type { SgdHyperparameters } from '../vocabulary/optim/sgd.ts';
import type { Stage } from './stage.ts';

/** An optimizer that training knows, and what of its hyperparameters is not torch's default. */
export type OptimizerParams =
  | (AdamParams | SgdParams | ElementwiseParams | MuonParams)
  | Adamw8bitParams;

/** How an optimizer steps. */
export interface UpdateRule {
  /** What it keeps between steps, by the names of its ops. */
  readonly state: readonly StateName[];
  /** The op that a step is. */
  readonly op: Stage['op'];
  /** Hyperparameters of step `step`, from 1 on, at its rate. */
  readonly at: (step: number) => { readonly lr: number };
  /** Whether each parameter is stepped by itself and must be a matrix, not many as one vector. */
  readonly ofMatrices?: true;
  /** So many numbers of a parameter share what is kept of them. Default each has its own. */
  readonly blocksize?: number;
  /**
   * How a parameter of a shape is stepped by itself, where it hangs on the shape what is kept of it;
   * of one that lies in several tensors each, with the shape of all of them.
   */
  readonly ofShape?: (shape: Shape, whole?: Shape) => ShapeRule;
  /** What steps of {@link UpdateRule.ofShape} read beside; the caller owns it. */
  readonly reads?: (gpu: Gpu) => Tensors;
  /** Records a step, in place, over `param`, `grad` and the state. */
  readonly step: (gpu: Gpu, tensors: Tensors, step: LiveNumber) => void;
  /** The same where the device decides, as it is under loss scaling; of some optimizers alone. */
  readonly scaled?: ScaledRule;
}

/** How an optimizer steps a parameter of some shape. */
export interface ShapeRule extends Pick<UpdateRule, 'op' | 'at' | 'step'> {
  /** What it keeps, by the names of its op: zeros at first. */
  readonly kept: Readonly<Record<string, Stored>>;
  /** Whether the op takes what {@link UpdateRule.reads} makes. */
  readonly takesReads: boolean;
  /** The same where the device decides, by the rates of the rule's own {@link UpdateRule.scaled}. */
  readonly scaled?: ScaledStep | undefined;
}

/** A step where the device decides whether and which one it is. */
export interface ScaledStep {
  readonly op: Stage['op'];
  readonly params: { readonly lr: number; readonly schedule: Schedule };
  /** Records a step, in place, over `param`, `grad`, the state, `found_inf` and `steps`. */
  readonly step: (gpu: Gpu, tensors: Tensors, rates: Tensor) => void;
}

/** How an optimizer steps so. */
export interface ScaledRule extends ScaledStep {
  /** The numbers of every step, f32 [rateRows, 4], for `step`; the caller owns them. */
  readonly rates: (gpu: Gpu) => Tensor;
  readonly rateRows: number;
}

/** The rule of an optimizer whose rate follows `schedule`. */
export function updateRule(params: OptimizerParams, schedule: Schedule): UpdateRule {
  const elementwise = elementwiseOf(params);
  if (elementwise) return elementwiseRule(elementwise, params, schedule);
  if (params.optimizer === 'muon') return muonRule(params, schedule);
  if (params.optimizer === 'adamw8bit') return adamw8bitRule(params, schedule);
  return params.optimizer === 'sgd'
    ? sgdRule(sgdHyperparameters(params), schedule)
    : adamRule(adamHyperparameters(params as AdamParams), schedule);
}

/**
 * The same where the device decides whether a step is taken. Throws GradproofError
 * `not-implemented` for optimizers that cannot step so.
 */
export function scaledRule(params: OptimizerParams, schedule: Schedule): ScaledRule {
  const { scaled } = updateRule(params, schedule);
  if (!scaled) {
    const name = 'amsgrad' in params && params.amsgrad ? 'amsgrad' : params.optimizer;
    throw new GradproofError(
      'not-implemented',
      `loss scaling is there for adamw, adam, sgd and adamw8bit, not for ${name}: take one of them, or no grad_scaler`,
    );
  }
  return scaled;
}

function elementwiseRule(
  rule: ElementwiseStep,
  params: OptimizerParams,
  schedule: Schedule,
): UpdateRule {
  const at = atRate({ ...params, lr: rule.lr }, schedule);
  return {
    state: stateOf(rule),
    op: optimizerStep,
    at,
    step: (gpu, tensors, step) => stepElementwise(gpu, rule, tensors, (t) => at(t).lr, step),
  };
}

function muonRule(params: MuonParams, schedule: Schedule): UpdateRule {
  const hyperparameters = muonHyperparameters(params);
  const at = atRate({ ...hyperparameters, optimizer: params.optimizer }, schedule);
  return {
    state: ['momentum_buffer'],
    op: optimizerStep,
    at,
    ofMatrices: true,
    step: (gpu, tensors, step) =>
      stepMuon(gpu, tensors as Tensors & MuonState, hyperparameters, (t) => at(t).lr, step),
  };
}

/** Moments in 8 bits for parameters that are large enough, in blocks that end with each. */
function adamw8bitRule(params: Adamw8bitParams, schedule: Schedule): UpdateRule {
  const hyperparameters = adamw8bitHyperparameters(params);
  const { blocksize: _, state_rounding: __, ...ofFloats } = hyperparameters;
  const inFloats = adamRule({ ...ofFloats, mode: 'adamw' }, schedule);
  const at = atRate(hyperparameters, schedule);
  const { state, op, at: atInFloats, step, scaled } = inFloats;
  return {
    ...{ state, op, at: atInFloats, step },
    ...(scaled && { scaled }),
    reads: (gpu) => ({ qmap: momentMaps(gpu) }),
    blocksize: hyperparameters.blocksize,
    ofShape: (shape, whole = shape) =>
      isIn8bit(sizeOf(whole), params)
        ? {
            kept: adamw8bitStorage(shape, hyperparameters),
            takesReads: true,
            op: adamw8bitStep,
            at,
            step: (gpu, tensors, t) =>
              stepAdamw8bit(
                gpu,
                tensors as Tensors & Adamw8bitState,
                hyperparameters,
                (now) => at(now).lr,
                t,
              ),
            scaled: {
              op: ampAdamw8bitStep,
              params: { schedule, ...hyperparameters },
              step: (gpu, tensors, rates) =>
                stepAmpAdamw8bit(
                  gpu,
                  tensors as Tensors & Adamw8bitState & Found,
                  hyperparameters,
                  rates,
                ),
            },
          }
        : {
            kept: Object.fromEntries(state.map((name) => [name, { dtype: 'f32', shape }])),
            takesReads: false,
            ...{ op, at: atInFloats, step, scaled },
          },
  };
}

function adamRule(hyperparameters: AdamHyperparameters, schedule: Schedule): UpdateRule {
  const at = atRate(hyperparameters, schedule);
  const params = { schedule, ...hyperparameters };
  return {
    state: ['exp_avg', 'exp_avg_sq'],
    op: adamwStep,
    at,
    step: (gpu, tensors, step) => stepAdamw(gpu, tensors as Tensors & AdamState, at, step),
    scaled: {
      op: ampAdamwStep,
      params,
      rates: (gpu) => adamRates(gpu, params),
      rateRows: rateRows(schedule, correctedBetas(hyperparameters)),
      step: (gpu, tensors, rates) =>
        stepAmpAdamw(gpu, tensors as Tensors & AdamState & Found, params, rates),
    },
  };
}

function sgdRule(hyperparameters: SgdHyperparameters, schedule: Schedule): UpdateRule {
  const at = atRate(hyperparameters, schedule);
  const params = { schedule, ...hyperparameters };
  return {
    state: ['momentum_buffer'],
    op: sgdStep,
    at,
    step: (gpu, tensors, step) => stepSgd(gpu, tensors as Tensors & MomentumState, at, step),
    scaled: {
      op: ampSgdStep,
      params,
      rates: (gpu) => sgdRates(gpu, params),
      rateRows: rateRows(schedule, []),
      step: (gpu, tensors, rates) =>
        stepAmpSgd(gpu, tensors as Tensors & MomentumState & Found, params, rates),
    },
  };
}

function atRate<T extends { readonly lr: number }>(
  hyperparameters: T,
  schedule: Schedule,
): (step: number) => T {
  return (step) => ({
    ...hyperparameters,
    lr: scheduledRate(hyperparameters.lr, schedule, step - 1),
  });
}
