import * as v from 'valibot';
import type { Shape } from '../../../tensor/shape.ts';
import { FormatError } from '../../format-error.ts';
import {
  CODES,
  FLOAT,
  float,
  fraction,
  index,
  integer,
  type Known,
  none,
  notNegative,
  off,
  on,
  op,
  optional,
  positive,
  type Range,
  size,
} from '../rules.ts';
import { alongAxis, axisIn, broadcastsTo, exactly, like } from '../shape-rules.ts';

const lastAxis = v.strictObject({ axis: v.optional(integer, -1) });
const norm = v.strictObject({ eps: v.optional(notNegative, 1e-5), axis: v.optional(integer, -1) });
/** Shape of weight and bias: what is normalised, from `axis` to the last dimension. */
const normalised = ({ shape, params }: Known<v.InferOutput<typeof norm>>): Shape => shape('x').slice(axisIn(params.axis, shape('x')));

const elementwise = { inputs: { x: float('[*x]') }, outputs: { y: float('[*x]') }, gradients: ['x'] } as const;

const notBefore0 = (): Range => ({ low: 0, high: 2 ** 31 - 1 });

const CONVENTION = v.picklist(['half-split', 'interleaved']);
/** [B, H, S, D] or [B, S, H*D] split by `heads`. */
function asHeads(shape: Shape, heads: number | undefined): [batch: number, heads: number, length: number, width: number] {
  const [b = 0, second = 0, third = 0, fourth] = shape;
  if (shape.length === 4) {
    if (heads !== undefined && heads !== second) throw new FormatError(`there are ${second} heads and not ${heads}`);
    return [b, second, third, fourth as number];
  }
  if (shape.length !== 3) throw new FormatError('neither [B, H, S, D] nor [B, S, H*D]');
  if (heads === undefined) throw new FormatError('[B, S, H*D] needs the number of heads');
  return [b, heads, second, exactly(third, heads, 'the last dimension')];
}

const attention = v.strictObject({
  causal: off,
  scale: v.optional(notNegative),
  heads: v.optional(size),
  kv_heads: v.optional(size),
  softcap: v.optional(positive),
});
type Attention = v.InferOutput<typeof attention>;
const queries = ({ shape, params }: Known<Attention>) => asHeads(shape('q'), params.heads);

function keysLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const [batch, heads, , width] = asHeads(shape('q'), params.heads);
  const [b, kv, length, d] = asHeads(actual, params.kv_heads);
  if (heads % kv !== 0) throw new FormatError(`${heads} query heads cannot share ${kv} key heads`);
  const right = actual.length === 4 ? [batch, kv, length, width] : [batch, length, kv * width];
  return b === batch && d === width ? actual : right;
}

function valuesLike({ shape, params }: Known<Attention>, actual: Shape): Shape {
  const [batch, kv, length] = asHeads(shape('k'), params.kv_heads);
  const [, , , width] = asHeads(actual, params.kv_heads);
  return actual.length === 4 ? [batch, kv, length, width] : [batch, length, kv * width];
}

function attended(known: Known<Attention>): Shape {
  const [batch, heads, length] = queries(known);
  const [, , , width] = asHeads(known.shape('v'), known.params.kv_heads);
  return known.shape('q').length === 4 ? [batch, heads, length, width] : [batch, length, heads * width];
}

const REDUCTION = v.optional(v.picklist(['none', 'mean', 'sum']), 'mean');
const nll = v.strictObject({ ignore_index: v.optional(integer, -100), reduction: REDUCTION });
const crossEntropy = v.strictObject({ ...nll.entries, label_smoothing: v.optional(fraction, 0), shift: off });

type Loss = { readonly reduction: string; readonly ignore_index: number; readonly shift?: boolean };

/** Classes are the second dimension, or the last where the labels are shifted by one along the sequence. */
const classesOf = (scores: Shape, shift: boolean): number => (scores.length === 1 ? 0 : shift ? scores.length - 1 : 1);
const labelsOf =
  (name: string) =>
  ({ shape, params }: Known<Loss>): Shape => {
    const kept = shape(name).filter((_, d) => d !== classesOf(shape(name), params.shift ?? false));
    return kept.length === 0 ? [1] : kept;
  };
const classWeights =
  (name: string) =>
  ({ shape, params }: Known<Loss>): Shape => [shape(name)[classesOf(shape(name), params.shift ?? false)] as number];
/** A class, or what is ignored. */
const labelRange =
  (name: string) =>
  (known: Known<Loss>): Range => ({ low: 0, high: (classWeights(name)(known)[0] as number) - 1, also: known.params.ignore_index });
const lossShape = ({ shape, params }: Known<Loss>): Shape => (params.reduction === 'none' ? shape('labels') : [1]);

/** Layers of a network and their losses. */
export const nn = {
  softmax: op(lastAxis, { inputs: { x: float('[*x]') }, outputs: { y: float(alongAxis) }, gradients: ['x'] }),
  log_softmax: op(lastAxis, { inputs: { x: float('[*x]') }, outputs: { y: float(alongAxis) }, gradients: ['x'] }),
  rms_norm: op(norm, {
    inputs: { x: float('[*x]'), weight: float(normalised), bias: optional(float(normalised)) },
    outputs: { y: float('[*x]') },
    gradients: ['x', 'weight', 'bias'],
  }),
  layer_norm: op(norm, {
    inputs: { x: float('[*x]'), weight: float(normalised), bias: optional(float(normalised)) },
    outputs: { y: float('[*x]') },
    gradients: ['x', 'weight', 'bias'],
  }),
  batch_norm: op(
    v.strictObject({
      eps: v.optional(notNegative, 1e-5),
      momentum: v.optional(fraction, 0.1),
      running_var_unbiased: on,
      training: off,
    }),
    {
      inputs: { x: float('[n, c, *s]'), weight: float('[c]'), bias: float('[c]'), running_mean: float('[c]'), running_var: float('[c]') },
      outputs: { y: float('[n, c, *s]'), running_mean: float('[c]'), running_var: float('[c]') },
      gradients: ['x', 'weight', 'bias'],
    },
  ),
  rotary_embedding: op(
    v.strictObject({
      theta: v.optional(positive, 10_000),
      head_dim: v.pipe(size, v.multipleOf(2)),
      convention: v.optional(CONVENTION, 'half-split'),
    }),
    {
      inputs: {
        q: float(({ params }, actual) => [...actual.slice(0, -1), params.head_dim]),
        k: float(({ params }, actual) => [...actual.slice(0, -1), params.head_dim]),
        position_ids: index('[*p]', notBefore0),
      },
      outputs: { q: float(like('q')), k: float(like('k')) },
      gradients: ['q', 'k'],
    },
  ),
  rotary_embedding_cache: op(v.strictObject({ convention: v.optional(CONVENTION, 'half-split'), heads: v.optional(size) }), {
    inputs: {
      x: float('[*x]'),
      cos: float('[*c]'),
      sin: float('[*c]'),
      position_ids: optional(index('[*p]', ({ shape }) => ({ low: 0, high: (shape('cos')[0] as number) - 1 }))),
    },
    outputs: { y: float('[*x]') },
    gradients: ['x'],
  }),
  scaled_dot_product_attention: op(attention, {
    inputs: {
      q: float('[*q]'),
      k: float(keysLike),
      v: float(valuesLike),
      mask: optional({
        dtypes: [...CODES, ...FLOAT],
        shape: (known, actual) => {
          const [batch, heads, length] = queries(known);
          return broadcastsTo(actual, [batch, heads, length, asHeads(known.shape('k'), known.params.kv_heads)[2]]);
        },
      }),
    },
    outputs: { y: float(attended) },
    gradients: ['q', 'k', 'v'],
  }),
  relu: op(none, elementwise),
  silu: op(none, elementwise),
  sigmoid: op(none, elementwise),
  gelu: op(v.strictObject({ approximate: v.optional(v.picklist(['none', 'tanh']), 'none') }), elementwise),
  embedding: op(none, {
    inputs: { weight: float('[rows, width]'), ids: index('[*t]', ({ size: n }) => ({ low: 0, high: n('rows') - 1 })) },
    outputs: { y: float('[*t, width]') },
    gradients: ['weight'],
  }),
  cross_entropy: op(crossEntropy, {
    inputs: {
      logits: float('[*n]'),
      labels: index(labelsOf('logits'), labelRange('logits')),
      weight: optional(float(classWeights('logits'))),
    },
    outputs: { loss: float(lossShape), log_probs: float(like('logits')) },
    gradients: ['logits'],
  }),
  nll_loss: op(nll, {
    inputs: {
      log_probs: float('[*n]'),
      labels: index(labelsOf('log_probs'), labelRange('log_probs')),
      weight: optional(float(classWeights('log_probs'))),
    },
    outputs: { loss: float(lossShape) },
    gradients: ['log_probs'],
  }),
};
