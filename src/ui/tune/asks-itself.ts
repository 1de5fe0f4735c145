import type { TuningEvent } from '../../harness/tuning.ts';
import type { TuningSubject } from './tuning-state.ts';

/**
 * Whether the page asks a run's model what is drafted, without a person who does: when it is loaded,
 * and anew once all is learnt. Workers with a part of the model each gather it for every token, which
 * would hold up the first step.
 */
export const asksItself = (
  { type }: Pick<TuningEvent, 'type'>,
  { sharding }: Pick<TuningSubject, 'sharding'>,
): boolean => type === 'talking' || (type === 'start' && sharding?.strategy !== 'full_shard');
