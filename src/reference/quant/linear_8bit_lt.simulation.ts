import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import { defineSimulation } from '../define.ts';
import {
  simulatedGradient,
  simulatedHalfRows,
  simulatedProduct,
} from './simulated-coded-product.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight, ...inputs }, { threshold }) => {
    const { q, stats } = simulatedHalfRows(gpu, weight, 0);
    return {
      q_weight: q,
      weight_stats: { shape: [stats.length], data: stats },
      ...simulatedProduct(gpu, inputs, { q, stats }, threshold),
    };
  },
  backward: (gpu, { x, weight }, _params, { y: dy }, variant) => ({
    x: simulatedGradient(gpu, x, simulatedHalfRows(gpu, weight, 0), dy, variant),
  }),
});
