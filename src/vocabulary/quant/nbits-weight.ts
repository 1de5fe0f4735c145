import { type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { codes, float, optional } from '../rules.ts';

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
  };
}
