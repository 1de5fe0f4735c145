import { Gpu } from '../../gpu/gpu.ts';
import { outcomeOf } from '../../harness/headless/outcome.ts';
import { toldOf } from '../../ops/tuning/told.ts';
import { TRAINING_CLASSES } from './classes.ts';
import { tune } from './tune.ts';

/** Measures on a device of its own, and tells the rows as a report does. */
async function measured(): Promise<Readonly<Record<string, string>>> {
  using gpu = await Gpu.request(navigator.gpu);
  return toldOf(await tune(gpu, TRAINING_CLASSES, () => performance.now()));
}

self.postMessage(await outcomeOf(measured));
