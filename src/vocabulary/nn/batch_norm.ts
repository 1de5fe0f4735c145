import * as v from 'valibot';
import { detached, float, fraction, notNegative, off, on } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * Batch normalization; in training by the batch's own statistics, which the running ones follow.
 */
export const batchNorm = signature(
  { family: 'nn', name: 'batch_norm' },
  v.strictObject({
    eps: v.optional(notNegative, 1e-5),
    /** Share of the batch in new running statistics: (1 - momentum) old + momentum batch. */
    momentum: v.optional(fraction, 0.1),
    /**
     * Whether the running variance takes n / (n - 1) times the batch's: yes in torch, no in ONNX.
     */
    running_var_unbiased: on,
    /** Whether to normalize by the statistics of the batch, and move the running ones. */
    training: off,
  }),
  {
    inputs: {
      x: float('[n, c, *s]'),
      weight: float('[c]'),
      bias: float('[c]'),
      running_mean: float('[c]'),
      running_var: float('[c]'),
    },
    outputs: {
      y: float('[n, c, *s]'),
      running_mean: detached(float('[c]')),
      running_var: detached(float('[c]')),
    },
    gradients: ['x', 'weight', 'bias'],
  },
);
