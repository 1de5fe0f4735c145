import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

/** Draws an element of a parameter with what 8-bit AdamW keeps of it, and the scale of its block. */
export type Draw = (
  random: Random,
  i: number,
) => Readonly<Record<'param' | 'grad' | 'exp_avg' | 'exp_avg_sq' | 'scale', number>>;

const anyCode = (random: Random) => random.integer(0, 255);

/** Step one: codes and scales are still 0; a seventh of the gradients is 0 too. */
export const fresh: Draw = (random) => ({
  param: random.normal(),
  grad: random.integer(0, 6) === 0 ? 0 : random.normal(),
  exp_avg: 0,
  exp_avg_sq: 0,
  scale: 0,
});

/** In the middle of a run, at the size `size` of the gradients. */
export const running =
  (size: number): Draw =>
  (random) => ({
    param: random.normal(),
    grad: random.normal(size),
    exp_avg: anyCode(random),
    exp_avg_sq: anyCode(random),
    scale: size * random.uniform(0.5, 1),
  });

/** Blocks from where squares vanish to where they almost overflow, a decade each or more. */
export const extreme: Draw = (random, i) => {
  const size = 10 ** (((13 * Math.floor(i / 32)) % 36) - 19);
  return { ...running(size)(random, i), param: random.normal(size) };
};

/**
 * Small negative first moments, which are nearest to 0: gradients and codes that are 0 but for one of
 * each block.
 */
export const vanishing: Draw = (random, i) => ({
  param: random.normal(),
  grad: i % 32 === 5 ? 1 : random.normal(1e-7),
  exp_avg: 127,
  exp_avg_sq: 0,
  scale: 1,
});

/** A parameter of `shape`, its gradient, codes and scales in blocks of `blocksize`, and the maps. */
export function drawAdamw8bit(
  random: Random,
  shape: Shape,
  blocksize: number,
  draw: Draw,
): Readonly<
  Record<
    | ('param' | 'grad' | 'exp_avg' | 'exp_avg_sq')
    | ('exp_avg_absmax' | 'exp_avg_sq_absmax' | 'qmap'),
    HostTensor
  >
> {
  const drawn = Array.from({ length: sizeOf(shape) }, (_, i) => draw(random, i));
  const each = (dtype: 'f32' | 'u8', name: 'param' | 'grad' | 'exp_avg' | 'exp_avg_sq') =>
    hostTensorFrom(
      dtype,
      shape,
      drawn.map((element) => element[name]),
    );
  const blocks = Math.ceil(drawn.length / blocksize);
  const scales = (of: (scale: number) => number) =>
    hostTensorFrom(
      'f32',
      [blocks],
      Array.from({ length: blocks }, (_, j) => of(drawn[j * blocksize]?.scale ?? 0)),
    );
  return {
    param: each('f32', 'param'),
    grad: each('f32', 'grad'),
    exp_avg: each('u8', 'exp_avg'),
    exp_avg_absmax: scales((scale) => scale),
    exp_avg_sq: each('u8', 'exp_avg_sq'),
    exp_avg_sq_absmax: scales((scale) => scale ** 2),
    qmap: hostTensorFrom('f32', [2, 256], [...createDynamicMap(true), ...createDynamicMap(false)]),
  };
}
