import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { drawTensor } from '../simulation/draw.ts';
import { SMALL } from './variants.ts';

/** What a sample is beside its shapes and parameters. */
export interface SampleOptions {
  readonly bias?: boolean;
  readonly level?: 'exact' | 'legal';
  readonly positive?: boolean;
  readonly variants?: readonly string[];
  readonly tier?: 'full';
}

interface Operands<P> {
  readonly x: Shape;
  readonly weight: Shape;
  /** Of the result. */
  readonly y: Shape;
  /** Of the bias. */
  readonly channels: number;
  readonly params: P;
}

/** What a sample of a convolution is called by: shapes, and the parameters that are given. */
export function told(x: Shape, weight: Shape, params: object, bias: boolean | undefined) {
  const settings = Object.entries(params).map(
    ([name, value]) => [name, Array.isArray(value) ? formatShape(value) : value] as const,
  );
  return {
    x: formatShape(x),
    weight: formatShape(weight),
    ...Object.fromEntries(settings),
    ...(bias ? { bias } : {}),
  };
}

/** A sample of a convolution: small integers where it is exact. */
export function convolutionSample<P extends object>(
  { x, weight, y, channels, params }: Operands<P>,
  { bias, level = 'exact', positive, variants = SMALL, tier }: SampleOptions,
) {
  const tensor = (random: Random, shape: Shape) =>
    level === 'exact'
      ? filledTensor('f32', shape, () => random.integer(-8, 8))
      : drawTensor(random, shape, positive ? 'positive' : 'normal');
  return {
    level,
    label: told(x, weight, params, bias),
    params,
    variants,
    ...(tier ? { tier } : {}),
    inputs: (random: Random) => ({
      x: tensor(random, x),
      weight: tensor(random, weight),
      ...(bias ? { bias: tensor(random, [channels]) } : {}),
    }),
    grads: (random: Random) => ({ y: tensor(random, y) }),
  };
}
