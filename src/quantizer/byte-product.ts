import type { Tape } from '../autograd/tape.ts';
import { matmul8bit } from '../ops/matmul/matmul_8bit.ts';
import { matrixView, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ByteCodes } from '../vocabulary/matmul/matmul_8bit.ts';

/** Codes of a weight, its scales in any shape, and the map of codes that have one. */
interface ByteParts {
  readonly q: Tensor;
  readonly scale: Tensor;
  readonly code?: Tensor;
}

interface ByteCoding {
  readonly codes: ByteCodes;
  /** -1 where a column shares a scale whole. Default 0. */
  readonly axis?: 0 | -1;
  /** Elements of the flat weight that share a scale. */
  readonly blocksize: number;
  /** Of the weight, [out, ...]. */
  readonly shape: Shape;
}

/** y [..., out] = x [..., in] W^T with a weight in codes of 8 bits, decoded in registers. */
export function byteProduct(
  tape: Tape,
  { q, scale, code }: ByteParts,
  { codes, axis = 0, blocksize, shape }: ByteCoding,
  x: Tensor,
  layer: string,
): Tensor {
  const matrix = matrixView(shape);
  const inputs = {
    x,
    q: tape.view(q, matrix),
    scale: tape.view(scale, [scale.size]),
    ...(code && { code }),
  };
  const [out_features, in_features] = matrix;
  const params = { codes, axis, blocksize, out_features, in_features };
  return tape.apply(matmul8bit, inputs, params, layer).y;
}
