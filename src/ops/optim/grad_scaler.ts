import shader from '../../../shaders/optim/grad_scaler.wgsl';
import { f32, type UniformField, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { ampUpdateScale } from '../../vocabulary/optim/amp_update_scale.ts';
import { gradScaler as signature } from '../../vocabulary/optim/grad_scaler.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { launcher } from '../launcher.ts';

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * The fields of a kernel's growth: interval, factor, the largest scale that it leaves finite,
 * backoff.
 */
export function growthFields({
  growth_factor,
  backoff_factor,
  growth_interval,
}: ParamsOf<typeof ampUpdateScale>): readonly UniformField[] {
  return [
    u32(growth_interval),
    f32(growth_factor),
    f32(LARGEST / growth_factor),
    f32(backoff_factor),
  ];
}

/**
 * torch.amp.GradScaler around SGD on a parameter that starts at 0 and whose gradient is 1.
 * found_inf: f32 [steps], not 0 where a gradient was not finite; scale, param: [steps], after each
 * step. Which steps are left out is decided on the device.
 */
export const gradScaler = launcher(signature, {
  variants: { serial: { kernels: [shader.file] } },
  forward: (gpu, { found_inf }, { init_scale, lr, ...growth }) => {
    const steps = found_inf.size;
    const scale = Tensor.empty(gpu, 'f32', [steps]);
    const param = Tensor.empty(gpu, 'f32', [steps]);
    gpu.dispatch({
      shader,
      bindings: [found_inf.binding, scale.binding, param.binding],
      uniforms: [u32(steps), ...growthFields(growth), f32(init_scale), f32(lr)],
      workgroups: [1, 1, 1],
    });
    return { scale, param };
  },
});
