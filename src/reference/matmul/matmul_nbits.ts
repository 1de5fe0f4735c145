import {
  type NbitsProductParams,
  matmulNbits as signature,
} from '../../vocabulary/matmul/matmul_nbits.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { lastTermDropped, paramsBug } from '../plausible-bug.ts';
import {
  decodedProductOf,
  decodedWeight,
  groupsFaults,
  transposed,
} from '../quant/decoded-product.ts';
import { nbitsBugs, nbitsParts } from '../quant/nbits-weight.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './matmul_nbits.samples.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** MatMulNBits of ONNX Runtime in float32 (accuracy_level 0), and with the weight as it lies. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes of 2, 4 or 8 bits by ONNX Runtime',
  ...decodedProductOf((weight, params) => {
    const at = nbitsParts(weight, params);
    return decodedWeight([params.out_features, params.in_features], (i, ops) => {
      const { level, scale } = at(i);
      return ops.mul(exactly(level), exactly(scale));
    });
  }),
  samples,
  faults: groupsFaults(),
  plausibleBugs: [
    paramsBug('the other way round', transposed),
    ...nbitsBugs<NbitsProductParams, Inputs>(),
    lastTermDropped(),
  ],
});
