import * as v from 'valibot';
import { float, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { nbitsWeight } from './nbits-weight.ts';
import { nbitsEntries } from './quantize_nbits.ts';

const params = v.strictObject({ ...nbitsEntries, out_features: size, in_features: size });
/** The format of a weight [out_features, in_features]. */
export type NbitsWeightParams = v.InferOutput<typeof params>;

/** What the codes of a weight for MatMulNBits stand for: (code - zero point) scale. */
export const dequantizeNbits = signature({ family: 'quant', name: 'dequantize_nbits' }, params, {
  inputs: nbitsWeight<NbitsWeightParams>(),
  outputs: { y: float(({ params: p }) => [p.out_features, p.in_features]) },
});
