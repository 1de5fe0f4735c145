import { matmul8bitLt as signature } from '../../vocabulary/quant/matmul_8bit_lt.ts';
import { defineSimulation } from '../define.ts';
import { simulatedGradient, simulatedProduct } from './simulated-coded-product.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { q_weight: q, weight_stats, ...inputs }, { threshold }) =>
    simulatedProduct(gpu, inputs, { q, stats: weight_stats.data }, threshold),
  backward: (gpu, { x, q_weight: q, weight_stats }, _params, { y: dy }, variant) => ({
    x: simulatedGradient(gpu, x, { q, stats: weight_stats.data }, dy, variant),
  }),
});
