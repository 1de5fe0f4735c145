import { sizeOf } from '../../tensor/shape.ts';
import { quantoBits, quantoQuantize as signature } from '../../vocabulary/quant/quanto_quantize.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './quanto_quantize.samples.ts';
import { codeIn, groupsOf, packedShape, packSlices, slices } from './quanto-groups.ts';
import { OTHER_TYPE, QUANTO_TYPES, type QuantoScale } from './quanto-types.ts';
import { rangesIn, reach } from './ranges.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

/** Outputs whose codes are `own` where these can be right, or else those by IEEE arithmetic. */
function outputsOf(
  { weight }: Inputs,
  params: Params,
  own: (i: number) => number | undefined = () => undefined,
): Outputs<Value> {
  const groups = groupsOf(weight, params);
  const { shape, scaleShape, placeOf, groupOf, members } = groups;
  const type = QUANTO_TYPES[params.qtype];
  const bits = quantoBits(params);
  const ieee = rangesIn(weight.dtype, true);
  const legal = rangesIn(weight.dtype, false);
  const scales = members.map((group) => type.scaleOf(group, ieee));
  const open = members.map((group) => type.scaleOf(group, legal));
  const codes = new Float64Array(sizeOf(shape));
  const dequant = new Float64Array(weight.data.length);
  for (const i of codes.keys()) {
    const g = groupOf(i);
    const scale = scales[g] as QuantoScale;
    const x = weight.data[placeOf(i)] as number;
    const [nearest = 0] = type.codes(x, scale, ieee);
    const chosen = own(i);
    const isRight =
      chosen !== undefined && type.codes(x, open[g] as QuantoScale, legal).includes(chosen);
    const code = isRight ? chosen : nearest;
    codes[i] = code;
    dequant[placeOf(i)] = type.decode(code, scale, ieee).low;
  }
  const scale = { shape: scaleShape, data: Float64Array.from(scales, (of) => of.scale.low) };
  const parts = { scale, dequant: { shape: weight.shape, data: dequant } };
  const all = { shape, data: codes };
  if (bits === 8) return { ...parts, q: all };
  const bytes = packedShape(groups, bits);
  return {
    ...parts,
    packed: { shape: bytes, data: packSlices(codes, sizeOf(bytes), bits) },
    unpacked: all,
    shift: { shape: scaleShape, data: Float64Array.from(scales, ({ shift }) => shift) },
  };
}

function acceptance(
  { weight }: Inputs,
  { scale, q, unpacked, packed, dequant }: Outputs<Value>,
  params: Params,
  { ieee }: Arithmetic,
): Partial<Outputs<Acceptance>> {
  const { placeOf, groupOf, members } = groupsOf(weight, params);
  const type = QUANTO_TYPES[params.qtype];
  const bits = quantoBits(params);
  const ops = rangesIn(weight.dtype, ieee);
  const legal = rangesIn(weight.dtype, false);
  const scales = members.map((group) => type.scaleOf(group, ops));
  const open = members.map((group) => type.scaleOf(group, legal));
  const codes = (unpacked ?? q) as Value;
  const right = Array.from(codes.data, (_, i) =>
    type.codes(weight.data[placeOf(i)] as number, scales[groupOf(i)] as QuantoScale, ops),
  );
  const isRight = (i: number, code: number) => (right[i] ?? [0]).includes(code);
  const dequantBound = new Float64Array(dequant.data.length);
  for (const [i, code] of codes.data.entries()) {
    const decoded = type.decode(code, open[groupOf(i)] as QuantoScale, legal);
    dequantBound[placeOf(i)] = reach(decoded, dequant.data[placeOf(i)] as number);
  }
  const inBand = right.filter(
    (list, i) =>
      new Set(list.map((code) => type.decode(code, scales[groupOf(i)] as QuantoScale, ops).low))
        .size > 1,
  ).length;
  const accepted: Acceptance = { kind: 'codes', accepts: isRight, inBand };
  const common: Partial<Outputs<Acceptance>> = {
    scale: {
      kind: 'within',
      // Whatever the arithmetic, a denormal may be flushed.
      bound: scale.data.map((x, g) =>
        Math.max(reach((scales[g] as QuantoScale).scale, x), x < FLUSH ? x : 0),
      ),
    },
    dequant: { kind: 'within', bound: dequantBound },
  };
  if (!packed) return { ...common, q: accepted };
  return {
    ...common,
    packed: {
      kind: 'codes',
      accepts: (p, byte) =>
        Number.isInteger(byte) &&
        slices(bits).every((k) =>
          isRight(p + k * packed.data.length, (byte >> (k * bits)) & (2 ** bits - 1)),
        ),
      inBand,
      codes: right.length,
    },
    unpacked: accepted,
    shift: { kind: 'exact' },
  };
}

/** The codes that a party gave, in the order of the matrix. */
function ownCodes(
  { q, unpacked, packed }: Partial<Outputs<Value>>,
  params: Params,
): (i: number) => number | undefined {
  const whole = q ?? unpacked;
  if (whole) return (i) => whole.data[i];
  return packed ? (i) => codeIn(packed, i, quantoBits(params)) : () => undefined;
}

/** optimum.quanto.quantize_weight by the scales of its MaxOptimizer and AbsmaxOptimizer. */
export const record = defineRecord(signature, {
  summary: 'codes of 2, 4 or 8 bits along an axis or in groups, by Quanto, and what they decode to',
  forward: (inputs, params) => outputsOf(inputs, params),
  forwardChosen: (inputs, actual, params) => outputsOf(inputs, params, ownCodes(actual, params)),
  acceptance,
  samples,
  faults: [
    {
      name: 'codes in reversed bytes',
      shader: {
        file: 'quant/quanto_codes',
        from: 'vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u)',
        to: 'vec4u(1u << 24u, 1u << 16u, 1u << 8u, 1u)',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('the other axis', (params) =>
      params.group_size === undefined ? { ...params, axis: params.axis === 0 ? -1 : 0 } : params,
    ),
    paramsBug('no groups', (params) => ({ ...params, group_size: undefined })),
    paramsBug('codes of another type', ({ qtype, ...params }) => ({
      ...params,
      qtype: OTHER_TYPE[qtype],
    })),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
  ],
});
