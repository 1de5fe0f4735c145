import { quantizeBlockwise as signature } from '../../vocabulary/quant/quantize_blockwise.ts';
import type { MapRounding } from '../../vocabulary/quant/rounding.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { relativeTo } from './block-scale.simulation.ts';
import { blockAbsmax } from './blocks.ts';

/** Half of the 65,535 steps of bitsandbytes' table. */
const HALF_STEPS = 32767.5;

/** The kernel's binary search for the nearest of 256 ascending values, ties to the lower one. */
function nearest(gpu: SimulatedGpu, map: ArrayLike<number>, y: number): number {
  let low = 0;
  for (let step = 128; step > 0; step /= 2) if ((map[low + step] as number) <= y) low += step;
  const high = Math.min(low + 1, 255);
  return gpu.sub(map[high] as number, y) < gpu.sub(y, map[low] as number) ? high : low;
}

function codeOf(
  gpu: SimulatedGpu,
  map: ArrayLike<number>,
  y: number,
  rounding: MapRounding,
): number {
  if (rounding === 'nearest') return nearest(gpu, map, y);
  const position = Math.floor(gpu.mulAdd(gpu.add(y, 1), HALF_STEPS, 0.5));
  return nearest(gpu, map, gpu.sub(gpu.div(position, HALF_STEPS), 1));
}

/** Codes and block scales; the scales are found by comparing bits, exactly. */
export function quantizeBlocks(
  gpu: SimulatedGpu,
  x: Float64Array,
  map: ArrayLike<number>,
  { blocksize, rounding }: { readonly blocksize: number; readonly rounding: MapRounding },
): { readonly q: Float64Array; readonly absmax: Float64Array } {
  const absmax = blockAbsmax(x, blocksize);
  const q = x.map((value, i) =>
    codeOf(gpu, map, relativeTo(gpu, value, absmax[Math.floor(i / blocksize)] as number), rounding),
  );
  return { q, absmax };
}

/** What codes decode to, plus an offset. */
export function dequantizeBlocks(
  gpu: SimulatedGpu,
  q: Float64Array,
  map: ArrayLike<number>,
  absmax: Float64Array,
  blocksize: number,
  offset = 0,
): Float64Array {
  return q.map((code, i) =>
    gpu.mulAdd(map[code] as number, absmax[Math.floor(i / blocksize)] as number, offset),
  );
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x: { shape, data }, code: { data: map } }, params) => {
    const { q, absmax } = quantizeBlocks(gpu, data, map, params);
    return {
      q: { shape, data: q },
      absmax: { shape: [absmax.length], data: absmax },
      dequant: { shape, data: dequantizeBlocks(gpu, q, map, absmax, params.blocksize) },
    };
  },
});
