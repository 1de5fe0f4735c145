import { createDynamicMap } from '../../../quant/dynamic/map.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { repeated } from '../../../testing/normals.ts';
import { operand } from '../../op-work.ts';
import {
  bytes,
  constant,
  FLAT,
  type Given,
  integer,
  N,
  SCALES,
  SMALL,
  squares,
  uniform,
} from './given.ts';

const ADAM = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 } as const;
const MOMENTUM = { lr: 0.01, momentum: 0.9, dampening: 0, weight_decay: 0, nesterov: false };
const SCALED = { found_inf: constant(0), steps: integer(6) };
const adamState = { param: FLAT, exp_avg: FLAT, exp_avg_sq: squares(FLAT), grad: FLAT };
const adamGives = { param: FLAT, exp_avg: FLAT, exp_avg_sq: FLAT };
const sgdState = { param: FLAT, momentum_buffer: FLAT, grad: FLAT };
const sgdGives = { param: FLAT, momentum_buffer: FLAT };

/** A parameter with what 8-bit AdamW keeps of it. */
const IN_8BIT = {
  ...{ param: SMALL, grad: SMALL, qmap: operand([2, 256], 'f32', drawMaps) },
  ...{ exp_avg: bytes('u8', SMALL, 0, 255), exp_avg_absmax: uniform(SCALES, 0.5, 1) },
  ...{ exp_avg_sq: bytes('u8', SMALL, 0, 255), exp_avg_sq_absmax: squares(SCALES) },
};
const GIVEN_8BIT = (N / 8) * (4 + 2) + (N / 8 / 256) * 8;

/** Works of optimizers, and of what surrounds their steps. */
export const OPTIM: Readonly<Record<string, Given>> = {
  sgd_step: { each: 4, params: { ...MOMENTUM, step: 7 }, inputs: sgdState, gives: sgdGives },
  amp_sgd_step: {
    each: 4,
    params: MOMENTUM,
    inputs: { ...sgdState, ...SCALED },
    gives: sgdGives,
  },
  amp_adamw_step: {
    each: 16,
    params: ADAM,
    inputs: { ...adamState, ...SCALED },
    gives: adamGives,
  },
  adamw8bit_step: { each: 40, params: { ...ADAM, step: 7 }, inputs: IN_8BIT, gives: GIVEN_8BIT },
  amp_adamw8bit_step: {
    each: 40,
    params: ADAM,
    inputs: { ...IN_8BIT, ...SCALED },
    gives: GIVEN_8BIT,
  },
  optimizer_step: {
    each: 8,
    params: { optimizer: 'rmsprop', lr: 0.01, step: 7 },
    inputs: { param: SMALL, square_avg: squares(SMALL), grad: SMALL },
    gives: { param: SMALL, square_avg: SMALL },
    sizes: { optimizer: 'rmsprop' },
  },
  optimizer_steps: {
    each: 16,
    params: { optimizer: 'adamw', lr: 1e-3 },
    inputs: { param: SMALL, grads: [4, ...SMALL] },
    gives: { trajectory: [4, ...SMALL] },
    sizes: { optimizer: 'adamw', steps: 4 },
  },
  amp_unscale: {
    inputs: { grad: FLAT, scale: constant(1024) },
    gives: { grad: FLAT, found_inf: [1] },
  },
  amp_update_scale: {
    params: { growth_interval: 2000 },
    inputs: {
      found_inf: constant(0),
      scale: constant(1024),
      growth_tracker: integer(1),
      steps: integer(7),
    },
    gives: 12,
  },
  clip_grad_norm: {
    each: 3,
    params: { max_norm: 1 },
    inputs: { g0: FLAT, g1: FLAT },
    gives: { norm: [1], g0: FLAT, g1: FLAT },
  },
  grad_scaler: {
    params: { lr: 2 ** -10 },
    inputs: {
      found_inf: operand([1000], 'f32', (random, shape) =>
        repeated(random, shape, () => Number(random.integer(0, 9) === 0)),
      ),
    },
    gives: { scale: [1000], param: [1000] },
  },
  lr_schedule: {
    params: { name: 'cosine', base_lr: 0.5, warmup: 100, total: 1000, num_cycles: 0.5 },
    inputs: {},
    gives: { lr: [1000] },
    flops: 8000,
    isOnHost: true,
  },
};

/** The maps of both moments of 8-bit AdamW. */
function drawMaps(_: Random, shape: Shape) {
  return hostTensorFrom('f32', shape, [...createDynamicMap(true), ...createDynamicMap(false)]);
}
