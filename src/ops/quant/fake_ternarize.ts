import shader from '../../../shaders/quant/fake_ternarize.wgsl';
import backwardShader from '../../../shaders/quant/fake_ternarize_backward.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fakeTernarize as signature } from '../../vocabulary/quant/fake_ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { launcher } from '../launcher.ts';

/**
 * Trits of a weight, as {@link ternarize} makes them, times a scale: y = scale, -scale or 0 in the
 * shape of the weight. The gradient goes straight through to the weight (Bengio, Léonard and
 * Courville, "Estimating or propagating gradients through stochastic neurons", 2013), with `clip`
 * not where it lies beyond 1 or -1; threshold and scale get none. weight: f32; threshold and scale:
 * f32 [1], or one for each index of the first dimension. Throws ShapeError for other numbers.
 */
export const fakeTernarize = launcher(signature, {
  variants: { each: { kernels: ['quant/fake_ternarize', 'quant/fake_ternarize_backward'] } },
  storage: { decides: ['weight'] },
  forward: (gpu, { weight, threshold, scale }) => {
    const [channels] = channelShape(weight.shape);
    for (const [name, each] of Object.entries({ threshold, scale })) {
      if (each && each.size !== 1 && each.size !== channels) {
        throw new ShapeError(
          `${name} ${formatShape(each.shape)} of a weight ${formatShape(weight.shape)}: give 1 or ${channels}`,
        );
      }
    }
    const width = ({ size }: Tensor) => weight.size / Math.max(1, size);
    const y = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader,
      constants: { SCALED: Number(scale !== undefined) },
      bindings: [weight.binding, threshold.binding, (scale ?? threshold).binding, y.binding],
      uniforms: [u32(weight.size), u32(width(threshold)), u32(width(scale ?? threshold))],
      workgroups: linearGrid(weight.size),
    });
    return { y };
  },
  backward: (gpu, { inputs: { weight }, grads, wants, params: { clip } }) => {
    if (!wants.has('weight')) return {};
    const dw = Tensor.empty(gpu, 'f32', weight.shape);
    gpu.dispatch({
      shader: backwardShader,
      constants: { CLIP: Number(clip) },
      bindings: [grads.y.binding, weight.binding, dw.binding],
      uniforms: [u32(weight.size)],
      workgroups: linearGrid(weight.size),
    });
    return { weight: dw };
  },
});
