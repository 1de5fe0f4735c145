import magnitudeShader from '../../../shaders/lora/dora_magnitude.wgsl';
import normShader from '../../../shaders/lora/dora_norm.wgsl';
import quantizedNormShaders from '../../../shaders/lora/dora_norm_quantized.wgsl?links';
import scaleShader from '../../../shaders/lora/dora_scale.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { f32, linearGrid, linkedShader, u32 } from '../../gpu/shader.ts';
import { isQuantized, partsOf, type QuantizedWeight } from '../../quant/weight.ts';
import { matrixOf, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** Shaders of weight-decomposed adapters (Liu et al. 2024). */
export const DORA_KERNELS: readonly string[] = [
  'lora/dora_norm',
  'lora/dora_norm_quantized',
  'lora/dora_scale',
  'lora/dora_magnitude',
];

/** The weight that is decomposed: W + scale * B A, with W f32 [out, in] or quantized. */
interface Decomposed {
  readonly lora_A: Tensor;
  readonly lora_B: Tensor;
  readonly scale: number;
  readonly weight: Tensor | QuantizedWeight<Tensor>;
}

/** Length of every row of the merged weight, f32 [out]; neither it nor a decoded base is stored. */
export function mergedNorm(gpu: Gpu, { lora_A, lora_B, scale, weight }: Decomposed): Tensor {
  const [r, width] = lora_A.shape as readonly [number, number];
  const rows = lora_B.shape[0] as number;
  const norm = Tensor.empty(gpu, 'f32', [rows]);
  const sizes = [rows, width, r].map(u32);
  const workgroups = linearGrid(rows);
  const flops = 2 * rows * width * (r + 2);
  const adapter = [lora_A.binding, lora_B.binding];
  if (!isQuantized(weight)) {
    const bindings = [...adapter, weight.binding, norm.binding];
    const uniforms = [...sizes, f32(scale)];
    gpu.dispatch({ shader: normShader, bindings, uniforms, workgroups, flops });
  } else {
    const { codes, scales } = partsOf(weight);
    gpu.dispatch({
      shader: linkedShader(quantizedNormShaders, weight.format.name),
      bindings: [...adapter, codes.binding, scales.binding, norm.binding],
      uniforms: [...sizes, u32(weight.blocksize ?? sizeOf(weight.shape)), f32(scale)],
      workgroups,
      flops,
    });
  }
  return norm;
}

/** magnitude / norm * z (+ bias) by columns, in a tensor of its own. */
export function rescaled(
  gpu: Gpu,
  z: Tensor,
  magnitude: Tensor,
  norm: Tensor,
  bias?: Tensor,
): Tensor {
  const y = Tensor.empty(gpu, 'f32', z.shape);
  gpu.dispatch({
    shader: scaleShader,
    bindings: [z, magnitude, norm, bias ?? norm, y].map((tensor) => tensor.binding),
    uniforms: [z.size, norm.size, Number(bias !== undefined)].map(u32),
    workgroups: linearGrid(z.size),
  });
  return y;
}

/** Gradient of the magnitude, f32 [out], from the gradient of y and what was rescaled. */
export function magnitudeGradient(gpu: Gpu, dy: Tensor, z: Tensor, norm: Tensor): Tensor {
  const gradient = Tensor.empty(gpu, 'f32', norm.shape);
  gpu.dispatch({
    shader: magnitudeShader,
    bindings: [dy, z, norm, gradient].map((tensor) => tensor.binding),
    uniforms: matrixOf(z.shape).map(u32),
    workgroups: linearGrid(norm.size),
  });
  return gradient;
}
