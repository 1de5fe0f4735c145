import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { productOf } from '../choosing/square-sums.ts';
import type { Direction } from './directions.ts';

/** What every cell is given: a weight [out, in], activations [rows, in] and a gradient [rows, out]. */
export interface GivenToCell {
  readonly weight: HostTensor;
  readonly x: HostTensor;
  readonly dy: HostTensor;
}

/** Groups of 32, 64 and 128 fill rows, and blocks of 4096 do not; neither side is a power of two. */
const OUT = 19;
const IN = 384;
const ROWS = 5;

/** As large as the weights of a trained linear. */
const WEIGHT_SIZE = 0.05;

/** Normal numbers of this type, from one stream for each tensor. */
export function drawnForCell(
  random: (stream: number) => Random,
  dtype: 'f32' | 'f16' = 'f32',
): GivenToCell {
  const drawn = (stream: number, shape: Shape, deviation: number) => {
    const source = random(stream);
    const values = source.fill(sizeOf(shape), () => source.normal(deviation));
    return hostTensorFrom(dtype, shape, values);
  };
  return {
    weight: drawn(0, [OUT, IN], WEIGHT_SIZE),
    x: drawn(1, [ROWS, IN], 1),
    dy: drawn(2, [ROWS, OUT], 1),
  };
}

/** What a direction gives in float64 of a weight that is not quantized. */
export function withoutQuantizing(direction: Direction, given: GivenToCell): Float64Array {
  const weight = valuesOf(given.weight);
  switch (direction) {
    case 'quantize':
    case 'dequantize':
      return weight;
    case 'product':
      return productOf(valuesOf(given.x), weight, IN);
    case 'gradient':
      return productOf(valuesOf(given.dy), transposed(weight), OUT);
  }
}

/** [out, in] as [in, out]. */
function transposed(weight: Float64Array): Float64Array {
  return Float64Array.from(
    weight,
    (_, i) => weight[(i % OUT) * IN + Math.floor(i / OUT)] as number,
  );
}
