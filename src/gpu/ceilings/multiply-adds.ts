import shader from '../../../shaders/bench/multiply_adds.wgsl';
import type { Allocation } from '../memory.ts';
import type { Launch } from '../recorder.ts';
import { f32, LINEAR_LANES, linearGrid, u32 } from '../shader.ts';

/** Numbers whose chains an invocation follows, and steps of each a round. */
const CHAINS = 12;
const STEPS = 64;
const SUM_BYTES = 4;
/** Of each step; no sum of them is rounded. */
const FACTOR = 1;
const SUMMAND = 0.5;
/** Starts repeat after so many invocations, so that sums stay whole numbers of float32. */
const STARTS = 1024;

/** Chains of multiply-adds: {@link multiplyAdds} records so many. */
export interface MultiplyAdds {
  readonly invocations: number;
  readonly rounds: number;
}

/** Floating-point operations of a round of one invocation: a product and a sum each step. */
const FLOPS_PER_ROUND = 2 * CHAINS * STEPS;

/** What has at least so many floating-point operations, over enough invocations to fill a GPU. */
export function multiplyAddsOf(flops: number): MultiplyAdds {
  const rounds = Math.max(1, Math.min(16, Math.floor(flops / (FLOPS_PER_ROUND * 65_536))));
  const invocations = Math.ceil(flops / (FLOPS_PER_ROUND * rounds) / LINEAR_LANES) * LINEAR_LANES;
  return { invocations, rounds };
}

/** The floating-point operations that are done. */
function flopsOf({ invocations, rounds }: MultiplyAdds): number {
  return invocations * rounds * FLOPS_PER_ROUND;
}

/** Bytes of the sums that are stored. */
export function sumBytes({ invocations }: MultiplyAdds): number {
  return invocations * SUM_BYTES;
}

/** The launch that stores to `sums`, of {@link sumBytes}. */
export function multiplyAdds(work: MultiplyAdds, sums: Allocation): Launch {
  return {
    shader,
    bindings: [{ memory: sums, offset: 0, size: sumBytes(work) }],
    uniforms: [f32(FACTOR), f32(SUMMAND), u32(work.rounds), u32(work.invocations)],
    workgroups: linearGrid(work.invocations),
    flops: flopsOf(work),
  };
}

/** What it must store, number by number: each chain ends its steps above its start. */
export function expectedSum({ rounds }: MultiplyAdds, index: number): number {
  const starts = CHAINS * (index % STARTS) + (CHAINS * (CHAINS - 1)) / 2;
  return starts + CHAINS * STEPS * rounds * SUMMAND;
}
