import { abs } from '../../ops/math/abs.ts';
import { clip } from '../../ops/math/clip.ts';
import { reduceMax } from '../../ops/math/reduce_max.ts';
import { absMean } from '../../ops/quant/abs_mean.ts';
import { dequantizeLinear } from '../../ops/quant/dequantize_linear.ts';
import { quantizeLinear } from '../../ops/quant/quantize_linear.ts';
import { matrixView, sizeOf } from '../../tensor/shape.ts';
import { byteProduct } from '../byte-product.ts';
import type { Coding, Parts } from '../coding.ts';
import type { Choice, Method, Scheme } from '../method.ts';

/** What a scale is at least, so that a channel of zeros divides by no zero. */
const LEAST_SCALE = 2 ** -100;

/** ONNX's QuantizeLinear without zero points: round(w / scale), scale = max |w| / 127. */
export const methods: readonly Method[] = [
  {
    name: 'int8',
    library: 'onnx',
    bits: [8],
    groups: ['channel', 'tensor'],
    make: scheme,
  },
];

function scheme({ group }: Choice): Scheme {
  const isChannel = group === 'channel';
  const axis = isChannel ? { axis: 0 } : {};
  const rowsOf = (shape: readonly number[]) =>
    isChannel ? matrixView(shape) : ([1, sizeOf(shape)] as const);
  const coding: Coding = {
    name: 'int8',
    decode: (tape, { parts }, layer) => {
      const inputs = parts as Parts<'q' | 'scale'>;
      return tape.apply(dequantizeLinear, inputs, axis, `${layer}.dequantize`).y;
    },
    multiply: (tape, { shape, parts }, x, layer) => {
      const blocksize = rowsOf(shape)[1];
      const inputs = parts as Parts<'q' | 'scale'>;
      return byteProduct(tape, inputs, { codes: 'int8', blocksize, shape }, x, layer);
    },
  };
  return {
    ops: [
      'abs',
      'reduce_max',
      'abs_mean',
      'clip',
      'quantize_linear',
      'dequantize_linear',
      'matmul_8bit',
    ],
    product: 'matmul_8bit, decoded in registers',
    rowsApart: () => isChannel,
    parts: (shape) => ({
      q: { dtype: 'i8', shape },
      scale: { dtype: 'f32', shape: [rowsOf(shape)[0]] },
    }),
    stored: { q: 'weight_quantized', scale: 'weight_scale' },
    quantize: (tape, weight, layer) => {
      const sizes = tape.apply(abs, { x: weight }, {}, `${layer}.abs`).y;
      const rows = { x: tape.view(sizes, rowsOf(weight.shape)) };
      const largest = tape.apply(reduceMax, rows, { axes: [1] }, `${layer}.max`).y;
      const params = { factor: 1 / 127, per_channel: true };
      const { mean } = tape.apply(absMean, { weight: largest }, params, `${layer}.scale`);
      const scale = tape.apply(clip, { x: mean }, { min: LEAST_SCALE }, `${layer}.least`).y;
      const given = { ...axis, dtype: 'int8' } as const;
      const { q } = tape.apply(quantizeLinear, { x: weight, scale }, given, layer);
      return { q, scale };
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}
