import * as v from 'valibot';
import { detached, float, fraction, index, masked, off, optional } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { classesOf, classWeights, labelRange, labelsOf, lossShape, nll } from './loss.ts';

/**
 * torch.nn.functional.cross_entropy; with `shift` of a language model, whose labels are one
 * position ahead.
 */
export const crossEntropy = signature(
  { family: 'nn', name: 'cross_entropy' },
  v.strictObject({
    ...nll.entries,
    /** Share of the target that is spread over all classes. */
    label_smoothing: v.optional(fraction, 0),
    /** Whether row i predicts the label of row i + 1, and the last row of a sequence nothing. */
    shift: off,
  }),
  {
    inputs: {
      logits: masked(float('[*n]'), ({ shift }, shape) => [classesOf(shape, shift)]),
      labels: index(labelsOf('logits'), labelRange('logits')),
      weight: optional(float(classWeights('logits'))),
    },
    outputs: {
      loss: float(lossShape),
      log_probs: detached(optional(float(like('logits'))), { instead: 'log_softmax' }),
    },
    gradients: ['logits'],
  },
  /** Whether the output log_probs is computed. */
  v.strictObject({ log_probs: v.optional(v.boolean(), true) }),
);
