import shader from '../../../shaders/shape/fill.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** The 32 bits of a number, which f32 rounds. */
export function bitsOf(value: number, dtype: DType): number {
  const bits = new DataView(new ArrayBuffer(4));
  if (dtype === 'f32') bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  return bits.getUint32(0);
}

/** A tensor with `value` everywhere, which f32 rounds. The caller owns it. */
export function filled(gpu: Gpu, dtype: DType, shape: Shape, value: number): Tensor {
  const y = Tensor.empty(gpu, dtype, shape);
  gpu.dispatch({
    shader,
    bindings: [y.binding],
    uniforms: [u32(y.size), u32(bitsOf(value, dtype))],
    workgroups: gridOfFours(y.size),
  });
  return y;
}
