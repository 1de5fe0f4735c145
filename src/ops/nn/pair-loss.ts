import mulShader from '../../../shaders/math/mul.wgsl';
import sumShader from '../../../shaders/math/reduce_sum.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Shader } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PairLoss, PairReduction } from '../../vocabulary/nn/pair-loss.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { type Launcher, launcher } from '../launcher.ts';
import { binary } from '../math/elementwise.ts';
import { chunkedDepth, reductionOf } from '../math/reduction.ts';
import { sum, sumToSize } from '../math/sum.ts';

interface Reduced {
  readonly reduction: PairReduction;
}

/** The kernel of the slopes in one operand, and their sign. */
interface Slope {
  readonly shader: Shader;
  readonly sign: 1 | -1;
}

/** Runs a kernel over all pairs: its result in their shape. The caller owns it. */
type OverPairs<Params, Constant extends string> = (
  gpu: Gpu,
  shader: Shader,
  inputs: InputsOf<PairLoss<object, Reduced, Constant>, Tensor>,
  params: Params,
) => Tensor;

/** The kernels of a loss of pairs. */
interface PairKernels<Params, Constant extends string> {
  readonly loss: Shader;
  readonly input: Slope;
  readonly target: Slope;
  /** How one of them runs. Default as one of the frame math/binary. */
  readonly run?: OverPairs<Params, Constant>;
}

/** The kernels of a loss of input - target: what flows into the one leaves the other. */
export function ofDifference(loss: Shader, slope: Shader): Omit<PairKernels<never, never>, 'run'> {
  return { loss, input: { shader: slope, sign: 1 }, target: { shader: slope, sign: -1 } };
}

/** Runs a kernel of the frame math/binary that takes numbers beside the pairs. */
export function withNumbers<Params>(
  numbers: (params: Params) => readonly [] | readonly [number],
): OverPairs<Params, never> {
  return (gpu, shader, { input, target }, params) =>
    binary(gpu, shader, input, target, numbers(params));
}

/**
 * A launcher of a loss of pairs: input and target f32 of one shape; the losses of all pairs in that
 * shape, or their sum or mean in one fixed order. Gradients are slopes times that of the loss.
 */
export function pairLossLauncher<
  Given extends object,
  Params extends Reduced,
  Constant extends string = never,
>(
  signature: PairLoss<Given, Params, Constant>,
  { loss, input, target, run = withNumbers(() => []) }: PairKernels<Params, Constant>,
): Launcher<PairLoss<Given, Params, Constant>> {
  const kernels = new Set([loss, input.shader, target.shader, mulShader, sumShader]);
  return launcher(signature, {
    variants: { vec4: { kernels: [...kernels].map(({ file }) => file), depth: chunkedDepth } },
    forward: (gpu, inputs, params) => {
      if (!sameShape(inputs.input.shape, inputs.target.shape)) {
        throw new ShapeError(
          `${signature.name}: input ${formatShape(inputs.input.shape)} and target ${formatShape(inputs.target.shape)} differ in shape`,
        );
      }
      const losses = run(gpu, loss, inputs, params);
      if (params.reduction === 'none') return { loss: losses };
      using all = losses;
      const scale = scaleOf(inputs.input, params.reduction);
      return {
        loss: sum(
          gpu,
          all,
          reductionOf(all.shape, () => true),
          [1],
          { scale },
        ),
      };
    },
    backward: (gpu, { inputs, grads, params, wants }) => {
      const side = ({ shader, sign }: Slope) => {
        using slopes = run(gpu, shader, inputs, params);
        const scale = sign * scaleOf(inputs.input, params.reduction);
        using scaled = sumToSize(gpu, grads.loss, grads.loss.shape, grads.loss.shape, { scale });
        return binary(gpu, mulShader, slopes, scaled);
      };
      return {
        ...(wants.has('input') ? { input: side(input) } : {}),
        ...(wants.has('target') ? { target: side(target) } : {}),
      };
    },
  });
}

/** What the sum of the losses is multiplied by. */
function scaleOf({ size, shape }: Tensor, reduction: PairReduction): number {
  if (reduction === 'mean') return 1 / size;
  return reduction === 'batchmean' ? 1 / (shape[0] ?? 1) : 1;
}
