import { packing } from '../../quant/packing/packing.ts';
import { mlxQuantize as signature } from '../../vocabulary/quant/mlx_quantize.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { decodedProduct, decodedProductBound } from './decoded-product.ts';
import { samples } from './mlx_quantize.samples.ts';
import { codingOf } from './mlx-coding.ts';
import type { Line } from './mlx-line.ts';
import { acceptsWord, packWords, unpackWords } from './packed-words.ts';
import { type Range, rangesIn, reach } from './ranges.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

function groupsOf({ data }: Value, { group_size }: Params): readonly Float64Array[] {
  return Array.from({ length: data.length / group_size }, (_, g) =>
    data.subarray(g * group_size, (g + 1) * group_size),
  );
}

/** Of each group that right line which is nearest to the scale of a party. */
function linesBy(weight: Value, scales: Value | undefined, params: Params): readonly Line[] {
  const { lines } = codingOf(params);
  return groupsOf(weight, params).map((group, g) => {
    const right = lines(group);
    const given = scales?.data[g];
    if (given === undefined) return right[0];
    const distance = ({ scale }: Line) => Math.abs(scale - given);
    return right.reduce((best, line) => (distance(line) < distance(best) ? line : best));
  });
}

/** Outputs by those scales and codes of a party that can be right, or else by IEEE arithmetic. */
function outputsOf(
  { weight, x }: Inputs,
  params: Params,
  own: Partial<Outputs<Value>> = {},
): Outputs<Value> {
  const { mode, bits, group_size } = params;
  const coding = codingOf(params);
  const lines = linesBy(weight, own.scales, params);
  const lineOf = (i: number) => lines[Math.floor(i / group_size)] as Line;
  const given = own.packed && unpackWords(own.packed.data, weight.data.length, packing(bits));
  const codes = weight.data.map((element, i) => {
    const [nearest = 0, ...others] = coding.codes(element, lineOf(i), false);
    return others.find((code) => code === given?.[i]) ?? nearest;
  });
  const ops = rangesIn(weight.dtype, true);
  const dequant = {
    shape: weight.shape,
    data: codes.map((code, i) => {
      const line = lineOf(i);
      return coding.decode(code, coding.stored(line, weight.dtype, true), line.bias, ops).low;
    }),
  };
  const cols = weight.shape.at(-1) as number;
  const outer = weight.shape.slice(0, -1);
  const ofGroups = (pick: (line: Line) => number): Value => ({
    shape: [...outer, cols / group_size],
    data: Float64Array.from(lines, pick),
  });
  return {
    packed: { shape: [...outer, (cols * bits) / 32], data: packWords(codes, packing(bits)) },
    scales: ofGroups((line) =>
      mode === 'affine' ? coding.stored(line, weight.dtype, true).low : line.scale,
    ),
    ...(mode === 'affine' ? { biases: ofGroups(({ bias }) => bias) } : {}),
    dequant,
    ...(x ? { y: decodedProduct(x, dequant, true) } : {}),
  };
}

function acceptance(
  { weight, x }: Inputs,
  { packed, scales, biases, dequant }: Outputs<Value>,
  params: Params,
  { ieee, depth, otherFormulas }: Arithmetic,
): Partial<Outputs<Acceptance>> {
  const { bits, group_size } = params;
  const coding = codingOf(params);
  const lines = linesBy(weight, scales, params);
  const stored = lines.map((line) => coding.stored(line, weight.dtype, ieee));
  const lineOf = (i: number) => lines[Math.floor(i / group_size)] as Line;
  const ops = rangesIn(weight.dtype, false);
  const decode = (code: number, i: number) =>
    coding.decode(code, stored[Math.floor(i / group_size)] as Range, lineOf(i).bias, ops);
  const right = Array.from(weight.data, (element, i) => coding.codes(element, lineOf(i), ieee));
  const values = (i: number) => (right[i] ?? []).map((code) => decode(code, i).low);
  const codes = unpackWords(packed.data, weight.data.length, packing(bits));
  const bound = dequant.data.map((y, i) => reach(decode(codes[i] as number, i), y));
  return {
    packed: {
      kind: 'codes',
      accepts: (w, word) => acceptsWord(word, w, (i) => right[i] ?? [], packing(bits)),
      inBand: right.filter((_, i) => new Set(values(i)).size > 1).length,
      codes: right.length,
    },
    scales: biases
      ? { kind: 'within', bound: scales.data.map((scale, g) => reach(stored[g] as Range, scale)) }
      : { kind: 'exact' },
    ...(biases ? { biases: { kind: 'exact' } as const } : {}),
    dequant: { kind: 'within', bound },
    ...(x ? { y: boundOfProduct(x) } : {}),
  };

  /** Of x and the decoded weight, whose errors it has too. */
  function boundOfProduct(of: Value): Acceptance {
    const wide = (i: number) => (otherFormulas ? 2 * Math.abs(lineOf(i).bias) : 0);
    return decodedProductBound(of, { ...dequant, bound }, true, depth, wide);
  }
}

/** mlx.core.quantize, with mlx.core.dequantize and quantized_matmul of what it returns. */
export const record = defineRecord(signature, {
  summary:
    'codes of 2 to 8 bits in groups along the rows, by MLX: affine ones, or floats of few bits',
  forward: (inputs, params) => outputsOf(inputs, params),
  forwardChosen: (inputs, actual, params) => outputsOf(inputs, params, actual),
  acceptance,
  samples,
  faults: [
    {
      name: 'a lowest bit wrong',
      shader: {
        file: 'quant/mlx_affine',
        from: 'side_by_side(whole_bits(codes) & vec4u(top), BITS)',
        to: 'side_by_side(whole_bits(codes) & vec4u(top), BITS) ^ 1u',
      },
      also: [
        {
          shader: {
            file: 'quant/mlx_microscaled',
            from: 'scales[word] = bytes;',
            to: 'scales[word] = bytes ^ 0x01010101u;',
          },
        },
      ],
    },
  ],
  plausibleBugs: [
    paramsBug('groups half as long', (params) => {
      const group_size = params.group_size === 128 ? 64 : 32;
      return params.mode === 'affine' ? { ...params, group_size } : params;
    }),
    paramsBug('a power of two for a scale in e4m3', (params) =>
      params.mode === 'nvfp4' ? { ...params, mode: 'mxfp4', group_size: 16 } : params,
    ),
    inputBug('last element dropped', 'weight', (w, i, { data }) => (i === data.length - 1 ? 0 : w)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
    inputBug('signs lost', 'weight', Math.abs),
    inputBug('weights wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('last term dropped', 'x', (x, i, { shape }) => {
      const terms = shape.at(-1) as number;
      return i % terms === terms - 1 ? 0 : x;
    }),
  ],
});
