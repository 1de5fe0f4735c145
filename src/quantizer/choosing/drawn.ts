import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { matrixView, type Shape, sizeOf } from '../../tensor/shape.ts';

/** Rows of drawn activations. */
const ROWS = 16;

/** One channel of so many is large, as in language models (Dettmers et al., "LLM.int8()", 2022). */
const LARGE_CHANNEL_OF = 64;
const LARGE_CHANNEL = 8;

/** One element of so many is an outlier. */
const OUTLIER_OF = 512;
const OUTLIER = 8;

/** Outputs have deviations from half of this to twice. */
const DEVIATION = 0.02;

/** Streams of activations stand above those of weights. */
const INPUT_STREAMS = 2 ** 16;

/** Normal activations f32 [16, width]; some channels are eight times as large. */
export function drawnInput(seed: number, stream: number, width: number): HostTensor {
  const random = new Random(seed, INPUT_STREAMS + stream);
  const factors = random.fill(width, () =>
    random.integer(1, LARGE_CHANNEL_OF) === 1 ? LARGE_CHANNEL : 1,
  );
  const draws = random.fill(ROWS * width, () => random.normal());
  const values = draws.map((draw, i) => draw * (factors[i % width] as number));
  return hostTensorFrom('f32', [ROWS, width], values);
}

/**
 * A normal weight f32 of this shape: each output has a deviation of its own, and one element of 512
 * is eight times as large.
 */
export function drawnWeight(seed: number, stream: number, shape: Shape): HostTensor {
  const random = new Random(seed, stream);
  const [rows, width] = matrixView(shape);
  const deviations = random.fill(rows, () => DEVIATION * 2 ** random.uniform(-1, 1));
  const factors = random.fill(sizeOf(shape), () =>
    random.integer(1, OUTLIER_OF) === 1 ? OUTLIER : 1,
  );
  const draws = random.fill(sizeOf(shape), () => random.normal());
  const values = draws.map(
    (draw, i) => draw * (factors[i] as number) * (deviations[Math.floor(i / width)] as number),
  );
  return hostTensorFrom('f32', shape, values);
}
