import { heldAs } from '../../tensor/half.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineSimulation } from '../define.ts';
import { multiply, PRODUCT_ORDER } from '../matmul/multiply.simulation.ts';
import { product } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { STEP, simulatedDequant, simulatedRows } from './vectorwise.simulation.ts';
import { listOf } from './vectorwise.ts';

/** 1/127^2 in float32. */
const STEP_SQUARED = Math.fround(1 / 127 ** 2);

function halfRows(gpu: SimulatedGpu, { shape, data }: Value, threshold: number) {
  const [rows, cols] = matrixOf(shape);
  const half = data.map((x) => heldAs('f16', x));
  const { q, stats, columns } = simulatedRows(gpu, half, cols, threshold);
  return { q: { shape: [rows, cols], data: q }, stats, columns };
}

const decoded = (gpu: SimulatedGpu, { weight }: InputsOf<typeof signature, Value>): Value => {
  const { q, stats } = halfRows(gpu, weight, 0);
  return { shape: q.shape, data: simulatedDequant(gpu, q.data, stats) };
};

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x, weight, bias }, { threshold }) => {
    const rows = halfRows(gpu, x, threshold);
    const out = halfRows(gpu, weight, 0);
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
      q_weight: out.q,
      weight_stats: { shape: [n], data: out.stats },
      q_x: rows.q,
      row_stats: { shape: [m], data: rows.stats },
      outlier_cols: listOf(rows.columns, k),
      acc,
      y: { shape: [...x.shape.slice(0, -1), n], data: y },
    };
  },
  backward: (gpu, inputs, _params, { y: dy }) => {
    const dx = multiply(gpu, PRODUCT_ORDER, [flatRows(dy), decoded(gpu, inputs), false, false]);
    return { x: { shape: inputs.x.shape, data: dx.data } };
  },
});
