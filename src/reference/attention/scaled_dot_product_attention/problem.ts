import type { Shape } from '../../../tensor/shape.ts';
import type { scaledDotProductAttention } from '../../../vocabulary/attention/scaled_dot_product_attention.ts';
import type { InputsOf, ParamsOf } from '../../../vocabulary/signature.ts';
import type { Value } from '../../record.ts';

export type Inputs = InputsOf<typeof scaledDotProductAttention, Value>;
export type Params = ParamsOf<typeof scaledDotProductAttention>;

/** A tensor of heads, in either layout. */
export interface Heads {
  readonly value: Value;
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  /** Index of the first element of a position; one batch stands for all, and one head likewise. */
  readonly at: (batch: number, head: number, position: number) => number;
}

/** [B, H, S, D], or [B, S, H * D] of `heads` heads. */
function headsOf(value: Value, heads: number | undefined): Heads {
  const [batch, second, third, fourth] = value.shape as [number, number, number, number?];
  if (fourth !== undefined) {
    const own = (place: number, size: number) => (size === 1 ? 0 : place);
    const at = (b: number, h: number, s: number) =>
      ((own(b, batch) * second + own(h, second)) * third + s) * fourth;
    return { value, batch, heads: second, length: third, width: fourth, at };
  }
  const width = third / (heads as number);
  const at = (b: number, h: number, s: number) => (b * second + s) * third + h * width;
  return { value, batch, heads: heads as number, length: second, width, at };
}

/** An attention, whatever its layout. */
export interface Problem {
  readonly batch: number;
  /** Of queries, once they are broadcast. */
  readonly heads: number;
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  /** Layout of the result; its value holds no numbers. */
  readonly y: Heads;
  /** How many keys there are, and values. */
  readonly keys: number;
  /** Query heads that share a head of keys. */
  readonly group: number;
  readonly scale: number;
  readonly softcap: number;
  readonly adds: boolean;
  /** The element of the mask that a score has, where that is added. */
  readonly maskAt:
    | ((batch: number, head: number, query: number, key: number) => number)
    | undefined;
  /** Its shape. */
  readonly maskShape: Shape;
  /** What the mask adds to a score; undefined where the query does not see the key. */
  readonly added: (batch: number, head: number, query: number, key: number) => number | undefined;
}

/** Scalars are the float32 that a GPU gets. */
export function problemOf(inputs: Inputs, params: Params): Problem {
  const q = headsOf(inputs.q, params.heads);
  const k = headsOf(inputs.k, params.kv_heads);
  const v = headsOf(inputs.v, params.kv_heads);
  const together = (a: number, b: number) => (a === 1 ? b : a);
  const batch = together(q.batch, together(k.batch, v.batch));
  const shared = together(k.heads, v.heads);
  const heads = together(q.heads, shared);
  const shape =
    q.value.shape.length === 4
      ? [batch, heads, q.length, v.width]
      : [batch, q.length, heads * v.width];
  const y = headsOf({ shape, data: new Float64Array() }, heads);
  const { mask } = inputs;
  const placeIn = mask && placesIn(mask.shape);
  const added: Problem['added'] = (b, h, i, j) => {
    if (params.causal && j > i) return undefined;
    const element = placeIn ? (mask.data[placeIn([b, h, i, j])] as number) : 0;
    if (mask?.dtype === 'u8') return element === 0 ? undefined : 0;
    return element === Number.NEGATIVE_INFINITY ? undefined : element;
  };
  const adds = mask !== undefined && mask.dtype !== 'u8';
  const scale = Math.fround(params.scale ?? 1 / Math.sqrt(q.width));
  const group = heads / shared;
  return {
    batch,
    heads,
    q,
    k,
    v,
    y,
    keys: k.length,
    group,
    scale,
    softcap: Math.fround(params.softcap ?? 0),
    adds,
    maskAt: adds && placeIn ? (...at) => placeIn(at) : undefined,
    maskShape: mask?.shape ?? [],
    added,
  };
}

/**
 * Places of a mask's elements by batch, head, query and key, along which it may be broadcast.
 */
function placesIn(shape: Shape): (at: readonly number[]) => number {
  const missing = 4 - shape.length;
  return (at) =>
    shape.reduce(
      (flat, size, d) => flat * size + (size === 1 ? 0 : (at[d + missing] as number)),
      0,
    );
}

/** Calls `visit` for each query of each head of each batch. */
export function eachQuery(
  { batch, heads, q }: Problem,
  visit: (batch: number, head: number, query: number) => void,
): void {
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) for (let i = 0; i < q.length; i++) visit(b, h, i);
}
