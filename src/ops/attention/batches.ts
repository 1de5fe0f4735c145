import type { Gpu } from '../../gpu/gpu.ts';
import type { Scope } from '../../gpu/scope.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { scaledDotProductAttention } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { broadcastShapes } from '../math/axes.ts';
import { convert } from '../math/convert.ts';
import { expanded } from '../shape/copy.ts';
import type { Operands } from './layout.ts';

const OP = 'scaled_dot_product_attention';

/** Operands with one dimension of batches. */
interface Batches {
  readonly operands: Operands;
  /**
   * Shapes with all batches, once they are broadcast; without, those of the operands are as they
   * should be.
   */
  readonly whole?: Readonly<Record<'q' | 'k' | 'v' | 'y' | 'scores', Shape>>;
}

/**
 * Operands [..., H, S, D] as [B, H, S, D], with as many batches, and heads, as there are together:
 * views, or copies in `scope` of what is broadcast. Heads that lie side by side, and what stands
 * beside them, stay. Throws ShapeError.
 */
export function inBatches(
  gpu: Gpu,
  scope: Scope,
  operands: Operands,
  params: Pick<ParamsOf<typeof scaledDotProductAttention>, 'heads' | 'kv_heads'>,
): Batches {
  const { q, k, v, mask } = operands;
  const shapes = [q, k, v].map(({ shape }) => shape);
  const rank = Math.max(...shapes.map(({ length }) => length));
  const isTold = params.heads !== undefined || params.kv_heads !== undefined;
  if (isTold && shapes.some(({ length }) => length < 4)) return { operands };
  if (shapes.some(({ length }) => length < 2))
    throw new ShapeError(
      `${OP}: q, k, v of ${shapes.map(formatShape).join(', ')} should be [..., H, S, D], or [S, D]`,
    );
  const ofKeys = broadcastShapes(OP, k.shape.slice(0, -2), v.shape.slice(0, -2));
  const batch = broadcastShapes(OP, q.shape.slice(0, -3), ofKeys.slice(0, -1));
  const kv = ofKeys.at(-1) ?? 1;
  const own = q.shape.at(-3) ?? 1;
  const heads = own === 1 ? kv : own;
  const whole = (count: number, last: readonly (number | undefined)[]) =>
    [...batch, count, ...(last as Shape)].slice(-rank);
  const widened = (operand: Tensor, count: number) => {
    const last = operand.shape.slice(-2);
    const wide = filling(gpu, scope, operand, whole(count, last));
    return inOneBatch(wide, [sizeOf(batch), count, ...last]);
  };
  const queries = q.shape.at(-2);
  return {
    operands: {
      q: widened(q, heads),
      k: widened(k, kv),
      v: widened(v, kv),
      mask: mask && maskInBatches(gpu, scope, mask, batch),
    },
    whole: {
      q: whole(heads, q.shape.slice(-2)),
      k: whole(kv, k.shape.slice(-2)),
      v: whole(kv, v.shape.slice(-2)),
      y: whole(heads, [queries, v.shape.at(-1)]),
      scores: whole(heads, [queries, k.shape.at(-2)]),
    },
  };
}

/** Itself, or a copy in `scope` that fills `shape`. */
function filling(gpu: Gpu, scope: Scope, operand: Tensor, shape: Shape): Tensor {
  if (sizeOf(operand.shape) === sizeOf(shape)) return operand;
  if (operand.dtype !== 'u8') return scope.add(expanded(gpu, operand, shape));
  // Copies are of 32 bits.
  const wide = scope.add(expanded(gpu, scope.add(convert(gpu, operand, 'i32')), shape));
  return scope.add(convert(gpu, wide, 'u8'));
}

const inOneBatch = (operand: Tensor, shape: Shape): Tensor =>
  sameShape(operand.shape, shape) ? operand : operand.view(shape);

/** A mask that is one for all of several batches, or of each of them. */
function maskInBatches(gpu: Gpu, scope: Scope, mask: Tensor, batch: Shape): Tensor {
  const own = mask.shape.slice(0, -3);
  if (batch.length < 2 || own.length === 0 || own.length > batch.length) return mask;
  const last = mask.shape.slice(-3);
  if (sizeOf(own) === 1) return mask.view([1, ...last]);
  return inOneBatch(filling(gpu, scope, mask, [...batch, ...last]), [sizeOf(batch), ...last]);
}
