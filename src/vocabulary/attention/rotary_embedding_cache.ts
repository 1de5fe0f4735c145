import * as v from 'valibot';
import { float, index, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { CONVENTION } from './convention.ts';

/** ONNX RotaryEmbedding: the angles come from tables of cosines and sines. */
export const rotaryEmbeddingCache = signature(
  { family: 'attention', name: 'rotary_embedding_cache' },
  v.strictObject({
    convention: v.optional(CONVENTION, 'half-split'),
    /** Heads of x where it is [B, S, H * D]. */
    heads: v.optional(size),
  }),
  {
    inputs: {
      x: float('[*x]'),
      cos: float('[*c]'),
      sin: float('[*c]'),
      position_ids: optional(
        index('[*p]', ({ shape }) => ({ low: 0, high: (shape('cos')[0] as number) - 1 })),
      ),
    },
    outputs: { y: float('[*x]') },
    gradients: ['x'],
  },
);
