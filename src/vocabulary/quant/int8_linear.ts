import { float, index, none, optional, type ShapeRule, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';

/** One for all, or one for each of `count` rows. */
const oneOr =
  (count: string): ShapeRule<object> =>
  ({ size }, [length]) =>
    length === 1 ? [1] : [size(count)];

/**
 * A linear layer of 8-bit codes: y = x_scale w_scale (x - x_zero_point) (weight - weight_zero_point)^T
 * + bias, with sums of products in int32. Scales are one, or one for each row: of the batch (dynamic,
 * per token) and of the weight (per channel).
 */
export const int8Linear = signature({ family: 'quant', name: 'int8_linear' }, none, {
  inputs: {
    x: signedCodes('[*rows, in]'),
    weight: signedCodes('[out, in]'),
    x_scale: float(oneOr('rows')),
    weight_scale: float(oneOr('out')),
    x_zero_point: optional(signedCodes(oneOr('rows'))),
    weight_zero_point: optional(signedCodes(oneOr('out'))),
    bias: optional(float('[out]')),
  },
  outputs: { acc: index('[*rows, out]'), y: float('[*rows, out]') },
});
