import { type Shape, sizeOf } from '../../../tensor/shape.ts';
import type { scaledDotProductAttention } from '../../../vocabulary/attention/scaled_dot_product_attention.ts';
import type { InputsOf, ParamsOf } from '../../../vocabulary/signature.ts';
import { broadcastIndex, broadcastShape } from '../../broadcast.ts';
import type { Value } from '../../record.ts';

export type Inputs = InputsOf<typeof scaledDotProductAttention, Value>;
export type Params = ParamsOf<typeof scaledDotProductAttention>;

/** A tensor of heads, in either layout. */
export interface Heads {
  readonly value: Value;
  readonly batch: Shape;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  /** Index of the first element of a position; one batch stands for all, and one head likewise. */
  readonly at: (batch: number, head: number, position: number) => number;
}

/** [B, S, H * D] of `heads` heads. */
function packed(value: Value, heads: number): Heads {
  const [batch, length, side] = value.shape as [number, number, number];
  const width = side / heads;
  const at = (b: number, h: number, s: number) => (b * length + s) * side + h * width;
  return { value, batch: [batch], heads, length, width, at };
}

/** [..., H, S, D], or [S, D] of one head, in a call of so many `batches`. */
function apart(value: Value, batches: Shape): Heads {
  const [heads, length, width] = [1, ...value.shape].slice(-3) as [number, number, number];
  const batch = value.shape.slice(0, -3);
  const places = placesOf(batch, batches);
  const at = (b: number, h: number, s: number) =>
    (((places[b] as number) * heads + (heads === 1 ? 0 : h)) * length + s) * width;
  return { value, batch, heads, length, width, at };
}

/** Which of its own batches an operand has in each batch of the call. */
const placesOf = (own: Shape, batches: Shape): readonly number[] =>
  Array.from({ length: sizeOf(batches) }, (_, b) => broadcastIndex(b, batches, own));

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
  const isTold = params.heads !== undefined || params.kv_heads !== undefined;
  const isPacked = ({ shape }: Value) => isTold && shape.length === 3;
  const operands = [inputs.q, inputs.k, inputs.v];
  const batches = operands
    .map((value) => value.shape.slice(0, isPacked(value) ? 1 : -3))
    .reduce<Shape>(broadcastShape, []);
  const headsOf = (value: Value, heads: number | undefined): Heads =>
    isPacked(value) ? packed(value, heads as number) : apart(value, batches);
  const q = headsOf(inputs.q, params.heads);
  const k = headsOf(inputs.k, params.kv_heads);
  const v = headsOf(inputs.v, params.kv_heads);
  const together = (a: number, b: number) => (a === 1 ? b : a);
  const shared = together(k.heads, v.heads);
  const heads = together(q.heads, shared);
  const data = new Float64Array();
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const y = isPacked(inputs.q)
    ? packed({ shape: [...batches, q.length, heads * v.width], data }, heads)
    : apart({ shape: [...batches, heads, q.length, v.width].slice(-rank), data }, batches);
  const { mask } = inputs;
  const placeIn = mask && placesIn(mask.shape, batches);
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
    batch: sizeOf(batches),
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
function placesIn(shape: Shape, batches: Shape): (at: readonly number[]) => number {
  const places = placesOf(shape.slice(0, -3), batches);
  const rest = shape.slice(-3);
  return ([batch, ...at]) =>
    rest.reduce(
      (flat, size, d) => flat * size + (size === 1 ? 0 : (at[d + 3 - rest.length] as number)),
      places[batch as number] as number,
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
