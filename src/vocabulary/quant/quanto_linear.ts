import { detached, float, index, none, optional, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * Quanto's QLinear with weights and activations of qint8: x is rounded by a scale known before, and
 * multiplied by the weight's codes in integers. The gradient of x passes straight through its codes.
 */
export const quantoLinear = signature({ family: 'quant', name: 'quanto_linear' }, none, {
  inputs: {
    x: float('[*rows, in]'),
    q: signedCodes('[out, in]'),
    scale: float('[out, 1]'),
    input_scale: float('[1]'),
    bias: optional(float('[out]')),
  },
  outputs: {
    q_x: detached(signedCodes(({ shape }) => shape('x'))),
    acc: detached(index('[*rows, out]')),
    y: float('[*rows, out]'),
  },
  gradients: ['x'],
});
