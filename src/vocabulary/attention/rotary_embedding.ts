import * as v from 'valibot';
import { float, index, positive, size } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';
import { CONVENTION, notNegativeIndex } from './convention.ts';

/** Rotary position embedding of queries and keys. */
export const rotaryEmbedding = signature(
  { family: 'attention', name: 'rotary_embedding' },
  v.strictObject({
    /** Base of the frequencies theta^(-2 k / head_dim). */
    theta: v.optional(positive, 10_000),
    /** Columns of a head. */
    head_dim: v.pipe(size, v.multipleOf(2)),
    convention: v.optional(CONVENTION, 'half-split'),
  }),
  {
    inputs: {
      q: float(({ params }, actual) => [...actual.slice(0, -1), params.head_dim]),
      k: float(({ params }, actual) => [...actual.slice(0, -1), params.head_dim]),
      position_ids: index('[*p]', notNegativeIndex),
    },
    outputs: { q: float(like('q')), k: float(like('k')) },
    gradients: ['q', 'k'],
  },
);
