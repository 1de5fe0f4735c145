import shader from '../../../shaders/quant/quanto_calibrate.wgsl';
import { f32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { quantoCalibrate as signature } from '../../vocabulary/quant/quanto_calibrate.ts';
import { launcher } from '../launcher.ts';
import { reductionOf } from '../math/reduction.ts';
import { MIN_MAX_KERNEL, minMax } from './min_max.ts';
import { QUANTO_KINDS } from './quanto-codes.ts';

/**
 * The scale by which {@link quantoLinear} and {@link quantoActivation} round x, as optimum-quanto
 * 0.2.7's Calibration follows it (calibrate.py, calibrate_input): max |x| over the largest number of
 * the type (127, 448 of qfloat8_e4m3fn, 240 of qfloat8_e4m3fnuz, 57344 of qfloat8_e5m2) of a first
 * batch, then 0.9 input_scale + 0.1 of that of each other. x: floats without NaN; input_scale: f32
 * [1], 1 where there was no batch before. What it gives is what it takes with the next batch. Throws
 * ShapeError for no elements and for more than one scale.
 */
export const quantoCalibrate = launcher(signature, {
  variants: { passes: { kernels: [MIN_MAX_KERNEL, shader.file] } },
  storage: { keeps: ['input_scale'] },
  forward: (gpu, { x, input_scale }, { qtype }) => {
    if (input_scale.size !== 1)
      throw new ShapeError(
        `quanto_calibrate: input_scale ${formatShape(input_scale.shape)} is not one for all of x`,
      );
    using pairs = minMax(
      gpu,
      x,
      reductionOf(x.shape, () => true),
    );
    const y = Tensor.empty(gpu, 'f32', [1]);
    gpu.dispatch({
      shader,
      bindings: [pairs, input_scale, y].map((tensor) => tensor.binding),
      uniforms: [f32(QUANTO_KINDS[qtype].levels)],
      workgroups: [1, 1, 1],
    });
    return { input_scale: y };
  },
});
