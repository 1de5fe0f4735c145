/**
 * FSDP's names of what ranks have in parts: `ddp` nothing, `shard_grad_op` gradients and state,
 * `full_shard` parameters too.
 */
export const SHARDING_STRATEGIES = ['ddp', 'shard_grad_op', 'full_shard'] as const;
export type ShardingStrategy = (typeof SHARDING_STRATEGIES)[number];
