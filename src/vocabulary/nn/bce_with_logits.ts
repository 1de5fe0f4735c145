import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { float, type Known, optional } from '../rules.ts';
import { broadcastsTo } from '../shapes.ts';
import { signature } from '../signature.ts';
import { pairLoss, pairParams } from './pair-loss.ts';

type Params = v.InferOutput<typeof params>;

const params = v.strictObject(pairParams);

const weights = ({ shape }: Known<Params>, actual: Shape) => broadcastsTo(actual, shape('input'));

/**
 * torch.nn.functional.binary_cross_entropy_with_logits: `target` is a probability, `input` the
 * logit of another.
 */
export const bceWithLogits = signature({ family: 'nn', name: 'bce_with_logits' }, params, {
  ...pairLoss,
  inputs: {
    ...pairLoss.inputs,
    /** What the losses are multiplied by. A mean is over their number all the same. */
    weight: optional(float(weights)),
    /** What the part of each loss that grows with the target is multiplied by. */
    pos_weight: optional(float(weights)),
  },
});
