import { isView } from '../../graph/graph.ts';
import { run as runGraph } from '../../graph/run.ts';
import type { Value } from '../record.ts';
import { storedRunner } from '../step/stored-runner.ts';
import { constantsOf, llamaGraph } from './model.ts';
import type { LlamaRun } from './run.ts';
import { stepsOf } from './steps.ts';

/** What an op of a layer gives. */
export interface LayerValue {
  readonly layer: string;
  readonly op: string;
  readonly value: Value;
}

/** What each layer gives of the first micro-batch of a run, in float64 and in order. */
export async function layerValues(run: LlamaRun): Promise<readonly LayerValue[]> {
  const { config, adapter, adapters, autocast, frozen, trained } = run;
  const { input_ids, labels } = stepsOf({ ...run, grad_accum: 1 }, 1, 1);
  const batch = input_ids.shape.slice(1);
  const weights = { ...frozen, ...trained };
  const names = new Set(Object.keys(trained));
  const model = { config, adapter, adapters, weights, trained: names, batch, autocast };
  const graph = llamaGraph(model);
  const given = {
    ids: { ...input_ids, shape: batch },
    labels: { ...labels, shape: batch },
  };
  const values = await runGraph(graph, storedRunner('float64'), {
    ...constantsOf(model),
    ...trained,
    ...given,
  });
  return graph.nodes.flatMap((node) => {
    if (isView(node)) return [];
    const [first] = Object.values(node.outputs);
    const value = first === undefined ? undefined : values.get(first);
    return value ? [{ layer: node.layer, op: node.op.name, value }] : [];
  });
}
