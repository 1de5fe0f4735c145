import { sizeOf } from '../../tensor/shape.ts';
import { float, index, optional } from '../rules.ts';
import { signature } from '../signature.ts';
import { classWeights, labelRange, labelsOf, lossShape, nll } from './loss.ts';

/** torch.nn.functional.nll_loss. */
export const nllLoss = signature({ family: 'nn', name: 'nll_loss' }, nll, {
  inputs: {
    log_probs: float('[*n]'),
    labels: index(labelsOf('log_probs'), labelRange('log_probs')),
    weight: optional(float(classWeights('log_probs'))),
  },
  outputs: { loss: float(lossShape) },
  // The class that counts for each row, or -1.
  saved: { targets: index(({ shape }) => [sizeOf(shape('labels'))]) },
  gradients: ['log_probs'],
});
