import { float, optional } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { onnx, onnxScale } from './linear-scale.ts';

/** ONNX QuantizeLinear: round(x / scale) + zero_point, saturated. */
export const quantizeLinear = signature({ family: 'quant', name: 'quantize_linear' }, onnx, {
  inputs: {
    x: float('[*x]'),
    scale: float(onnxScale('x')),
    zero_point: optional({ dtypes: ['I8', 'U8'], native: ['i8', 'u8'], shape: like('scale') }),
  },
  outputs: { q: { dtypes: ['I8', 'U8'], native: ['i8', 'u8'], shape: '[*x]' } },
});
