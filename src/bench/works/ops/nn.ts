import type { Shape } from '../../../tensor/shape.ts';
import type { Operand } from '../../op-work.ts';
import {
  FEATURES,
  type Given,
  IMAGE,
  INNER,
  indices,
  LABELS,
  ROWS,
  TOKENS,
  unary,
  uniform,
  WIDTH,
  X,
} from './given.ts';

const CHANNELS: Shape = [64];
const RANK = 8;

/** A loss of pairs, or a reduction of all. */
const pairs = (each: number, input: Operand = X, target: Operand = X): Given => ({
  each,
  inputs: { input, target },
  gives: { loss: [1] },
});

/** Works of layers and losses. */
export const NN: Readonly<Record<string, Given>> = {
  log_softmax: unary(9),
  dropout: unary(8, X, { p: 0.1, seed: 7 }),
  batch_norm: {
    each: 6,
    params: { training: true },
    inputs: {
      x: IMAGE,
      weight: CHANNELS,
      bias: CHANNELS,
      running_mean: CHANNELS,
      running_var: uniform(CHANNELS, 0.5, 2),
    },
    gives: { y: IMAGE, running_mean: CHANNELS, running_var: CHANNELS },
  },
  group_norm: {
    each: 6,
    params: { num_groups: 8 },
    inputs: { x: IMAGE, weight: CHANNELS, bias: CHANNELS },
    gives: { y: IMAGE },
  },
  instance_norm: {
    each: 6,
    inputs: { x: IMAGE, weight: CHANNELS, bias: CHANNELS },
    gives: { y: IMAGE },
  },
  mse_loss: pairs(3),
  l1_loss: pairs(3),
  huber_loss: pairs(5),
  smooth_l1_loss: pairs(5),
  kl_div: pairs(10, uniform(X, -8, -1), uniform(X, 0.01, 1)),
  bce_with_logits: pairs(12, X, uniform(X, 0, 1)),
  nll_loss: {
    inputs: { log_probs: uniform(X, -8, -1), labels: indices(LABELS, WIDTH) },
    reads: 2 * 4 * ROWS,
    gives: { loss: [1] },
    flops: ROWS,
  },
  cross_entropy_prob_target: {
    each: 12,
    inputs: { logits: X, target: uniform(X, 0, 2 / WIDTH) },
    gives: { loss: [1] },
  },
  embedding: { inputs: { weight: X, ids: indices([ROWS], ROWS) }, gives: { y: X } },
  swiglu_mlp: {
    inputs: {
      x: [TOKENS, FEATURES],
      gate: [INNER, FEATURES],
      up: [INNER, FEATURES],
      down: [FEATURES, INNER],
    },
    gives: { y: [TOKENS, FEATURES] },
    flops: 6 * TOKENS * FEATURES * INNER,
  },
  lora_linear: {
    params: { r: RANK, alpha: 2 * RANK },
    inputs: {
      x: [TOKENS, FEATURES],
      lora_A: [RANK, FEATURES],
      lora_B: [FEATURES, RANK],
      weight: [FEATURES, FEATURES],
    },
    gives: { y: [TOKENS, FEATURES] },
    flops: 2 * TOKENS * FEATURES * (FEATURES + 2 * RANK),
  },
};
