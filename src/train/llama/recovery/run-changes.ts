import type { LlamaTrainingConfig } from '../config/read-training-config.ts';
import type { LlamaMilestone } from '../progress.ts';

/** The configuration by which a run goes on that tells this of itself: each fault changed it once. */
export function changedConfig(
  config: LlamaTrainingConfig,
  history: readonly LlamaMilestone[],
): LlamaTrainingConfig {
  let changed = config;
  for (const told of history) {
    if (told.type === 'rolled-back') changed = slower(changed, config.recovery.rollbackRate);
    else if (told.type === 'halved') {
      const { batchSize, accumulation } = told;
      changed = { ...changed, batchSize, accumulation };
    }
  }
  return changed;
}

function slower(config: LlamaTrainingConfig, factor: number): LlamaTrainingConfig {
  const { optimizer } = config;
  return optimizer.lr === undefined
    ? config
    : { ...config, optimizer: { ...optimizer, lr: optimizer.lr * factor } };
}
