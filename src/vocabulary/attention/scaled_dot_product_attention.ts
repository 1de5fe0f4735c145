import * as v from 'valibot';
import { type Shape, sameShape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { FLOAT, float, type Known, notNegative, off, optional, positive, size } from '../rules.ts';
import { broadcast, broadcastsTo, exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

const attention = v.strictObject({
  /** Whether query i sees keys 0 to i alone. */
  causal: off,
  /** Factor of the products. Default 1 / sqrt(D). */
  scale: v.optional(notNegative),
  /** Heads of q where it is [B, S, H * D]. */
  heads: v.optional(size),
  /** Heads of k and v where they are [B, S, H * D]. */
  kv_heads: v.optional(size),
  /** Scores s become softcap * tanh(s / softcap) before the mask. Default: they do not. */
  softcap: v.optional(positive),
});
type Attention = v.InferOutput<typeof attention>;

/** What the dimensions of an operand are. */
interface Heads {
  readonly batch: Shape;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  /** Whether heads lie side by side in the last dimension. */
  readonly isPacked: boolean;
}

/**
 * Torch's [..., H, S, D], or [S, D] of one head; [B, S, H*D] where the parameters tell the number
 * of heads.
 */
function asHeads(shape: Shape, of: 'heads' | 'kv_heads', params: Attention): Heads {
  const heads = params[of];
  const isTold = params.heads !== undefined || params.kv_heads !== undefined;
  if (shape.length < (isTold ? 3 : 2))
    throw new SignatureError(
      isTold ? 'neither [..., H, S, D] nor [B, S, H*D]' : 'neither [..., H, S, D] nor [S, D]',
    );
  const [length, width] = shape.slice(-2) as [number, number];
  if (isTold && shape.length === 3) {
    if (heads === undefined) throw new SignatureError('[B, S, H*D] needs the number of heads');
    const own = exactly(width, heads, 'the last dimension');
    return { batch: shape.slice(0, 1), heads, length, width: own, isPacked: true };
  }
  const own = shape.at(-3) ?? 1;
  if (heads !== undefined && heads !== own)
    throw new SignatureError(`there are ${own} heads and not ${heads}`);
  return { batch: shape.slice(0, -3), heads: own, length, width, isPacked: false };
}

/** Whether batches and heads are dimensions of their own, along which operands broadcast. */
const isApart = (...operands: Heads[]) => operands.every(({ isPacked }) => !isPacked);

/** Heads of queries beside those of keys: as many, some that share one, or one for all. */
function shared(heads: number, kv: number): number {
  if (heads !== kv && heads !== 1 && heads % kv !== 0)
    throw new SignatureError(`${heads} query heads cannot share ${kv} key heads`);
  return heads === 1 ? kv : heads;
}

function keysLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const q = asHeads(shape('q'), 'heads', params);
  const k = asHeads(actual, 'kv_heads', params);
  shared(q.heads, k.heads);
  if (isApart(q, k)) {
    broadcast(q.batch, k.batch);
    return actual.with(-1, q.width);
  }
  const right = k.isPacked
    ? [...q.batch, k.length, k.heads * q.width]
    : [...q.batch, k.heads, k.length, q.width];
  return sameShape(k.batch, q.batch) && k.width === q.width ? actual : right;
}

function valuesLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const k = asHeads(shape('k'), 'kv_heads', params);
  const own = asHeads(actual, 'kv_heads', params);
  if (isApart(asHeads(shape('q'), 'heads', params), k, own)) {
    broadcast([...k.batch, k.heads], [...own.batch, own.heads]);
    return actual.with(-2, k.length);
  }
  return own.isPacked
    ? [...k.batch, k.length, k.heads * own.width]
    : [...k.batch, k.heads, k.length, own.width];
}

/** Batches, heads and lengths of the scores, as many dimensions as the operands have. */
function scores({ shape, params }: Known<Attention>): Shape {
  const q = asHeads(shape('q'), 'heads', params);
  const k = asHeads(shape('k'), 'kv_heads', params);
  const v = asHeads(shape('v'), 'kv_heads', params);
  if (!isApart(q, k, v)) return [...q.batch, q.heads, q.length, k.length];
  const together = broadcast([...k.batch, k.heads], [...v.batch, v.heads]);
  const whole = [
    ...broadcast(q.batch, together.slice(0, -1)),
    shared(q.heads, together.at(-1) as number),
    ...[q.length, k.length],
  ];
  return whole.slice(-Math.max(...(['q', 'k', 'v'] as const).map((name) => shape(name).length)));
}

function attended(known: Known<Attention>): Shape {
  const { params, shape } = known;
  const { width } = asHeads(shape('v'), 'kv_heads', params);
  const whole = scores(known).with(-1, width);
  if (!asHeads(shape('q'), 'heads', params).isPacked) return whole;
  const [batch, heads, length] = whole as [number, number, number, number];
  return [batch, length, heads * width];
}

/**
 * torch.nn.functional.scaled_dot_product_attention, with grouped queries. What is [..., H, S, D] has
 * any number of batches, and without any may lack H: all of them broadcast.
 */
export const scaledDotProductAttention = signature(
  { family: 'attention', name: 'scaled_dot_product_attention' },
  attention,
  {
    inputs: {
      q: float('[*q]'),
      k: float(keysLike),
      v: float(valuesLike),
      mask: optional({
        dtypes: ['U8', ...FLOAT],
        native: ['f32', 'u8'],
        hides: true,
        shape: (known, actual) => broadcastsTo(actual, scores(known)),
      }),
    },
    outputs: { y: float(attended) },
    gradients: ['q', 'k', 'v', 'mask'],
  },
);
