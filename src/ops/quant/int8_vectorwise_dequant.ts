import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { int8VectorwiseDequant as signature } from '../../vocabulary/quant/int8_vectorwise_dequant.ts';
import { launcher } from '../launcher.ts';
import { DEQUANTIZE_ROWS, dequantizeRows } from './vectorwise.ts';

/**
 * bitsandbytes.functional.int8_vectorwise_dequant: q * row_stats / 127, f32. q: i8 [..., cols];
 * row_stats: f32 [rows]. Throws ShapeError for another number of rows.
 */
export const int8VectorwiseDequant = launcher(signature, {
  variants: { words: { kernels: [DEQUANTIZE_ROWS] } },
  forward: (gpu, { q, row_stats: stats }) => {
    const [rows] = matrixOf(q.shape);
    if (stats.size !== rows)
      throw new ShapeError(
        `int8_vectorwise_dequant: ${stats.size} statistics of codes ${formatShape(q.shape)}: give ${rows}`,
      );
    return { y: dequantizeRows(gpu, { q, stats }) };
  },
});
