import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { batchNorm } from '../../vocabulary/nn/batch_norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import type { Arithmetic, Value } from '../record.ts';
import { type Row, rowOf } from './norm/row.ts';

export type Inputs = InputsOf<typeof batchNorm, Value>;
export type Params = ParamsOf<typeof batchNorm>;

/** Where the elements of a channel of [N, C, ...] lie. */
export function elementsOf(shape: Shape, channel: number): number[] {
  const [batch, channels, ...inner] = shape as [number, number, ...number[]];
  const size = sizeOf(inner);
  return Array.from(
    { length: batch * size },
    (_, i) => (Math.floor(i / size) * channels + channel) * size + (i % size),
  );
}

/** A channel whose statistics may be what they are. */
export type Normalized = Omit<Row, 'meanError' | 'varianceError'>;

/** The elements of a channel normalized by the running statistics, which are what they are. */
function rowOfRunning(x: Float64Array, mean: number, variance: number, eps: number): Normalized {
  const power = variance + eps;
  const rstd = 1 / Math.sqrt(power);
  const rstdError = 1 / Math.sqrt(1 - EPS) - 1 + 2 * EPS;
  const z = x.map((value) => (value - mean) * rstd);
  const zError = z.map((value) => Math.abs(value) * (2 * EPS + rstdError) + FLUSH * (2 + 2 * rstd));
  return { x, mean, variance, rstd, rstdError, z, zError };
}

/** Channels of x, normalized; eps is the float32 that a GPU gets. */
export function channelsOf(
  { x, running_mean, running_var }: Inputs,
  { eps, training }: Params,
  arithmetic: Arithmetic,
): readonly Normalized[] {
  return Array.from(running_mean.data, (mean, c) => {
    const values = Float64Array.from(elementsOf(x.shape, c), (i) => x.data[i] as number);
    if (training) return rowOf(values, Math.fround(eps), arithmetic);
    return rowOfRunning(values, mean, running_var.data[c] as number, Math.fround(eps));
  });
}

/** A result of x's shape, element by element of the channels. */
export function spreadOut<T>(x: Value, parts: readonly (readonly T[])[]): T[] {
  const all: T[] = [];
  parts.forEach((channel, c) => {
    elementsOf(x.shape, c).forEach((at, i) => {
      all[at] = channel[i] as T;
    });
  });
  return all;
}
