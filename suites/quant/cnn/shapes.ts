import type { Draw } from '../../../src/data/examples.ts';
import { hostTensorFrom } from '../../../src/tensor/host.ts';

/** Width and height of an image; colours. */
const SIZE = 32;
const CHANNELS = 3;
/** Standard deviation of each number; a shape is 0.5 to 1 brighter in each colour. */
const NOISE = 0.1;

/** Whether a pixel that is so far to the right of the middle and below it belongs to a shape of a size. */
type Shape = (right: number, down: number, size: number) => boolean;

const within = (a: number, b: number, size: number) => Math.max(Math.abs(a), Math.abs(b)) <= size;

const SHAPES: readonly Shape[] = [
  within,
  (a, b, size) => within(a, b, size) && Math.min(Math.abs(a), Math.abs(b)) <= 1,
  (a, b, size) => within(a, b, size) && Math.abs(b) <= 1,
  (a, b, size) => within(a, b, size) && Math.abs(a) <= 1,
];

/**
 * Images x f32 [n, 3, 32, 32] of one of four shapes of any colour, place and size, with noise: a
 * square, a plus, a bar that lies and one that stands.
 */
export const drawShapes: Draw = (count, random) => {
  const x = random.fill(count * CHANNELS * SIZE * SIZE, () => random.normal(NOISE));
  const labels = Array.from({ length: count }, (_, image) => {
    const label = random.integer(0, SHAPES.length - 1);
    const isOf = SHAPES[label] as Shape;
    const size = random.integer(5, 9);
    const place = () => random.integer(size, SIZE - 1 - size);
    const column = place();
    const row = place();
    for (let channel = 0; channel < CHANNELS; channel++) {
      const bright = random.uniform(0.5, 1);
      const first = (image * CHANNELS + channel) * SIZE * SIZE;
      for (let i = 0; i < SIZE * SIZE; i++)
        if (isOf((i % SIZE) - column, Math.floor(i / SIZE) - row, size))
          x[first + i] = (x[first + i] as number) + bright;
    }
    return label;
  });
  return {
    inputs: { x: hostTensorFrom('f32', [count, CHANNELS, SIZE, SIZE], x) },
    labels: hostTensorFrom('i32', [count], labels),
  };
};
