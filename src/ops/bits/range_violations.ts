import shader from '../../../shaders/bits/range_violations.wgsl';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { hostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { rangeViolations as signature } from '../../vocabulary/bits/range_violations.ts';
import { launcher } from '../launcher.ts';

const NONE = 0xffff_ffff;
const LEAST_RANK = 0;
const MOST_RANK = 0xffff_ffff;

/** A whole number that orders floats as the kernel does. */
function rank(x: number): number {
  const word = new Uint32Array(Float32Array.of(x).buffer)[0] as number;
  const size = word & 0x7fffffff;
  return word >>> 31 === 1 ? 2 ** 31 - size : 2 ** 31 + size;
}

/**
 * How many elements lie outside of [low, high], and the flat index of the first, 2^32 - 1 where
 * there is none: u32 [2]. Infinity and NaN always do, and are found by their exponent bits.
 */
export const rangeViolations = launcher(signature, {
  variants: { words: { kernels: ['bits/range_violations'] } },
  forward: (gpu, { x }, { low, high }) => {
    const found = Tensor.from(gpu, hostTensor('u32', [2], Uint32Array.of(0, NONE)));
    gpu.dispatch({
      shader,
      bindings: [x.binding, found.binding],
      uniforms: [
        x.size,
        low === undefined ? LEAST_RANK : rank(low),
        high === undefined ? MOST_RANK : rank(high),
      ].map(u32),
      workgroups: linearGrid(x.size),
    });
    return { found };
  },
});
