import backwardShader from '../../../shaders/nn/nll_loss_backward.wgsl';
import rowsShader from '../../../shaders/nn/nll_loss_rows.wgsl';
import { spread, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';
import { lossRows, type Reduced, type Reduction, reduceLosses } from './loss-rows.ts';

/** Parameters of {@link nllLoss}, as torch names them. */
export interface NllLossParams {
  /** Rows with this label count for nothing; a 32-bit integer. Default -100. */
  readonly ignore_index?: number;
  /** `mean` divides by the sum of the weights used. Default mean. */
  readonly reduction?: Reduction;
}

const WORKGROUP = 64;

/**
 * torch.nn.functional.nll_loss. log_probs: f32 [N, C, ...], or [C] of one row; labels: i32 [N, ...]; weight: f32 [C]. loss: [1], or labels'
 * shape without reduction. `row_stats`, `targets` and, with a reduction, `normalizer` are for the backward pass, which gives the
 * gradient of log_probs. A label outside [0, C) counts as the nearest class; the mean over no label at all is not a number, as torch's.
 * Throws ShapeError when shapes do not fit.
 */
export const nllLoss = defineOp<'log_probs' | 'labels', 'weight', 'loss' | 'row_stats' | 'targets', NllLossParams>({
  name: 'nll_loss',
  takes: { labels: ['i32'] },
  variants: {
    'row-per-invocation': {
      kernels: ['nn/nll_loss_rows', 'nn/cross_entropy_reduce', 'nn/nll_loss_backward'],
      depth: (terms) => terms,
    },
  },
  storage: { decides: ['log_probs'], keeps: ['row_stats', 'normalizer'] },
  forward: (gpu, { log_probs, labels, weight }, { ignore_index = -100, reduction = 'mean' }) => {
    const given = {
      op: 'nll_loss',
      scores: log_probs.shape,
      labels: labels.shape,
      weight: weight?.shape,
      ignore_index,
      classesLast: false,
    };
    const { rows, classes, inner } = lossRows(given);
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    gpu.dispatch({
      shader: rowsShader,
      // Without weights the kernel reads none; a binding must be there all the same.
      bindings: [log_probs, labels, weight ?? log_probs, losses, row_stats, targets].map((tensor) => tensor.binding),
      uniforms: [rows, classes, inner, weight ? 1 : 0, ignore_index].map(u32),
      workgroups: spread(Math.ceil(rows / WORKGROUP)),
      flops: 4 * rows,
    });
    return { ...reduceLosses(gpu, losses, row_stats, reduction), row_stats, targets };
  },
  backward: (gpu, { inputs: { log_probs, labels, weight }, outputs, grads, params: { ignore_index = -100 }, wants }) => {
    if (!wants.has('log_probs')) return {};
    const given = {
      op: 'nll_loss',
      scores: log_probs.shape,
      labels: labels.shape,
      weight: weight?.shape,
      ignore_index,
      classesLast: false,
    };
    const { classes, inner } = lossRows(given);
    const { row_stats, targets, normalizer } = outputs as typeof outputs & Reduced;
    const dloss = grads.loss as Tensor;
    const gradient = Tensor.empty(gpu, 'f32', log_probs.shape);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [row_stats, targets, dloss, normalizer ?? dloss, gradient].map((tensor) => tensor.binding),
      uniforms: [log_probs.size, classes, inner, normalizer ? 1 : 0].map(u32),
      workgroups: spread(Math.ceil(log_probs.size / WORKGROUP)),
      flops: 4 * log_probs.size,
    });
    return { log_probs: gradient };
  },
});
