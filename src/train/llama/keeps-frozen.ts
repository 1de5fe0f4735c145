import type { LlamaTrainingConfig } from './config/read-training-config.ts';

/** Whether a model in training is still as it was beneath what it learns: adapters, or added blocks. */
export const keepsFrozen = ({
  adapter,
  expansionRate,
}: Pick<LlamaTrainingConfig, 'adapter' | 'expansionRate'>): boolean =>
  Boolean(adapter) || expansionRate !== undefined;
