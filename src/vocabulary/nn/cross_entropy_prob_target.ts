import * as v from 'valibot';
import { float, fraction, optional } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { classWeights, labelsOf, reduction } from './loss.ts';

/**
 * torch.nn.functional.cross_entropy with a probability of each class as the target, which torch
 * calls cross_entropy_loss_prob_target within: an op of its own, since no label can be ignored or
 * shifted there, a mean is over the rows whatever their weights, and the target has a gradient.
 */
export const crossEntropyProbTarget = signature(
  { family: 'nn', name: 'cross_entropy_prob_target' },
  v.strictObject({
    reduction: v.optional(reduction, 'mean'),
    /** Share of the target that is spread over all classes. */
    label_smoothing: v.optional(fraction, 0),
  }),
  {
    inputs: {
      logits: float('[*n]'),
      target: float(like('logits')),
      weight: optional(float(classWeights('logits'))),
    },
    outputs: {
      loss: float((known) => (known.params.reduction === 'none' ? labelsOf('logits')(known) : [1])),
    },
    gradients: ['logits', 'target'],
  },
);
