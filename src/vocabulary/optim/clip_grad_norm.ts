import * as v from 'valibot';
import { float, notNegative } from '../rules.ts';
import { signature } from '../signature.ts';

/** torch.nn.utils.clip_grad_norm_: gradients scaled to a common norm of at most `max_norm`. */
export const clipGradNorm = signature(
  { family: 'optim', name: 'clip_grad_norm' },
  v.strictObject({ max_norm: notNegative, eps: v.optional(notNegative, 1e-6) }),
  {
    inputs: { 'g#': float((_, actual) => actual) },
    outputs: { norm: float('[1]'), 'g#': float((_, actual) => actual) },
  },
);
