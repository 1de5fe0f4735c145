import shader from '../../../shaders/quant/ternary_encode.wgsl';
import { GradproofError } from '../../errors.ts';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { wordsOf } from '../../tensor/random.ts';
import { formatShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ternarize as signature } from '../../vocabulary/quant/ternarize.ts';
import { channelShape } from '../../vocabulary/shapes.ts';
import { launcher } from '../launcher.ts';
import { storageOf } from './blocks.ts';

/**
 * Trits of a weight (f32, f16 or bf16, as it is stored): 1 above the threshold, -1 below its
 * negative, else 0. threshold: f32 [1], or one for each index of the first dimension. With `seed`
 * the limit of each element is uniform from 0 to two thresholds, the same for the same seed: the
 * expectation of a trit is w / (2 threshold), within -1 and 1. Throws ShapeError for another number
 * of thresholds, GradproofError `bad-params` for a seed that is no whole number below 2^53.
 */
export const ternarize = launcher(signature, {
  variants: { words: { kernels: [shader.file] } },
  forward: (gpu, { weight, threshold }, { seed }) => {
    const [channels] = channelShape(weight.shape);
    if (threshold.size !== 1 && threshold.size !== channels) {
      throw new ShapeError(
        `threshold ${formatShape(threshold.shape)} of a weight ${formatShape(weight.shape)}: give 1 or ${channels}`,
      );
    }
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
      throw new GradproofError(
        'bad-params',
        `ternarize: seed is ${seed}; give a whole number below 2^53`,
      );
    }
    const trits = Tensor.empty(gpu, 'i8', weight.shape);
    const words = weight.size % 16 === 0 ? 4 : 1;
    gpu.dispatch({
      shader,
      constants: {
        STORAGE: storageOf(weight.dtype),
        STOCHASTIC: Number(seed !== undefined),
        SINGLE: Number(threshold.size === 1),
        WHOLE: Number(weight.size % 4 === 0),
        WORDS: words,
      },
      bindings: [weight.words(), threshold.binding, trits.binding],
      uniforms: [
        ...wordsOf(seed ?? 0).map(u32),
        u32(weight.size),
        u32(weight.size / Math.max(1, threshold.size)),
      ],
      workgroups: gridOfFours(weight.size / words),
    });
    return { trits };
  },
});
