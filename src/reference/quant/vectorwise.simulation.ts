import { rint } from '../../tensor/rint.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { vectorwise } from './vectorwise.ts';

/** A float32's 127th part of 1. */
export const STEP = Math.fround(1 / 127);

/**
 * What the kernels make of rows: their statistics are found by comparing bits, and the reciprocal is
 * the nearest float32, of a row that is brought to a middle range. `least` stands for a smaller
 * statistic.
 */
export function simulatedRows(
  gpu: SimulatedGpu,
  data: Float64Array,
  cols: number,
  threshold: number,
  least = 0,
): { readonly q: Float64Array; readonly stats: Float64Array; readonly columns: readonly number[] } {
  const { stats, columns } = vectorwise(
    data,
    cols,
    threshold > 0 ? Math.fround(threshold) : Number.POSITIVE_INFINITY,
  );
  const left = new Set(columns);
  const q = data.map((x, i) => {
    const stat = Math.max(stats[Math.floor(i / cols)] as number, least);
    if (left.has(i % cols) || stat === 0) return 0;
    const shift = stat < 2 ** -63 ? 2 ** 64 : stat >= 2 ** 65 ? 2 ** -64 : 1;
    const shifted = x * shift;
    const kept = shift < 1 && Math.abs(shifted) < 2 ** -126 ? 0 : shifted;
    return rint(gpu.mul(kept, gpu.mul(127, Math.fround(1 / (stat * shift)))));
  });
  return { q, stats, columns };
}

/** Codes times a 127th of their row's statistic. */
export function simulatedDequant(
  gpu: SimulatedGpu,
  q: Float64Array,
  stats: Float64Array,
): Float64Array {
  const cols = q.length / stats.length;
  const scales = stats.map((stat) => gpu.mul(stat, STEP));
  return q.map((code, i) => gpu.mul(code, scales[Math.floor(i / cols)] as number));
}
