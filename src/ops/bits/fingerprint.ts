import shader from '../../../shaders/bits/fingerprint.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { u32 } from '../../gpu/shader.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fingerprint as signature } from '../../vocabulary/bits/fingerprint.ts';
import { launcher } from '../launcher.ts';

const LANES_OF_GROUP = 64;
/**
 * Words that a lane adds, until there are {@link MOST_GROUPS}: more lanes are faster, and more to
 * read back.
 */
const WORDS_OF_LANE = 64;
const MOST_GROUPS = 16;

/** Parts in which `bytes` bytes are summed: the lanes of whole workgroups. */
export function fingerprintLanes(bytes: number): number {
  const groups = Math.ceil(bytes / 4 / WORDS_OF_LANE / LANES_OF_GROUP);
  return LANES_OF_GROUP * Math.min(MOST_GROUPS, Math.max(1, groups));
}

/**
 * Writes the parts of the two sums of `x` to `sums`, u32 [{@link fingerprintLanes}, 2], word by
 * word: what fills the last word up counts, which kernels of codes leave 0.
 */
export function fingerprintInto(gpu: Gpu, x: Tensor, sums: Tensor): void {
  gpu.dispatch({
    shader,
    bindings: [x.binding, sums.binding],
    uniforms: [u32(Math.ceil(x.bytes / 4))],
    workgroups: [fingerprintLanes(x.bytes) / LANES_OF_GROUP, 1, 1],
  });
}

/**
 * {@link fingerprintInto} as an op: two sums of the bits of x (any shape, elements of 4 bytes) in
 * parts, which add up modulo 2^32.
 */
export const fingerprint = launcher(signature, {
  variants: { strided: { kernels: ['bits/fingerprint'] } },
  forward: (gpu, { x }) => {
    const sums = Tensor.empty(gpu, 'u32', [fingerprintLanes(x.bytes), 2]);
    fingerprintInto(gpu, x, sums);
    return { sums };
  },
});
