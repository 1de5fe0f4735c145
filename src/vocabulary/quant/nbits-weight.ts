import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { SignatureError } from '../error.ts';
import { codes, float, index, optional } from '../rules.ts';

/** A weight [out_features, in_features] that MatMulNBits takes, as inputs of an op. */
export function nbitsWeight<
  P extends NbitsFormat & { readonly out_features: number; readonly in_features: number },
>() {
  return {
    packed: codes<P>(({ params: p }) => {
      const { blocks, blockBytes } = rowLayout(p.in_features, p);
      return [p.out_features, blocks, blockBytes];
    }),
    scales: float<P>(({ params: p }) => [p.out_features, rowLayout(p.in_features, p).blocks]),
    zero_points: optional(
      codes<P>(({ params: p }) => [p.out_features, rowLayout(p.in_features, p).zeroBytes]),
    ),
    /** Zero points that are no codes, which the operator takes in the place of those that are. */
    float_zero_points: optional(
      float<P>(({ params: p, has }) => {
        if (has('zero_points'))
          throw new SignatureError('zero points are codes or floats: leave one of the two out');
        return [p.out_features, rowLayout(p.in_features, p).blocks];
      }),
    ),
    /** The block whose scale and zero point each column has; by default that in which it lies. */
    g_idx: optional(
      index<P>(
        ({ params: p }) => [p.in_features],
        ({ params: p }) => ({ low: 0, high: rowLayout(p.in_features, p).blocks - 1 }),
      ),
    ),
  };
}
