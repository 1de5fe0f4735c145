/**
 * FSDP's names of what ranks have in parts: `ddp` nothing, `shard_grad_op` gradients and state,
 * `full_shard` parameters too.
 */
export const SHARDING_STRATEGIES = ['ddp', 'shard_grad_op', 'full_shard'] as const;
export type ShardingStrategy = (typeof SHARDING_STRATEGIES)[number];

/** Workers that make the steps of a run, and what each of several holds of it. */
export interface RunWorkers {
  readonly workers: number;
  readonly strategy?: ShardingStrategy;
}
