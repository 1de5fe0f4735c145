import type { Gpu } from '../../gpu/gpu.ts';
import { bytesOfTrits, type TritPacking } from '../../quant/ternary/trit-packing.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { multiplyDecoded } from '../matmul/multiply-decoded.ts';

/** Trits of a matrix [out, in], with a scale for all or for each row. */
export interface PackedTrits {
  /** The op that multiplies by them, which is to blame where x does not fit. */
  readonly op: string;
  readonly packed: Tensor;
  readonly order: TritPacking;
  readonly scale: Tensor | undefined;
  readonly out_features: number;
  readonly in_features: number;
}

/** What an op is given of them. */
interface Given {
  readonly x: Tensor;
  readonly packed: Tensor;
  readonly scale?: Tensor | undefined;
}

/**
 * Throws ShapeError where trits or scales are not those of so many outputs of x, or trits are more
 * than `most`.
 */
export function packedTrits(
  op: string,
  { x, packed, scale }: Given,
  { out_features, order = 'low' }: { readonly out_features: number; readonly order?: TritPacking },
  most = 2 ** 32,
): PackedTrits {
  const [, in_features] = matrixOf(x.shape);
  const trits = out_features * in_features;
  // Trits are counted in 32 bits, and four of them are a byte: a binding can hold more than that.
  if (trits > most)
    throw new ShapeError(
      `${op}: ${out_features}x${in_features} trits are more than 2^32${most < 2 ** 32 ? ` - ${2 ** 32 - most}` : ''}`,
    );
  if (packed.bytes !== bytesOfTrits(trits, order)) {
    throw new ShapeError(
      `${packed.bytes} bytes of packed trits are not a ${out_features}x${in_features} matrix for x ${formatShape(x.shape)}`,
    );
  }
  if (scale && scale.size !== 1 && scale.size !== out_features) {
    throw new ShapeError(
      `scale ${formatShape(scale.shape)} is neither one nor one for each of ${out_features} outputs`,
    );
  }
  return { op, packed, order, scale, out_features, in_features };
}

/** What kernels are compiled with that read them. */
export const tritConstants = ({ scale, order }: PackedTrits) => ({
  SCALED: Number(scale !== undefined),
  HIGH: Number(order === 'high'),
  BASE3: Number(order === 'base3'),
});

/** From the scale of an output to the next: 0 where there is one for all. */
export const strideOf = ({ scale }: PackedTrits): number =>
  Number(scale !== undefined && scale.size > 1);

/** x T^T (transposed), or x T, scaled, with the tile of `variant`. The caller owns it. */
export function multiplyTrits(
  gpu: Gpu,
  x: Tensor,
  weight: PackedTrits,
  transposed: boolean,
  variant: string,
): Tensor {
  const { op, packed, scale, out_features, in_features } = weight;
  const columns = transposed ? out_features : in_features;
  // Sums of no terms.
  if (x.size === 0) return Tensor.zeros(gpu, [...x.shape.slice(0, -1), columns]);
  return multiplyDecoded(
    gpu,
    {
      op,
      loader: 'trits',
      constants: { ...tritConstants(weight), ACROSS_WORDS: Number(in_features % 4 !== 0) },
      fields: [in_features, strideOf(weight)],
      // Without a scale the kernel reads none; a binding must be there all the same.
      bindings: [packed, scale ?? x],
      ...{ out_features, in_features, transpose_weight: transposed },
    },
    x,
    variant,
  );
}
