import { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { outcomeOf } from '../../harness/headless/outcome.ts';
import { toldOf } from '../../ops/tuning/told.ts';
import { TRAINING_CLASSES } from './classes.ts';
import { tuneOn } from './tune.ts';

/** Measures on a device of its own, and tells the rows as a report does. */
async function measured(
  before: readonly TuningRow[] | undefined,
): Promise<Readonly<Record<string, string>>> {
  using gpu = await Gpu.request(navigator.gpu);
  return toldOf(await tuneOn(gpu, TRAINING_CLASSES, () => performance.now(), before));
}

self.onmessage = async ({ data }: MessageEvent<readonly TuningRow[] | undefined>) =>
  self.postMessage(await outcomeOf(() => measured(data)));
