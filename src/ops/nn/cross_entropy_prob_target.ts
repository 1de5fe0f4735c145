import sumShader from '../../../shaders/math/reduce_sum.wgsl';
import termsShader from '../../../shaders/nn/cross_entropy_terms.wgsl';
import logShader from '../../../shaders/nn/log_softmax.wgsl';
import logBackwardShader from '../../../shaders/nn/log_softmax_backward.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, PADDING, u32 } from '../../gpu/shader.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { crossEntropyProbTarget as signature } from '../../vocabulary/nn/cross_entropy_prob_target.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { rowDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { axisFields, inFours, repeatedStrides, walk } from '../math/axes.ts';
import { chunkedDepth, reductionOf } from '../math/reduction.ts';
import { sum } from '../math/sum.ts';
import { scoredRows } from './loss-rows.ts';
import { rowVariants } from './row-variants.ts';
import { alongAxis } from './softmax-along.ts';

type Inputs = InputsOf<typeof signature, Tensor>;
type Params = ParamsOf<typeof signature>;

/** Logits as rows of classes. */
interface Layout {
  readonly classAxis: number;
  /** Shape of the losses of the rows, and how it stands beside that of the logits. */
  readonly rows: Shape;
  readonly besideLogits: Shape;
  /** What the sum of the rows' losses is multiplied by. */
  readonly scale: number;
  /** Factor and addend that smooth a probability. */
  readonly keep: number;
  readonly spread: number;
}

function layoutOf({ logits, target, weight }: Inputs, params: Params): Layout {
  const { reduction, label_smoothing } = params;
  const { classAxis, classes, shape } = scoredRows(
    { op: signature.name, scores: logits.shape, weight: weight?.shape },
    { probabilities: target.shape },
  );
  return {
    classAxis,
    rows: shape,
    besideLogits: reduction === 'none' ? logits.shape.with(classAxis, 1) : [],
    scale: reduction === 'mean' ? 1 / sizeOf(shape) : 1,
    keep: 1 - label_smoothing,
    spread: label_smoothing / classes,
  };
}

/** (factor t + offset) v weight of the class, where v, seen as of shape `as`, repeats to fill t. */
function terms(
  gpu: Gpu,
  t: Tensor,
  [factor, offset]: readonly [number, number],
  { v, as }: { readonly v: Tensor; readonly as: Shape },
  weight: Tensor | undefined,
  { classAxis }: Layout,
): Tensor {
  const { file } = termsShader;
  const ofClasses = t.shape.map((size, d) => (d === classAxis && weight ? size : 1));
  const strides = [as, ofClasses].map((shape) => repeatedStrides(file, shape, t.shape));
  const axes = walk(t.shape, strides);
  const y = Tensor.empty(gpu, 'f32', t.shape);
  gpu.dispatch({
    shader: termsShader,
    constants: { WEIGHTED: Number(weight !== undefined), FOURS: Number(inFours(axes)) },
    // What is bound in the place of weights that are absent is not looked at.
    bindings: [t, v, weight ?? v, y].map((tensor) => tensor.binding),
    uniforms: [...[u32(y.size), f32(factor), f32(offset), PADDING], ...axisFields(file, axes)],
    workgroups: gridOfFours(y.size),
  });
  return y;
}

/**
 * torch.nn.functional.cross_entropy of probabilities. logits, target: f32 [N, C, ...], or [C] of a
 * single row; weight: f32 [C]. loss: [1], or [N, ...] without reduction; `log_probs` are for the
 * backward pass. The mean over no row at all is not a number, as torch's. Throws ShapeError when
 * shapes do not fit.
 */
export const crossEntropyProbTarget = launcher(signature, {
  saves: ['log_probs'],
  variants: rowVariants(
    [logShader, termsShader, sumShader, logBackwardShader].map(({ file }) => file),
    (terms, lanes) => Math.max(rowDepth(terms, lanes), chunkedDepth(terms)),
  ),
  storage: { keeps: ['log_probs'] },
  forward: (gpu, inputs, params, variant) => {
    const layout = layoutOf(inputs, params);
    const { classAxis, rows, keep, spread, scale } = layout;
    const { logits, target, weight } = inputs;
    const log_probs = alongAxis(gpu, logShader, [logits], classAxis, variant);
    const of = { v: log_probs, as: log_probs.shape };
    using all = terms(gpu, target, [-keep, -spread], of, weight, layout);
    const each = params.reduction === 'none';
    const reduction = reductionOf(all.shape, (d) => !each || d === classAxis);
    return { loss: sum(gpu, all, reduction, each ? rows : [1], { scale }), log_probs };
  },
  backward: (gpu, { inputs, outputs: { log_probs }, grads, params, wants }, variant) => {
    const layout = layoutOf(inputs, params);
    const { classAxis, besideLogits, keep, spread, scale } = layout;
    const { target, weight } = inputs;
    const incoming = { v: grads.loss, as: besideLogits };
    const toLogits = () => {
      using slopes = terms(gpu, target, [-keep * scale, -spread * scale], incoming, weight, layout);
      return alongAxis(gpu, logBackwardShader, [log_probs, slopes], classAxis, variant);
    };
    return {
      ...(wants.has('logits') ? { logits: toLogits() } : {}),
      ...(wants.has('target')
        ? { target: terms(gpu, log_probs, [-keep * scale, 0], incoming, weight, layout) }
        : {}),
    };
  },
});
