import { sharesMemory } from '../sharded/process-group.ts';
import type { ShardingStrategy } from '../sharded/strategies.ts';
import { NO_SHARED_MEMORY, whyNotShared } from '../sharded/why-not-shared.ts';
import { updateRule } from '../update-rule.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';

/** How many workers train a model together, and what of it each of them holds. */
export interface WorkersChoice {
  readonly workers: number;
  readonly strategy: ShardingStrategy;
}

/** Why workers cannot share a fine-tuning, a line for each reason. */
export function shardingFaults(
  { accumulation, offload, optimizer, precision }: LlamaTrainingConfig,
  { workers, strategy }: WorkersChoice,
): readonly string[] {
  const rule = updateRule(optimizer, { name: 'constant' });
  return [
    accumulation < workers &&
      `a step has ${accumulation} of the micro-batches that workers share (gradient_accumulation_steps): give ${workers} or more`,
    strategy === 'full_shard' && !sharesMemory() && NO_SHARED_MEMORY,
    whyNotShared(strategy, rule, {
      scalesLoss: precision === 'fp16',
      isOffloaded: offload !== undefined,
    }),
  ].filter((fault) => typeof fault === 'string');
}
