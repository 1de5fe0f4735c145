import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What MatMulNBits stores of a weight. */
export interface NbitsTensors {
  readonly packed: Tensor;
  readonly scales: Tensor;
  readonly zero_points?: Tensor | undefined;
}

/** Throws {@link ShapeError} unless these are the parts of such a weight; `what` names the op. */
export function checkNbits(
  what: string,
  { packed, scales, zero_points }: NbitsTensors,
  {
    out_features,
    in_features,
    ...format
  }: NbitsFormat & {
    readonly out_features: number;
    readonly in_features: number;
  },
): void {
  const { blocks, blockBytes, zeroBytes } = rowLayout(in_features, format);
  const isWeight =
    packed.size === out_features * blocks * blockBytes &&
    scales.size === out_features * blocks &&
    (zero_points === undefined || zero_points.size === out_features * zeroBytes);
  if (!isWeight)
    throw new ShapeError(
      `${what}: packed ${formatShape(packed.shape)}, scales ${formatShape(scales.shape)} and zero points ${zero_points ? formatShape(zero_points.shape) : 'of none'} are no weight of ${out_features} x ${in_features} in blocks of ${format.block_size} codes of ${format.bits} bits`,
    );
}
