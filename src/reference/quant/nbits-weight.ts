import { middleOf, type NbitsFormat, rowLayout } from '../../quant/nbits/layout.ts';
import { packing } from '../../quant/packing/packing.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { NbitsWeightParams } from '../../vocabulary/quant/dequantize_nbits.ts';
import { inputBug, nextScales, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';

/** What MatMulNBits stores of a weight, in float64. */
export interface NbitsWeight {
  readonly packed: Value;
  readonly scales: Value;
  readonly zero_points?: Value | undefined;
}

/** Element i of a weight [out, in]: how far its code is above zero, and the scale of its block. */
export function nbitsParts(
  { packed, scales, zero_points }: NbitsWeight,
  params: NbitsWeightParams,
): (i: number) => { readonly level: number; readonly scale: number } {
  const { blocks, codes, zeros } = rowLayout(params.in_features, params);
  const { codeAt } = packing(params.bits);
  return (i) => {
    const row = Math.floor(i / params.in_features);
    const col = i % params.in_features;
    const block = Math.floor(col / params.block_size);
    const zero = zero_points ? codeAt(zero_points.data, row * zeros + block) : middleOf(params);
    return {
      level: codeAt(packed.data, row * codes + col) - zero,
      scale: scales.data[row * blocks + block] as number,
    };
  };
}

/**
 * Codes and zero points of every kind, and scales that are drawn. Bits that nothing reads are set: what
 * reads them shows.
 */
export function drawNbitsWeight(
  random: Random,
  params: NbitsWeightParams,
  { zeroPoints, scale }: { readonly zeroPoints: boolean; readonly scale: () => number },
) {
  const { blocks, blockBytes, zeroBytes } = rowLayout(params.in_features, params);
  const out = params.out_features;
  const bytes = (...shape: readonly number[]): HostTensor =>
    hostTensorFrom(
      'u8',
      shape,
      random.fill(sizeOf(shape), () => random.integer(0, 255)),
    );
  return {
    packed: bytes(out, blocks, blockBytes),
    scales: hostTensorFrom('f32', [out, blocks], random.fill(out * blocks, scale)),
    ...(zeroPoints ? { zero_points: bytes(out, zeroBytes) } : {}),
  };
}

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
    nextScales('scales of the next block', 'scales'),
    inputBug('scales wrong by 2e-5', 'scales', (scale) => scale * (1 + 2e-5)),
  ];
}
