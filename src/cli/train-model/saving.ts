import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TuningRequest } from '../../harness/tuning.ts';
import { ADAPTER_FILES } from '../../train/adapter-files.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageError } from '../exit.ts';
import { isSamePlace } from '../files.ts';

/** Where an adapter is saved below a model, beside which it would be loaded in its place. */
export const ADAPTER_FOLDER = 'adapter';

/** How the model itself is saved, and where. */
export type Saving = NonNullable<TuningRequest['save']> & { readonly place: string };

/**
 * How the model itself is saved; undefined where what was trained is by itself, or nothing. A
 * model that was trained whole is kept as it was trained. Throws UsageError.
 */
export function savingOf(
  { save, out }: Pick<Partial<TrainOptions>, 'save' | 'out'>,
  { adapter, expansionRate, type }: Pick<LlamaTrainingConfig, 'adapter' | 'expansionRate' | 'type'>,
): Saving | undefined {
  if (save === 'adapter' && !adapter)
    throw new UsageError(`type ${type} trains no adapter: give merged`);
  if (save !== undefined && out === undefined)
    throw new UsageError('give --out, the folder to write');
  const form = save ?? (adapter || expansionRate ? undefined : 'merged-float32');
  return !form || form === 'adapter' || out === undefined
    ? undefined
    : { form, place: resolve(out) };
}

/** Throws UsageError for a folder to write that holds something else. */
export function checkTarget(place: string, model: string): void {
  if (isSamePlace(place, model))
    throw new UsageError('is the folder of the model itself: give another');
  if (existsSync(join(place, ADAPTER_FILES.config)))
    throw new UsageError(
      'holds an adapter, which transformers would load in place of the model: give another folder',
    );
}

/**
 * Throws UsageError where what was trained would take the place of the adapter that the run begins
 * with, and could then not go on from that.
 */
export function checkApart(out: string, adapter: string, save: Saving | undefined): void {
  const place = save ? join(out, ADAPTER_FOLDER) : out;
  if (isSamePlace(out, adapter) || isSamePlace(place, adapter))
    throw new UsageError('would overwrite the adapter that the run begins with: give another');
}
