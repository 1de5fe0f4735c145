import { filledTensor, type HostTensor, hostTensorFrom } from '../../../tensor/host.ts';
import type { Random } from '../../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../../tensor/shape.ts';
import type { scaledDotProductAttention } from '../../../vocabulary/attention/scaled_dot_product_attention.ts';
import type { GivenParams } from '../../../vocabulary/signature.ts';
import { broadcastShape } from '../../broadcast.ts';
import type { SampleOf } from '../../define.ts';

/**
 * Kinds of masks: bytes (every fourth hides, and all of the second query); floats; floats that
 * hide.
 */
type MaskKind = 'hidden' | 'added' | 'lowest' | 'minus-infinity';

interface Draw {
  readonly q: Shape;
  readonly k: Shape;
  readonly v: Shape;
  readonly params?: GivenParams<typeof scaledDotProductAttention>;
  readonly mask?: readonly [MaskKind, Shape];
  /**
   * Queries and keys are rows of unit matrices times this, so that scores lie far apart and each
   * query takes one value.
   */
  readonly apart?: number;
  /** Size of the elements of q and k. Default 1. */
  readonly deviation?: number;
  /** Default quick. */
  readonly tier?: 'full';
  /** Of the gradients. Default that of the sample. */
  readonly gradientTier?: 'full';
}

const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

function maskOf(random: Random, [kind, shape]: readonly [MaskKind, Shape]): HostTensor {
  const keys = shape.at(-1) as number;
  const hides = (i: number) => i % 4 === 1 || Math.floor(i / keys) === 1;
  if (kind === 'hidden') return filledTensor('u8', shape, (i) => (hides(i) ? 0 : 1 + (i % 255)));
  const hidden = kind === 'lowest' ? LOWEST : Number.NEGATIVE_INFINITY;
  const element = (i: number) =>
    kind !== 'added' && i % keys > 0 && i % 3 > 0 ? hidden : random.normal();
  return filledTensor('f32', shape, (i) => element(i));
}

/** One of `size` directions for each position, in turn. */
function directions(shape: Shape, size: number): Float64Array {
  const width = shape.at(-1) as number;
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
    Math.floor(i / width) % width === i % width ? size : 0,
  );
}

/** A sample of normally distributed elements. */
export function attentionSample({
  q,
  k,
  v,
  params = {},
  mask,
  apart,
  deviation = 1,
  tier,
  gradientTier,
}: Draw): SampleOf<typeof scaledDotProductAttention> {
  const { causal, scale, heads, kv_heads, softcap } = params;
  const normal = (random: Random, shape: Shape, size = 1) =>
    filledTensor('f32', shape, () => random.normal(size));
  const operand = (random: Random, shape: Shape) =>
    apart === undefined
      ? normal(random, shape, deviation)
      : hostTensorFrom('f32', shape, directions(shape, apart));
  const lead = [k, v].map((shape) => shape.slice(0, -2)).reduce(broadcastShape, q.slice(0, -2));
  const y =
    heads === undefined
      ? [...lead, q.at(-2) as number, v.at(-1) as number]
      : [...q.slice(0, -1), ((v.at(-1) as number) / (kv_heads ?? 1)) * heads];
  return {
    level: 'legal',
    ...(tier ? { tier } : {}),
    ...(gradientTier ? { gradientTier } : {}),
    label: {
      q: formatShape(q),
      k: formatShape(k),
      v: formatShape(v),
      ...(causal ? { causal } : {}),
      ...(scale === undefined ? {} : { scale }),
      ...(softcap === undefined ? {} : { softcap }),
      ...(heads === undefined ? {} : { heads }),
      ...(kv_heads === undefined ? {} : { kv_heads }),
      ...(mask ? { mask: mask[0] } : {}),
      ...(apart === undefined ? {} : { values: 'one-hot' }),
    },
    params,
    inputs: (random) => ({
      q: operand(random, q),
      k: operand(random, k),
      v: normal(random, v),
      ...(mask ? { mask: maskOf(random, mask) } : {}),
    }),
    grads: (random) => ({ y: normal(random, y) }),
  };
}

/**
 * Grouped and broadcast heads, both layouts, masks, caps, tails of every block, a query that sees nothing, and no
 * key at all.
 */
export const samples: readonly SampleOf<typeof scaledDotProductAttention>[] = [
  attentionSample({ q: [1, 1, 1, 1], k: [1, 1, 1, 1], v: [1, 1, 1, 1] }),
  attentionSample({
    q: [2, 4, 5, 6],
    k: [2, 2, 7, 6],
    v: [2, 2, 7, 3],
    params: { causal: true, scale: 0.3 },
  }),
  attentionSample({ q: [1, 1, 2, 3], k: [1, 1, 5, 3], v: [1, 1, 5, 2], params: { scale: 0 } }),
  attentionSample({
    q: [2, 5, 16],
    k: [2, 19, 8],
    v: [2, 19, 12],
    params: { heads: 4, kv_heads: 2 },
    mask: ['hidden', [5, 19]],
  }),
  attentionSample({
    q: [2, 3, 6, 5],
    k: [2, 1, 9, 5],
    v: [2, 1, 9, 5],
    params: { softcap: 2 },
    mask: ['added', [2, 1, 6, 9]],
    deviation: 2,
  }),
  attentionSample({
    q: [1, 2, 37, 67],
    k: [1, 2, 35, 67],
    v: [1, 2, 35, 66],
    params: { causal: true },
    tier: 'full',
  }),
  attentionSample({ q: [1, 2, 16, 8], k: [1, 2, 8, 8], v: [1, 2, 8, 4], apart: 20, tier: 'full' }),
  // Whole workgroups, then all the columns of an invocation: none to spare.
  attentionSample({ q: [1, 4, 64, 2], k: [1, 4, 64, 2], v: [1, 4, 64, 3], tier: 'full' }),
  attentionSample({ q: [1, 4, 16, 2], k: [1, 4, 64, 2], v: [1, 4, 64, 3] }),
  attentionSample({ q: [1, 1, 2, 64], k: [1, 1, 3, 64], v: [1, 1, 3, 64], tier: 'full' }),
  attentionSample({
    q: [1, 2, 3, 8],
    k: [1, 2, 6, 8],
    v: [1, 2, 6, 4],
    mask: ['lowest', [1, 2, 3, 6]],
  }),
  attentionSample({
    q: [1, 2, 3, 8],
    k: [1, 2, 6, 8],
    v: [1, 2, 6, 4],
    mask: ['minus-infinity', [2, 1, 6]],
  }),
  attentionSample({ q: [1, 2, 3, 4], k: [1, 2, 0, 4], v: [1, 2, 0, 5] }),
  // Broadcast: batches and heads of queries, batches of keys beside groups, heads of values.
  attentionSample({
    q: [1, 1, 5, 3],
    k: [2, 3, 7, 3],
    v: [2, 3, 7, 2],
    mask: ['added', [3, 5, 7]],
  }),
  attentionSample({ q: [3, 4, 2, 5], k: [1, 2, 6, 5], v: [3, 1, 6, 4], params: { causal: true } }),
  // One more and one less than tiles of 16 and 32, with columns to fill up.
  attentionSample({
    q: [1, 2, 17, 9],
    k: [1, 1, 31, 9],
    v: [1, 1, 31, 13],
    mask: ['minus-infinity', [17, 31]],
  }),
  // Whole tiles, and a row of queries more; heads side by side.
  attentionSample({
    q: [1, 33, 32],
    k: [1, 32, 16],
    v: [1, 32, 16],
    params: { heads: 2, kv_heads: 1, causal: true },
    tier: 'full',
  }),
  // Rescaled in several tiles, past keys that are hidden.
  attentionSample({
    q: [1, 1, 2, 8],
    k: [1, 1, 128, 8],
    v: [1, 1, 128, 8],
    mask: ['minus-infinity', [2, 128]],
    deviation: 4,
  }),
  // Of two, three and five dimensions.
  attentionSample({ q: [5, 3], k: [7, 3], v: [7, 2], params: { causal: true } }),
  attentionSample({ q: [6, 5, 3], k: [2, 7, 3], v: [2, 7, 4], mask: ['added', [6, 1, 7]] }),
  attentionSample({
    q: [2, 1, 4, 3, 5],
    k: [1, 3, 2, 6, 5],
    v: [2, 3, 1, 6, 2],
    mask: ['added', [2, 1, 1, 3, 6]],
  }),
  attentionSample({
    q: [2, 3, 1, 2, 4],
    k: [3, 2, 5, 4],
    v: [5, 4],
    mask: ['hidden', [3, 1, 1, 5]],
  }),
  // Two tiles of 64 keys or queries and a part of one, none of whose numbers is hidden from all.
  attentionSample({
    q: [1, 1, 130, 12],
    k: [1, 1, 130, 12],
    v: [1, 1, 130, 8],
    params: { causal: true },
  }),
  // And two blocks of columns.
  attentionSample({
    q: [1, 1, 130, 20],
    k: [1, 1, 130, 20],
    v: [1, 1, 130, 8],
    params: { causal: true },
    gradientTier: 'full',
  }),
  // Queries whose scores are nothing beside those of others.
  attentionSample({ q: [1, 1, 9, 4], k: [1, 1, 3, 4], v: [1, 1, 3, 4], deviation: 12 }),
  // Blocks of columns.
  attentionSample({ q: [1, 1, 5, 4], k: [1, 1, 31, 4], v: [1, 1, 31, 132], tier: 'full' }),
];
