import type { Llama } from '../../models/llama/llama.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { LlamaStart } from './progress.ts';
import type { RunPlan } from './run-plan.ts';

/** What a run tells before its first step; `unjudged` is why no step is judged. */
export function toldStart(
  { steps, training, heldout }: RunPlan,
  model: Llama,
  bytesForecast: number,
  unjudged: string | undefined,
): LlamaStart {
  return {
    steps,
    trainable: model.parameters.count,
    frozen: frozenCount(model),
    trainingRows: training.length,
    heldoutRows: heldout.length,
    bytesForecast,
    ...(unjudged === undefined ? {} : { unjudged }),
  };
}

/** Numbers of the model that are not trained, those of codes by the weights they stand for. */
function frozenCount(model: Llama): number {
  const trained = new Set(model.parameters.names);
  return model.names
    .filter((name) => !trained.has(name))
    .reduce((sum, name) => sum + sizeOf(model.view(name).shape), 0);
}
