import backwardShader from '../../../shaders/nn/cross_entropy_backward.wgsl';
import logProbsShader from '../../../shaders/nn/cross_entropy_log_probs.wgsl';
import reduceShader from '../../../shaders/nn/cross_entropy_reduce.wgsl';
import rowsShader from '../../../shaders/nn/cross_entropy_rows.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, spread, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** Parameters of {@link crossEntropy}, as torch names them. */
export interface CrossEntropyParams {
  /** Rows with this label count for nothing; a 32-bit integer. Default -100. */
  readonly ignore_index?: number;
  /** Share of the target that is spread over all classes, in [0, 1]. Default 0. */
  readonly label_smoothing?: number;
  /** `mean` divides by the sum of the weights used. Default mean. */
  readonly reduction?: 'none' | 'mean' | 'sum';
  /** Row i predicts the label of row i + 1, the last of a sequence nothing (causal language models). Default false. */
  readonly shift?: boolean;
  /** Whether the output log_probs is computed. Default true. */
  readonly log_probs?: boolean;
}

const WORKGROUP = 64;

/**
 * torch.nn.functional.cross_entropy. logits: f32 [N, C, ...]; labels: i32 [N, ...]; weight: f32 [C]. With `shift` the classes come last:
 * logits [S, C] or [B, S, C], labels [S] or [B, S]. loss: [1], or labels' shape without reduction; log_probs: logits' shape.
 * `row_stats` ([rows, 4]: max, sum of exp, weight of the label, sum of weights), `targets` and, with a reduction, `normalizer` are for
 * the backward pass, which gives the gradient of the logits from the one of the loss. A label outside [0, C) counts as the nearest class.
 * The mean over no label at all is not a number. Throws ShapeError when shapes do not fit.
 */
export const crossEntropy = defineOp<'logits' | 'labels', 'weight', 'loss' | 'row_stats' | 'targets', CrossEntropyParams>({
  name: 'cross_entropy',
  variants: {
    'row-per-invocation': {
      kernels: ['nn/cross_entropy_rows', 'nn/cross_entropy_reduce', 'nn/cross_entropy_log_probs', 'nn/cross_entropy_backward'],
      depth: (terms) => terms,
    },
  },
  forward: (gpu, { logits, labels, weight }, params) => {
    const layout = layoutOf(logits.shape, labels.shape, weight?.shape, params);
    const { rows, classes, inner, sequence, keep, spreadPerClass } = layout;
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    gpu.dispatch({
      shader: rowsShader,
      // Without weights the kernel reads none; a binding must be there all the same.
      bindings: [logits, labels, weight ?? logits, losses, row_stats, targets].map((tensor) => tensor.binding),
      uniforms: [...[rows, classes, inner, weight ? 1 : 0, params.ignore_index ?? -100, sequence].map(u32), f32(keep), f32(spreadPerClass)],
      workgroups: spread(Math.ceil(rows / WORKGROUP)),
      flops: 20 * logits.size,
    });
    const reduced = reduce(gpu, losses, row_stats, params);
    const log_probs = (params.log_probs ?? true) ? { log_probs: logProbs(gpu, logits, row_stats, layout) } : {};
    return { ...reduced, row_stats, targets, ...log_probs };
  },
  backward: (gpu, { inputs: { logits, labels, weight }, outputs, grads, params, wants }) => {
    if (!wants.has('logits')) return {};
    const { classes, inner, keep, spreadPerClass } = layoutOf(logits.shape, labels.shape, weight?.shape, params);
    const { row_stats, targets, normalizer } = outputs as typeof outputs & Reduced;
    const dloss = grads.loss as Tensor;
    const gradient = Tensor.empty(gpu, 'f32', logits.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [logits, row_stats, targets, weight ?? logits, dloss, normalizer ?? dloss, gradient].map((tensor) => tensor.binding),
      uniforms: [...[logits.size, classes, inner, weight ? 1 : 0, normalizer ? 1 : 0].map(u32), f32(keep), f32(spreadPerClass)],
      workgroups: spread(Math.ceil(logits.size / WORKGROUP)),
      flops: 20 * logits.size,
    });
    return { logits: gradient };
  },
});

interface Layout {
  readonly rows: number;
  readonly classes: number;
  /** Elements between the classes of one row. */
  readonly inner: number;
  /** Rows of a shifted sequence, 0 without shift. */
  readonly sequence: number;
  readonly keep: number;
  readonly spreadPerClass: number;
}

function layoutOf(logits: Shape, labels: Shape, weight: Shape | undefined, params: CrossEntropyParams): Layout {
  const { label_smoothing = 0, shift = false, ignore_index = -100 } = params;
  const classAxis = shift ? logits.length - 1 : 1;
  const classes = logits[classAxis] ?? 0;
  const fits = sameShape(labels, logits.toSpliced(classAxis, 1)) && (!shift || labels.length <= 2);
  if (classes === 0 || !fits || (weight && !sameShape(weight, [classes]))) {
    const parts = [`logits ${formatShape(logits)}`, `labels ${formatShape(labels)}`, ...(weight ? [`weight ${formatShape(weight)}`] : [])];
    throw new ShapeError(`cross_entropy${shift ? ' with shift' : ''}: ${parts.join(', ')} do not fit`);
  }
  if ((ignore_index | 0) !== ignore_index) {
    throw new GradproofError('bad-params', `cross_entropy: ignore_index ${ignore_index} is not a 32-bit integer, so no label can have it`);
  }
  return {
    rows: sizeOf(labels),
    classes,
    inner: shift ? 1 : sizeOf(logits.slice(2)),
    sequence: shift ? (labels.at(-1) as number) : 0,
    keep: 1 - label_smoothing,
    spreadPerClass: label_smoothing / classes,
  };
}

interface Reduced {
  readonly loss: Tensor;
  readonly normalizer?: Tensor;
}

/** The rows' losses themselves, or their sum or mean and what they were divided by. Owns `losses` from here on. */
function reduce(gpu: Gpu, losses: Tensor, stats: Tensor, { reduction = 'mean' }: CrossEntropyParams): Reduced {
  if (reduction === 'none') return { loss: losses };
  using rows = losses;
  const loss = Tensor.empty(gpu, 'f32', [1]);
  const normalizer = Tensor.empty(gpu, 'f32', [1]);
  gpu.dispatch({
    shader: reduceShader,
    bindings: [rows, stats, loss, normalizer].map((tensor) => tensor.binding),
    uniforms: [u32(rows.size), u32(reduction === 'mean' ? 1 : 0)],
    workgroups: [1, 1, 1],
    flops: 2 * rows.size,
  });
  return { loss, normalizer };
}

function logProbs(gpu: Gpu, logits: Tensor, stats: Tensor, { classes, inner }: Layout): Tensor {
  const log_probs = Tensor.empty(gpu, 'f32', logits.shape);
  gpu.dispatch({
    shader: logProbsShader,
    bindings: [logits, stats, log_probs].map((tensor) => tensor.binding),
    uniforms: [logits.size, classes, inner].map(u32),
    workgroups: spread(Math.ceil(logits.size / WORKGROUP)),
    flops: 8 * logits.size,
  });
  return log_probs;
}
