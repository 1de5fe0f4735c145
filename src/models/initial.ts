import { filledTensor, type HostTensor } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';

/** Parameters by name, as FlatParameters takes them. */
export type Initial = readonly (readonly [name: string, value: HostTensor])[];

const drawn = (shape: Shape, draw: () => number): HostTensor => filledTensor('f32', shape, draw);

/**
 * Weight and bias uniform within 1 / sqrt(terms of one output), as torch starts linears and
 * convolutions. `shape`: [out, in, ...].
 */
export function initialLinear(name: string, shape: Shape, random: Random, bias = true): Initial {
  const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const draw = () => random.uniform(-bound, bound);
  const weight = [`${name}.weight`, drawn(shape, draw)] as const;
  return bias ? [weight, [`${name}.bias`, drawn(shape.slice(0, 1), draw)]] : [weight];
}

/** A weight of ones and, with `bias`, one of zeros: a normalization that changes nothing yet. */
export function initialNorm(name: string, size: number, bias: boolean): Initial {
  const weight = [`${name}.weight`, drawn([size], () => 1)] as const;
  return bias ? [weight, [`${name}.bias`, drawn([size], () => 0)]] : [weight];
}

/** Standard normal rows, one a token. */
export function initialEmbedding(
  name: string,
  tokens: number,
  width: number,
  random: Random,
): Initial {
  return [[`${name}.weight`, drawn([tokens, width], () => random.normal())]];
}
