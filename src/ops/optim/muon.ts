import momentumShader from '../../../shaders/optim/muon_momentum.wgsl';
import normalizeShader from '../../../shaders/optim/muon_normalize.wgsl';
import sumShader from '../../../shaders/optim/muon_sum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, u32, uniformsAt } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { LiveNumber } from '../../vocabulary/live-number.ts';
import type { MuonHyperparameters } from '../../vocabulary/optim/muon.ts';
import { matmul } from '../matmul/matmul.ts';
import { multiply } from '../matmul/product.ts';
import { PRODUCT_VARIANTS } from '../matmul/tiles.ts';
import { chooseVariant } from '../variants.ts';
import { NORM_KERNELS, normOf } from './clip_grad_norm.ts';
import { checkState } from './step-state.ts';

/** Kernels of a step of Muon. */
export const MUON_KERNELS = [
  ...['optim/muon_momentum', 'optim/muon_normalize', 'optim/muon_sum'],
  ...NORM_KERNELS,
  ...new Set(Object.values(PRODUCT_VARIANTS).flatMap<string>(({ kernels }) => kernels)),
];

/** What a step of Muon reads and changes. */
export type MuonState = Readonly<Record<'param' | 'grad' | 'momentum_buffer', Tensor>>;

/**
 * One step of torch.optim.Muon, in place: `param` and `momentum_buffer`, f32 matrices of the shape of
 * `grad`. What torch makes orthogonal in bfloat16 stays in float32. `lrAt` is the rate of a step,
 * from 1 on; replays of a captured step ask for it again. Throws ShapeError when the parameter is no
 * matrix or the sizes differ, and ElementTypeError for halves.
 */
export function stepMuon(
  gpu: Gpu,
  { param, grad, momentum_buffer }: MuonState,
  hyperparameters: MuonHyperparameters,
  lrAt: (step: number) => number,
  step: LiveNumber,
): void {
  checkState('muon', { param, grad, momentum_buffer });
  checkMatrix(param.shape);
  if (param.size === 0) return;
  const { momentum, nesterov, weight_decay, adjust_lr_fn } = hyperparameters;
  const along = Tensor.empty(gpu, 'f32', param.shape);
  gpu.dispatch({
    shader: momentumShader,
    constants: { NESTEROV: Number(nesterov) },
    bindings: [grad, momentum_buffer, along].map((tensor) => tensor.binding),
    uniforms: [u32(param.size), f32(1 - momentum), f32(momentum)],
    workgroups: linearGrid(param.size),
  });
  using orthogonal = orthogonalized(gpu, along, hyperparameters);
  addTo(
    gpu,
    param,
    orthogonal,
    (t) => [1 - lrAt(t) * weight_decay, -lrAt(t) * ratioOf(adjust_lr_fn, param.shape)],
    step,
  );
}

/** Throws ShapeError for the parameter that is no matrix. */
export function checkMatrix(shape: Shape): void {
  if (shape.length !== 2)
    throw new ShapeError(`muon steps matrices alone, and none is of ${formatShape(shape)}`);
}

/** How many times the rate a step of a matrix is, as torch adjusts it. */
function ratioOf(by: MuonHyperparameters['adjust_lr_fn'], shape: Shape): number {
  const [rows, columns] = shape as [number, number];
  switch (by) {
    case 'original':
      return Math.sqrt(Math.max(1, rows / columns));
    case 'match_rms_adamw':
      return 0.2 * Math.sqrt(Math.max(rows, columns));
    case 'spectral_unclamped':
      return Math.sqrt(rows / columns);
  }
}

/**
 * The matrix with singular values near 1, by steps of Newton and Schulz, X = a X + (b G + c G^2) X
 * with G = X X^T, or from the right where it is tall, so that G is small. It takes over `x`, which it
 * changes, and the caller owns the result.
 */
function orthogonalized(
  gpu: Gpu,
  x: Tensor,
  { ns_coefficients: [a, b, c], ns_steps, eps }: MuonHyperparameters,
): Tensor {
  {
    using norm = normOf(gpu, [x]);
    gpu.dispatch({
      shader: normalizeShader,
      bindings: [norm.binding, x.binding],
      uniforms: [u32(x.size), f32(eps)],
      workgroups: linearGrid(x.size),
    });
  }
  const [rows, columns] = x.shape as [number, number];
  const isTall = rows > columns;
  const variant = chooseVariant(gpu, matmul);
  let orthogonal = x;
  for (let i = 0; i < ns_steps; i++) {
    using before = orthogonal;
    const twice = { a: before, b: before, transpose_a: isTall, transpose_b: !isTall };
    using gram = multiply(gpu, twice, variant);
    using update = multiply(gpu, { a: gram, b: gram }, variant);
    addTo(gpu, update, gram, () => [c, b]);
    const operands = isTall ? { a: before, b: update } : { a: update, b: before };
    orthogonal = multiply(gpu, operands, variant);
    addTo(gpu, orthogonal, before, () => [1, a]);
  }
  return orthogonal;
}

/** y = keep y + gain x, in place. */
function addTo(
  gpu: Gpu,
  y: Tensor,
  x: Tensor,
  shares: (step: number) => readonly [keep: number, gain: number],
  step: LiveNumber = 1,
): void {
  gpu.dispatch({
    shader: sumShader,
    bindings: [x.binding, y.binding],
    uniforms: uniformsAt(step, (t) => [u32(y.size), ...shares(t).map(f32)]),
    workgroups: linearGrid(y.size),
  });
}
