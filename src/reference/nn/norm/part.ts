import { SECOND_ORDER } from '../../bounds.ts';
import type { Acceptance, Value } from '../../record.ts';

/** An element of a result, and how far a GPU's may be off. */
export interface Part {
  readonly value: number;
  readonly error: number;
}

/** The elements as a tensor of the shape of `like`. */
export const tensorOf = (parts: readonly Part[], like: Value): Value => ({
  shape: like.shape,
  data: Float64Array.from(parts, ({ value }) => value),
});

/** Their errors as a bound. */
export const within = (parts: readonly Part[]): Acceptance => ({
  kind: 'within',
  bound: Float64Array.from(parts, ({ error }) => error * SECOND_ORDER),
});
