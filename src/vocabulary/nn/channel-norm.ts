import * as v from 'valibot';
import { float, notNegative, optional } from '../rules.ts';

/** What every normalization of groups of channels is told. */
export const channelNormParams = v.strictObject({ eps: v.optional(notNegative, 1e-5) });

/** Tensors of a normalization with a weight and a bias for each channel. */
export const channelNorm = {
  inputs: {
    x: float<object>('[n, c, *s]'),
    weight: optional(float<object>('[c]')),
    bias: optional(float<object>('[c]')),
  },
  outputs: { y: float<object>('[n, c, *s]') },
  gradients: ['x', 'weight', 'bias'],
} as const;
