import type { Shape } from '../../tensor/shape.ts';

/** Height and width, or a setting for each. */
export type Pair = readonly [vertical: number, horizontal: number];

/**
 * The vocabulary's settings of a window that slides over an image; padding is [top, left, bottom,
 * right].
 */
export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: readonly [number, number, number, number];
  readonly dilation: Pair;
  readonly ceil_mode?: boolean | undefined;
  /** Positions of the window, where there are fewer than fit. */
  readonly positions?: Pair | undefined;
}

/**
 * Positions of a window along one dimension: with ceil_mode also one that leaves the padding at its
 * end, if it starts before that.
 */
function positions(
  size: number,
  d: 0 | 1,
  { kernel, stride, padding, dilation, ceil_mode }: Window,
): number {
  const before = padding[d];
  const after = padding[d + 2] as number;
  const last = size + before + after - ((kernel[d] - 1) * dilation[d] + 1);
  let count = 0;
  for (
    let start = 0;
    start <= last || (ceil_mode && start < last + stride[d] && start < size + before);
    start += stride[d]
  )
    count++;
  return count;
}

/**
 * Height and width of what the window gives over images, whose last dimensions are height and width.
 */
export function slid(x: Shape, window: Window): Pair {
  if (window.positions) return window.positions;
  return [positions(x.at(-2) as number, 0, window), positions(x.at(-1) as number, 1, window)];
}

/**
 * One element of the window at one of its positions: where it lies along each dimension, from the
 * first element of the image on.
 */
export interface Cell {
  /** Flat index among the positions of the window. */
  readonly position: number;
  /** Flat index among the elements of the window. */
  readonly tap: number;
  readonly row: number;
  readonly col: number;
  /** Whether it lies in the image, and not in the padding or past it. */
  readonly inside: boolean;
}

/**
 * Every element of the window at every position, element by element and then position by position.
 */
export function cellsOf(x: Shape, window: Window): readonly Cell[] {
  const height = x.at(-2) as number;
  const width = x.at(-1) as number;
  const { kernel, stride, padding, dilation } = window;
  const [rows, cols] = slid(x, window);
  const cells: Cell[] = [];
  for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
    const i = Math.floor(tap / kernel[1]);
    const j = tap % kernel[1];
    for (let position = 0; position < rows * cols; position++) {
      const row = Math.floor(position / cols) * stride[0] - padding[0] + i * dilation[0];
      const col = (position % cols) * stride[1] - padding[1] + j * dilation[1];
      cells.push({
        position,
        tap,
        row,
        col,
        inside: row >= 0 && row < height && col >= 0 && col < width,
      });
    }
  }
  return cells;
}
