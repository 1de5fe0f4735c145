import { unpackSlices } from '../../quant/packing/row-slices.ts';
import {
  type HqqProductParams,
  hqqMatmul as signature,
} from '../../vocabulary/matmul/hqq_matmul.ts';
import { HQQ_WORDS } from '../../vocabulary/quant/hqq_quantize.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, lastTermDropped, nextScales, paramsBug } from '../plausible-bug.ts';
import {
  type DecodedWeight,
  decodedProductOf,
  decodedWeight,
  loaderFaults,
  transposed,
} from '../quant/decoded-product.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './hqq_matmul.samples.ts';

type Weight = Omit<InputsOf<typeof signature, Value>, 'x'>;

/** The codes of a weight, element after element. */
export function hqqCodes({ packed }: Weight, params: HqqProductParams): Float64Array {
  const { nbits, out_features, in_features } = params;
  return unpackSlices(packed.data, out_features * in_features, HQQ_WORDS[nbits]);
}

/** The group of an element: elements beside each other share one (axis 1), or elements apart. */
export function hqqGroupOf(params: HqqProductParams): (i: number) => number {
  const { axis, group_size, out_features, in_features } = params;
  const groups = (out_features * in_features) / group_size;
  return (i) => (axis === 1 ? Math.floor(i / group_size) : i % groups);
}

/** (code - zero) scale in float64, and how far float32 may be off. */
function weightOf(weight: Weight, params: HqqProductParams): DecodedWeight {
  const { out_features, in_features } = params;
  const codes = hqqCodes(weight, params);
  const groupOf = hqqGroupOf(params);
  const at = ({ data }: Value, i: number) => exactly(data[groupOf(i)] as number);
  return decodedWeight([out_features, in_features], (i, ops) =>
    ops.mul(ops.sub(exactly(codes[i] as number), at(weight.zero, i)), at(weight.scale, i)),
  );
}

/** HQQ's product of x and a weight that it dequantizes, in float32. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes in groups, by HQQ',
  unsupported: ({ packed }, { in_features }) =>
    [in_features, packed.shape[1] as number].every((n) => n % 4 === 0)
      ? undefined
      : 'rows of the weight or of the matrix of groups that are no whole fours',
  ...decodedProductOf(weightOf),
  samples,
  faults: loaderFaults('codes of a neighbouring slice', '<< bits,', '<< (bits ^ vec4u(BITS)),'),
  plausibleBugs: [
    paramsBug('groups half as long', (params) => ({
      ...params,
      group_size: params.group_size / 2,
    })),
    paramsBug('codes of another width', (params) => ({
      ...params,
      nbits: params.nbits === 2 ? 1 : params.nbits,
    })),
    paramsBug('groups along the other axis', (params) => ({
      ...params,
      axis: params.axis === 1 ? 0 : 1,
    })),
    paramsBug('the other way round', transposed),
    inputBug('a code one too high', 'packed', (word, i) => (i === 0 ? word ^ 1 : word)),
    nextScales('scales of the next group', 'scale'),
    inputBug('zeros lost', 'zero', () => 0),
    inputBug('zeros wrong by 2e-5', 'zero', (zero) => zero * (1 + 2e-5)),
    lastTermDropped(),
  ],
});
