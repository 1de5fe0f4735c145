import scoresShader from '../../../shaders/attention/attention_scores.wgsl';
import scoresBackwardShader from '../../../shaders/attention/attention_scores_backward.wgsl';
import valuesShader from '../../../shaders/attention/attention_values.wgsl';
import transposedShader from '../../../shaders/attention/attention_values_transposed.wgsl';
import weightsShader from '../../../shaders/attention/attention_weights.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { sumToSize } from '../math/sum.ts';
import { type AttentionLayout, fieldsOf, type Heads } from './layout.ts';

/** Kernels of the variant that stores every score. */
export const NAIVE_KERNELS = [
  'attention/attention_scores',
  'attention/attention_weights',
  'attention/attention_values',
  'attention/attention_delta',
  'attention/attention_scores_backward',
  'attention/attention_values_transposed',
];

/** Kernels of {@link maskGradient}. */
export const MASK_KERNELS = [
  'attention/attention_scores',
  'attention/attention_weights',
  'attention/attention_scores_backward',
];

/** softmax(q k^T) of [B, H, Q, K], after cap and mask. */
export function attentionWeights(
  gpu: Gpu,
  q: Tensor,
  k: Tensor,
  mask: Tensor | undefined,
  layout: AttentionLayout,
): Tensor {
  const { rows, uniforms, scores } = layout;
  const weights = Tensor.empty(gpu, 'f32', scores);
  gpu.dispatch({
    shader: scoresShader,
    bindings: [q, k, weights].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(rows * Math.ceil(scores[3] / 4)),
    flops: 2 * weights.size * layout.keyWidth,
  });
  gpu.dispatch({
    shader: weightsShader,
    // Without a mask the kernel uses none; a binding must be there all the same.
    bindings: [mask ?? q, weights].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(rows),
  });
  return weights;
}

interface ScoresBackward {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly weights: Tensor;
  readonly delta: Tensor;
  readonly dy: Tensor;
}

/** The gradient of q k^T times the scale, [B, H, Q, K]. */
export function scoresGradient(
  gpu: Gpu,
  { q, k, v, weights, delta, dy }: ScoresBackward,
  layout: AttentionLayout,
): Tensor {
  const dscores = Tensor.empty(gpu, 'f32', weights.shape);
  gpu.dispatch({
    shader: scoresBackwardShader,
    bindings: [q, k, v, weights, delta, dy, dscores].map((tensor) => tensor.binding),
    uniforms: layout.uniforms,
    workgroups: linearGrid(layout.rows * Math.ceil(layout.scores[3] / 4)),
    flops: 2 * weights.size * (layout.keyWidth + layout.valueWidth),
  });
  return dscores;
}

interface MaskBackward extends Omit<ScoresBackward, 'weights'> {
  readonly mask: Tensor;
  /** Where they were kept. */
  readonly weights: Tensor | undefined;
}

/**
 * The gradient of a mask that is added to the scores: theirs, summed over what it was repeated for.
 * `uncapped` is the layout without a cap, which lies before the mask.
 */
export function maskGradient(
  gpu: Gpu,
  { mask, weights, ...rest }: MaskBackward,
  uncapped: AttentionLayout,
  layout: AttentionLayout,
): Tensor {
  using computed = weights ? undefined : attentionWeights(gpu, rest.q, rest.k, mask, layout);
  const all = { ...rest, weights: (weights ?? computed) as Tensor };
  using dscores = scoresGradient(gpu, all, uncapped);
  return sumToSize(gpu, dscores, mask.shape);
}

interface WeightedSum {
  readonly weights: Tensor;
  readonly x: Tensor;
  readonly xHeads: Heads;
  readonly y: Tensor;
  readonly yHeads: Heads;
  readonly scale: number;
}

/** y = scale * weights x, the sums of each query. Returns y. */
export function sumOverKeys(gpu: Gpu, sum: WeightedSum, layout: AttentionLayout): Tensor {
  return weightedSum(gpu, valuesShader, sum, layout, layout.rows);
}

/**
 * y = scale * weights^T x, the sums of each key over the queries of all heads that share it.
 * Returns y.
 */
export function sumOverQueries(gpu: Gpu, sum: WeightedSum, layout: AttentionLayout): Tensor {
  return weightedSum(gpu, transposedShader, sum, layout, layout.keyRows);
}

function weightedSum(
  gpu: Gpu,
  shader: typeof valuesShader,
  { weights, x, xHeads, y, yHeads, scale }: WeightedSum,
  { scores: [, heads, queries, keys], group }: AttentionLayout,
  rows: number,
): Tensor {
  const [columns, lines] = linearGrid(rows);
  gpu.dispatch({
    shader,
    bindings: [weights, x, y].map((tensor) => tensor.binding),
    uniforms: [
      ...fieldsOf(xHeads),
      ...fieldsOf(yHeads),
      ...[heads, group, queries, keys, rows].map(u32),
      f32(scale),
    ],
    workgroups: [columns, lines, Math.ceil(yHeads.width / 4)],
    flops: 2 * weights.size * yHeads.width,
  });
  return y;
}
