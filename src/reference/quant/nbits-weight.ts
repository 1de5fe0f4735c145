import { middleOf, type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { packing } from '../../quant/packing/packing.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { NbitsWeightParams } from '../../vocabulary/quant/dequantize_nbits.ts';
import { inputBug, nextScales, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type DecodedWeight, decodedWeight } from './decoded-product.ts';
import { exactly } from './ranges.ts';

/** What MatMulNBits stores of a weight, in float64. */
export interface NbitsWeight {
  readonly packed: Value;
  readonly scales: Value;
  readonly zero_points?: Value | undefined;
  readonly float_zero_points?: Value | undefined;
  readonly g_idx?: Value | undefined;
}

/** Element i of a weight [out, in]: its code, what stands for zero and the scale of its block. */
export function nbitsParts(
  { packed, scales, zero_points, float_zero_points, g_idx }: NbitsWeight,
  params: NbitsWeightParams,
): (i: number) => { readonly code: number; readonly zero: number; readonly scale: number } {
  const { blocks, codes, zeros } = rowLayout(params.in_features, params);
  const { codeAt } = packing(params.bits);
  return (i) => {
    const row = Math.floor(i / params.in_features);
    const col = i % params.in_features;
    const block = g_idx?.data[col] ?? Math.floor(col / params.block_size);
    const zero = zero_points
      ? codeAt(zero_points.data, row * zeros + block)
      : (float_zero_points?.data[row * blocks + block] ?? middleOf(params));
    return {
      code: codeAt(packed.data, row * codes + col),
      zero,
      scale: scales.data[row * blocks + block] as number,
    };
  };
}

/**
 * The weight in float64, (code - zero) scale, and how far float32 may be off; `isMultipliedOut` where a
 * library has code scale - zero scale.
 */
export function nbitsValues(
  weight: NbitsWeight,
  params: NbitsWeightParams,
  isMultipliedOut = false,
): DecodedWeight {
  const at = nbitsParts(weight, params);
  return decodedWeight([params.out_features, params.in_features], (i, ops) => {
    const { code, zero, scale } = at(i);
    if (isMultipliedOut) {
      const of = (x: number) => ops.mul(exactly(x), exactly(scale));
      return ops.sub(of(code), of(zero));
    }
    // A difference of codes is a whole number.
    const level = weight.float_zero_points
      ? ops.sub(exactly(code), exactly(zero))
      : exactly(code - zero);
    return ops.mul(level, exactly(scale));
  });
}

/** The same as a GPU computes it. */
export function computedNbits(
  gpu: SimulatedGpu,
  weight: NbitsWeight,
  params: NbitsWeightParams,
): Value {
  const at = nbitsParts(weight, params);
  const shape = [params.out_features, params.in_features];
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const { code, zero, scale } = at(i);
    return gpu.mul(gpu.sub(code, zero), scale);
  });
  return { shape, data };
}

/**
 * Codes and zero points of every kind, and scales that are drawn. Bits that nothing reads are set: what
 * reads them shows.
 */
export function drawNbitsWeight(
  random: Random,
  params: NbitsWeightParams,
  { zeroPoints, scale, zero = scale, indexed = false }: DrawnNbits,
) {
  const { blocks, blockBytes, zeroBytes } = rowLayout(params.in_features, params);
  const out = params.out_features;
  const bytes = (...shape: readonly number[]): HostTensor =>
    filledTensor('u8', shape, () => random.integer(0, 255));
  return {
    packed: bytes(out, blocks, blockBytes),
    scales: hostTensorFrom('f32', [out, blocks], random.fill(out * blocks, scale)),
    ...(zeroPoints === 'codes' ? { zero_points: bytes(out, zeroBytes) } : {}),
    ...(zeroPoints === 'floats'
      ? { float_zero_points: hostTensorFrom('f32', [out, blocks], random.fill(out * blocks, zero)) }
      : {}),
    ...(indexed ? { g_idx: drawnIndex(random, params.in_features, blocks) } : {}),
  };
}

/** The block of each column, in no order. */
function drawnIndex(random: Random, columns: number, blocks: number): HostTensor {
  const data = random.fill(columns, () => random.integer(0, blocks - 1));
  return hostTensorFrom('i32', [columns], data);
}

/** What a drawn weight has. */
export interface DrawnNbits {
  readonly zeroPoints: 'codes' | 'floats' | 'middle';
  readonly scale: () => number;
  /** Of zero points that are floats; by default as scales. */
  readonly zero?: () => number;
  /** Whether columns say which block they are of. */
  readonly indexed?: boolean;
}

/** The block in which each column lies. */
const ownBlocks = (g_idx: Value, { block_size }: NbitsFormat): Value => ({
  ...g_idx,
  data: g_idx.data.map((_, column) => Math.floor(column / block_size)),
});

/** Plausible mistakes about how such a weight lies. */
export function nbitsBugs<
  P extends NbitsFormat,
  Inputs extends NbitsWeight & { readonly [Name in keyof Inputs]?: Value | undefined },
>(): readonly PlausibleBug<P, Inputs>[] {
  return [
    paramsBug('codes of half as many bits', (params) =>
      params.bits === 2 ? params : { ...params, bits: params.bits / 2 },
    ),
    paramsBug('blocks twice as long', (params) =>
      params.block_size === 256 ? params : { ...params, block_size: 2 * params.block_size },
    ),
    inputBug('nibbles swapped', 'packed', (b) => (b % 16) * 16 + Math.floor(b / 16)),
    inputBug('a code one too high', 'packed', (byte, i) => (i === 0 ? byte ^ 1 : byte)),
    inputBug('zero points one too high', 'zero_points', (byte) => byte ^ 1),
    inputBug('zero points wrong by 2e-4', 'float_zero_points', (zero) => zero * (1 + 2e-4)),
    {
      name: 'columns of the block in which they lie',
      apply: ({ g_idx, ...inputs }, params) => ({
        inputs: { ...inputs, ...(g_idx && { g_idx: ownBlocks(g_idx, params) }) } as Inputs,
        params,
      }),
    },
    nextScales('scales of the next block', 'scales'),
    inputBug('scales wrong by 2e-5', 'scales', (scale) => scale * (1 + 2e-5)),
  ];
}
