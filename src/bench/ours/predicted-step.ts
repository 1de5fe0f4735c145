import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { median } from '../../report/median.ts';
import { drawnCall } from '../drawn.ts';
import { foretoldMs, samplesOf } from '../steps/foretold.ts';
import type { LlamaStep } from '../work.ts';
import type { Runnable } from './engine-work.ts';
import { prepareOp } from './op.ts';

/** Warm runs of each sample that are timed, in turn with the others. */
const RUNS = 3;

/**
 * Milliseconds that a step should take: what is timed here of its own ops, in the formats that it has
 * them in, by how often it takes as much.
 */
export async function predictedStepMs(gpu: Gpu, step: LlamaStep): Promise<number> {
  const samples = samplesOf(step);
  using scope = new Scope();
  const runnables: Runnable[] = [];
  for (const { work } of samples)
    runnables.push(scope.add(await prepareOp(gpu, drawnCall(work), 'eager')));
  const times = samples.map((): number[] => []);
  for (let run = 0; run <= RUNS; run++)
    for (const [i, runnable] of runnables.entries()) {
      const started = performance.now();
      await runnable.once();
      await gpu.finish();
      // The first compiles.
      if (run > 0) times[i]?.push(performance.now() - started);
    }
  return foretoldMs(samples, times.map(median));
}
