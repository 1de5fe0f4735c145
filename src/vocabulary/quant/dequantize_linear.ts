import { float, optional } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { onnx, onnxScale } from './linear-scale.ts';

/** ONNX DequantizeLinear: (q - zero_point) * scale. */
export const dequantizeLinear = signature({ family: 'quant', name: 'dequantize_linear' }, onnx, {
  inputs: {
    q: { dtypes: ['I8', 'U8', 'I32'], native: ['i8', 'u8', 'i32'], shape: '[*x]' },
    scale: float(onnxScale('q')),
    zero_point: optional({
      dtypes: ['I8', 'U8', 'I32'],
      native: ['i8', 'u8', 'i32'],
      shape: like('scale'),
    }),
  },
  outputs: { y: float('[*x]') },
});
