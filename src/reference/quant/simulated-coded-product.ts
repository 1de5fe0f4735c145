import { heldAs } from '../../tensor/half.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { multiply, productOrder } from '../matmul/multiply.simulation.ts';
import { product } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { ProductInputs } from './coded-product.ts';
import { STEP, simulatedRows } from './vectorwise.simulation.ts';
import { listOf } from './vectorwise.ts';

/** 1/127^2 in float32. */
const STEP_SQUARED = Math.fround(1 / 127 ** 2);

/** A weight in codes, with the statistic of each row. */
interface Codes {
  readonly q: Value;
  readonly stats: Float64Array;
}

/** Codes of what is rounded to f16, as the kernels make them. */
export function simulatedHalfRows(gpu: SimulatedGpu, { shape, data }: Value, threshold: number) {
  const [rows, cols] = matrixOf(shape);
  const half = data.map((x) => heldAs('f16', x));
  const { q, stats, columns } = simulatedRows(gpu, half, cols, threshold);
  return { q: { shape: [rows, cols], data: q }, stats, columns };
}

/** x times a weight in codes, as the kernels compute it. */
export function simulatedProduct(
  gpu: SimulatedGpu,
  { x, bias }: ProductInputs,
  out: Codes,
  threshold: number,
) {
  const rows = simulatedHalfRows(gpu, x, threshold);
  const [m, k] = matrixOf(x.shape);
  const n = out.stats.length;
  const acc = product(rows.q, out.q, false, true);
  const y = acc.data.map((sum, i) => {
    const row = Math.floor(i / n);
    const col = i % n;
    const scale = out.stats[col] as number;
    const outer = gpu.mul(rows.stats[row] as number, scale);
    const ofCodes = gpu.mul(gpu.mul(gpu.add(sum, 0), outer), STEP_SQUARED);
    const biased = bias ? gpu.add(ofCodes, bias.data[col] as number) : ofCodes;
    const apart = rows.columns.reduce(
      (total, at) =>
        gpu.mulAdd(x.data[row * k + at] as number, out.q.data[col * k + at] as number, total),
      0,
    );
    return gpu.mulAdd(apart, gpu.mul(scale, STEP), biased);
  });
  return {
    q_x: rows.q,
    row_stats: { shape: [m], data: rows.stats },
    outlier_cols: listOf(rows.columns, k),
    acc,
    y: { shape: [...x.shape.slice(0, -1), n], data: y },
  };
}

/** The gradient of x. */
export function simulatedGradient(
  gpu: SimulatedGpu,
  x: Value,
  { q, stats }: Codes,
  dy: Value,
  variant: string,
): Value {
  const cols = q.data.length / stats.length;
  const data = q.data.map((code, i) => gpu.mul(stats[Math.floor(i / cols)] as number, code));
  const sums = multiply(gpu, productOrder(variant), [flatRows(dy), { ...q, data }, false, false]);
  return { shape: x.shape, data: sums.data.map((sum) => gpu.mul(sum, STEP)) };
}
