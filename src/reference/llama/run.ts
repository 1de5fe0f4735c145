import type { ValueId } from '../../graph/graph.ts';
import type { Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import type { DifferentiableRunner } from '../backward.ts';
import type { OptimizerParams } from '../optim/optimizers.ts';
import type { Value, Values } from '../record.ts';
import { referenceRunner } from '../runner.ts';
import { trainingRun } from '../training-run.ts';
import {
  type Adapter,
  constantsOf,
  type LlamaConfig,
  llamaGraph,
  type StateDict,
} from './model.ts';

/**
 * A training run of a Llama: zero_grad, forward, backward, clip_grad_norm_, optimizer.step with the
 * rate of the step.
 */
export interface LlamaRun {
  readonly config: LlamaConfig;
  readonly adapter?: Adapter | undefined;
  readonly optimizer: OptimizerParams & { readonly lr: number };
  readonly schedule: Schedule;
  readonly clip: number;
  /** By transformers' names, as they are before the first step. */
  readonly trained: Values;
  readonly frozen: StateDict;
  /** [steps, B, S]. */
  readonly input_ids: Value;
  readonly labels: Value;
}

/**
 * What a run gave: `losses`, `grad_norms` and `lrs` by step, the gradients of the first, the
 * weights after the last.
 */
export interface LlamaRan {
  readonly losses: Value;
  readonly grad_norms: Value;
  readonly lrs: Value;
  readonly logits_step0: Value;
  readonly grad0: Values;
  readonly final: Values;
}

/** The run in float64, or with passes and weights in the arithmetic of `runner`. */
export async function llamaRun(
  run: LlamaRun,
  runner: DifferentiableRunner = referenceRunner,
): Promise<LlamaRan> {
  const { config, adapter, trained, frozen, input_ids, labels } = run;
  const model = {
    config,
    adapter,
    weights: { ...frozen, ...trained },
    batch: input_ids.shape.slice(1),
  };
  const graph = llamaGraph(model);
  const batches = Array.from({ length: input_ids.shape[0] as number }, (_, step) => [
    { ids: at(input_ids, step), labels: at(labels, step) },
  ]);
  const constants = constantsOf(model);
  const { first, losses, grad_norms, lrs, last } = await trainingRun(
    { ...run, graph, constants, batches },
    runner,
  );
  const curve = (data: readonly number[]): Value => ({
    shape: [data.length],
    data: Float64Array.from(data),
  });
  return {
    losses: curve(losses),
    grad_norms: curve(grad_norms),
    lrs: curve(lrs),
    logits_step0: first.values.get(graph.outputs['logits'] as ValueId) as Value,
    grad0: first.gradients,
    final: last.trained,
  };
}

/** The batch of a step. */
function at({ shape, data }: Value, step: number): Value {
  const size = data.length / (shape[0] as number);
  return { shape: shape.slice(1), data: data.subarray(step * size, (step + 1) * size) };
}
