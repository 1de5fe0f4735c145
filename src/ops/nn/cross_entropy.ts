import backwardShader from '../../../shaders/nn/cross_entropy_backward.wgsl';
import logProbsShader from '../../../shaders/nn/cross_entropy_log_probs.wgsl';
import partsShader from '../../../shaders/nn/cross_entropy_parts.wgsl';
import rowsShader from '../../../shaders/nn/cross_entropy_rows.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { crossEntropy as signature } from '../../vocabulary/nn/cross_entropy.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { type LossRows, lossRows, reduceLosses } from './loss-rows.ts';

/**
 * Classes that one invocation goes through: few enough that one row of a large vocabulary keeps
 * many invocations busy.
 */
const CLASSES_OF_PART = 512;

const partsOf = (classes: number): number => Math.max(1, Math.ceil(classes / CLASSES_OF_PART));

const KERNELS = [
  'nn/cross_entropy_parts',
  'nn/cross_entropy_rows',
  'nn/cross_entropy_reduce',
  'nn/cross_entropy_log_probs',
  'nn/cross_entropy_backward',
];

/**
 * torch.nn.functional.cross_entropy. logits: f32 [N, C, ...]; labels: i32 [N, ...]; weight: f32
 * [C]. With `shift` the classes come last: logits [S, C] or [B, S, C], labels [S] or [B, S]. A
 * single row is [C] with labels [1]. loss: [1], or labels' shape without reduction; log_probs:
 * logits' shape, and the only thing of that size that is stored: the backward pass computes the
 * softmax again. `row_stats` ([rows, 4]: max, sum of exp, weight of the label, sum of weights),
 * `targets` and, with a reduction, `normalizer` are for the backward pass, which gives the gradient
 * of the logits from the one of the loss. A label outside [0, C) counts as the nearest class. The
 * mean over no label at all is not a number, as torch's. Throws ShapeError when shapes do not fit.
 */
export const crossEntropy = launcher(signature, {
  saves: ['row_stats', 'targets', 'normalizer?'],
  variants: {
    // A part adds its classes, a row its parts, rescaled once by an exponential (3 eps) and a
    // product; lanes share the sum of the rows' losses.
    parts: {
      kernels: KERNELS,
      lanes: LANES,
      depth: (terms, lanes) =>
        Math.max(
          Math.ceil(terms / partsOf(terms)) + partsOf(terms) + 3,
          Math.min(terms, laneDepth(terms, lanes)),
        ),
    },
  },
  storage: { keeps: ['row_stats', 'normalizer'] },
  forward: (gpu, { logits, labels, weight }, params) => {
    const layout = layoutOf(logits.shape, labels.shape, weight?.shape, params);
    const { rows, classes, inner, sequence, keep, spreadPerClass } = layout;
    const parts = partsOf(classes);
    using row_parts = Tensor.empty(gpu, 'f32', [4 * rows * parts]);
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    // Without weights the kernels read none; a binding must be there all the same.
    const weights = weight ?? logits;
    const weighted = weight ? 1 : 0;
    gpu.dispatch({
      shader: partsShader,
      bindings: [logits, weights, row_parts].map((tensor) => tensor.binding),
      uniforms: [rows, classes, inner, parts, weighted].map(u32),
      workgroups: linearGrid(rows * parts),
    });
    gpu.dispatch({
      shader: rowsShader,
      bindings: [logits, labels, weights, row_parts, losses, row_stats, targets].map(
        (tensor) => tensor.binding,
      ),
      uniforms: [
        ...[rows, classes, inner, parts, weighted, params.ignore_index, sequence].map(u32),
        ...[f32(keep), f32(spreadPerClass)],
      ],
      workgroups: linearGrid(rows),
    });
    const reduced = reduceLosses(gpu, losses, row_stats, params.reduction);
    const log_probs = params.log_probs
      ? { log_probs: logProbs(gpu, logits, row_stats, layout) }
      : {};
    return { ...reduced, row_stats, targets, ...log_probs };
  },
  backward: (gpu, { inputs: { logits, labels, weight }, outputs, grads, params, wants }) => {
    if (!wants.has('logits')) return {};
    const { classes, inner, keep, spreadPerClass } = layoutOf(
      logits.shape,
      labels.shape,
      weight?.shape,
      params,
    );
    const { row_stats, targets, normalizer } = outputs;
    const dloss = grads.loss;
    const gradient = Tensor.empty(gpu, 'f32', logits.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [
        logits,
        row_stats,
        targets,
        weight ?? logits,
        dloss,
        normalizer ?? dloss,
        gradient,
      ].map((tensor) => tensor.binding),
      uniforms: [
        ...[logits.size, classes, inner, weight ? 1 : 0, normalizer ? 1 : 0].map(u32),
        f32(keep),
        f32(spreadPerClass),
      ],
      workgroups: linearGrid(logits.size),
    });
    return { logits: gradient };
  },
});

interface Layout extends LossRows {
  /** Rows of a shifted sequence, 0 without shift. */
  readonly sequence: number;
  readonly keep: number;
  readonly spreadPerClass: number;
}

function layoutOf(
  scores: Shape,
  labels: Shape,
  weight: Shape | undefined,
  { label_smoothing, shift, ignore_index }: ParamsOf<typeof signature>,
): Layout {
  if (shift && labels.length > 2)
    throw new ShapeError(
      `cross_entropy with shift: labels ${formatShape(labels)} are neither [S] nor [B, S]`,
    );
  const rows = lossRows({
    op: 'cross_entropy',
    scores,
    labels,
    weight,
    ignore_index,
    classesLast: shift,
  });
  const sequence = shift ? (labels.at(-1) as number) : 0;
  return {
    ...rows,
    sequence,
    keep: 1 - label_smoothing,
    spreadPerClass: label_smoothing / rows.classes,
  };
}

function logProbs(gpu: Gpu, logits: Tensor, stats: Tensor, { classes, inner }: Layout): Tensor {
  const log_probs = Tensor.empty(gpu, 'f32', logits.shape);
  gpu.dispatch({
    shader: logProbsShader,
    bindings: [logits, stats, log_probs].map((tensor) => tensor.binding),
    uniforms: [logits.size, classes, inner].map(u32),
    workgroups: linearGrid(logits.size),
  });
  return log_probs;
}
