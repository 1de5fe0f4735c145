import { packing } from '../../quant/packing/packing.ts';
import { heldAs } from '../../tensor/half.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { mlxQuantize as signature } from '../../vocabulary/quant/mlx_quantize.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { absoluteProduct, product, productBound } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './mlx_quantize.samples.ts';
import { type Coding, codingOf, type Line } from './mlx-coding.ts';
import { acceptsWord, packWords, unpackWords } from './packed-words.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

/** A weight as a party quantized it. */
interface Quantized {
  readonly coding: Coding;
  /** Of each group: what codes are relative to, and what decodes them. */
  readonly lines: readonly Line[];
  readonly decoders: readonly Line[];
  readonly codes: ArrayLike<number>;
}

/** Scale and bias as the weight's format holds them; the bits of a scale are as they are. */
function stored({ scale, bias }: Line, { dtype }: Value, { mode }: Params): Line {
  if (mode !== 'affine' || (dtype !== 'f16' && dtype !== 'bf16')) return { scale, bias };
  return { scale: heldAs(dtype, scale), bias: heldAs(dtype, bias) };
}

function groupsOf({ data }: Value, { group_size }: Params): readonly Float64Array[] {
  return Array.from({ length: data.length / group_size }, (_, g) =>
    data.subarray(g * group_size, (g + 1) * group_size),
  );
}

/** By IEEE arithmetic. */
function quantized({ weight }: Inputs, params: Params): Quantized {
  const coding = codingOf(params);
  const lines = groupsOf(weight, params).map((group) => coding.lines(group)[0]);
  const decoders = lines.map((line) => stored(line, weight, params));
  const lineOf = (i: number) => lines[Math.floor(i / params.group_size)] as Line;
  const codes = weight.data.map((x, i) => coding.code(x, lineOf(i)));
  return { coding, lines, decoders, codes };
}

/** How far a party's scale may be from a right one, for its codes and values to follow from it. */
const NEAR = 0.01;

/** By those scales and codes of the judged party that can be right. */
function quantizedAs(
  inputs: Inputs,
  { scales, biases, packed }: Partial<Outputs<Value>>,
  params: Params,
): Quantized {
  const { weight } = inputs;
  const ieee = quantized(inputs, params);
  if (!scales) return ieee;
  const { coding } = ieee;
  const given = (g: number): Line => ({
    scale: scales.data[g] as number,
    bias: biases?.data[g] ?? stored(ieee.lines[g] as Line, weight, params).bias,
  });
  const distance = (line: Line, g: number) => Math.abs(line.scale - given(g).scale);
  const lines = groupsOf(weight, params).map((group, g) =>
    coding
      .lines(group)
      .reduce((best, line) => (distance(line, g) < distance(best, g) ? line : best)),
  );
  const decoders = lines.map((line, g) =>
    distance(line, g) <= NEAR * Math.abs(line.scale) ? given(g) : stored(line, weight, params),
  );
  const chosen = packed && unpackWords(packed.data, weight.data.length, packing(params.bits));
  const codes = weight.data.map((x, i) => {
    const line = lines[Math.floor(i / params.group_size)] as Line;
    const own = chosen?.[i];
    return own !== undefined && coding.codes(x, line, false).includes(own)
      ? own
      : coding.code(x, line);
  });
  return { coding, lines, decoders, codes };
}

function outputsOf(
  { weight, x }: Inputs,
  { coding, lines, decoders, codes }: Quantized,
  params: Params,
): Outputs<Value> {
  const { mode, bits, group_size } = params;
  const [, cols] = matrixOf(weight.shape);
  const outer = weight.shape.slice(0, -1);
  const ofGroups = (pick: (line: Line) => number): Value => ({
    shape: [...outer, cols / group_size],
    data: Float64Array.from(lines, pick),
  });
  const dequant = {
    shape: weight.shape,
    data: Float64Array.from(codes, (code, i) =>
      coding.decode(code, decoders[Math.floor(i / group_size)] as Line),
    ),
  };
  return {
    packed: { shape: [...outer, (cols * bits) / 32], data: packWords(codes, packing(bits)) },
    scales: ofGroups(({ scale }) => scale),
    ...(mode === 'affine' ? { biases: ofGroups(({ bias }) => bias) } : {}),
    dequant,
    ...(x ? { y: productWith(x, dequant) } : {}),
  };
}

function productWith(x: Value, weight: Value): Value {
  const { shape, data } = product(flatRows(x), weight, false, true);
  return { shape: [...x.shape.slice(0, -1), shape[1] as number], data };
}

function acceptance(
  { weight, x }: Inputs,
  { packed, scales, biases, dequant }: Outputs<Value>,
  params: Params,
  { ieee, depth, otherFormulas }: Arithmetic,
): Partial<Outputs<Acceptance>> {
  const { bits, group_size } = params;
  const coding = codingOf(params);
  const lineOf = (i: number): Line => {
    const g = Math.floor(i / group_size);
    return { scale: scales.data[g] as number, bias: biases?.data[g] ?? 0 };
  };
  const rightCodes = (i: number) => coding.codes(weight.data[i] as number, lineOf(i), ieee);
  const right = Array.from(weight.data, (_, i) => rightCodes(i));
  // A scale has the format of the weight, whatever its tensor is stored in.
  const scaleBound = (scale: number) =>
    (ieee ? 0 : coding.scaleError({ scale, bias: 0 })) + storageStep(scale, weight.dtype) / 2;
  const values = (i: number) => (right[i] ?? []).map((code) => coding.decode(code, lineOf(i)));
  const codes = unpackWords(packed.data, weight.data.length, packing(bits));
  const scaled = weight.data.map((_, i) => coding.scaled(codes[i] as number, lineOf(i)));
  const sizes = scaled.map((size, i) => size + Math.abs(lineOf(i).bias));
  // A product and a sum, both rounded to the weight's format where that is one of halves.
  const bound = dequant.data.map(
    (y, i) =>
      EPS * ((scaled[i] as number) + Math.abs(y)) +
      storageStep(sizes[i] as number, weight.dtype) +
      2 * FLUSH,
  );
  return {
    packed: {
      kind: 'codes',
      accepts: (w, word) => acceptsWord(word, w, (i) => right[i] ?? [], packing(bits)),
      inBand: right.filter((_, i) => new Set(values(i)).size > 1).length,
    },
    scales: biases ? { kind: 'within', bound: scales.data.map(scaleBound) } : { kind: 'exact' },
    ...(biases ? { biases: { kind: 'exact' } as const } : {}),
    dequant: { kind: 'within', bound },
    ...(x ? { y: boundOfProduct(x, { ...dequant, bound }) } : {}),
  };

  /** Of x and the decoded weight, whose errors it has too. */
  function boundOfProduct(
    of: Value,
    decoded: Value & { readonly bound: Float64Array },
  ): Acceptance {
    const wide = decoded.data.map(
      (y, i) =>
        Math.max(Math.abs(y), otherFormulas ? (sizes[i] as number) : 0) +
        (decoded.bound[i] as number),
    );
    const off = { shape: decoded.shape, data: decoded.bound };
    const carried = absoluteProduct(flatRows(of), off, false, true).data;
    const sums = productBound(
      flatRows(of),
      { shape: decoded.shape, data: wide },
      false,
      true,
      depth,
    );
    return { ...sums, bound: sums.bound.map((b, i) => b + (carried[i] as number)) };
  }
}

/** mlx.core.quantize, with mlx.core.dequantize and quantized_matmul of what it returns. */
export const record = defineRecord(signature, {
  summary:
    'codes of 2 to 8 bits in groups along the rows, by MLX: affine ones, or floats of few bits',
  forward: (inputs, params) => outputsOf(inputs, quantized(inputs, params), params),
  forwardChosen: (inputs, actual, params) =>
    outputsOf(inputs, quantizedAs(inputs, actual, params), params),
  acceptance,
  samples,
  faults: [
    {
      name: 'a lowest bit wrong',
      shader: {
        file: 'quant/mlx_affine',
        from: 'word |= four << bit',
        to: 'word |= (four ^ 1u) << bit',
      },
      also: [
        {
          shader: {
            file: 'quant/mlx_microscaled',
            from: 'return scale.byte;',
            to: 'return scale.byte ^ 1u;',
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
