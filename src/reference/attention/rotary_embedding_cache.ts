import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { rotaryEmbeddingCache as signature } from '../../vocabulary/attention/rotary_embedding_cache.ts';
import type { GivenParams, InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { ROTARY_FAULTS } from './rotary/faults.ts';
import { type Turns, turned, turnedWithin } from './rotary/turn.ts';

type Given = GivenParams<typeof signature>;

/**
 * Turns of x [B, H, S, D] or [B, S, H * D], looked up in tables by position_ids or by batch and
 * position.
 */
export function cachedTurns(
  { x, cos, sin, position_ids: ids }: InputsOf<typeof signature, Value>,
  { convention, heads }: ParamsOf<typeof signature>,
): Turns {
  const [, second, third, fourth] = x.shape as [number, number, number, number?];
  const width = fourth ?? third / (heads as number);
  const pairs = cos.shape.at(-1) as number;
  const place = (first: number): number => {
    const row = first / width;
    // [B, S, H] without a fourth dimension, else [B, H, S].
    if (fourth === undefined) return Math.floor(row / (heads as number));
    return Math.floor(row / (second * third)) * third + (row % third);
  };
  const last = cos.data.length / pairs - 1;
  return {
    width,
    pairs,
    convention,
    at: (first, pair) => {
      const at = ids ? Math.min(Math.max(ids.data[place(first)] as number, 0), last) : place(first);
      return {
        cos: cos.data[at * pairs + pair] as number,
        sin: sin.data[at * pairs + pair] as number,
        error: 0,
      };
    },
  };
}

interface Draw {
  readonly level: SampleOf<typeof signature>['level'];
  readonly x: Shape;
  readonly cos: Shape;
  readonly ids?: Shape;
  readonly params?: Given;
  /** Ids reach this far outside of the tables on both sides; default 0. */
  readonly outside?: number;
}

/** A sample of numbers that a table of angles need not hold: the op looks them up. */
export function cacheSample({
  level,
  x,
  cos,
  ids,
  params = {},
  outside = 0,
}: Draw): SampleOf<typeof signature> {
  const drawn = (random: Random, shape: Shape, largest: number) =>
    filledTensor('f32', shape, () =>
      level === 'exact' ? random.integer(-largest, largest) : random.normal(),
    );
  const { convention, heads } = params;
  return {
    level,
    label: {
      x: formatShape(x),
      cos: formatShape(cos),
      ...(ids ? { ids: formatShape(ids) } : {}),
      ...(convention ? { convention } : {}),
      ...(heads ? { heads } : {}),
    },
    params,
    inputs: (random) => ({
      x: drawn(random, x, 99),
      cos: drawn(random, cos, 1),
      sin: drawn(random, cos, 1),
      ...(ids
        ? {
            position_ids: filledTensor('i32', ids, () =>
              random.integer(-outside, (cos[0] as number) - 1 + outside),
            ),
          }
        : {}),
    }),
    grads: (random) => ({ y: drawn(random, x, 99) }),
  };
}

/** ONNX's RotaryEmbedding. */
export const record = defineRecord(signature, {
  summary: 'x with pairs of columns rotated by tables of cosines and sines',
  forward: (inputs, params) => ({
    y: turned(inputs.x, cachedTurns(inputs, params), false),
  }),
  acceptance: (inputs, _outputs, params) => ({
    y: turnedWithin(inputs.x, cachedTurns(inputs, params)),
  }),
  vjp: (inputs, params, grads) => ({
    x: turned(grads.y, cachedTurns(inputs, params), true),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads) => ({
    x: turnedWithin(grads.y, cachedTurns(inputs, params)),
  }),
  samples: [
    cacheSample({ level: 'exact', x: [2, 3, 5, 8], cos: [9, 4], ids: [2, 5] }),
    cacheSample({
      level: 'exact',
      x: [2, 3, 5, 8],
      cos: [2, 5, 3],
      params: { convention: 'interleaved' },
    }),
    cacheSample({ level: 'exact', x: [2, 5, 21], cos: [2, 5, 2], params: { heads: 3 } }),
    cacheSample({
      level: 'exact',
      x: [2, 4, 12],
      cos: [4, 1],
      ids: [2, 4],
      params: { heads: 2, convention: 'interleaved' },
      outside: 3,
    }),
    cacheSample({ level: 'legal', x: [2, 4, 8, 16], cos: [50, 8], ids: [2, 8] }),
    cacheSample({ level: 'legal', x: [1, 1, 1, 2], cos: [1, 1, 1] }),
  ],
  faults: ROTARY_FAULTS,
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('cosines wrong by 2e-5', 'cos', (x) => x * (1 + 2e-5)),
    inputBug('sign of the sines', 'sin', (x) => -x),
    inputBug('positions off by one', 'position_ids', (p) => p + 1),
    paramsBug('the other convention', ({ convention, ...params }) => ({
      ...params,
      convention: convention === 'interleaved' ? 'half-split' : 'interleaved',
    })),
    paramsBug('one head for all', ({ heads, ...params }) => ({
      ...params,
      heads: heads && 1,
    })),
  ],
});
