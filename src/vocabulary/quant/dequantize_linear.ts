import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { float, type Known, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';
import {
  NO_NIBBLES,
  nibbles,
  onnxEntries,
  onnxScale,
  onnxZeroPoint,
  packsNibbles,
} from './linear-scale.ts';

const params = v.pipe(
  v.strictObject({
    ...onnxEntries,
    /** Shape of the codes, where they are packed. */
    shape: v.optional(v.pipe(v.array(size), v.readonly())),
  }),
  v.check((p) => packsNibbles(p), NO_NIBBLES),
  v.check(
    ({ packed, shape }) => packed === (shape !== undefined),
    'packed codes, and they alone, have a shape',
  ),
);
type Params = v.InferOutput<typeof params>;

/** The shape of the codes, and of what they stand for. */
const ofCodes = ({ shape, params: p }: Known<Params>): Shape => p.shape ?? shape('q');

/** ONNX DequantizeLinear: (q - zero_point) * scale. */
export const dequantizeLinear = signature({ family: 'quant', name: 'dequantize_linear' }, params, {
  inputs: {
    q: {
      dtypes: ['I8', 'U8', 'I32'],
      native: ['i8', 'u8', 'i32'],
      shape: ({ params: p }: Known<Params>, actual) => (p.shape ? nibbles(p.shape) : actual),
    },
    scale: float(onnxScale(ofCodes)),
    zero_point: optional({
      dtypes: ['I8', 'U8', 'I32'],
      native: ['i8', 'u8', 'i32'],
      shape: onnxZeroPoint,
    }),
  },
  outputs: { y: float(ofCodes) },
});
