import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';

/** An element of a weight, or of a block of it, by its place. */
export type Draw = (random: Random, i: number) => number;

/** How a weight of a sample is stored, and its numbers: by default normal ones of 0.05. */
export interface DrawnWeight {
  readonly dtype?: DType;
  readonly draw?: Draw | undefined;
}

/** Numbers of a weight, by a name for labels. */
export interface DrawnValues {
  readonly name: string;
  readonly draw: Draw;
}

/** The inputs of an op that quantizes a weight of `shape`. */
export function drawnWeight(
  shape: Shape,
  { dtype = 'f32', draw = (random) => random.normal(0.05) }: DrawnWeight,
): (random: Random) => { readonly weight: HostTensor } {
  return (random) => ({
    weight: filledTensor(dtype, shape, (i) => draw(random, i)),
  });
}

/** Normal numbers of 0.1. */
export const normalValues: Draw = (random) => random.normal(0.1);

/** Blocks of `size` elements, one after the other and from the first again. */
export const inBlocks =
  (size: number, blocks: readonly Draw[]): Draw =>
  (random, i) =>
    blocks[Math.floor(i / size) % blocks.length]?.(random, i % size) ?? 0;
