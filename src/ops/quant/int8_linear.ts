import sumsShader from '../../../shaders/quant/byte_sums.wgsl';
import shader from '../../../shaders/quant/int8_linear.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { int8Linear as signature } from '../../vocabulary/quant/int8_linear.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';
import { BYTES_VARIANTS, multiplyBytes } from '../matmul/product_bytes.ts';
import { withKernels } from '../variants.ts';

/** Its kernels beside those of the product of bytes. */
export const CODES_KERNELS: readonly string[] = [sumsShader.file, shader.file];

/**
 * A linear layer of 8-bit codes, as torch.ao's quantized linear computes it before it quantizes again:
 * acc = (x - x_zero_point) (weight - weight_zero_point)^T, i32 and exact (it wraps beyond 2^31); y =
 * acc * (x_scale * weight_scale) + bias. x: i8 [..., in]; weight: i8 [out, in]; scales: f32 [1], or one
 * for each row of x (per token) or weight (per channel); zero points: i8, of such a shape; bias: f32
 * [out]; y: f32. Codes of activations are made by {@link quantizeLinear} with the scales of
 * {@link calculateQparams}, known before (static) or of each row (dynamic). Throws ShapeError when
 * shapes do not fit.
 */
export const int8Linear = launcher(signature, {
  variants: withKernels(BYTES_VARIANTS, CODES_KERNELS),
  storage: { decides: [] },
  forward: (gpu, inputs, _params, variant) => multiplyScaled(gpu, inputs, variant),
});

/**
 * What {@link int8Linear} gives, its bytes multiplied by a way that {@link multiplyBytes} knows; the
 * caller owns it.
 */
export function multiplyScaled(
  gpu: Gpu,
  inputs: InputsOf<typeof signature, Tensor>,
  variant: string,
): OutputsOf<typeof signature, Tensor> {
  const { x, weight, x_scale, weight_scale, x_zero_point, weight_zero_point, bias } = inputs;
  const [m, k] = matrixOf(x.shape);
  const [n, width] = matrixOf(weight.shape);
  if (width !== k || weight.shape.length !== 2 || (bias && bias.size !== n))
    throw new ShapeError(
      `int8_linear: weight ${formatShape(weight.shape)} and bias ${formatShape(bias?.shape ?? [n])} do not fit x ${formatShape(x.shape)}`,
    );
  const steps = {
    x_scale: stepOf('x_scale', x_scale, m),
    weight_scale: stepOf('weight_scale', weight_scale, n),
  };
  for (const [zero, scale] of [
    [x_zero_point, x_scale],
    [weight_zero_point, weight_scale],
  ] as const) {
    if (zero && zero.size !== scale.size)
      throw new ShapeError(
        `int8_linear: zero points ${formatShape(zero.shape)} do not fit scales ${formatShape(scale.shape)}`,
      );
  }
  // Sums that nothing reads are not made.
  using sums = Tensor.empty(gpu, 'i32', [m + n]);
  if (weight_zero_point) addBytes(gpu, x, sums, 0);
  if (x_zero_point) addBytes(gpu, weight, sums, m);
  const shape = [...x.shape.slice(0, -1), n];
  const acc = multiplyBytes(gpu, x, weight, { variant, shape });
  const y = Tensor.empty(gpu, 'f32', shape);
  gpu.dispatch({
    shader,
    constants: {
      HAS_X_ZERO: Number(x_zero_point !== undefined),
      HAS_W_ZERO: Number(weight_zero_point !== undefined),
      HAS_BIAS: Number(bias !== undefined),
    },
    // What is not given is not read; a binding must be there all the same.
    bindings: [
      x_scale,
      weight_scale,
      x_zero_point ?? x_scale,
      weight_zero_point ?? x_scale,
      sums,
      bias ?? x_scale,
      acc,
      y,
    ].map((tensor) => tensor.binding),
    uniforms: [m, n, k, steps.x_scale, steps.weight_scale].map(u32),
    workgroups: linearGrid(m * n),
  });
  return { acc, y };
}

/** How far apart the scales of two rows are: 0 where all have one. */
function stepOf(name: string, scale: Tensor, rows: number): number {
  if (scale.shape.length !== 1 || (scale.size !== 1 && scale.size !== rows))
    throw new ShapeError(`int8_linear: ${name} ${formatShape(scale.shape)}: give 1 or ${rows}`);
  return scale.size === 1 ? 0 : 1;
}

/** Sums of the rows of signed bytes, in their places from `first` on. */
function addBytes(gpu: Gpu, q: Tensor, sums: Tensor, first: number): void {
  const [rows, cols] = matrixOf(q.shape);
  gpu.dispatch({
    shader: sumsShader,
    constants: { WHOLE: Number(cols % 4 === 0) },
    bindings: [q.binding, sums.binding],
    uniforms: [rows, cols, first].map(u32),
    workgroups: linearGrid(rows),
  });
}
