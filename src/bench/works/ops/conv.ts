import type { Shape } from '../../../tensor/shape.ts';
import { type Given, IMAGE } from './given.ts';

const POOLED: Shape = [4, 64, 28, 28];

/** Works of convolutions and pools. */
export const CONV: Readonly<Record<string, Given>> = {
  avg_pool2d: {
    params: { kernel: [2, 2] },
    inputs: { x: IMAGE },
    gives: { y: POOLED },
  },
  max_pool2d: {
    params: { kernel: [2, 2] },
    inputs: { x: IMAGE },
    gives: { y: POOLED },
  },
  global_avg_pool2d: { inputs: { x: IMAGE }, gives: { y: [4, 64, 1, 1] } },
  conv1d: {
    params: { padding: [1, 1] },
    inputs: { x: [4, 64, 512], weight: [64, 64, 3] },
    gives: { y: [4, 64, 512] },
    flops: 2 * 4 * 64 * 512 * 64 * 3,
  },
  conv_transpose2d: {
    params: { stride: [2, 2] },
    inputs: { x: [1, 64, 28, 28], weight: [64, 32, 2, 2] },
    gives: { y: [1, 32, 56, 56] },
    flops: 2 * 64 * 28 * 28 * 32 * 4,
  },
};
