import { hostTensorFrom } from '../tensor/host.ts';
import type { Draw } from './examples.ts';

/** Width and height of an image, and length of its stroke, in pixels. */
const SIZE = 10;
const STROKE = 5;
/** Standard deviation of each pixel; a stroke's are 1 brighter. */
const NOISE = 0.2;
/** Columns and rows from a pixel of a stroke to the next: lying, standing, falling, rising. */
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
] as const;

/** Different labels. */
export const STROKE_CLASSES = DIRECTIONS.length;

/**
 * Images x f32 [n, 1, 10, 10] of one stroke of five pixels anywhere, with noise; the label is its
 * direction.
 */
export const drawStrokes: Draw = (count, random) => {
  const x = random.fill(count * SIZE * SIZE, () => random.normal(NOISE));
  const labels = Array.from({ length: count }, (_, image) => {
    const label = random.integer(0, STROKE_CLASSES - 1);
    const [right, down] = DIRECTIONS[label] as (typeof DIRECTIONS)[number];
    const start = (step: number) =>
      (step < 0 ? STROKE - 1 : 0) + random.integer(0, SIZE - 1 - Math.abs(step) * (STROKE - 1));
    const column = start(right);
    const row = start(down);
    for (let i = 0; i < STROKE; i++) {
      const at = (image * SIZE + row + i * down) * SIZE + column + i * right;
      x[at] = (x[at] as number) + 1;
    }
    return label;
  });
  return {
    inputs: { x: hostTensorFrom('f32', [count, 1, SIZE, SIZE], x) },
    labels: hostTensorFrom('i32', [count], labels),
  };
};
