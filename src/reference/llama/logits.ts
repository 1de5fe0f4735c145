import type { ValueId } from '../../graph/graph.ts';
import { run } from '../../graph/run.ts';
import { maxAbs } from '../bounds.ts';
import { judge } from '../judge.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { limitsOf, spreadOf } from '../step/spread.ts';
import { limitOf } from './limits.ts';
import { constantsOf, type LlamaConfig, llamaGraph } from './model.ts';

/**
 * Logits [B, S, vocab] of ids [B, S], in float64, where the first `together` are read together and
 * each later one by itself. Default all are.
 */
export async function logitsOf(
  config: LlamaConfig,
  weights: Values,
  ids: Value,
  together?: number,
): Promise<Value> {
  const model = { config, weights, batch: ids.shape, endsInLogits: true, together };
  const graph = llamaGraph(model);
  const values = await run(graph, referenceRunner, { ids, ...constantsOf(model) });
  return values.get(graph.outputs['logits'] as ValueId) as Value;
}

/**
 * How far logits may be off: 1e-3 of the largest, as the format has it of those of a training run.
 * Where arithmetic rounds to nearest, no farther than ten times the spread of runs whose weights
 * differ by half a unit in the last place, or 1e-5 of the largest; the spread is computed where it
 * decides.
 */
export async function logitsLimit(
  {
    truth,
    actual,
    ieee,
  }: { readonly truth: Value; readonly actual: Value; readonly ieee: boolean },
  weights: Values,
  logits: (weights: Values) => Promise<Value>,
): Promise<Acceptance> {
  const widest = limitOf('logits', truth);
  if (!ieee) return widest;
  const limit = (spread?: number) =>
    limitsOf({ truth }, spread === undefined ? {} : { truth: spread })['truth'] as typeof widest;
  const least = limit();
  if (judge(actual, truth, least).ok || !judge(actual, truth, widest).ok) return least;
  const spread = await spreadOf(weights, 'f32', async (each) => ({ truth: await logits(each) }));
  const measured = limit(spread['truth']);
  return maxAbs(measured.bound) < maxAbs(widest.bound) ? measured : widest;
}
