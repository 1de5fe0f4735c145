import * as v from 'valibot';
import type { Shape } from '../../tensor/shape.ts';
import { SignatureError } from '../error.ts';
import { FLOAT, float, type Known, notNegative, off, optional, positive, size } from '../rules.ts';
import { broadcast, broadcastsTo, exactly } from '../shapes.ts';
import { signature } from '../signature.ts';

/** [B, H, S, D] or [B, S, H*D] split by `heads`. */
function asHeads(
  shape: Shape,
  heads: number | undefined,
): [batch: number, heads: number, length: number, width: number] {
  const [b = 0, second = 0, third = 0, fourth] = shape;
  if (shape.length === 4) {
    if (heads !== undefined && heads !== second)
      throw new SignatureError(`there are ${second} heads and not ${heads}`);
    return [b, second, third, fourth as number];
  }
  if (shape.length !== 3) throw new SignatureError('neither [B, H, S, D] nor [B, S, H*D]');
  if (heads === undefined) throw new SignatureError('[B, S, H*D] needs the number of heads');
  return [b, heads, second, exactly(third, heads, 'the last dimension')];
}

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
/** Whether batches and heads are dimensions of their own, along which operands broadcast. */
const isApart = (...shapes: Shape[]) => shapes.every((shape) => shape.length === 4);

/** Heads of queries beside those of keys: as many, some that share one, or one for all. */
function shared(heads: number, kv: number): number {
  if (heads !== kv && heads !== 1 && heads % kv !== 0)
    throw new SignatureError(`${heads} query heads cannot share ${kv} key heads`);
  return heads === 1 ? kv : heads;
}

function keysLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const [batch, heads, , width] = asHeads(shape('q'), params.heads);
  const [b, kv, length, d] = asHeads(actual, params.kv_heads);
  shared(heads, kv);
  if (isApart(shape('q'), actual)) {
    broadcast([batch], [b]);
    return [b, kv, length, width];
  }
  const right = actual.length === 4 ? [batch, kv, length, width] : [batch, length, kv * width];
  return b === batch && d === width ? actual : right;
}

function valuesLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const [batch, kv, length] = asHeads(shape('k'), params.kv_heads);
  const [b, heads, , width] = asHeads(actual, params.kv_heads);
  if (isApart(shape('q'), shape('k'), actual)) {
    broadcast([batch, kv], [b, heads]);
    return [b, heads, length, width];
  }
  return actual.length === 4 ? [batch, kv, length, width] : [batch, length, kv * width];
}

/** Batches and heads of y, and the length of the queries. */
function queries({ shape, params }: Known<Attention>): [number, number, number] {
  const [batch, heads, length] = asHeads(shape('q'), params.heads);
  if (!isApart(shape('q'), shape('k'), shape('v'))) return [batch, heads, length];
  const [b = 0, kv = 0] = broadcast(shape('k').slice(0, 2), shape('v').slice(0, 2));
  return [broadcast([batch], [b])[0] as number, shared(heads, kv), length];
}

function attended(known: Known<Attention>): Shape {
  const [batch, heads, length] = queries(known);
  const [, , , width] = asHeads(known.shape('v'), known.params.kv_heads);
  return known.shape('q').length === 4
    ? [batch, heads, length, width]
    : [batch, length, heads * width];
}

/** torch.nn.functional.scaled_dot_product_attention, with grouped queries. */
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
        shape: (known, actual) => {
          const [batch, heads, length] = queries(known);
          const keys = asHeads(known.shape('k'), known.params.kv_heads)[2];
          return broadcastsTo(actual, [batch, heads, length, keys]);
        },
      }),
    },
    outputs: { y: float(attended) },
    gradients: ['q', 'k', 'v', 'mask'],
  },
);
