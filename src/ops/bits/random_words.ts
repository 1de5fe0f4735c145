import shader from '../../../shaders/bits/random_words.wgsl';
import { gridOfFours, u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { randomWords as signature } from '../../vocabulary/bits/random_words.ts';
import { launcher } from '../launcher.ts';

/** The first words, u32, of a stream of the generator: those that `Random` draws on the host. */
export const randomWords = launcher(signature, {
  variants: { counters: { kernels: ['bits/random_words'] } },
  forward: (gpu, _inputs, { seed, stream, shape }) => {
    const words = Tensor.empty(gpu, 'u32', shape);
    const count = words.size;
    gpu.dispatch({
      shader,
      bindings: [words.binding],
      uniforms: [seed, stream, count].map(u32),
      workgroups: gridOfFours(count),
    });
    return { words };
  },
});
