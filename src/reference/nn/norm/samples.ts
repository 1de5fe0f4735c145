import { type HostTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.ts';
import type { Sample } from '../../record.ts';

/** The vocabulary's parameters of rms_norm and layer_norm. */
export interface NormParams {
  readonly eps: number;
  readonly axis?: number;
}

interface Draw {
  readonly x: Shape;
  readonly params: NormParams;
  /** Elements of x are normal with this mean and this deviation; default 0 and 1. */
  readonly mean?: number;
  readonly scale?: number;
  readonly bias?: boolean;
}

function drawn(random: Random, shape: Shape, mean = 0, deviation = 1): HostTensor {
  return hostTensorFrom(
    'f32',
    shape,
    random.fill(sizeOf(shape), () => mean + random.normal(deviation)),
  );
}

/** A sample of a normalization of rows. */
export function normSample({ x, params, mean = 0, scale = 1, bias = false }: Draw): Sample<NormParams> {
  const { axis = -1, eps } = params;
  const normalised = x.slice(axis);
  return {
    layer: 'legal',
    label: { x: formatShape(x), axis, eps, ...(mean ? { mean } : {}), scale, ...(bias ? { bias } : {}) },
    params,
    inputs: (random) => ({
      x: drawn(random, x, mean, scale),
      weight: drawn(random, normalised),
      ...(bias ? { bias: drawn(random, normalised) } : {}),
    }),
    grads: (random) => ({ y: drawn(random, x) }),
  };
}
