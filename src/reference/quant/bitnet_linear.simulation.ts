import { matrixOf } from '../../tensor/shape.ts';
import { LEAST_ROW, bitnetLinear as signature } from '../../vocabulary/quant/bitnet_linear.ts';
import { defineSimulation } from '../define.ts';
import { multiply, productOrder } from '../matmul/multiply.simulation.ts';
import { product } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import { tritsOf } from './bitnet_linear.ts';
import { STEP, simulatedRows } from './vectorwise.simulation.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { x, scale, bias } = inputs;
    const [m, k] = matrixOf(x.shape);
    const { q, stats } = simulatedRows(gpu, x.data, k, 0, LEAST_ROW);
    const q_x = { shape: [m, k], data: q };
    const acc = product(q_x, tritsOf(inputs, params), false, true);
    const n = params.out_features;
    const data = acc.data.map((sum, i) => {
      const step = Math.max(stats[Math.floor(i / n)] as number, LEAST_ROW);
      const product = gpu.mul(gpu.add(sum, 0), gpu.mul(step, scale.data[0] as number));
      return bias ? gpu.mulAdd(product, STEP, bias.data[i % n] as number) : gpu.mul(product, STEP);
    });
    return {
      q_x,
      row_stats: { shape: [m], data: stats },
      acc,
      y: { shape: [...x.shape.slice(0, -1), n], data },
    };
  },
  backward: (gpu, inputs, params, { y: dy }, variant) => {
    const { x, scale } = inputs;
    // A trit times the scale is exact.
    const operands = [flatRows(dy), tritsOf(inputs, params, scale.data[0]), false, false] as const;
    return { x: { shape: x.shape, data: multiply(gpu, productOrder(variant), operands).data } };
  },
});
