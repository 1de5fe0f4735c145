import { Scope } from '../../gpu/scope.ts';
import { int8VectorwiseQuant as signature } from '../../vocabulary/quant/int8_vectorwise_quant.ts';
import { launcher } from '../launcher.ts';
import { blockVariants } from './blocks.ts';
import {
  DEQUANTIZE_ROWS,
  dequantizeRows,
  LIST_KERNEL,
  outlierList,
  quantizeRows,
  VECTORWISE_KERNELS,
} from './vectorwise.ts';

/**
 * bitsandbytes.functional.int8_vectorwise_quant, and what the codes decode to (Dettmers et al.,
 * "LLM.int8()", 2022). x: f32, f16 or bf16 [..., cols]; q: i8 like x; row_stats: f32 [rows], the
 * largest magnitude of each row without outliers, which are as large as the threshold or larger;
 * outlier_cols: i32 [cols], ascending, then -1 (none with threshold 0); dequant: f32, q *
 * row_stats / 127. Codes of outlier columns are 0.
 */
export const int8VectorwiseQuant = launcher(signature, {
  variants: blockVariants([...VECTORWISE_KERNELS, LIST_KERNEL, DEQUANTIZE_ROWS]),
  storage: { keeps: ['row_stats', 'dequant'] },
  forward: (gpu, { x }, { threshold }, variant) => {
    using scope = new Scope();
    const rows = quantizeRows(gpu, x, { threshold }, variant);
    if (rows.mask) scope.add(rows.mask);
    return {
      q: rows.q,
      row_stats: rows.stats,
      outlier_cols: outlierList(gpu, rows),
      dequant: dequantizeRows(gpu, rows),
    };
  },
});
