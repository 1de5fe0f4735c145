import type { DType } from '../../tensor/dtype.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';

/** How a weight of a sample is stored, and its numbers: by default normal ones of 0.05. */
export interface DrawnWeight {
  readonly dtype?: DType;
  readonly draw?: ((random: Random) => number) | undefined;
}

/** The inputs of an op that quantizes a weight of `shape`. */
export function drawnWeight(
  shape: Shape,
  { dtype = 'f32', draw = (random) => random.normal(0.05) }: DrawnWeight,
): (random: Random) => { readonly weight: HostTensor } {
  return (random) => ({
    weight: hostTensorFrom(
      dtype,
      shape,
      random.fill(sizeOf(shape), () => draw(random)),
    ),
  });
}
