import deltaShader from '../../../shaders/attention/attention_delta.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { linearGrid } from '../../gpu/shader.ts';
import { sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { scaledDotProductAttention as signature } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';
import { expanded } from '../shape/copy.ts';
import { FLASH_KERNELS, flashForward, flashGradient } from './flash.ts';
import { type AttentionLayout, layoutOf } from './layout.ts';
import {
  attentionWeights,
  MASK_KERNELS,
  maskGradient,
  NAIVE_KERNELS,
  scoresGradient,
  sumOverKeys,
  sumOverQueries,
} from './naive.ts';

/** Kernels of operands that are broadcast. */
const BROADCAST_KERNELS = ['shape/copy', 'math/reduce_sum'];

/**
 * y = softmax(scale * q k^T + mask) v as torch.nn.functional.scaled_dot_product_attention. q: f32
 * [B, H, Q, D]; k: [B, KV, K, D]; v: [B, KV, K, Dv]; y: [B, H, Q, Dv]; or any of them [B, S, heads
 * * D], whose heads the parameters name; y is laid out as q. KV divides H: neighbouring query heads
 * share a head of keys; one head of [B, H, S, D] stands for all, and one batch likewise. mask: u8
 * (0 hides a key) or f32 (added; minus infinity hides), of any shape that broadcasts to [B, H, Q,
 * K], and has a gradient where it is f32. A query that no key is left for has y = 0 and no
 * gradient. `naive` keeps `weights` [B, H, Q, K] for the backward pass; `flash` keeps `row_stats`
 * [B, H, Q, 2], the largest score and the sum of exponentials, and computes scores again. Throws
 * ShapeError when the operands do not fit.
 */
export const scaledDotProductAttention = launcher(signature, {
  saves: ['row_stats?', 'weights?'],
  variants: {
    // A sum over keys is rescaled once in every four terms, by an exponential (3 eps) and a
    // product.
    flash: {
      kernels: [...FLASH_KERNELS, ...MASK_KERNELS, ...BROADCAST_KERNELS],
      depth: (terms) => terms + 4 * Math.ceil(terms / 4),
    },
    naive: { kernels: [...NAIVE_KERNELS, ...BROADCAST_KERNELS], depth: (terms) => terms },
  },
  storage: { decides: ['q', 'k', 'v'], keeps: ['row_stats', 'weights'] },
  forward: (gpu, inputs, params, variant) => {
    const { mask } = inputs;
    using scope = new Scope();
    const { q, k, v } = broadcastHeads(gpu, scope, inputs);
    const layout = layoutOf(q, k, v, mask, params);
    if (variant === 'flash') return flashForward(gpu, { q, k, v, mask }, layout);
    const weights = attentionWeights(gpu, q, k, mask, layout);
    const y = Tensor.empty(gpu, 'f32', layout.shape);
    return {
      y: sumOverKeys(
        gpu,
        { weights, x: v, xHeads: layout.v, y, yHeads: layout.y, scale: 1 },
        layout,
      ),
      weights,
    };
  },
  backward: (gpu, { inputs, outputs, grads, params, wants }) => {
    const { mask } = inputs;
    using scope = new Scope();
    const { q, k, v } = broadcastHeads(gpu, scope, inputs);
    const layout = layoutOf(q, k, v, mask, params);
    const { y: dy } = grads;
    const { y, row_stats } = outputs;
    const wanted = (['q', 'k', 'v'] as const).filter((name) => wants.has(name));
    const ofMask = mask?.dtype === 'f32' && wants.has('mask') ? mask : undefined;
    const ofScores = wanted.some((name) => name !== 'v');
    using delta = ofMask || ofScores ? deltaOf(gpu, y, dy, layout) : undefined;
    const masks = ofMask && {
      mask: maskGradient(
        gpu,
        // Computed wherever the mask's gradient is wanted.
        { q, k, v, mask: ofMask, weights: outputs.weights, delta: delta as Tensor, dy },
        layoutOf(q, k, v, mask, { ...params, softcap: undefined }),
        layout,
      ),
    };
    if (row_stats) {
      const saved = { row_stats, delta, dy };
      const gradients = wanted.map((name) => [
        name,
        summed(gpu, flashGradient(gpu, name, { q, k, v, mask }, saved, layout), inputs[name]),
      ]);
      return { ...Object.fromEntries(gradients), ...masks };
    }
    // Kept wherever row_stats are not.
    const weights = outputs.weights as Tensor;
    using dscores =
      delta && ofScores ? scoresGradient(gpu, { q, k, v, weights, delta, dy }, layout) : undefined;
    const gradientOf = (name: 'q' | 'k' | 'v'): Tensor => {
      const gradient = Tensor.empty(gpu, 'f32', { q, k, v }[name].shape);
      const target = { y: gradient, yHeads: layout[name] };
      if (!dscores || name === 'v')
        return sumOverQueries(
          gpu,
          { ...target, weights, x: dy, xHeads: layout.y, scale: 1 },
          layout,
        );
      const sum = { ...target, weights: dscores, scale: layout.scale };
      if (name === 'q') return sumOverKeys(gpu, { ...sum, x: k, xHeads: layout.k }, layout);
      return sumOverQueries(gpu, { ...sum, x: q, xHeads: layout.q }, layout);
    };
    const gradients = wanted.map((name) => [name, summed(gpu, gradientOf(name), inputs[name])]);
    return { ...Object.fromEntries(gradients), ...masks };
  },
});

/**
 * The operands with as many batches, and heads, as there are together: copies of those of [B, H, S,
 * D] that have one, in `scope`.
 */
function broadcastHeads(
  gpu: Gpu,
  scope: Scope,
  { q, k, v }: Readonly<Record<'q' | 'k' | 'v', Tensor>>,
) {
  if ([q, k, v].some(({ shape }) => shape.length !== 4)) return { q, k, v };
  const most = (d: number, ...operands: Tensor[]) =>
    operands.map(({ shape }) => shape[d] as number).reduce((a, b) => (a === 1 ? b : a));
  const batch = most(0, q, k, v);
  const heads = most(1, k, v);
  const widen = (operand: Tensor, to: number) => {
    const { shape } = operand;
    const wide = [batch, to].map((n, d) => (shape[d] === 1 ? n : (shape[d] as number)));
    const whole = [...wide, ...shape.slice(2)];
    return sameShape(shape, whole) ? operand : scope.add(expanded(gpu, operand, whole));
  };
  return { q: widen(q, heads), k: widen(k, heads), v: widen(v, heads) };
}

/** What flows into an operand: the sum of what flows into its copies. Takes ownership. */
function summed(gpu: Gpu, gradient: Tensor, { shape }: Tensor): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  using ofCopies = gradient;
  return sumToSize(gpu, ofCopies, shape);
}

/** sum over the columns of dy * y, one of each query: [B, H, Q]. */
function deltaOf(gpu: Gpu, y: Tensor, dy: Tensor, layout: AttentionLayout): Tensor {
  const { rows, uniforms, scores } = layout;
  const delta = Tensor.empty(gpu, 'f32', scores.slice(0, -1));
  gpu.dispatch({
    shader: deltaShader,
    bindings: [y, dy, delta].map((tensor) => tensor.binding),
    uniforms,
    workgroups: linearGrid(rows),
  });
  return delta;
}
