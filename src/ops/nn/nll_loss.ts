import backwardShader from '../../../shaders/nn/nll_loss_backward.wgsl';
import rowsShader from '../../../shaders/nn/nll_loss_rows.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { nllLoss as signature } from '../../vocabulary/nn/nll_loss.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { filled } from '../shape/fill.ts';
import { type LossRows, lossRows, reduceLosses } from './loss-rows.ts';

/**
 * torch.nn.functional.nll_loss. log_probs: f32 [N, C, ...], or [C] of one row; labels: i32 [N,
 * ...]; weight: f32 [C]. loss: [1], or labels' shape without reduction. `row_stats`, `targets` and,
 * with a reduction, `normalizer` are for the backward pass, which gives the gradient of log_probs.
 * A label outside [0, C) counts as the nearest class; the mean over no label at all is not a
 * number, as torch's. Throws ShapeError when shapes do not fit.
 */
export const nllLoss = launcher(signature, {
  saves: ['row_stats', 'normalizer?'],
  variants: {
    'row-per-invocation': {
      kernels: [
        'nn/nll_loss_rows',
        'nn/cross_entropy_reduce',
        'shape/fill',
        'nn/nll_loss_backward',
      ],
      depth: (terms) => terms,
    },
  },
  storage: { decides: ['log_probs'], keeps: ['row_stats', 'normalizer'] },
  forward: (gpu, inputs, params) => {
    const { log_probs, labels, weight } = inputs;
    const { rows, classes, inner } = layoutOf(inputs, params);
    const row_stats = Tensor.empty(gpu, 'f32', [rows, 4]);
    const targets = Tensor.empty(gpu, 'i32', [rows]);
    const losses = Tensor.empty(gpu, 'f32', labels.shape);
    gpu.dispatch({
      shader: rowsShader,
      // Without weights the kernel reads none; a binding must be there all the same.
      bindings: [log_probs, labels, weight ?? log_probs, losses, row_stats, targets].map(
        (tensor) => tensor.binding,
      ),
      uniforms: [rows, classes, inner, weight ? 1 : 0, params.ignore_index].map(u32),
      workgroups: linearGrid(rows),
    });
    return { ...reduceLosses(gpu, losses, row_stats, params.reduction), row_stats, targets };
  },
  backward: (gpu, { inputs, outputs, grads, params, wants }) => {
    if (!wants.has('log_probs')) return {};
    const { log_probs } = inputs;
    const { rows, classes, inner } = layoutOf(inputs, params);
    const { row_stats, targets, normalizer } = outputs;
    const dloss = grads.loss;
    const gradient = filled(gpu, 'f32', log_probs.shape, 0);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [row_stats, targets, dloss, normalizer ?? dloss, gradient].map(
        (tensor) => tensor.binding,
      ),
      uniforms: [rows, classes, inner, normalizer ? 1 : 0].map(u32),
      workgroups: linearGrid(rows),
    });
    return { log_probs: gradient };
  },
});

function layoutOf(
  { log_probs, labels, weight }: InputsOf<typeof signature, Tensor>,
  { ignore_index }: ParamsOf<typeof signature>,
): LossRows {
  return lossRows({
    op: 'nll_loss',
    scores: log_probs.shape,
    labels: labels.shape,
    weight: weight?.shape,
    ignore_index,
    classesLast: false,
  });
}
