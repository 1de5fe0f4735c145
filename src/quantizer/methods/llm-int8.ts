import { cast } from '../../ops/math/cast.ts';
import { int8VectorwiseDequant } from '../../ops/quant/int8_vectorwise_dequant.ts';
import { int8VectorwiseQuant } from '../../ops/quant/int8_vectorwise_quant.ts';
import { matmul8bitLt } from '../../ops/quant/matmul_8bit_lt.ts';
import { matrixView } from '../../tensor/shape.ts';
import { USUAL_THRESHOLD } from '../../vocabulary/quant/outliers.ts';
import type { Coding, Parts } from '../coding.ts';
import type { Method, Scheme } from '../method.ts';

/** Columns of x with an element of the size of `threshold` are multiplied in full precision. */
const coding = (threshold: number): Coding => ({
  name: 'llm_int8',
  decode: (tape, { shape, parts }, layer) => {
    const inputs = parts as Parts<'q' | 'row_stats'>;
    const { y } = tape.apply(int8VectorwiseDequant, inputs, {}, `${layer}.dequantize`);
    return tape.view(y, shape);
  },
  multiply: (tape, { parts }, x, layer) => {
    const { q: q_weight, row_stats: weight_stats } = parts as Parts<'q' | 'row_stats'>;
    const inputs = { x, q_weight, weight_stats };
    return tape.apply(matmul8bitLt, inputs, { threshold }, layer).y;
  },
  takesCodes: true,
});

const scheme = (threshold: number): Scheme => ({
  ops: ['cast', 'int8_vectorwise_quant', 'int8_vectorwise_dequant', 'matmul_8bit_lt'],
  product: 'matmul_8bit_lt: codes of x times codes of the weight, outlier columns in floats',
  rowsApart: () => true,
  parts: (shape) => {
    const matrix = matrixView(shape);
    return {
      q: { dtype: 'i8', shape: matrix },
      row_stats: { dtype: 'f32', shape: [matrix[0]] },
    };
  },
  stored: { q: 'weight', row_stats: 'SCB' },
  quantize: (tape, weight, layer) => {
    const x = tape.apply(cast, { x: weight }, { to: 'float16' }, `${layer}.half`).y;
    const rows = tape.view(x, matrixView(weight.shape));
    const { q, row_stats } = tape.apply(int8VectorwiseQuant, { x: rows }, { threshold: 0 }, layer);
    return { q, row_stats };
  },
  weight: (parts, shape) => ({ format: coding(threshold), shape, parts }),
});

/** bitsandbytes' Linear8bitLt (Dettmers et al., "LLM.int8()", 2022): rows of the weight in f16. */
export const methods: readonly Method[] = [
  {
    name: 'llm_int8',
    library: 'bitsandbytes',
    bits: [8],
    groups: ['channel'],
    hasThreshold: true,
    make: ({ threshold = USUAL_THRESHOLD }) => scheme(threshold),
  },
];
