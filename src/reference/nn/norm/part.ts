import type { Shape } from '../../../tensor/shape.ts';
import { SECOND_ORDER } from '../../bounds.ts';
import type { Acceptance, Value } from '../../record.ts';

/** An element of a result, and how far a GPU's may be off. */
export interface Part {
  readonly value: number;
  readonly error: number;
}

/** The elements as a tensor, in one dimension unless another shape is given. */
export const tensorOf = (parts: readonly Part[], shape: Shape = [parts.length]): Value => ({
  shape,
  data: Float64Array.from(parts, ({ value }) => value),
});

/** Their errors as a bound. */
export const within = (parts: readonly Part[]): Acceptance => ({
  kind: 'within',
  bound: Float64Array.from(parts, ({ error }) => error * SECOND_ORDER),
});
