import shader from '../../../shaders/optim/grad_scaler.wgsl';
import { f32, type UniformField, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** How the scale of a loss changes, as torch.amp.GradScaler names it. */
export interface ScaleGrowth {
  /** Factor of the scale after `growth_interval` steps without an infinity. Default 2. */
  readonly growth_factor?: number;
  /** Factor after a step with one. Default 0.5. */
  readonly backoff_factor?: number;
  /** Default 2000. */
  readonly growth_interval?: number;
}

/** Parameters of dynamic loss scaling, as torch.amp.GradScaler names them. */
export interface GradScalerParams extends ScaleGrowth {
  /** Default 65536. */
  readonly init_scale?: number;
  /** Learning rate of the steps. Default 0. */
  readonly lr?: number;
}

/** torch's default. */
export const INIT_SCALE = 65_536;

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** The fields of a kernel's growth: interval, factor, the largest scale that it leaves finite, backoff. */
export function growthFields({ growth_factor = 2, backoff_factor = 0.5, growth_interval = 2000 }: ScaleGrowth): readonly UniformField[] {
  return [u32(growth_interval), f32(growth_factor), f32(LARGEST / growth_factor), f32(backoff_factor)];
}

/**
 * torch.amp.GradScaler around SGD on a parameter that starts at 0 and whose gradient is 1. found_inf: f32 [steps], not 0 where a gradient
 * was not finite; scale, param: [steps], after each step. Which steps are left out is decided on the device.
 */
export const gradScaler = defineOp<'found_inf', never, 'scale' | 'param', GradScalerParams>({
  name: 'grad_scaler',
  variants: { serial: { kernels: [shader.file], depth: () => 1 } },
  forward: (gpu, { found_inf }, params) => {
    const { init_scale = INIT_SCALE, lr = 0, ...growth } = params;
    const steps = found_inf.size;
    const scale = Tensor.empty(gpu, 'f32', [steps]);
    const param = Tensor.empty(gpu, 'f32', [steps]);
    gpu.dispatch({
      shader,
      bindings: [found_inf.binding, scale.binding, param.binding],
      uniforms: [u32(steps), ...growthFields(growth), f32(init_scale), f32(lr)],
      workgroups: [1, 1, 1],
      flops: 3 * steps,
    });
    return { scale, param };
  },
});
