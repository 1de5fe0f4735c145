import type { Gpu } from '../../gpu/gpu.ts';
import { blockSizesOf, takesBlocks } from '../../quant/format.ts';
import { partsOf, type QuantizedWeight } from '../../quant/weight.ts';
import { ShapeError } from '../../tensor/host.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Loaders } from './launch-product.ts';
import { multiplyLoaded } from './multiply-decoded.ts';

/** x W^T (transposed), or x W, of a quantized weight W [out, in], with the tile of `variant`. */
export function multiplyQuantized(
  gpu: Gpu,
  x: Tensor,
  weight: QuantizedWeight<Tensor>,
  transposed: boolean,
  variant: string,
): Tensor {
  const { codes, scales, blocksize } = checked(weight);
  const [out_features, in_features] = weight.shape as [number, number];
  const operand = {
    op: weight.format.ops.multiply?.op ?? weight.format.name,
    bindings: [codes, scales],
    ...{ out_features, in_features, transpose_weight: transposed },
  } as const;
  return multiplyLoaded(gpu, operand, x, variant, ({ k }) =>
    loadersOf({ ...weight, blocksize }, k.size, transposed),
  );
}

/**
 * How x and W are read: four elements at a time where all begin with a word and lines of W with a
 * block.
 */
function loadersOf(
  { format, blocksize, shape }: QuantizedWeight<Tensor> & { readonly blocksize: number },
  terms: number,
  transposed: boolean,
): Loaders {
  const line = shape[1] as number;
  const constants = { ALONG_TERMS: Number(transposed) };
  const shift = Math.log2(blocksize / 8);
  const isWhole =
    8 * format.packing.bits === 32 &&
    Number.isInteger(shift) &&
    shift >= 0 &&
    line % blocksize === 0 &&
    terms % 4 === 0;
  return isWhole
    ? {
        link: `quantized.${format.name}`,
        constants,
        left: { unit: 4, fields: [terms / 4] },
        right: { unit: 1, fields: [line / 8, line / blocksize, shift] },
      }
    : {
        link: `quantized_any.${format.name}`,
        constants,
        left: { unit: 1, fields: [terms, 1] },
        right: { unit: 1, fields: [line, blocksize] },
      };
}

/**
 * Codes and scales of a weight and the size of its blocks. Throws ShapeError when they do not fit.
 */
function checked(weight: QuantizedWeight<Tensor>): {
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly blocksize: number;
} {
  const { format, blocksize, shape } = weight;
  const op = format.ops.multiply?.op;
  if (!takesBlocks(format, blocksize, shape))
    throw new ShapeError(`${op}: blocksize ${blocksize} is not ${blockSizesOf(format)}`);
  const [out_features, in_features] = shape as [number, number];
  const elements = out_features * in_features;
  // Codes are counted in 32 bits, and several may be a byte: a binding can hold more than that.
  if (elements > 2 ** 32)
    throw new ShapeError(
      `${op}: a weight of ${out_features} x ${in_features} has more than 2^32 elements`,
    );
  const bytes = format.packing.bytesOf(elements);
  const blocks = Math.ceil(elements / blocksize);
  const { codes, scales } = partsOf(weight);
  if (codes.size !== bytes || scales.size !== blocks || elements === 0) {
    throw new ShapeError(
      `${op}: a weight of ${out_features} x ${in_features} in blocks of ${blocksize} needs ${bytes} bytes of codes and ${blocks} absmax, not ${codes.size} and ${scales.size}`,
    );
  }
  return { codes, scales, blocksize };
}
