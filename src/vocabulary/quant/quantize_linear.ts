import * as v from 'valibot';
import { float, type Known, optional } from '../rules.ts';
import { signature } from '../signature.ts';
import {
  NO_NIBBLES,
  nibbles,
  type Onnx,
  onnxEntries,
  onnxScale,
  onnxZeroPoint,
  packsNibbles,
} from './linear-scale.ts';

const params = v.pipe(
  v.strictObject(onnxEntries),
  v.check((p) => packsNibbles(p), NO_NIBBLES),
);

/** ONNX QuantizeLinear: round(x / scale) + zero_point, saturated. */
export const quantizeLinear = signature({ family: 'quant', name: 'quantize_linear' }, params, {
  inputs: {
    x: float('[*x]'),
    scale: float(onnxScale<Onnx>(({ shape }) => shape('x'))),
    zero_point: optional({ dtypes: ['I8', 'U8'], native: ['i8', 'u8'], shape: onnxZeroPoint }),
  },
  outputs: {
    q: {
      dtypes: ['I8', 'U8'],
      native: ['i8', 'u8'],
      shape: ({ shape, params: { packed } }: Known<Onnx>) =>
        packed ? nibbles(shape('x')) : shape('x'),
    },
  },
});
