import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What MatMulNBits stores of a weight. */
export interface NbitsTensors {
  readonly packed: Tensor;
  readonly scales: Tensor;
  readonly zero_points?: Tensor | undefined;
  readonly float_zero_points?: Tensor | undefined;
  readonly g_idx?: Tensor | undefined;
}

/** Throws {@link ShapeError} unless these are the parts of such a weight; `what` names the op. */
export function checkNbits(
  what: string,
  { packed, scales, zero_points, float_zero_points, g_idx }: NbitsTensors,
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
    (zero_points === undefined || zero_points.size === out_features * zeroBytes) &&
    (float_zero_points === undefined || float_zero_points.size === scales.size) &&
    (g_idx === undefined || g_idx.size === in_features);
  if (zero_points && float_zero_points)
    throw new ShapeError(`${what}: zero points are codes or floats: leave one of the two out`);
  const zeros = zero_points ?? float_zero_points;
  if (!isWeight)
    throw new ShapeError(
      `${what}: packed ${formatShape(packed.shape)}, scales ${formatShape(scales.shape)} and zero points ${zeros ? formatShape(zeros.shape) : 'of none'}${g_idx ? ` by g_idx ${formatShape(g_idx.shape)}` : ''} are no weight of ${out_features} x ${in_features} in blocks of ${format.block_size} codes of ${format.bits} bits`,
    );
}
