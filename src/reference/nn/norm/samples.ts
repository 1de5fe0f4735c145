import { filledTensor, type HostTensor } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { layerNorm } from '../../../vocabulary/nn/layer_norm.ts';
import type { Normalization } from '../../../vocabulary/nn/norm.ts';
import { completed, type GivenParams } from '../../../vocabulary/signature.ts';
import type { SampleOf } from '../../define.ts';

interface Draw {
  readonly x: Shape;
  readonly params?: GivenParams<Normalization>;
  /** Elements of x are normal with this mean and this deviation; default 0 and 1. */
  readonly mean?: number;
  readonly scale?: number;
  readonly bias?: boolean;
  /** Default all. */
  readonly variants?: readonly string[];
}

function drawn(random: Random, shape: Shape, mean = 0, deviation = 1): HostTensor {
  return filledTensor('f32', shape, () => mean + random.normal(deviation));
}

/** A sample of a normalization of rows. */
export function normSample({
  x,
  params = {},
  mean = 0,
  scale = 1,
  bias,
  variants,
}: Draw): SampleOf<Normalization> {
  const { axis, eps } = completed(layerNorm, params); // the defaults of all normalizations
  const normalised = x.slice(axis);
  return {
    level: 'legal',
    ...(variants ? { variants } : {}),
    label: {
      x: formatShape(x),
      axis,
      eps,
      ...(mean ? { mean } : {}),
      scale,
      ...(bias ? { bias } : {}),
    },
    params,
    inputs: (random) => ({
      x: drawn(random, x, mean, scale),
      weight: drawn(random, normalised),
      ...(bias ? { bias: drawn(random, normalised) } : {}),
    }),
    grads: (random) => ({ y: drawn(random, x) }),
  };
}
