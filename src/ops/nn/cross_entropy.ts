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
import { LANES, laneDepth, rowDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';
import { type LossRows, lossRows, reduceLosses } from './loss-rows.ts';

/**
 * Classes that one invocation goes through at most: few enough that one row of a large vocabulary
 * keeps many invocations busy.
 */
const CLASSES_OF_PART = 512;

/** Invocations of a graphics chip that read neighbouring classes, and classes that each should have. */
const NEIGHBOURS = 32;
const CLASSES_OF_NEIGHBOUR = 16;

/** Parts of a row of so many classes, by variant. */
const PARTS = {
  parts: (classes: number) => Math.max(1, Math.ceil(classes / CLASSES_OF_PART)),
  neighbours: (classes: number) =>
    Math.max(PARTS.parts(classes), Math.min(NEIGHBOURS, Math.ceil(classes / CLASSES_OF_NEIGHBOUR))),
} as const;

/** Into how many parts a row of so many classes is cut. */
export const partsOfRow = (classes: number, variant: keyof typeof PARTS): number =>
  PARTS[variant](classes);

/** Into how many parts a row of so many classes is cut at most, whichever variant runs. */
export function mostParts(classes: number): number {
  return Math.max(...Object.values(PARTS).map((partsOf) => partsOf(classes)));
}

/**
 * A part adds its classes as a row does, a row its parts, rescaled once by an exponential (3 eps)
 * and a product; lanes share the sum of the rows' losses.
 */
const depthIn =
  (partsOf: (classes: number) => number) =>
  (terms: number, lanes: number): number => {
    const parts = partsOf(terms);
    return Math.max(
      rowDepth(Math.ceil(terms / parts), 1) + parts + 3,
      Math.min(terms, laneDepth(terms, lanes)),
    );
  };

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
    parts: { kernels: KERNELS, lanes: LANES, depth: depthIn(PARTS.parts) },
    neighbours: { kernels: KERNELS, lanes: LANES, depth: depthIn(PARTS.neighbours) },
  },
  storage: { keeps: ['row_stats', 'normalizer'] },
  forward: (gpu, { logits, labels, weight }, params, variant) => {
    const layout = layoutOf(logits.shape, labels.shape, weight?.shape, params, variant);
    const { rows, classes, inner, parts, sequence, keep, spreadPerClass } = layout;
    using row_parts = Tensor.empty(gpu, 'f32', [4 * rows * parts]);
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    // Without weights the kernels read none; a binding must be there all the same.
    const weights = weight ?? logits;
    const weighted = weight ? 1 : 0;
    gpu.dispatch({
      shader: partsShader,
      constants: { SMOOTHED: Number(spreadPerClass > 0) },
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
  backward: (gpu, { inputs, outputs, grads, params, wants }, variant) => {
    if (!wants.has('logits')) return {};
    const { logits, labels, weight } = inputs;
    const layout = layoutOf(logits.shape, labels.shape, weight?.shape, params, variant);
    const { rows, classes, inner, parts, keep, spreadPerClass } = layout;
    const { row_stats, targets, normalizer } = outputs;
    const dloss = grads.loss;
    const gradient = Tensor.empty(gpu, 'f32', logits.shape);
    gpu.dispatch({
      shader: backwardShader,
      constants: { SMOOTHED: Number(spreadPerClass > 0) },
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
        ...[rows, classes, inner, parts, weight ? 1 : 0, normalizer ? 1 : 0, 0].map(u32),
        f32(keep),
        f32(spreadPerClass),
      ],
      workgroups: linearGrid(rows * parts),
    });
    return { logits: gradient };
  },
});

interface Layout extends LossRows {
  /** Invocations that share the classes of a row. */
  readonly parts: number;
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
  variant: string,
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
    parts: partsOfRow(rows.classes, variant as keyof typeof PARTS),
    sequence,
    keep: 1 - label_smoothing,
    spreadPerClass: label_smoothing / rows.classes,
  };
}

function logProbs(gpu: Gpu, logits: Tensor, stats: Tensor, layout: Layout): Tensor {
  const { rows, classes, inner, parts } = layout;
  const log_probs = Tensor.empty(gpu, 'f32', logits.shape);
  gpu.dispatch({
    shader: logProbsShader,
    bindings: [logits, stats, log_probs].map((tensor) => tensor.binding),
    uniforms: [rows, classes, inner, parts].map(u32),
    workgroups: linearGrid(rows * parts),
  });
  return log_probs;
}
