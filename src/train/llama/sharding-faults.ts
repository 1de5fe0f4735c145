import type { ShardingStrategy } from '../sharded/sharded-update.ts';
import { whyNotShared } from '../sharded/why-not-shared.ts';
import { updateRule } from '../update-rule.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';

/** How many workers train a model together, and what of it each of them holds. */
export interface WorkersChoice {
  readonly workers: number;
  readonly strategy: ShardingStrategy;
}

/** Why workers cannot share a fine-tuning, a line for each reason. */
export function shardingFaults(
  { accumulation, adapter, offload, optimizer, precision }: LlamaTrainingConfig,
  { workers, strategy }: WorkersChoice,
): readonly string[] {
  const rule = updateRule(optimizer, { name: 'constant' });
  return [
    accumulation < workers &&
      `a step has ${accumulation} of the micro-batches that workers share (gradient_accumulation_steps): give ${workers} or more`,
    (adapter?.dropout ?? 0) > 0 &&
      'workers share no random numbers in this version: give lora_dropout 0',
    whyNotShared(strategy, rule, {
      scalesLoss: precision === 'fp16',
      isOffloaded: offload !== undefined,
    }),
  ].filter((fault) => typeof fault === 'string');
}
