import { GradproofError } from '../../errors.ts';
import { f32, type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { broadcastStrides } from '../matmul/plan.ts';

/**
 * A tensor of heads: sizes, and strides in elements of batch, head and position. The elements of a
 * position are neighbours.
 */
export interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly strides: readonly [number, number, number];
}

/** An attention laid out for the kernels. */
export interface AttentionLayout {
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  readonly y: Heads;
  readonly shape: Shape;
  /** Sizes of the scores: batches, heads, queries, keys. */
  readonly scores: readonly [batch: number, heads: number, queries: number, keys: number];
  /** Columns of a query and of a key, and of a value. */
  readonly keyWidth: number;
  readonly valueWidth: number;
  /** Query heads that share a head of keys and values. */
  readonly group: number;
  readonly scale: number;
  /** Queries of all batches and heads, and keys likewise. */
  readonly rows: number;
  readonly keyRows: number;
  /** Of the kernels of either pass, whose operands are filled up to {@link wholeVectors}. */
  readonly uniforms: Readonly<Record<'forward' | 'backward', readonly UniformField[]>>;
}

/** Reads [B, H, S, D], or [B, S, H * D] with the number of heads. Throws ShapeError. */
export function headsOf(name: string, shape: Shape, heads: number | undefined): Heads {
  const [batch, second, third, fourth] = shape as readonly [number, number, number, number];
  if (shape.length === 4 && (heads === undefined || heads === second)) {
    return {
      batch,
      heads: second,
      length: third,
      width: fourth,
      strides: [second * third * fourth, third * fourth, fourth],
    };
  }
  if (shape.length === 3 && heads !== undefined && heads > 0 && third % heads === 0) {
    return {
      batch,
      heads,
      length: second,
      width: third / heads,
      strides: [second * third, third / heads, third],
    };
  }
  throw new ShapeError(
    `${name} of ${formatShape(shape)} is neither [B, H, S, D] nor [B, S, H * D] of ${heads ?? 'a given number of'} heads`,
  );
}

/** What attention reads. */
export interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask?: Tensor | undefined;
}

/**
 * Checks that the operands fit. Throws ShapeError, and an error with code `bad-params` for
 * parameters outside of their range.
 */
export function layoutOf(
  { q, k, v, mask }: Operands,
  params: ParamsOf<typeof scaledDotProductAttention>,
): AttentionLayout {
  const { causal, heads, kv_heads, softcap } = params;
  const queries = headsOf('q', q.shape, heads);
  const keys = headsOf('k', k.shape, kv_heads);
  const values = headsOf('v', v.shape, kv_heads);
  const scale = params.scale ?? 1 / Math.sqrt(queries.width);
  if (softcap !== undefined && !(softcap > 0))
    throw new GradproofError(
      'bad-params',
      `scaled_dot_product_attention: softcap ${softcap} is not positive`,
    );
  const fit =
    keys.batch === queries.batch &&
    values.batch === queries.batch &&
    keys.width === queries.width &&
    values.heads === keys.heads &&
    values.length === keys.length &&
    (queries.heads === keys.heads || queries.heads % keys.heads === 0);
  if (!fit) {
    const shapes = [q, k, v].map(({ shape }) => formatShape(shape)).join(', ');
    throw new ShapeError(`scaled_dot_product_attention: q, k, v of ${shapes} do not fit`);
  }
  const { batch, length } = queries;
  const scores = [batch, queries.heads, length, keys.length] as const;
  const maskStrides = mask ? maskStridesOf(mask, scores) : [0, 0, 0, 0];
  const { width: keyWidth } = queries;
  const { width: valueWidth } = values;
  const shape =
    q.shape.length === 4
      ? [batch, queries.heads, length, valueWidth]
      : [batch, length, queries.heads * valueWidth];
  const y = headsOf('y', shape, queries.heads);
  const group = keys.heads === 0 ? 1 : queries.heads / keys.heads;
  const rows = batch * queries.heads * length;
  const keyRows = batch * keys.heads * keys.length;
  const kind = mask === undefined ? 0 : mask.dtype === 'u8' ? 1 : 2;
  const sizes = [queries.heads, group, length, keys.length, rows, keyRows];
  const uniformsWith = (ofY: Heads) => [
    ...[...[queries, keys, values].map(wholeVectors), ofY].flatMap(fieldsOf),
    ...[...maskStrides, ...sizes, Number(causal), kind, keyWidth, valueWidth].map(u32),
    ...[f32(scale), f32(softcap ?? 0)],
  ];
  const uniforms = { forward: uniformsWith(y), backward: uniformsWith(wholeVectors(y)) };
  return {
    ...{ q: queries, k: keys, v: values, y },
    ...{ shape, scores, keyWidth, valueWidth, group, scale, rows, keyRows, uniforms },
  };
}

/**
 * The layout where each position is filled up to whole vectors of four elements: kernels read no
 * others.
 */
export function wholeVectors(heads: Heads): Heads {
  const { width, strides } = heads;
  const filled = Math.ceil(width / 4) * 4;
  const widened = (stride: number) => (width === 0 ? 0 : (stride / width) * filled);
  const [batch, head, position] = strides;
  return {
    ...heads,
    width: filled,
    strides: [widened(batch), widened(head), widened(position)],
  };
}

/** Strides and width, as a vec4u of a uniform struct. */
export function fieldsOf({ strides, width }: Heads): UniformField[] {
  return [...strides, width].map(u32);
}

/** Strides of the mask along batch, head, query and key, 0 where it repeats. */
function maskStridesOf({ shape }: Tensor, target: Shape): number[] {
  const missing = target.length - shape.length;
  if (missing < 0 || shape.some((size, i) => size !== 1 && size !== target[i + missing])) {
    throw new ShapeError(
      `scaled_dot_product_attention: a mask of ${formatShape(shape)} does not broadcast to ${formatShape(target)}`,
    );
  }
  return broadcastStrides(shape, target.length);
}
