import { hostTensorFrom } from '../../../tensor/host.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { operand } from '../../op-work.ts';
import { type Given, indices, ROWS, uniform, WIDTH, X } from './given.ts';

const HEADS: Shape = [1, 8, 512, 64];

/** Works of ops that move elements. */
export const SHAPE: Readonly<Record<string, Given>> = {
  transpose: { params: { perm: [1, 0] }, inputs: { x: X }, gives: { y: X } },
  concat: { params: { axis: 1 }, inputs: { x0: X, x1: X }, gives: { y: [ROWS, 2 * WIDTH] } },
  gather: {
    params: { axis: 0 },
    inputs: { x: X, indices: indices([ROWS], ROWS) },
    gives: { y: X },
  },
  take_along_dim: {
    params: { dim: 1 },
    inputs: { x: X, indices: indices(X, WIDTH) },
    gives: { y: X },
  },
  scatter_add: {
    params: { dim: 0 },
    inputs: { x: X, indices: indices(X, ROWS), src: X },
    gives: { y: X },
  },
  index_add: {
    params: { dim: 0 },
    inputs: { x: X, index: indices([ROWS], ROWS), source: X },
    gives: { y: X },
  },
  pad: { params: { pad: [8, 8, 8, 8] }, inputs: { x: X }, gives: { y: [ROWS + 16, WIDTH + 16] } },
  rotary_embedding: {
    each: 6,
    params: { head_dim: 64 },
    inputs: {
      q: HEADS,
      k: HEADS,
      position_ids: operand([512], 'i32', (_, shape) =>
        hostTensorFrom(
          'i32',
          shape,
          Array.from({ length: 512 }, (_, i) => i),
        ),
      ),
    },
    gives: { q: HEADS, k: HEADS },
  },
  rotary_embedding_cache: {
    each: 6,
    inputs: { x: HEADS, cos: uniform([1, 512, 32], -1, 1), sin: uniform([1, 512, 32], -1, 1) },
    gives: { y: HEADS },
  },
};
