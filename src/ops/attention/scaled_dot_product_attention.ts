import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { scaledDotProductAttention as signature } from '../../vocabulary/attention/scaled_dot_product_attention.ts';
import { launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';
import { pad } from '../shape/pad.ts';
import { inBatches } from './batches.ts';
import {
  flashForward,
  flashGradient,
  KERNELS,
  maskGradient,
  rowFactsOf,
  type Tiling,
} from './flash.ts';
import { type AttentionLayout, type Heads, layoutOf, type Operands } from './layout.ts';

/** Kernels of operands that are broadcast, or filled up. */
const OPERAND_KERNELS = ['shape/copy', 'shape/pad', 'math/cast', 'math/reduce_sum'];

/** Sums over keys are rescaled once a tile, by an exponential (3 eps) and a product. */
const depthOfTiles = (keys: number) => (terms: number) => terms + 4 * Math.ceil(terms / keys);

/**
 * y = softmax(scale * q k^T + mask) v as torch.nn.functional.scaled_dot_product_attention. q: f32
 * [..., H, Q, D]; k: [..., KV, K, D]; v: [..., KV, K, Dv]; y: [..., H, Q, Dv]; with any number of
 * batches, or none, and then without heads, too; or any of them [B, S, heads * D], whose heads the
 * parameters name; y is laid out as q. KV divides H: neighbouring query heads share a head of keys;
 * one head that is a dimension stands for all, and one batch likewise. mask: u8 (0 hides a key) or
 * f32 (added; minus infinity hides), of any shape that broadcasts to [..., H, Q, K], and has a
 * gradient where it is f32. A query that no key is left for has y = 0 and no gradient. The backward
 * pass computes scores again by `row_stats` [B, H, Q, 2], the largest score of each query and the
 * sum of exponentials, so that no tensor of [B, H, Q, K] is ever stored, but for the gradient of a
 * mask. Throws ShapeError when the operands do not fit.
 */
export const scaledDotProductAttention = launcher(signature, {
  saves: ['row_stats'],
  variants: {
    flash: {
      kernels: [...KERNELS.flash, ...OPERAND_KERNELS],
      needs: ['subgroups'],
      depth: depthOfTiles(16),
    },
    tiled: {
      kernels: [...KERNELS.tiled, ...OPERAND_KERNELS],
      depth: depthOfTiles(64),
    },
  },
  storage: {
    widens: true,
    decides: ['q', 'k', 'v'],
    keeps: ['row_stats'],
    remembers: ['y'],
  },
  forward: (gpu, inputs, params, variant) => {
    using scope = new Scope();
    const { operands, whole } = inBatches(gpu, scope, inputs, params);
    const layout = layoutOf(operands, params);
    const filled = filledUp(gpu, scope, operands, layout);
    return flashForward(gpu, variant as Tiling, filled, layout, whole?.y);
  },
  backward: (gpu, { inputs, outputs: { y, row_stats }, grads, params, wants }, variant) => {
    const { mask } = inputs;
    const wanted = (['q', 'k', 'v'] as const).filter((name) => wants.has(name));
    const ofMask = mask?.dtype === 'f32' && wants.has('mask') ? mask : undefined;
    if (wanted.length === 0 && !ofMask) return {};
    using scope = new Scope();
    const { operands: batches, whole } = inBatches(gpu, scope, inputs, params);
    const layout = layoutOf(batches, params);
    const facts = scope.add(rowFactsOf(gpu, { y, dy: grads.y, row_stats }, layout));
    const operands = filledUp(gpu, scope, batches, layout);
    const flow = { facts, dy: filled(gpu, scope, grads.y, layout.y) };
    const gradients = wanted.map((name) => {
      const target = { of: name, shape: whole?.[name] ?? batches[name].shape };
      const all = flashGradient(gpu, variant as Tiling, target, operands, flow, layout);
      return [name, summed(gpu, all, inputs[name])];
    });
    return {
      ...Object.fromEntries(gradients),
      ...(ofMask && { mask: maskGradient(gpu, ofMask, operands, flow, layout, whole?.scores) }),
    };
  },
});

/** The operands with zeros after the columns of each position, to whole vectors of four. */
function filledUp(gpu: Gpu, scope: Scope, { q, k, v, mask }: Operands, layout: AttentionLayout) {
  return {
    q: filled(gpu, scope, q, layout.q),
    k: filled(gpu, scope, k, layout.k),
    v: filled(gpu, scope, v, layout.v),
    mask,
  };
}

/** One of them, in `scope` where it is a copy. */
function filled(gpu: Gpu, scope: Scope, operand: Tensor, { width }: Heads): Tensor {
  const missing = -width & 3;
  if (missing === 0) return operand;
  const positions = operand.view([operand.size / width, width]);
  return scope.add(pad.forward(gpu, { x: positions }, { pad: [0, missing] }).y);
}

/** What flows into an operand: the sum of what flows into its copies. Takes ownership. */
function summed(gpu: Gpu, gradient: Tensor, { shape }: Tensor): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  using ofCopies = gradient;
  return sumToSize(gpu, ofCopies, shape);
}
