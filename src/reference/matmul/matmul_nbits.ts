import {
  type NbitsProductParams,
  matmulNbits as signature,
} from '../../vocabulary/matmul/matmul_nbits.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { lastTermDropped, paramsBug } from '../plausible-bug.ts';
import {
  decodedProduct,
  decodedProductBound,
  decodedProductOf,
  groupsFaults,
  transposed,
} from '../quant/decoded-product.ts';
import { type NbitsWeight, nbitsBugs, nbitsParts, nbitsValues } from '../quant/nbits-weight.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './matmul_nbits.samples.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** The accuracy_level at which x may become int8 in the blocks of the weight. */
const INT8 = 4;

/** Half a step of int8 for each element of x: its block's largest magnitude over 254. */
function halfSteps({ shape, data }: Value, { block_size }: NbitsProductParams): Value {
  const terms = shape.at(-1) as number;
  const largest = data.map((_, i) => {
    const start = i - (i % terms);
    const first = start + Math.floor((i - start) / block_size) * block_size;
    const block = data.subarray(first, Math.min(first + block_size, start + terms));
    return block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  });
  // Both roundings of the step's reciprocal may move what lies half way.
  return { shape, data: largest.map((most) => (most / 254) * (1 + 2 ** -12)) };
}

/**
 * How far a library's y may be off. Of an x that became int8: what half a step of each element makes of
 * the sums, and their own roundings, codes and zero points multiplied apart.
 */
function libraryBound(
  inputs: NbitsWeight & { readonly x: Value },
  params: NbitsProductParams,
  { depth }: Arithmetic,
): Acceptance {
  const { transpose_weight } = params;
  const weight = nbitsValues(inputs, params, true);
  if (params.accuracy_level !== INT8)
    return decodedProductBound(inputs.x, weight, transpose_weight, depth);
  const at = nbitsParts(inputs, params);
  const apart = (i: number) => 2 * Math.abs(at(i).zero * at(i).scale);
  const sums = decodedProductBound(inputs.x, weight, transpose_weight, depth, apart);
  const sizes = { shape: weight.shape, data: weight.data.map(Math.abs) };
  const moved = decodedProduct(halfSteps(inputs.x, params), sizes, transpose_weight);
  return { ...sums, bound: sums.bound.map((b, i) => b + (moved.data[i] as number)) };
}

const product = decodedProductOf<NbitsWeight, NbitsProductParams>(nbitsValues);

/** MatMulNBits of ONNX Runtime in float32, and with the weight as it lies. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes of 2, 4 or 8 bits by ONNX Runtime',
  ...product,
  acceptance: (inputs, outputs, params, arithmetic) => {
    // The kernels make use of no accuracy_level.
    if (!arithmetic.otherFormulas) return product.acceptance(inputs, outputs, params, arithmetic);
    return { y: libraryBound(inputs, params, arithmetic) };
  },
  samples,
  faults: groupsFaults(),
  plausibleBugs: [
    paramsBug('the other way round', transposed),
    ...nbitsBugs<NbitsProductParams, Inputs>(),
    lastTermDropped(),
  ],
});
