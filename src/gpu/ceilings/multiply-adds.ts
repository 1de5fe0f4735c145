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

/** Rounds that are tried: to launch an invocation costs some, and too few of them fill no device. */
const ROUNDS = [1, 4, 16, 64] as const;
const MOST_SUM_BYTES = 2 ** 25;

/**
 * Rounds by which to do at least so many floating-point operations: as many as leave a workgroup
 * full, and sums small. At least one.
 */
export function roundsFor(flops: number): readonly number[] {
  const least = ROUNDS[0];
  const filling = ROUNDS.filter(
    (rounds) => rounds === least || flops >= LINEAR_LANES * rounds * FLOPS_PER_ROUND,
  );
  const fitting = filling.filter(
    (rounds) => sumBytes(multiplyAddsOf(flops, rounds)) <= MOST_SUM_BYTES,
  );
  return fitting.length > 0 ? fitting : filling.slice(-1);
}

/** What has at least so many floating-point operations, in so many rounds of whole workgroups. */
export function multiplyAddsOf(flops: number, rounds: number): MultiplyAdds {
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
