import { middleOf, rowLayout } from '../../quant/nbits/layout.ts';
import { packing } from '../../quant/packing/packing.ts';
import { quantizeNbits as signature } from '../../vocabulary/quant/quantize_nbits.ts';
import { FLUSH } from '../bounds.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';

const roundf = (y: number) => Math.floor(y) + Math.floor(2 * (y - Math.floor(y)));

/** Scale, factor and zero point of a block as quant/nbits_codes makes them. */
function stepsOf(gpu: SimulatedGpu, block: Float64Array, bits: 2 | 4 | 8, symmetric: boolean) {
  const seen = block.map((x) => gpu.mul(x, 1));
  const low = Math.min(0, ...seen);
  const high = Math.max(0, ...seen);
  const middle = middleOf({ bits });
  const top = 2 * middle - 1;
  const scale = symmetric
    ? gpu.mul(high > -low ? high : low, -1 / middle)
    : gpu.div(gpu.sub(high, low), top);
  const share = () => gpu.div(-low, Math.max(scale, FLUSH));
  const zero = symmetric ? middle : roundf(Math.min(Math.max(share(), 0), top));
  return { scale, zero, inverse: Math.abs(scale) >= FLUSH ? gpu.div(1, scale) : 0 };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { weight }, { bits, block_size, symmetric }) => {
    const [rows, cols] = weight.shape as readonly [number, number];
    const layout = rowLayout(cols, { bits, block_size });
    const top = 2 ** bits - 1;
    const codes = new Float64Array(rows * layout.codes);
    const zeros = new Float64Array(rows * layout.zeros).fill(middleOf({ bits }));
    const scales = Float64Array.from({ length: rows * layout.blocks }, (_, b) => {
      const row = Math.floor(b / layout.blocks);
      const first = (b % layout.blocks) * block_size;
      const end = Math.min(first + block_size, cols);
      const block = weight.data.subarray(row * cols + first, row * cols + end);
      const { scale, zero, inverse } = stepsOf(gpu, block, bits, symmetric);
      for (const [j, x] of block.entries()) {
        const level = gpu.mulAdd(x, inverse, zero);
        codes[b * block_size + j] = roundf(Math.min(Math.max(level, 0), top));
      }
      zeros[row * layout.zeros + (b % layout.blocks)] = zero;
      return scale;
    });
    const packed = (all: Float64Array) => Float64Array.from(packing(bits).pack(all, 0));
    return {
      packed: { shape: [rows, layout.blocks, layout.blockBytes], data: packed(codes) },
      scales: { shape: [rows, layout.blocks], data: scales },
      ...(symmetric
        ? {}
        : { zero_points: { shape: [rows, layout.zeroBytes], data: packed(zeros) } }),
    };
  },
});
