import { mul } from '../../ops/math/mul.ts';
import { sub } from '../../ops/math/sub.ts';
import { hqqMatmul } from '../../ops/matmul/hqq_matmul.ts';
import { hqqQuantize } from '../../ops/quant/hqq_quantize.ts';
import { unpackCodes } from '../../ops/quant/unpack_codes.ts';
import { matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';
import { HQQ_WORDS } from '../../vocabulary/quant/hqq_quantize.ts';
import type { Coding, Parts } from '../coding.ts';
import { type Choice, type Method, type Scheme, widthOf } from '../method.ts';

/** HQQ with its half-quadratic solver (Badri and Shaji, 2023). */
export const methods: readonly Method[] = [
  {
    name: 'hqq',
    library: 'hqq',
    bits: [4, 8, 3, 2, 1],
    groups: [64, 16, 32, 128, 256],
    axes: [0, 1],
    make: scheme,
  },
];

function scheme({ bits, group, axis = 0 }: Choice): Scheme {
  const group_size = group as number;
  const nbits = bits as 8 | 4 | 3 | 2 | 1;
  const words = HQQ_WORDS[nbits];
  const matrixOf = (shape: Shape): [number, number] => {
    const groups = sizeOf(shape) / group_size;
    return axis === 1 ? [groups, group_size] : [group_size, groups];
  };
  const coding: Coding = {
    name: 'hqq',
    decode: (tape, { shape, parts }, layer) => {
      const { packed, scale, zero } = parts as Parts<'packed' | 'scale' | 'zero'>;
      const params = { bits: words.bits as 8 | 4 | 3 | 2 | 1, order: 'high' } as const;
      const matrix = matrixOf(shape);
      const { codes } = tape.apply(
        unpackCodes,
        { packed },
        { ...params, shape: matrix },
        `${layer}.unpack`,
      );
      const { y } = tape.apply(sub, { a: codes, b: zero }, {}, `${layer}.zero`);
      return tape.view(tape.apply(mul, { a: y, b: scale }, {}, `${layer}.scale`).y, shape);
    },
  };
  const multiply: Coding['multiply'] = (tape, { shape, parts }, x, layer) => {
    const { packed, scale, zero } = parts as Parts<'packed' | 'scale' | 'zero'>;
    const [out_features, in_features] = matrixView(shape);
    const params = { nbits, axis, group_size, out_features, in_features };
    return tape.apply(hqqMatmul, { x, packed, scale, zero }, params, layer).y;
  };
  return {
    ops: ['hqq_quantize', 'unpack_codes', 'sub', 'mul', 'hqq_matmul'],
    product: 'hqq_matmul, decoded in registers',
    refuses: (shape) =>
      sizeOf(shape) % group_size === 0
        ? undefined
        : `${sizeOf(shape)} elements are no groups of ${group_size}`,
    parts: (shape) => {
      const [rows, columns] = matrixOf(shape);
      const line = axis === 1 ? [rows, 1] : [1, columns];
      return {
        packed: { dtype: words.dtype, shape: [Math.ceil(rows / words.rows), columns] },
        scale: { dtype: 'f32', shape: line },
        zero: { dtype: 'f32', shape: line },
      };
    },
    stored: { packed: 'W_q', scale: 'scale', zero: 'zero' },
    quantize: (tape, weight, layer) => {
      const made = tape.apply(hqqQuantize, { weight }, { nbits, axis, group_size }, layer);
      return { packed: made.packed, scale: made.scale, zero: made.zero };
    },
    weight: (parts, shape) => {
      // Of lines that are no whole fours, or groups along rows that go on in the next, the decoded
      // weight is multiplied.
      const width = widthOf(shape);
      const isWhole = width % (axis === 1 ? group_size : 4) === 0 && matrixOf(shape)[1] % 4 === 0;
      return { format: isWhole ? { ...coding, multiply } : coding, shape, parts };
    },
  };
}
