import shader from '../../../shaders/nn/batch_norm.wgsl';
import sumsShader from '../../../shaders/nn/batch_norm_backward_sums.wgsl';
import inputShader from '../../../shaders/nn/batch_norm_backward_x.wgsl';
import statsShader from '../../../shaders/nn/batch_norm_stats.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { batchNorm as signature } from '../../vocabulary/nn/batch_norm.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { LANES, laneDepth } from '../lanes.ts';
import { launcher } from '../launcher.ts';

type Inputs = InputsOf<typeof signature, Tensor>;
type Params = ParamsOf<typeof signature>;

/** What training keeps for the backward pass: mean and biased variance of each channel. */
interface BatchStatistics {
  readonly batch_mean?: Tensor | undefined;
  readonly batch_var?: Tensor | undefined;
}

/** Workgroups in one dimension of a grid. */
const MAX_CHANNELS = 65_535;

/**
 * torch.nn.functional.batch_norm: y = weight * (x - mean) / sqrt(variance + eps) + bias over each
 * channel. Float32. x, y: [N, C, ...]; all others: [C]. In training mean and biased variance are
 * those of the batch. The new running_mean and running_var are outputs: the inputs stay as they
 * are. The variance is taken in two passes. Gradients of x, weight and bias. Throws ShapeError when
 * shapes do not fit, for more than 65,535 channels, and when a channel has one value only, which
 * has no unbiased variance.
 */
export const batchNorm = launcher(signature, {
  saves: ['batch_mean?', 'batch_var?'],
  variants: {
    'workgroup-per-channel': {
      kernels: [
        'nn/batch_norm',
        'nn/batch_norm_stats',
        'nn/batch_norm_backward_sums',
        'nn/batch_norm_backward_x',
      ],
      lanes: LANES,
      depth: laneDepth,
    },
  },
  forward: (gpu, inputs, params) => {
    const layout = layoutOf(inputs);
    const { x, weight, bias, running_mean, running_var } = inputs;
    const statistics = params.training
      ? batchStatistics(gpu, inputs, layout, params)
      : { running_mean: running_mean.clone(), running_var: running_var.clone() };
    const { mean, variance } = used(inputs, statistics);
    const y = Tensor.empty(gpu, 'f32', x.shape);
    gpu.dispatch({
      shader,
      constants: { FOURS: Number(layout.inner % 4 === 0) },
      bindings: [x, weight, bias, mean, variance, y].map((tensor) => tensor.binding),
      uniforms: [...[x.size, layout.channels, layout.inner].map(u32), f32(params.eps)],
      workgroups: gridOfFours(x.size),
    });
    return { y, ...statistics };
  },
  backward: (gpu, { inputs, outputs, grads, params, wants }) => {
    if (!['x', 'weight', 'bias'].some((name) => wants.has(name))) return {};
    const { channels, inner, count } = layoutOf(inputs);
    const { x, weight } = inputs;
    const dy = grads.y;
    const { mean, variance } = used(inputs, outputs);
    const eps = f32(params.eps);
    const dweight = Tensor.empty(gpu, 'f32', weight.shape);
    const dbias = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader: sumsShader,
      bindings: [x, mean, variance, dy, dweight, dbias].map((tensor) => tensor.binding),
      uniforms: [...[channels, inner, count].map(u32), eps],
      workgroups: [channels, 1, 1],
    });
    const gradientOfX = () => {
      const dx = Tensor.empty(gpu, 'f32', x.shape);
      gpu.dispatch({
        shader: inputShader,
        constants: { FOURS: Number(inner % 4 === 0) },
        bindings: [x, weight, mean, variance, dy, dweight, dbias, dx].map(
          (tensor) => tensor.binding,
        ),
        uniforms: [
          ...[x.size, channels, inner].map(u32),
          eps,
          f32(params.training ? 1 / count : 0),
        ],
        workgroups: gridOfFours(x.size),
      });
      return dx;
    };
    const dx = wants.has('x') ? { x: gradientOfX() } : {};
    if (!wants.has('weight')) dweight[Symbol.dispose]();
    if (!wants.has('bias')) dbias[Symbol.dispose]();
    return {
      ...(wants.has('weight') ? { weight: dweight } : {}),
      ...(wants.has('bias') ? { bias: dbias } : {}),
      ...dx,
    };
  },
});

/** The statistics that normalize: the batch's, or the running ones. */
function used({ running_mean, running_var }: Inputs, { batch_mean, batch_var }: BatchStatistics) {
  return { mean: batch_mean ?? running_mean, variance: batch_var ?? running_var };
}

interface Layout {
  readonly channels: number;
  /** Elements of a channel that lie side by side. */
  readonly inner: number;
  /** Elements of a channel. */
  readonly count: number;
}

function batchStatistics(
  gpu: Gpu,
  inputs: Inputs,
  { channels, inner, count }: Layout,
  { momentum, running_var_unbiased }: Params,
): BatchStatistics & Readonly<Record<'running_mean' | 'running_var', Tensor>> {
  if (count === 0 || (count === 1 && running_var_unbiased)) {
    throw new ShapeError(
      `batch_norm: a channel of ${formatShape(inputs.x.shape)} has too few values for a variance`,
    );
  }
  const { x, running_mean, running_var } = inputs;
  const empty = () => Tensor.empty(gpu, 'f32', [channels]);
  const statistics = {
    batch_mean: empty(),
    batch_var: empty(),
    running_mean: empty(),
    running_var: empty(),
  };
  gpu.dispatch({
    shader: statsShader,
    bindings: [x, running_mean, running_var, ...Object.values(statistics)].map(
      (tensor) => tensor.binding,
    ),
    uniforms: [
      ...[channels, inner, count].map(u32),
      ...[1 - momentum, momentum, running_var_unbiased ? count / (count - 1) : 1].map(f32),
    ],
    workgroups: [channels, 1, 1],
  });
  return statistics;
}

function layoutOf({ x, ...perChannel }: Inputs): Layout {
  const [batch, channels, ...inner] = x.shape as readonly [number, ...number[]];
  for (const [name, tensor] of Object.entries(perChannel)) {
    if (channels === undefined || !sameShape(tensor.shape, [channels])) {
      throw new ShapeError(
        `batch_norm: ${name} is ${formatShape(tensor.shape)}, x ${formatShape(x.shape)}: they should be [C] and [N, C, ...]`,
      );
    }
  }
  if ((channels as number) > MAX_CHANNELS)
    throw new ShapeError(`batch_norm: ${channels} channels are more than ${MAX_CHANNELS}`);
  return { channels: channels as number, inner: sizeOf(inner), count: batch * sizeOf(inner) };
}
