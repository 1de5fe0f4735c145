import { present } from '../../graph/call.ts';
import { matmulNbits } from '../../ops/matmul/matmul_nbits.ts';
import { dequantizeNbits } from '../../ops/quant/dequantize_nbits.ts';
import { quantizeNbits } from '../../ops/quant/quantize_nbits.ts';
import { NBITS, NBITS_BLOCKS, type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { matrixView, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { CodedWeight, Coding, Parts } from '../coding.ts';
import type { Choice, Method, Scheme } from '../method.ts';

/** What ONNX Runtime's quantizer makes for its operator MatMulNBits. */
export const methods: readonly Method[] = (
  [
    ['onnx_nbits', false],
    ['onnx_nbits_symmetric', true],
  ] as const
).map(([name, symmetric]) => ({
  name,
  library: 'onnxruntime',
  bits: NBITS,
  groups: NBITS_BLOCKS,
  make: (choice) => scheme(name, choice, symmetric),
}));

function scheme(name: string, { bits, group }: Choice, symmetric: boolean): Scheme {
  const format = { bits, block_size: group } as NbitsFormat;
  const paramsOf = (shape: Shape) => {
    const [out_features, in_features] = matrixView(shape);
    return { ...format, out_features, in_features };
  };
  const partsOf = ({ parts }: CodedWeight) =>
    parts as Parts<'packed' | 'scales'> & { readonly zero_points?: Tensor };
  const coding: Coding = {
    name,
    decode: (tape, weight, layer) => {
      const params = paramsOf(weight.shape);
      const { y } = tape.apply(dequantizeNbits, partsOf(weight), params, `${layer}.dequantize`);
      return tape.view(y, weight.shape);
    },
    multiply: (tape, weight, x, layer) =>
      tape.apply(matmulNbits, { x, ...partsOf(weight) }, paramsOf(weight.shape), layer).y,
  };
  return {
    ops: ['quantize_nbits', 'dequantize_nbits', 'matmul_nbits'],
    product: 'matmul_nbits, decoded in registers',
    rowsApart: () => true,
    parts: (shape, dtype = 'f32') => {
      const [rows, width] = matrixView(shape);
      const { blocks, blockBytes, zeroBytes } = rowLayout(width, format);
      return {
        packed: { dtype: 'u8', shape: [rows, blocks, blockBytes] },
        scales: { dtype, shape: [rows, blocks] },
        ...(symmetric ? {} : { zero_points: { dtype: 'u8' as const, shape: [rows, zeroBytes] } }),
      };
    },
    // What the quantizer calls the initializers that it makes of one that is called weight.
    stored: {
      packed: `weight_Q${bits}`,
      scales: 'weight_scales',
      ...(symmetric ? {} : { zero_points: 'weight_zero_points' }),
    },
    quantize: (tape, weight, layer) => {
      const rows = tape.view(weight, matrixView(weight.shape));
      const params = { ...format, symmetric };
      const { packed, scales, zero_points } = tape.apply(
        quantizeNbits,
        { weight: rows },
        params,
        layer,
      );
      return present({ packed, scales, zero_points });
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}
