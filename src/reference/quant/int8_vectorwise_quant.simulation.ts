import { int8VectorwiseQuant as signature } from '../../vocabulary/quant/int8_vectorwise_quant.ts';
import { defineSimulation } from '../define.ts';
import { simulatedDequant, simulatedRows } from './vectorwise.simulation.ts';
import { listOf } from './vectorwise.ts';

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, { threshold }) => {
    const cols = x.shape.at(-1) as number;
    const { q, stats, columns } = simulatedRows(gpu, x.data, cols, threshold);
    return {
      q: { shape: x.shape, data: q },
      row_stats: { shape: [stats.length], data: stats },
      outlier_cols: listOf(columns, cols),
      dequant: { shape: x.shape, data: simulatedDequant(gpu, q, stats) },
    };
  },
});
