import {
  type QuantoProductParams,
  quantoMatmul as signature,
} from '../../vocabulary/matmul/quanto_matmul.ts';
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
import { codeIn, placeIn } from '../quant/quanto-groups.ts';
import { exactly } from '../quant/ranges.ts';
import type { Value } from '../record.ts';
import { samples } from './quanto_matmul.samples.ts';

/** A weight as Quanto packs it, on the host. */
export type QuantoWeight = Omit<InputsOf<typeof signature, Value>, 'x'>;

/** The code of each element, and scale and shift of its group. */
export function quantoParts(
  { packed, scale, shift }: QuantoWeight,
  params: QuantoProductParams,
): (i: number) => { readonly code: number; readonly scale: number; readonly shift: number } {
  const placeOf = placeIn(params);
  return (i) => {
    const { place, group } = placeOf(i);
    return {
      code: codeIn(packed, place, params.bits),
      scale: scale.data[group] as number,
      shift: shift.data[group] as number,
    };
  };
}

/** code scale - shift in float64, and how far float32 may be off. */
function weightOf(weight: QuantoWeight, params: QuantoProductParams): DecodedWeight {
  const at = quantoParts(weight, params);
  return decodedWeight([params.out_features, params.in_features], (i, ops) => {
    const { code, scale, shift } = at(i);
    return ops.sub(ops.mul(exactly(code), exactly(scale)), exactly(shift));
  });
}

/** The product of x and a weight that optimum-quanto dequantizes, in float32. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T with W decoded in registers, from codes of 4 or 2 bits by Quanto',
  unsupported: (_inputs, { axis, group_size, in_features }) =>
    (axis === 0 ? group_size : in_features) % 4 === 0
      ? undefined
      : 'groups of rows, or rows that groups cross, of no whole fours',
  ...decodedProductOf(weightOf),
  samples,
  faults: loaderFaults(
    'the first slice in the highest bits',
    'select(vec4u(SLICES - 1u) - slices, slices, QUANTO)',
    'select(slices, vec4u(SLICES - 1u) - slices, QUANTO)',
  ),
  plausibleBugs: [
    paramsBug('groups half as long', (params) => ({
      ...params,
      group_size: params.group_size / 2,
    })),
    paramsBug('codes of the other width', (params) => ({
      ...params,
      bits: params.bits === 4 ? 2 : 4,
    })),
    paramsBug('groups along the other axis', (params) => {
      const { axis, group_size, out_features, in_features } = params;
      // Where groups fill rows and columns the parts fit either way.
      const fits = (axis === 0 ? out_features : in_features) % group_size === 0;
      return fits ? { ...params, axis: axis === 0 ? -1 : 0 } : params;
    }),
    paramsBug('the other way round', transposed),
    inputBug('a code one too high', 'packed', (byte, i) => (i === 0 ? byte ^ 1 : byte)),
    nextScales('scales of the next group', 'scale'),
    inputBug('shifts added', 'shift', (shift) => -shift),
    inputBug('shifts wrong by 2e-5', 'shift', (shift) => shift * (1 + 2e-5)),
    lastTermDropped(),
  ],
});
